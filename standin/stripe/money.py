"""What moves the balance: charges with their fees, refunds, disputes, what Stripe itself takes, holds and gives back.

Amounts are whole minor units. A balance transaction is signed by its effect on the balance; ``fee`` is positive and
taken off ``amount``: net = amount - fee. A refund gives no fee back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from standin.stripe.state import Record, State, Switches

# Made-up people: a charge tells who paid, as Stripe's does.
BUYERS = (("Lise Øst", "lise@example.dk"), ("Åge Å", "aage@example.dk"), ("Bodil Prøve", "bodil@example.dk"))
CATEGORIES: Mapping[str, str] = {
    "charge": "charge",
    "refund": "refund",
    "adjustment": "other_adjustment",
    "stripe_fee": "fee",
    "reserve_transaction": "risk_reserved_funds",
    "payout": "payout",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
    "dispute": "dispute",
    "dispute_reversal": "dispute_reversal",
}
"""What Stripe reports a type as. Disputes are adjustments with a category of their own."""


def seconds(moment: datetime) -> int:
    """A time as Stripe writes it."""
    return int(moment.timestamp())


def fee_of(amount: int, switches: Switches) -> int:
    """What Stripe takes of a charge."""
    share = Decimal(amount) * switches.fee_percent / 100
    return int(share.quantize(Decimal(1), ROUND_HALF_UP)) + switches.fee_fixed


def settled(amount: int, currency: str, state: State, switches: Switches) -> tuple[int, Decimal | None]:
    """An amount in the account's currency, and the rate; None where nothing is converted. Raises ValueError."""
    if currency == state.currency:
        return amount, None
    if currency not in switches.rates:
        raise ValueError(f"nothing says what {currency} is worth: set rates")
    rate = Decimal(str(switches.rates[currency]))
    return int((amount * rate).quantize(Decimal(1), ROUND_HALF_UP)), rate


def move(
    state: State,
    switches: Switches,
    now: datetime,
    kind: str,
    amount: int,
    *,
    source: str | None,
    fee: int = 0,
    rate: Decimal | None = None,
    description: str | None = None,
) -> Record:
    """Enter a balance transaction; it can be paid out when it is available."""
    waits = switches.available_days if kind == "charge" else 0
    taken = [
        {
            "amount": fee,
            "application": None,
            "currency": state.currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    row: Record = {
        "id": state.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": seconds(now + timedelta(days=waits)),
        "balance_type": "payments",
        "created": seconds(now),
        "currency": state.currency,
        "description": description,
        "exchange_rate": rate,
        "fee": fee,
        "fee_details": taken if fee else [],
        "net": amount - fee,
        "reporting_category": CATEGORIES[kind],
        "source": source,
        "type": "adjustment" if kind.startswith("dispute") else kind,
    }
    state.transactions[row["id"]] = row
    return row


def charge(state: State, switches: Switches, now: datetime, facts: Mapping[str, Any]) -> Record:
    """Charge a buyer: ``amount`` in minor units, perhaps ``currency``, ``order_id``, ``metadata``, ``description``."""
    amount, currency = int(facts["amount"]), str(facts.get("currency") or state.currency).lower()
    own, rate = settled(amount, currency, state, switches)
    name, mail = BUYERS[len(state.charges) % len(BUYERS)]
    metadata = {str(key): str(value) for key, value in dict(facts.get("metadata") or {}).items()}
    if facts.get("order_id"):
        metadata |= {"order_id": str(facts["order_id"]), "customer_name": name, "customer_email": mail}
    row: Record = {
        "id": state.new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"email": mail, "name": name, "phone": None},
        "captured": True,
        "created": seconds(now),
        "currency": currency,
        "description": facts.get("description"),
        "disputed": False,
        "livemode": state.livemode,
        "metadata": metadata,
        "paid": True,
        "payment_intent": state.new_id("pi"),
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "receipt_email": mail,
        "refunded": False,
        "status": "succeeded",
    }
    state.charges[row["id"]] = row
    moved = move(
        state,
        switches,
        now,
        "charge",
        own,
        source=row["id"],
        fee=fee_of(own, switches),
        rate=rate,
        description=facts.get("description"),
    )
    row["balance_transaction"] = moved["id"]
    return row


def refund(state: State, switches: Switches, now: datetime, charged: Record, amount: int) -> Record:
    """Give back a part of a charge, or all of it. Raises ValueError for more than is left."""
    left = charged["amount"] - charged["amount_refunded"]
    if not 0 < amount <= left:
        raise ValueError(f"{amount} cannot be refunded of {charged['id']}: {left} is left")
    own, rate = settled(amount, charged["currency"], state, switches)
    row: Record = {
        "id": state.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charged["id"],
        "created": seconds(now),
        "currency": charged["currency"],
        "metadata": {},
        "payment_intent": charged["payment_intent"],
        "reason": "requested_by_customer",
        "status": "succeeded",
    }
    state.refunds[row["id"]] = row
    charged["amount_refunded"] += amount
    charged["refunded"] = charged["amount_refunded"] == charged["amount"]
    told = f"REFUND FOR CHARGE ({charged['description']})" if charged["description"] else "REFUND FOR CHARGE"
    moved = move(state, switches, now, "refund", -own, source=row["id"], rate=rate, description=told)
    row["balance_transaction"] = moved["id"]
    return row


def dispute(state: State, switches: Switches, now: datetime, charged: Record, fee: int) -> Record:
    """The buyer's bank takes a charge back."""
    own, rate = settled(charged["amount"], charged["currency"], state, switches)
    row: Record = {
        "id": state.new_id("dp"),
        "object": "dispute",
        "amount": charged["amount"],
        "charge": charged["id"],
        "created": seconds(now),
        "currency": charged["currency"],
        "metadata": {},
        "payment_intent": charged["payment_intent"],
        "reason": "general",
        "status": "needs_response",
    }
    state.disputes[row["id"]] = row
    charged["disputed"] = True
    move(state, switches, now, "dispute", -own, source=row["id"], fee=fee, rate=rate)
    return row
