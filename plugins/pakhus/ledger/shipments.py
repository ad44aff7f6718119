"""What the ledger knows of the shipments of an agreement's orders.

Shipments and the shipping side of warehouse orders are sources of the agreement; their parent is the shop's order where
we reserved it. Of an order that others made, only the shipment is kept, without a parent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update

from pakhus.ledger import sources as stored
from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import among
from pakhus.ledger.schema import documents, sources
from pakhus.ledger.sources import Source

SHIPMENT = "shipment"
WAREHOUSE_ORDER = "warehouse_order"
_RESERVATION = "reservation"
_PART = "partly_shipped"
_CANCELLED = "reservation_cancelled"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An order of ours in the warehouse: its document, its number there, and the shop's order (a row of sources)."""

    document_id: int
    number: str
    order_id: int
    order_number: str


def reservation_of(tx: Transaction, agreement: str, number: str) -> Reservation | None:
    """Return our reservation that has this number in the warehouse, or had it; None when the order is not ours."""
    order = sources.alias("warehouse_order")
    had = select(order.c.id).where(
        order.c.scope == agreement,
        order.c.kind == WAREHOUSE_ORDER,
        order.c.source_id == number,
        order.c.parent_id == documents.c.source_id,
    )
    query = _reservations(agreement).where((documents.c.remote_id == number) | had.exists())
    row = tx.connection.execute(query.order_by(documents.c.id).limit(1)).one_or_none()
    return None if row is None else Reservation(*row)


def open_reservations(
    tx: Transaction, agreement: str, closed: Sequence[str], settled: datetime, *, after: int, limit: int
) -> list[Reservation]:
    """Return reservations, by document, whose warehouse order was not last seen in one of the states `closed`.

    One that was seen so with a problem counts as open while that is younger than `settled`. What we deleted is closed.
    """
    order = sources.alias("warehouse_order")
    ended = select(order.c.id).where(
        order.c.kind == WAREHOUSE_ORDER,
        order.c.scope == agreement,
        order.c.source_id == documents.c.remote_id,
        order.c.native_state.in_(closed),
        (order.c.problem == "") | (order.c.changed_at < settled),
    )
    deleted = documents.c.reason == _CANCELLED
    query = _reservations(agreement).where(documents.c.id > after, ~deleted, ~ended.exists()).order_by(documents.c.id)
    return [Reservation(*row) for row in tx.connection.execute(query.limit(limit))]


def first_reserved_at(tx: Transaction, agreement: str) -> datetime | None:
    """When the first document of a reservation that reached the warehouse was made; None: there is none."""
    query = select(func.min(documents.c.created_at)).where(
        documents.c.target == agreement, documents.c.kind == _RESERVATION, documents.c.remote_id.is_not(None)
    )
    found: datetime | None = tx.connection.execute(query).scalar_one()
    return found


@dataclass(frozen=True, slots=True)
class Opened:
    """A shipment of ours that has not gone yet."""

    row_id: int
    source_id: str


def open_shipments(tx: Transaction, agreement: str, state: str, *, read_before: datetime, limit: int) -> list[Opened]:
    """Return shipments of our orders in this state that were last read before that moment, longest unread first."""
    query = (
        select(sources.c.id, sources.c.source_id)
        .where(sources.c.scope == agreement, sources.c.kind == SHIPMENT, sources.c.native_state == state)
        .where(sources.c.parent_id.is_not(None), sources.c.read_at < read_before)
        .order_by(sources.c.read_at)
        .limit(limit)
    )
    return [Opened(*row) for row in tx.connection.execute(query)]


def unjudged_orders(tx: Transaction, agreement: str, state: str) -> list[Reservation]:
    """Return reservations with shipments in this state that are newer than our last look at the warehouse order."""
    order, shipment = sources.alias("warehouse_order"), sources.alias("shipment")
    looked_at = select(order.c.id).where(
        order.c.scope == agreement,
        order.c.kind == WAREHOUSE_ORDER,
        order.c.source_id == documents.c.remote_id,
        order.c.read_at >= shipment.c.changed_at,
    )
    waiting = select(shipment.c.id).where(
        shipment.c.scope == agreement,
        shipment.c.kind == SHIPMENT,
        shipment.c.native_state == state,
        shipment.c.parent_id == documents.c.source_id,
        ~looked_at.correlate(documents, shipment).exists(),
    )
    query = _reservations(agreement).where(waiting.correlate(documents).exists()).order_by(documents.c.id)
    return [Reservation(*row) for row in tx.connection.execute(query)]


def note_read(
    tx: Transaction, row_id: int, read_at: datetime, *, parent_id: int | None = None, problem: str = ""
) -> None:
    """Record that a source was read anew, changed or not: whose it is, and what is wrong with it, as known now."""
    values: dict[str, Any] = {"read_at": func.greatest(sources.c.read_at, read_at), "problem": problem}
    if parent_id is not None:
        values["parent_id"] = parent_id
    tx.connection.execute(update(sources).where(sources.c.id == row_id).values(**values))


def of_order(tx: Transaction, agreement: str, order_id: int) -> list[Source]:
    """Return the newest versions of an order's shipments, by row."""
    return of_orders(tx, agreement, [order_id]).get(order_id, [])


def of_orders(tx: Transaction, agreement: str, order_ids: Collection[int]) -> dict[int, list[Source]]:
    """Return the newest versions of these orders' shipments, by row; nothing of those that have none."""
    return stored.belonging(tx, agreement, SHIPMENT, order_ids) if order_ids else {}


def last_states(tx: Transaction, agreement: str, order_ids: Collection[int]) -> dict[int, str]:
    """Return the state of each of these orders' newest warehouse order; nothing of those nobody has looked at yet."""
    query = (
        select(sources.c.parent_id, sources.c.native_state)
        .where(among(sources.c.parent_id, order_ids), sources.c.kind == WAREHOUSE_ORDER, sources.c.scope == agreement)
        .order_by(sources.c.id)
    )
    return {row.parent_id: row.native_state for row in tx.connection.execute(query)} if order_ids else {}


@dataclass(frozen=True, slots=True)
class Looked:
    """A warehouse order as it was last seen, and its state then."""

    source: Source
    state: str


def warehouse_order(tx: Transaction, agreement: str, order_id: int) -> Looked | None:
    """Return an order's warehouse order; None before anybody looked at it."""
    query = _of_order(agreement, WAREHOUSE_ORDER, order_id).order_by(sources.c.id.desc()).limit(1)
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else Looked(stored.load(tx, row.id), row.native_state)


@dataclass(frozen=True, slots=True)
class Untold:
    """A row of sources that a shop has no document for yet, its id, and the order that it belongs to."""

    row_id: int
    source_id: str
    version: int
    order_id: int
    order_source_id: str


def without_document(
    tx: Transaction, agreement: str, shop: str, flow: str, kind: str, states: Sequence[str], *, limit: int
) -> list[Untold]:
    """Return a shop's shipments or warehouse orders in these states that its flow has no document for, by row."""
    order, judged = sources.alias("order_of"), sources.alias("warehouse_order")
    told = select(documents.c.id).where(documents.c.source_id == sources.c.id, documents.c.flow == flow)
    looked_at = select(judged.c.id).where(judged.c.kind == WAREHOUSE_ORDER, judged.c.parent_id == sources.c.parent_id)
    query = (
        select(sources.c.id, sources.c.source_id, sources.c.version, order.c.id, order.c.source_id)
        .join(order, order.c.id == sources.c.parent_id)
        .where(sources.c.scope == agreement, sources.c.kind == kind, sources.c.native_state.in_(states))
        .where(order.c.scope == shop, ~told.exists(), looked_at.exists())
        .order_by(sources.c.id)
        .limit(limit)
    )
    return [Untold(*row) for row in tx.connection.execute(query)]


def orders_told_in_part(tx: Transaction, agreement: str, shop: str, state: str) -> list[int]:
    """Return orders (rows of sources) in this state of which the shop was told nothing but parts."""
    other = documents.alias("other")
    more = select(other.c.id).where(
        other.c.order_id == documents.c.order_id, other.c.kind == SHIPMENT, other.c.reason != _PART
    )
    return _orders(
        tx, agreement, shop, state, documents.c.kind == SHIPMENT, documents.c.reason == _PART, ~more.exists()
    )


def orders_waiting(tx: Transaction, agreement: str, shop: str, flow: str, reason: str, state: str) -> list[int]:
    """Return orders (rows of sources) in this state whose document of a flow stands at this reason."""
    return _orders(tx, agreement, shop, state, documents.c.flow == flow, documents.c.reason == reason)


def _orders(tx: Transaction, agreement: str, shop: str, state: str, *conditions: ColumnElement[bool]) -> list[int]:
    order = sources.alias("warehouse_order")
    query = (
        select(documents.c.order_id)
        .join(order, and_(order.c.parent_id == documents.c.order_id, order.c.kind == WAREHOUSE_ORDER))
        .where(documents.c.scope == shop, order.c.scope == agreement, order.c.native_state == state, *conditions)
        .distinct()
        .order_by(documents.c.order_id)
    )
    return list(tx.connection.execute(query).scalars())


def _of_order(agreement: str, kind: str, order_id: int) -> Any:
    return select(sources.c.id, sources.c.native_state).where(
        sources.c.parent_id == order_id, sources.c.kind == kind, sources.c.scope == agreement
    )


def _reservations(agreement: str) -> Any:
    """Reservations that reached the warehouse, as rows of Reservation."""
    return (
        select(documents.c.id, documents.c.remote_id, sources.c.id, sources.c.number)
        .join(sources, sources.c.id == documents.c.source_id)
        .where(documents.c.target == agreement, documents.c.kind == _RESERVATION, documents.c.remote_id.is_not(None))
    )
