"""What shops' gateways do, and what people do in Stripe's own pages: ``POST /_standin/act {"action": …}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from standin.stripe import money, paying
from standin.stripe.gateways import collect, connect_shop
from standin.stripe.reading import Call
from standin.stripe.state import RIGHTS, Record

Act = Mapping[str, Any]


def charge(call: Call, act: Act) -> object:
    """A buyer pays: ``amount`` (minor units), perhaps ``currency``, ``order_id``, ``metadata``, ``description``."""
    row = money.charge(call.state, call.switches, call.now, act)
    return {"charge": row["id"], "payment_intent": row["payment_intent"], "transaction": row["balance_transaction"]}


def refund(call: Call, act: Act) -> object:
    """Give back ``amount`` of ``charge``, or what is left of it."""
    charged = _charge(call, act)
    amount = int(act.get("amount") or charged["amount"] - charged["amount_refunded"])
    return {"refund": money.refund(call.state, call.switches, call.now, charged, amount)["id"]}


def dispute(call: Call, act: Act) -> object:
    """The buyer's bank takes ``charge`` back; ``fee`` is what Stripe asks for that."""
    return {
        "dispute": money.dispute(call.state, call.switches, call.now, _charge(call, act), int(act.get("fee", 0)))["id"]
    }


def win_dispute(call: Call, act: Act) -> object:
    """The money of ``dispute`` comes back."""
    row = _known(call.state.disputes, act, "dispute")
    row["status"] = "won"
    own, rate = money.settled(row["amount"], row["currency"], call.state, call.switches)
    moved = money.move(call.state, call.switches, call.now, "dispute_reversal", own, source=row["id"], rate=rate)
    return {"transaction": moved["id"]}


def adjust(call: Call, act: Act) -> object:
    """Stripe moves ``amount`` itself: ``kind`` adjustment, stripe_fee or reserve_transaction (held back: negative)."""
    kind = str(act.get("kind", "adjustment"))
    if kind not in ("adjustment", "stripe_fee", "reserve_transaction"):
        raise ValueError(f"Stripe moves no {kind!r} by itself")
    told = str(act["text"]) if act.get("text") else None
    moved = money.move(call.state, call.switches, call.now, kind, int(act["amount"]), source=None, description=told)
    return {"transaction": moved["id"]}


def pay_out(call: Call, act: Act) -> object:
    """What the schedule does; with ``amount`` what somebody does by hand."""
    if act.get("amount"):
        return {"payout": paying.pay_out_by_hand(call.state, call.switches, call.now, int(act["amount"]))["id"]}
    payout = paying.pay_out(call.state, call.switches, call.now)
    return {"payout": payout and payout["id"], "amount": payout and payout["amount"]}


def fail_payout(call: Call, act: Act) -> object:
    """The bank sends ``payout`` back."""
    return {"payout": paying.fail(call.state, call.switches, call.now, _known(call.state.payouts, act, "payout"))["id"]}


def cancel_payout(call: Call, act: Act) -> object:
    """``payout`` is stopped on its way."""
    row = _known(call.state.payouts, act, "payout")
    return {"payout": paying.fail(call.state, call.switches, call.now, row, canceled=True)["id"]}


def amend(call: Call, act: Act) -> object:
    """Stripe corrects what was told: ``transaction`` gets another ``amount``, and its payout pays the difference."""
    row = _known(call.state.transactions, act, "transaction")
    change = int(act["amount"]) - row["amount"]
    row |= {"amount": row["amount"] + change, "net": row["net"] + change}
    payout = call.state.payouts.get(call.state.paid_by.get(row["id"], ""))
    if payout is not None:
        payout["amount"] += change
        own = call.state.transactions[payout["balance_transaction"]]
        own |= {"amount": own["amount"] - change, "net": own["net"] - change}
    return {"transaction": row["id"], "payout": payout and payout["id"]}


def set_rights(call: Call, act: Act) -> object:
    """What the key may read from now on: ``rights`` of balance, payouts, charges."""
    rights = set(act["rights"])
    if unknown := rights - set(RIGHTS):
        raise ValueError(f"a key has no right {', '.join(sorted(unknown))}")
    call.state.rights = rights
    return {"rights": sorted(rights)}


def roll_key(call: Call, act: Act) -> object:
    """The key is withdrawn for ``key``."""
    call.state.key = str(act["key"])
    return {}


def _charge(call: Call, act: Act) -> Record:
    return _known(call.state.charges, act, "charge")


def _known(rows: Mapping[str, Record], act: Act, member: str) -> Record:
    name = str(act[member])
    if name not in rows:
        raise LookupError(f"no {member} {name}")
    return rows[name]


ACTIONS: Mapping[str, Callable[[Call, Act], object]] = {
    "adjust": adjust,
    "amend": amend,
    "cancel_payout": cancel_payout,
    "charge": charge,
    "collect": collect,
    "connect_shop": connect_shop,
    "dispute": dispute,
    "fail_payout": fail_payout,
    "pay_out": pay_out,
    "refund": refund,
    "roll_key": roll_key,
    "set_rights": set_rights,
    "win_dispute": win_dispute,
}
