"""What the ledger has of a shop's weeks: for the weekly report, and to tell when a shop has gone silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Numeric, cast, func, select

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import (
    clearing_items,
    documents,
    proven_days,
    settlement_lines,
    settlements,
    sources,
    stop_events,
)
from pakhus.model import Window
from pakhus.reasons import Status

_BOOKED_KINDS = ("invoice", "credit_note")


@dataclass(frozen=True, slots=True)
class Watched:
    """When the first and the last order of a shop was placed, of those that are known."""

    first: datetime
    last: datetime


def watched(tx: Transaction, shop: str) -> Watched | None:
    """Return what is known of a shop's orders; None while there are none. Each end is one look into an index."""
    placed, is_order = sources.c.placed_at, (sources.c.scope == shop) & (sources.c.kind == "order")
    ends = [select(end(placed)).where(is_order).scalar_subquery() for end in (func.min, func.max)]
    first, last = tx.connection.execute(select(*ends)).one()
    return None if first is None else Watched(first, last)


def read_since(tx: Transaction, shop: str) -> datetime:
    """Return when the first of a shop's orders was stored. Looks at them all."""
    mine = sources.c.scope == shop, sources.c.kind == "order"
    found: datetime = tx.connection.execute(select(func.min(sources.c.first_seen_at)).where(*mine)).scalar_one()
    return found


def placed_in(tx: Transaction, shop: str, window: Window) -> int:
    """Return how many orders were placed in a window, whatever became of them."""
    placed = (sources.c.placed_at >= window.start) & (sources.c.placed_at < window.end)
    count = select(func.count()).where(sources.c.scope == shop, sources.c.kind == "order", placed)
    found: int = tx.connection.execute(count).scalar_one()
    return found


@dataclass(frozen=True, slots=True)
class Amount:
    """So many of a day, over so much in one currency."""

    day: date
    currency: str
    count: int
    gross: Decimal


def booked(tx: Transaction, shop: str, first: date, last: date) -> list[Amount]:
    """Return invoices less credit notes that are booked, by their date."""
    dated = documents.c.document_date.between(first, last)
    what = documents.c.document_date, documents.c.currency
    query = (
        select(*what, func.count(), func.coalesce(func.sum(documents.c.gross), 0))
        .where(documents.c.scope == shop, documents.c.kind.in_(_BOOKED_KINDS), documents.c.remote_number.is_not(None))
        .where(dated)
        .group_by(*what)
        .order_by(*what)
    )
    return [Amount(*row) for row in tx.connection.execute(query)]


def paid_out(tx: Transaction, shop: str, first: date, last: date) -> list[Amount]:
    """Return what payouts settled of a shop's payments less refunds, before fees, by the day they were paid out.

    Of payouts whose voucher is made: before that nobody knows for certain what they pay.
    """
    pays = func.jsonb_each_text(settlement_lines.c.pays).table_valued("key", "value", name="pays")
    what = settlements.c.paid_on, clearing_items.c.currency
    query = (
        select(*what, func.count(), func.sum(cast(pays.c.value, Numeric(18, 2))))
        .select_from(settlements)
        .join(settlement_lines, settlement_lines.c.settlement_id == settlements.c.id)
        .join(pays, pays.c.key.is_not(None))
        .join(clearing_items, clearing_items.c.id == cast(pays.c.key, BigInteger))
        .where(clearing_items.c.shop == shop, settlements.c.posted_at.is_not(None))
        .where(settlements.c.paid_on.between(first, last))
        .group_by(*what)
        .order_by(*what)
    )
    return [Amount(*row) for row in tx.connection.execute(query)]


def proofs(tx: Transaction, shop: str, first: date, last: date) -> Mapping[date, str]:
    """Return what the proofs of these days said; a day that was not looked at has no entry."""
    query = select(proven_days.c.day, proven_days.c.status)
    query = query.where(proven_days.c.scope == shop, proven_days.c.day.between(first, last))
    return {row.day: row.status for row in tx.connection.execute(query)}


def held(tx: Transaction, shop: str) -> int:
    """Return how many documents of a shop wait for people now."""
    count = select(func.count()).where(documents.c.scope == shop, documents.c.status == Status.HELD)
    found: int = tx.connection.execute(count).scalar_one()
    return found


def stopped_itself(tx: Transaction, shop: str, window: Window) -> Mapping[str, int]:
    """Return how often flows have stopped themselves in a window."""
    within = (stop_events.c.at >= window.start) & (stop_events.c.at < window.end)
    query = (
        select(stop_events.c.flow, func.count())
        .where(stop_events.c.scope == shop, stop_events.c.event == "stopped", ~stop_events.c.by_person, within)
        .group_by(stop_events.c.flow)
        .order_by(stop_events.c.flow)
    )
    return {row[0]: row[1] for row in tx.connection.execute(query)}
