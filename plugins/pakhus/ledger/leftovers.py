"""Reservations that may no longer fit what the shop says, as the ledger knows them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from pakhus.ledger import sources as stored
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import documents, sources
from pakhus.ledger.shipments import WAREHOUSE_ORDER
from pakhus.ledger.sources import Source
from pakhus.reasons import Status

RESERVATION = "reservation"
CANCELLED = "reservation_cancelled"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation, its order's newest version, and since when that is the newest."""

    document_id: int
    key: str
    number: str
    status: Status
    reason: str
    accepted: str  # the reason that a person accepted, if one did
    order: Source
    order_number: str
    changed_at: datetime
    made_at: datetime


def open_reserved(
    tx: Transaction, shop: str, agreement: str, closed: Collection[str], *, after: int, limit: int
) -> list[Reserved]:
    """Return a shop's reservations, by document, whose order in the warehouse was not last seen in a state of `closed`.

    Those that were found unfitting are returned whatever was seen since.
    """
    order = sources.alias("warehouse_order")
    ended = select(order.c.id).where(
        order.c.scope == agreement,
        order.c.kind == WAREHOUSE_ORDER,
        order.c.source_id == documents.c.remote_id,
        order.c.native_state.in_(closed),
    )
    query = (
        select(documents, sources.c.number, sources.c.changed_at)
        .join(sources, sources.c.id == documents.c.source_id)
        .where(documents.c.scope == shop, documents.c.kind == RESERVATION, documents.c.remote_id.is_not(None))
        .where(documents.c.reason != CANCELLED, documents.c.id > after)
        .where(or_(~ended.exists(), documents.c.status == Status.HELD))
        .order_by(documents.c.id)
        .limit(limit)
    )
    return [
        Reserved(
            document_id=row.id,
            key=row.key,
            number=row.remote_id,
            status=Status(row.status),
            reason=row.reason,
            accepted=str(row.reason_parameters.get("was", "")) if row.reason == "accepted_by_person" else "",
            order=stored.load(tx, row.source_id),
            order_number=row.number,
            changed_at=row.changed_at,
            made_at=row.created_at,
        )
        for row in tx.connection.execute(query).all()
    ]


def oldest_open(tx: Transaction, shop: str, agreement: str, closed: Collection[str]) -> datetime | None:
    """When the first of these reservations was made; None: there is none."""
    first = open_reserved(tx, shop, agreement, closed, after=0, limit=1)
    if not first:
        return None
    query = select(func.min(documents.c.created_at)).where(documents.c.id >= first[0].document_id)
    found: datetime | None = tx.connection.execute(
        query.where(documents.c.scope == shop, documents.c.kind == RESERVATION)
    ).scalar_one()
    return found


def numbers_of(tx: Transaction, keys: Collection[str]) -> dict[str, str | None]:
    """Return the number in the warehouse of each of these reservations that the ledger has."""
    rows = tx.connection.execute(select(documents.c.key, documents.c.remote_id).where(documents.c.key.in_(keys)))
    return {row.key: row.remote_id for row in rows}
