"""Reports on what providers owe and said, from the ledger alone, as tables (domain guide 10.2, 17.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pakhus.ledger import clearing, settlements
from pakhus.ledger.connection import Transaction

# The days that open amounts are grouped by: up to so many.
AGES = (7, 30, 90)
_CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Report:
    """A table: the names of its columns and its rows, as text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def aged_clearing(tx: Transaction, account: str | None = None) -> Report:
    """What is captured but not paid out, per clearing account and currency, by age in days."""
    del account  # clearing accounts belong to the agreement
    groups: dict[tuple[str, int, str], list[tuple[int, Decimal]]] = {}
    for item in clearing.open_items(tx):
        new = item.new
        age = (tx.now - new.occurred_at).days
        groups.setdefault((new.target, new.account, new.currency), []).append((age, new.amount - item.settled))
    columns = ("agreement", "account", "currency", "count", *_age_names(), "open", "oldest days")
    rows = []
    for (target, number, currency), found in sorted(groups.items()):
        sums = [_sum(amount for age, amount in found if _bucket(age) == place) for place in range(len(AGES) + 1)]
        total, oldest = _sum(amount for _, amount in found), max(age for age, _ in found)
        amounts = [_money(amount) for amount in (*sums, total)]
        rows.append((target, str(number), currency, str(len(found)), *amounts, str(oldest)))
    return Report(columns, rows)


def unmatched_lines(tx: Transaction, account: str | None = None) -> Report:
    """The settlements' lines without a sure document, with those that are likely."""
    return _lines(tx, settlements.unmatched(tx, account))


def refunds_at_provider(tx: Transaction, account: str | None = None) -> Report:
    """Refunds that only the provider knows: made in its portal, without a credit note (domain guide 8)."""
    found = settlements.unmatched(tx, account)
    return _lines(tx, [row for row in found if (row.kind, row.outcome) == ("refund", "no_document")])


def fees(tx: Transaction, account: str | None = None) -> Report:
    """Payments and fees per account, currency and month."""
    rows = []
    for row in settlements.fees_by_month(tx, account):
        share = f"{(row.fees / row.captured * 100).quantize(_CENTS)} %" if row.captured else ""
        amounts = (_money(row.captured), _money(row.fees))
        rows.append((row.account, row.currency, row.month, str(row.payments), *amounts, share))
    return Report(("account", "currency", "month", "payments", "captured", "fees", "share"), rows)


REPORTS: Mapping[str, Callable[[Transaction, str | None], Report]] = {
    "clearing": aged_clearing,
    "unmatched": unmatched_lines,
    "refunds": refunds_at_provider,
    "fees": fees,
}


def _lines(tx: Transaction, found: Sequence[Any]) -> Report:
    names = clearing.keys_of(tx, {item for row in found for item in row.items})
    rows = [
        (
            row.account,
            row.batch,
            str(row.number),
            row.kind,
            _day(row.occurred_at),
            _money(row.gross),
            row.currency,
            row.provider_id,
            row.order_reference,
            row.outcome,
            "" if row.difference is None else _money(row.difference),
            "" if row.posted_at is None else _day(row.posted_at),
            " ".join(names[item] for item in row.items if item in names),
        )
        for row in found
    ]
    columns = ("account", "settlement", "line", "kind", "day", "amount", "currency", "provider's id", "reference")
    return Report((*columns, "outcome", "difference", "entered", "documents"), rows)


def _age_names() -> list[str]:
    edges = [0, *(age + 1 for age in AGES)]
    names = [f"{first}-{last} days" for first, last in zip(edges, AGES, strict=False)]
    return [*names, f"over {AGES[-1]} days"]


def _bucket(age: int) -> int:
    return next((place for place, most in enumerate(AGES) if age <= most), len(AGES))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(_CENTS)}"


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
