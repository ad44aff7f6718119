"""What waits for people, told once a day: held documents by cause, with how many, since when and over how much.

A held document leaves its run green, so nothing else would remind anybody of it (domain guide 17.4). From the ledger
alone; sent like an alert, by whoever sends those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, or_, select

from pakhus.ledger import alerts
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import documents, sources, stock_levels
from pakhus.reasons import Status, reason
from pakhus.settings.sections import AlertsSettings

DAILY_DIGEST = "daily_digest"
_FLOW = "digest"
_PAYOUTS = "payouts"  # of accounts at providers, which are no shop's own
_MOST = 40


def write_digests(tx: Transaction, shops: Mapping[str, AlertsSettings]) -> list[str]:
    """Write the digest of each shop that wants one, has not had today's, and has something waiting; returns whose."""
    written = []
    for shop, section in shops.items():
        midnight = _due_since(tx.now, section)
        if midnight is None or alerts.was_announced(tx, shop, DAILY_DIGEST, since=midnight):
            continue
        text = digest_text(tx, shop)
        if text:
            alerts.announce(tx, shop, _FLOW, Cause(DAILY_DIGEST, text))
            written.append(shop)
    return written


def digest_text(tx: Transaction, shop: str) -> str:
    """The digest's text; empty when nothing waits for people."""
    held, stock = list(_held(tx, shop)), _stock(tx, shop)
    count = sum(row.number for row in held)
    if not count and not stock:
        return ""
    head = f"{count} {'document waits' if count == 1 else 'documents wait'} for people."
    lines = [_line(row) for row in held[:_MOST]]
    if len(held) > _MOST:
        lines.append(f"- and {len(held) - _MOST} causes more")
    return "\n".join([head, *lines, *stock])


def _due_since(now: datetime, section: AlertsSettings) -> datetime | None:
    """The midnight before which a digest was another day's; None while today's is not due, or none is wanted."""
    if section.digest_at is None:
        return None
    zone = ZoneInfo(section.timezone)
    here, at = now.astimezone(zone), time.fromisoformat(section.digest_at)
    return datetime.combine(here.date(), time(0), zone) if here.time() >= at else None


def _held(tx: Transaction, shop: str) -> Iterator[Row[Any]]:
    """Held documents by scope, flow, reason and currency, those over most money first; of payouts all there are."""
    amount = func.coalesce(func.sum(sources.c.gross), 0).label("amount")
    currency = func.coalesce(sources.c.currency, "").label("currency")
    grouped = (documents.c.scope, documents.c.flow, documents.c.reason, currency)
    query = (
        select(*grouped, func.count().label("number"), func.min(documents.c.since).label("since"), amount)
        .outerjoin(sources, sources.c.id == documents.c.source_id)
        .where(documents.c.status == Status.HELD, or_(documents.c.scope == shop, documents.c.flow == _PAYOUTS))
        .group_by(*grouped)
        .order_by(amount.desc(), documents.c.flow, documents.c.reason)
    )
    yield from tx.connection.execute(query)


def _line(row: Row[Any]) -> str:
    """ "- orders: 3 sku_missing, 1,204.00 DKK, the oldest since 2026-11-20. Give the product …" """
    money = f", {Decimal(row.amount):,.2f} {row.currency}" if row.amount else ""
    since, what = f"{row.since:%Y-%m-%d}", reason(row.reason)
    where = row.flow if row.flow != _PAYOUTS else f"{row.scope} {row.flow}"
    return f"- {where}: {row.number} {row.reason}{money}, the oldest since {since}; who acts: {what.actor.value}"


def _stock(tx: Transaction, shop: str) -> list[str]:
    """Products whose quantity in the shop is not what it should be, by reason."""
    query = (
        select(stock_levels.c.reason, func.count().label("number"))
        .where(stock_levels.c.scope == shop, stock_levels.c.reason != "")
        .group_by(stock_levels.c.reason)
        .order_by(stock_levels.c.reason)
    )
    return [f"- stock: {row.number} products {row.reason}" for row in tx.connection.execute(query)]
