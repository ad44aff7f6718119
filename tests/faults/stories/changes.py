"""A scene of changes: of three reserved orders one is edited, one cancelled, one binned and restored.

Each run is one of the flow `orders` alone; the faults strike the run that brings the changes to the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.flows.chunks import due_chunks
from pakhus.flows.judging import ORDERS
from pakhus.flows.observation import Observer
from pakhus.flows.orders import reserver
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents
from tests.faults.scene import Scene, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, Truth, nothing_open

EDITED, CANCELLED, RESTORED = "66", "67", "68"
STREET = "Havnegade 9"
GOODS = {"NH-1005": 4, "NH-1001": 1}


@dataclass(slots=True)
class ChangedScene(PreparedScene):
    """Its beginning: all three are reserved, the binned one is deleted again, and then the shop changes them."""

    def prepare(self) -> None:
        """The changes are made in the shop and not yet read."""
        self.quietly()
        self.act(action="bin_order", order=int(RESTORED))
        self.quietly()
        if len(self.servers["rackbeat"].get("state")["orders"]) != len(_EXPECTED) - 1:
            raise RuntimeError("the binned order was not deleted")
        lines = self._order(EDITED)["line_items"]
        self.act(action="edit_line", order=int(EDITED), line=lines[0]["id"], quantity=4)
        self.act(action="edit_line", order=int(EDITED), line=lines[1]["id"], quantity=0)
        self.act(action="add_line", order=int(EDITED), sku="NH-1001", quantity=1)
        self.act(action="edit_order", order=int(EDITED), changes={"shipping": {"address_1": STREET}})
        self.act(action="set_status", order=int(CANCELLED), status="cancelled")
        self.act(action="restore_order", order=int(RESTORED))
        self.act(action="set_status", order=int(RESTORED), status="processing")
        self.pass_time(minutes=2)

    def _order(self, order: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = self.servers["woocommerce"].get("state")["orders"]
        return next(row for row in rows if str(row["id"]) == order)

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        shop = self.shop(limits)
        Observer(shop, ledger, self.settings).observe()
        for chunk in due_chunks(ledger, self.settings.shop, ORDERS):
            reserver(shop, self.warehouse(limits), ledger, self.settings).reserve(chunk.documents, workers=1)


def changed_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene."""
    return scene(ledger_url, ChangedScene, (EDITED, CANCELLED, RESTORED))


def changed_findings(scene: Scene) -> list[Finding]:
    """Compare warehouse and ledger with what the shop wants now."""
    orders = list(scene.servers["rackbeat"].get("state")["orders"].values())
    return [*_warehouse(orders), *_ledger(scene, orders)]


def open_reservations(scene: Scene) -> int:
    """How many documents still wait for an outcome or their turn."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.id).where(
            documents.c.kind == "reservation", documents.c.status.in_(("due", "waiting"))
        )
        found = len(connection.execute(query).all())
    engine.dispose()
    return found


def _warehouse(orders: list[dict[str, Any]]) -> Iterator[Finding]:
    of = {name: [row for row in orders if row["heading"] == f"nordlys-{name}-order"] for name in _EXPECTED}
    for name, (count, _) in _EXPECTED.items():
        if len(of[name]) != count:
            kind = "lost" if len(of[name]) < count else "doubled"
            yield Finding(kind, f"order {name} is there {len(of[name])} times, not {count}")
        for row in of[name]:
            if not row["is_booked"]:
                yield Finding("lost", f"order {name} is not booked: nothing is reserved")
    for row in of[EDITED]:
        goods = [(line["child_id"], int(line["quantity"])) for line in row["lines"]]
        if sorted(goods) != sorted(GOODS.items()):
            yield Finding("untrue", f"order {EDITED} has {goods}, not {GOODS}")
        if row["delivery"]["street"] != STREET:
            yield Finding("lost", f"order {EDITED} goes to its old address")


def _ledger(scene: Scene, orders: list[dict[str, Any]]) -> Iterator[Finding]:
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        rows = {row.key: row for row in connection.execute(select(documents))}
    engine.dispose()
    yield from nothing_open(scene)
    numbers = {row["heading"]: str(row["number"]) for row in orders}
    for name, (_, reasons) in _EXPECTED.items():
        row = rows[f"nordlys-{name}-order"]
        if row.reason not in reasons:
            yield Finding("untrue", f"the ledger says {row.reason} of order {name}")
        if numbers.get(row.key, row.remote_id) != row.remote_id:
            yield Finding("untrue", f"the ledger says that {row.key} is {row.remote_id}, not {numbers[row.key]}")


_EXPECTED = {
    EDITED: (1, {"transferred"}),
    CANCELLED: (0, {"reservation_cancelled"}),
    RESTORED: (1, {"transferred", "adopted"}),
}

CHANGED = Truth(changed_findings, open_reservations)
STORY = Story("changes", changed_scene, CHANGED)
