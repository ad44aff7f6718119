"""What tests of shipments look at: documents, the shop's orders and notes, numbers in the warehouse."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from pakhus.clients.http import Call
from pakhus.ledger.schema import attempts, documents, sources
from standin.woocommerce import recorded_shop
from tests.flows.world import World


def only(*orders: str) -> list[tuple[str, Any]]:
    """A change of the recorded shop's seed that leaves it these orders."""
    chosen = [order for order in recorded_shop()["orders"] if str(order["id"]) in orders]
    return [("orders", chosen), ("refunds", []), ("notes", {})]


@dataclass(frozen=True, slots=True)
class Row:
    """A document as a test looks at it."""

    status: str
    reason: str
    parameters: dict[str, Any]


def rows(at: World, kind: str = "shipment") -> dict[str, Row]:
    """The shop's documents of a kind, by key."""
    query = select(documents).where(documents.c.kind == kind, documents.c.scope == at.settings.shop)
    with at.ledger.begin() as tx:
        found = tx.connection.execute(query.order_by(documents.c.id)).all()
        return {row.key: Row(row.status, row.reason, row.reason_parameters) for row in found}


def reasons(at: World, kind: str = "shipment") -> list[str]:
    """Where the shop's documents of a kind stand, in the sequence they were made."""
    return [row.reason for row in rows(at, kind).values()]


def reservations(at: World) -> dict[str, str]:
    """Number in the warehouse of each order of the shop."""
    query = select(sources.c.source_id, documents.c.remote_id).join(sources, sources.c.id == documents.c.source_id)
    query = query.where(documents.c.kind == "reservation", documents.c.remote_id.is_not(None))
    with at.ledger.begin() as tx:
        found = tx.connection.execute(query.where(documents.c.scope == at.settings.shop)).all()
        return {row.source_id: row.remote_id for row in found}


def calls_of_shipments(at: World) -> list[tuple[str, str]]:
    """Method and outcome of each recorded call about shipments."""
    query = select(attempts.c.method, attempts.c.status).where(attempts.c.step == "report_shipment")
    with at.ledger.begin() as tx:
        return [(row.method, row.status) for row in tx.connection.execute(query.order_by(attempts.c.id))]


def stored_shipments(at: World) -> dict[str, str]:
    """State of each shipment that the ledger knows."""
    query = select(sources.c.source_id, sources.c.native_state).where(sources.c.kind == "shipment")
    with at.ledger.begin() as tx:
        return {row.source_id: row.native_state for row in tx.connection.execute(query)}


def state_in_shop(at: World, order: str) -> str:
    found = next(one for one in at.shop_server.dump()["orders"] if str(one["id"]) == order)
    return str(found["status"])


def our_notes(at: World, order: str) -> list[str]:
    """The notes about shipments on an order."""
    notes = at.shop.send(Call("GET", f"/wc/v3/orders/{order}/notes")).json()
    return sorted(note["note"] for note in notes if "-shipment" in note["note"])
