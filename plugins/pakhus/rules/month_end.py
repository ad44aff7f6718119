"""The month-end sheet: orders, invoices and credit notes per VAT code, clearing accounts, corrections. Pure.

What a bookkeeper lays beside the VAT report and the balances of e-conomic. Sources: domain guide 7.7, 10.2, 17.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from pakhus.model import Window


@dataclass(frozen=True, slots=True)
class OrdersOfDay:
    """The orders placed on a day of the shop, in one currency."""

    day: date
    currency: str
    count: int
    gross: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class VatRow:
    """What booked documents of one kind posted under one VAT code, rate and country; credit notes are negative."""

    kind: str  # invoice or credit_note
    vat_code: str
    rate: Decimal
    country: str
    scheme: str
    currency: str
    documents: int
    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class ClearingRow:
    """A clearing account: what came on it in the month, and what of all is still to be paid out."""

    account: int
    currency: str
    captured: Decimal
    refunded: Decimal
    still_open: Decimal
    oldest_open: date | None


@dataclass(frozen=True, slots=True)
class OpenRow:
    """Orders of the month whose invoice is not booked, by reason."""

    status: str
    code: str
    currency: str
    count: int
    gross: Decimal


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """A month of one shop. `corrections` is the sum of the rounding lines per currency: it should be near nothing."""

    shop: str
    month: date  # its first day
    orders: tuple[OrdersOfDay, ...]
    vat: tuple[VatRow, ...]
    clearing: tuple[ClearingRow, ...]
    not_booked: tuple[OpenRow, ...]
    corrections: tuple[tuple[str, Decimal], ...]


def month_of(text: str) -> date:
    """Return the first day of a month like 2026-11. ValueError when it is none."""
    return date.fromisoformat(f"{text}-01")


def month_window(month: date, zone: str) -> Window:
    """Return a month of the shop, from midnight to midnight."""
    start, end = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in (month, next_month(month)))
    return Window(start, end)


def next_month(month: date) -> date:
    """Return the first day of the month after this one."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def by_day(orders: Iterable[tuple[datetime, str, Decimal, Decimal]], zone: str) -> tuple[OrdersOfDay, ...]:
    """Add up orders (placed, currency, gross, VAT) by day of the shop and currency."""

    def place(order: tuple[datetime, str, Decimal, Decimal]) -> tuple[date, str]:
        return order[0].astimezone(ZoneInfo(zone)).date(), order[1]

    days = groupby(sorted(orders, key=place), key=place)
    return tuple(_orders_of_day(day, currency, list(group)) for (day, currency), group in days)


def totals(rows: Sequence[VatRow]) -> tuple[tuple[str, str, int, Decimal, Decimal], ...]:
    """Add up VAT rows to (kind, currency, lines of the sheet, net, VAT)."""

    def place(row: VatRow) -> tuple[str, str]:
        return row.kind, row.currency

    found = []
    for (kind, currency), group in groupby(sorted(rows, key=place), key=place):
        of_kind = list(group)
        net = sum((row.net for row in of_kind), Decimal(0))
        found.append((kind, currency, len(of_kind), net, sum((row.vat for row in of_kind), Decimal(0))))
    return tuple(found)


def _orders_of_day(day: date, currency: str, orders: Sequence[tuple[datetime, str, Decimal, Decimal]]) -> OrdersOfDay:
    gross = sum((gross for _, _, gross, _ in orders), Decimal(0))
    vat = sum((vat for _, _, _, vat in orders), Decimal(0))
    return OrdersOfDay(day, currency, len(orders), gross, vat)
