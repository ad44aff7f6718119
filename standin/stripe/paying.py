"""Payouts: what is available is paid out by the schedule or when asked; what fails at the bank comes back.

An automatic payout takes all transactions that are available and that no payout has taken. When they make nothing or
less, there is none, and all of them wait for the next one: so a debt is carried. Its own transaction is listed with
them. One that was asked for by hand takes an amount, and nothing says of which transactions; its own transaction lowers
the next automatic one.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from standin.stripe.money import move, seconds
from standin.stripe.state import Record, State, Switches

_DAY = timedelta(days=1)


def keep_schedule(state: State, switches: Switches, now: datetime) -> None:
    """Make the payouts of each midnight that has passed."""
    while switches.schedule == "daily":
        midnight = datetime.combine(state.paid_through.astimezone(UTC).date(), time.min, UTC) + _DAY
        if midnight > now:
            return
        state.paid_through = midnight
        pay_out(state, switches, midnight)


def pay_out(state: State, switches: Switches, now: datetime) -> Record | None:
    """Pay out what is available; None when nothing is, or when it is a debt that is carried."""
    rows = [
        row
        for row in state.transactions.values()
        if row["id"] not in state.paid_by and row["available_on"] <= seconds(now)
    ]
    amount = sum(row["net"] for row in rows)
    if amount == 0 or (amount < 0 and switches.negative == "carry") or not rows:
        return None
    payout = _payout(state, switches, now, amount, automatic=True)
    state.paid_by |= {row["id"]: payout["id"] for row in rows} | {payout["balance_transaction"]: payout["id"]}
    return payout


def pay_out_by_hand(state: State, switches: Switches, now: datetime, amount: int) -> Record:
    """Pay out an amount because somebody asked. Raises ValueError when that much is not there."""
    there = sum(row["net"] for row in state.transactions.values() if row["id"] not in state.paid_by)
    if not 0 < amount <= there:
        raise ValueError(f"{amount} cannot be paid out: {there} is there")
    return _payout(state, switches, now, amount, automatic=False)


def fail(state: State, switches: Switches, now: datetime, payout: Record, *, canceled: bool = False) -> Record:
    """The bank sent a payout back, or it was stopped on its way: the money is on the balance again."""
    if payout["failure_balance_transaction"]:
        raise ValueError(f"{payout['id']} is {payout['status']} already")
    kind = "payout_cancel" if canceled else "payout_failure"
    moved = move(state, switches, now, kind, payout["amount"], source=payout["id"], description="STRIPE PAYOUT FAILURE")
    payout |= {
        "failure_balance_transaction": moved["id"],
        "failure_code": None if canceled else "account_closed",
        "failure_message": None if canceled else "The bank account has been closed.",
        "stopped": "canceled" if canceled else "failed",
    }
    if switches.itemise_failed == "emptied":
        state.paid_by = {name: by for name, by in state.paid_by.items() if by != payout["id"]}
    return payout


def shown(payout: Record, switches: Switches, now: datetime) -> Record:
    """A payout as it is now: on its way until its day, itemised some time after it was made."""
    row = {name: value for name, value in payout.items() if name != "stopped"}
    arrived = payout["arrival_date"] <= seconds(now)
    row["status"] = payout["stopped"] or ("paid" if arrived else "in_transit")
    if payout["automatic"]:
        itemised = seconds(now) >= payout["created"] + switches.itemised_after_s
        row["reconciliation_status"] = "completed" if itemised else "in_progress"
    return row


def _payout(state: State, switches: Switches, now: datetime, amount: int, *, automatic: bool) -> Record:
    day = datetime.combine(now.astimezone(UTC).date() + switches.arrival_days * _DAY, time.min, UTC)
    row: Record = {
        "id": state.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": seconds(day),
        "automatic": automatic,
        "balance_transaction": None,
        "created": seconds(now),
        "currency": state.currency,
        "description": "STRIPE PAYOUT",
        "destination": state.destination,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": state.livemode,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "stopped": "",
        "trace_id": {"status": "supported", "value": f"TRACE{len(state.payouts) + 1:06d}"},
        "type": "bank_account",
    }
    state.payouts[row["id"]] = row
    moved = move(state, switches, now, "payout", -amount, source=row["id"], description="STRIPE PAYOUT")
    row["balance_transaction"] = moved["id"]
    return row
