"""From a shipment in Rackbeat to an order that is completed in the shop, and to its invoice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.http import Call
from pakhus.ledger.schema import attempts, documents, sources
from pakhus.settings import InvoiceMode, InvoiceWhen
from tests.flows.world import World, beside, world

WHOLE, IN_PARTS = "61", "84"  # orders of the recorded shop with one and with two kinds of goods


@dataclass(frozen=True, slots=True)
class Row:
    """A document as a test looks at it."""

    status: str
    reason: str
    parameters: dict[str, Any]


def rows(at: World, kind: str = "shipment") -> dict[str, Row]:
    query = select(documents).where(documents.c.kind == kind, documents.c.scope == at.settings.shop)
    with at.ledger.begin() as tx:
        found = tx.connection.execute(query.order_by(documents.c.id)).all()
        return {row.key: Row(row.status, row.reason, row.reason_parameters) for row in found}


def reservations(at: World) -> dict[str, str]:
    """Number in the warehouse of each order of the shop."""
    query = select(sources.c.source_id, documents.c.remote_id).join(sources, sources.c.id == documents.c.source_id)
    query = query.where(documents.c.kind == "reservation", documents.c.remote_id.is_not(None))
    with at.ledger.begin() as tx:
        found = tx.connection.execute(query.where(documents.c.scope == at.settings.shop)).all()
        return {row.source_id: row.remote_id for row in found}


def shop_order(at: World, order: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in at.shop_server.dump()["orders"] if str(one["id"]) == order)
    return found


def our_notes(at: World, order: str) -> list[str]:
    notes = at.shop.send(Call("GET", f"/wc/v3/orders/{order}/notes")).json()
    return sorted(note["note"] for note in notes if "-shipment" in note["note"])


def items(at: World, number: str) -> dict[str, int]:
    lines = at.warehouse_server.dump()["orders"][number]["lines"]
    return {line["child_id"]: int(line["quantity"]) for line in lines}


@pytest.fixture
def reserved(nordlys: World) -> World:
    nordlys.observe()
    nordlys.reserve()
    return nordlys


def test_shipped_order_is_noted_and_completed_in_the_shop(reserved: World) -> None:
    number = reservations(reserved)[WHOLE]
    shipment = reserved.ship(number)
    report = reserved.fulfil()
    assert rows(reserved) == {f"nordlys-{WHOLE}-shipment{shipment}": Row("done", "transferred", {})}
    assert shop_order(reserved, WHOLE)["status"] == "completed"
    assert our_notes(reserved, WHOLE) == [f"Shipped: 3 × NH-1001 [nordlys-{WHOLE}-shipment{shipment}]"]
    assert report.codes == {"transferred": 1}
