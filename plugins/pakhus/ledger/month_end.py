"""What the ledger knows of a month: for the bookkeeper's sheet."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, case, func, select

from pakhus.ledger.clearing import REFUNDED, stands
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import clearing_items, document_lines, documents, sources
from pakhus.model import Window
from pakhus.rules.month_end import ClearingRow, OpenRow, VatRow

_KINDS = ("invoice", "credit_note")
_IS_BOOKED = documents.c.kind.in_(_KINDS) & documents.c.remote_number.is_not(None)


def orders(tx: Transaction, shop: str, window: Window) -> list[tuple[datetime, str, Decimal, Decimal]]:
    """Return (placed, currency, gross, VAT) of the orders placed in a window."""
    query = select(sources.c.placed_at, sources.c.currency, sources.c.gross, sources.c.vat)
    query = query.where(sources.c.scope == shop, sources.c.kind == "order", sources.c.gross.is_not(None))
    rows = tx.connection.execute(query.where(_within(window)))
    return [(row.placed_at, row.currency, row.gross, row.vat or Decimal(0)) for row in rows]


def posted(tx: Transaction, shop: str, first: date, last: date) -> tuple[VatRow, ...]:
    """Return what booked invoices and credit notes dated `first` to `last` posted, by VAT code, rate and country."""
    lines = document_lines.c
    what = (documents.c.kind, lines.vat_code, lines.rate, lines.country, lines.scheme, documents.c.currency)
    sums = (func.count(documents.c.id.distinct()).label("documents"), func.sum(lines.net), func.sum(lines.vat))
    query = (
        select(*what, *sums)
        .join(documents, documents.c.id == lines.document_id)
        .where(documents.c.scope == shop, _IS_BOOKED, documents.c.document_date.between(first, last))
        .group_by(*what)
        .order_by(*what)
    )
    return tuple(VatRow(*row) for row in tx.connection.execute(query))


def corrections(tx: Transaction, shop: str, first: date, last: date) -> tuple[tuple[str, Decimal], ...]:
    """Return the sum of the rounding lines of documents dated `first` to `last`, per currency."""
    query = (
        select(documents.c.currency, func.sum(documents.c.correction))
        .where(documents.c.scope == shop, _IS_BOOKED, documents.c.document_date.between(first, last))
        .where(documents.c.correction != 0)
        .group_by(documents.c.currency)
        .order_by(documents.c.currency)
    )
    return tuple((row[0], row[1]) for row in tx.connection.execute(query))


def not_booked(tx: Transaction, shop: str, window: Window) -> tuple[OpenRow, ...]:
    """Return the orders placed in a window whose invoice is not booked, by reason."""
    what = (documents.c.status, documents.c.reason, sources.c.currency)
    query = (
        select(*what, func.count(), func.coalesce(func.sum(sources.c.gross), 0))
        .join(sources, sources.c.id == documents.c.source_id)
        .where(documents.c.scope == shop, documents.c.kind == "invoice", documents.c.remote_number.is_(None))
        .where(_within(window))
        .group_by(*what)
        .order_by(*what)
    )
    return tuple(OpenRow(*row) for row in tx.connection.execute(query))


def clearing(tx: Transaction, shop: str, window: Window) -> tuple[ClearingRow, ...]:
    """Return each clearing account of a shop: what came on it in the window, and what was open at its end.

    Open is what no payout has settled until now, of items that occurred before the window's end.
    """
    items = clearing_items.c
    amount, rest = items.amount, items.amount - items.settled_amount
    within = (items.occurred_at >= window.start) & (items.occurred_at < window.end)
    sums = (
        func.coalesce(func.sum(case((within & (amount > 0), amount))), 0),
        func.coalesce(func.sum(case((within & (amount < 0), amount))), 0),
        func.coalesce(func.sum(rest), 0),
        func.min(case((rest != 0, items.occurred_at))),
    )
    query = (
        select(items.account, items.currency, *sums)
        .where(items.shop == shop, items.occurred_at < window.end, (items.way != REFUNDED) | stands())
        .group_by(items.account, items.currency)
        .order_by(items.account, items.currency)
    )
    return tuple(
        ClearingRow(account, currency, captured, refunded, still_open, oldest.date() if oldest else None)
        for account, currency, captured, refunded, still_open, oldest in tx.connection.execute(query)
    )


def _within(window: Window) -> ColumnElement[bool]:
    return (sources.c.placed_at >= window.start) & (sources.c.placed_at < window.end)
