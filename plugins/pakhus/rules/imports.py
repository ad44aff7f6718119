"""What an import of earlier orders came to, or would: counts and sums per reason, by day and by month.

Pure. Sources: domain guide 17.6; design, decision 4 (accounting only, dry run first).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pakhus.reasons import Status, Verdict

# So many orders of one reason are named; all are counted.
NAMED = 20
# Of what somebody must mend, each order is listed with its cause.
_LISTED = (Status.HELD, Status.FAILED)


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """One order and the verdict that its invoice has, or would have. Amounts are the order's own."""

    number: str
    verdict: Verdict
    currency: str
    gross: Decimal
    vat: Decimal

    @property
    def code(self) -> str:
        return self.verdict.code


@dataclass(slots=True)
class Outcome:
    """All orders of one reason: how many, what they sum to by currency (gross, VAT), and the first of their numbers.

    `customers` are the names of those whose the invoices would be, by what would be done: collective, found, new.
    `causes` are (number, cause) of each order that somebody must mend.
    """

    count: int = 0
    gross: dict[str, Decimal] = field(default_factory=dict)
    vat: dict[str, Decimal] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    customers: dict[str, set[str]] = field(default_factory=dict)
    causes: list[tuple[str, str]] = field(default_factory=list)

    def add(self, order: ImportedOrder) -> None:
        """Count one order."""
        self.count += 1
        self.gross[order.currency] = self.gross.get(order.currency, Decimal(0)) + order.gross
        self.vat[order.currency] = self.vat.get(order.currency, Decimal(0)) + order.vat
        self.numbers = [*self.numbers, order.number][:NAMED]
        told = dict(order.verdict.parameters)
        if "customer" in told:
            self.customers.setdefault(told["customer"], set()).add(told.get("customer_name", ""))
        if order.verdict.status in _LISTED:
            self.causes.append((order.number, order.verdict.text()))

    def merge(self, other: Outcome) -> None:
        """Take in the same reason of another day."""
        self.count += other.count
        for mine, theirs in ((self.gross, other.gross), (self.vat, other.vat)):
            for currency, amount in theirs.items():
                mine[currency] = mine.get(currency, Decimal(0)) + amount
        self.numbers = [*self.numbers, *other.numbers][:NAMED]
        self.causes += other.causes
        for what, names in other.customers.items():
            self.customers.setdefault(what, set()).update(names)


Outcomes = dict[str, Outcome]
"""Reason code -> what its orders come to."""


def outcomes_of(orders: Iterable[ImportedOrder]) -> Outcomes:
    """Sort orders by reason."""
    found: Outcomes = {}
    for order in orders:
        found.setdefault(order.code, Outcome()).add(order)
    return found


def merged(days: Iterable[Outcomes]) -> Outcomes:
    """Add up days: a month, or a whole import."""
    total: Outcomes = {}
    for outcomes in days:
        for code, outcome in outcomes.items():
            total.setdefault(code, Outcome()).merge(outcome)
    return total


def customers_of(outcomes: Outcomes) -> dict[str, int]:
    """How many customers invoices would have, by what would be done for them: each counts once."""
    names: dict[str, set[str]] = defaultdict(set)
    for outcome in outcomes.values():
        for what, found in outcome.customers.items():
            names[what] |= found
    return {what: len(found) for what, found in sorted(names.items())}


def to_json(outcomes: Outcomes) -> dict[str, Any]:
    """The form in which the ledger keeps them: amounts as text."""
    return {
        code: {
            "count": one.count,
            "gross": {currency: f"{amount:f}" for currency, amount in one.gross.items()},
            "vat": {currency: f"{amount:f}" for currency, amount in one.vat.items()},
            "numbers": one.numbers,
            "customers": {what: sorted(names) for what, names in one.customers.items()},
            "causes": [list(cause) for cause in one.causes],
        }
        for code, one in outcomes.items()
    }


def from_json(stored: Mapping[str, Any]) -> Outcomes:
    """What `to_json` wrote; earlier versions kept neither customers nor causes."""
    return {
        code: Outcome(
            count=one["count"],
            gross=_amounts(one["gross"]),
            vat=_amounts(one["vat"]),
            numbers=list(one["numbers"]),
            customers={what: set(names) for what, names in one.get("customers", {}).items()},
            causes=[(number, cause) for number, cause in one.get("causes", [])],
        )
        for code, one in stored.items()
    }


def _amounts(stored: Mapping[str, str]) -> dict[str, Decimal]:
    return {currency: Decimal(text) for currency, text in stored.items()}
