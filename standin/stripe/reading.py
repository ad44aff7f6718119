"""The routes that a key may read: payouts and balance transactions, with the objects behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standin.messages import Request
from standin.routing import Router
from standin.stripe.errors import RefusedError, missing
from standin.stripe.parameters import PAGING, check_names, expansions, page, within
from standin.stripe.paying import shown
from standin.stripe.state import Record, State, Switches

router = Router()
_STATUSES = ("canceled", "failed", "in_transit", "paid", "pending")
_EXPANSIONS = {"source"}


@dataclass
class Call:
    """A request, its path keys, and the account that it reaches."""

    request: Request
    keys: Mapping[str, str]
    state: State
    switches: Switches
    now: datetime

    def need(self, right: str) -> None:
        """Refuse what the key may not read."""
        if right not in self.state.rights:
            permission = {"balance": "balance_transaction_source", "payouts": "payout", "charges": "charge"}[right]
            raise RefusedError(
                403,
                f"The provided key '{masked(self.state.key)}' does not have the required permissions for this endpoint "
                f"on account '{self.state.account}'. Having the 'rak_{permission}_read' permission would allow this "
                "request to continue.",
            )


def masked(key: str) -> str:
    """A key as errors show it."""
    return f"{key[:8]}{'*' * max(len(key) - 12, 4)}{key[-4:]}"


@router.on("GET", "/v1/payouts")
def list_payouts(call: Call) -> Any:
    """Payouts, newest first."""
    call.need("payouts")
    check_names(call.request, {*PAGING, "status", "destination"}, {"created", "arrival_date"}, call.switches)
    expansions(call.request, {"data.destination", "data.balance_transaction"})
    status, destination = call.request.param("status"), call.request.param("destination")
    if status is not None and status not in _STATUSES:
        raise RefusedError(400, f"Invalid status: must be one of {', '.join(_STATUSES)}", param="status")
    rows = [shown(row, call.switches, call.now) for row in _newest(call.state.payouts.values())]
    rows = within(within(rows, call.request, "created"), call.request, "arrival_date")
    rows = [row for row in rows if status in (None, row["status"]) and destination in (None, row["destination"])]
    return page(rows, call.request, "payout", "/v1/payouts")


@router.on("GET", "/v1/payouts/{id}")
def get_payout(call: Call) -> Any:
    """One payout."""
    call.need("payouts")
    check_names(call.request, {"expand[]"}, set(), call.switches)
    name = call.keys["id"]
    if name not in call.state.payouts:
        raise missing("payout", name, param="payout")
    return shown(call.state.payouts[name], call.switches, call.now)


@router.on("GET", "/v1/balance_transactions")
def list_transactions(call: Call) -> Any:
    """What moved the balance, newest first; those of one automatic payout, or of one object."""
    call.need("balance")
    check_names(call.request, {*PAGING, "payout", "source", "type", "currency"}, {"created"}, call.switches)
    asked = {path.removeprefix("data.") for path in expansions(call.request, {"data.source"})}
    rows = within(_newest(call.state.transactions.values()), call.request, "created")
    payout = call.request.param("payout")
    if payout is not None:
        taker = _automatic(call, payout)
        rows = [row for row in rows if call.state.paid_by.get(row["id"]) == taker]
    for name in ("source", "type", "currency"):
        wanted = call.request.param(name)
        rows = [row for row in rows if wanted in (None, row[name])]
    found = page(rows, call.request, "balance_transaction", "/v1/balance_transactions")
    return {**found, "data": [_transaction(call, row, asked) for row in found["data"]]}


@router.on("GET", "/v1/balance_transactions/{id}")
def get_transaction(call: Call) -> Any:
    """One movement of the balance."""
    call.need("balance")
    check_names(call.request, {"expand[]"}, set(), call.switches)
    name = call.keys["id"]
    if name not in call.state.transactions:
        raise missing("balance transaction", name)
    return _transaction(call, call.state.transactions[name], expansions(call.request, _EXPANSIONS))


@router.on("GET", "/v1/balance")
def get_balance(call: Call) -> Any:
    """What is there, and what may be paid out now."""
    call.need("balance")
    check_names(call.request, {"expand[]"}, set(), call.switches)
    there: dict[bool, int] = {True: 0, False: 0}
    for row in call.state.transactions.values():
        there[row["available_on"] <= int(call.now.timestamp())] += row["net"]
    amounts = {True: "available", False: "pending"}
    told = {
        name: [{"amount": there[is_there], "currency": call.state.currency, "source_types": {"card": there[is_there]}}]
        for is_there, name in amounts.items()
    }
    return {"object": "balance", **told, "livemode": call.state.livemode}


def _automatic(call: Call, name: str) -> str:
    """The payout whose transactions are asked for; only automatic ones know theirs."""
    if name not in call.state.payouts:
        raise missing("payout", name, param="payout", status=400)
    payout = call.state.payouts[name]
    if not payout["automatic"]:
        message = "Balance transaction history can only be filtered on automatic transfers, not manual."
        raise RefusedError(400, message, param="payout")
    itemised = shown(payout, call.switches, call.now)["reconciliation_status"] == "completed"
    return name if itemised else ""


def _transaction(call: Call, row: Record, asked: set[str]) -> Record:
    """A transaction as it is now, its source as an object where that is asked for."""
    status = "available" if row["available_on"] <= int(call.now.timestamp()) else "pending"
    found = {**row, "status": status}
    if "source" in asked and row["source"] is not None:
        if call.switches.expand_needs == "charges":
            call.need("charges")
        found["source"] = _object(call, row["source"])
    return found


def _object(call: Call, name: str) -> Record:
    state = call.state
    if name in state.payouts:
        return shown(state.payouts[name], call.switches, call.now)
    kept: Record = {**state.charges, **state.refunds, **state.disputes}[name]
    return kept


def _newest(rows: Iterable[Record]) -> list[Record]:
    """Newest first; of one second, those that came later."""
    placed = sorted(enumerate(rows), key=lambda pair: (pair[1]["created"], pair[0]), reverse=True)
    return [row for _, row in placed]
