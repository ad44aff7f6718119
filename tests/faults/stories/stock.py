"""A scene of stock: a shop that sells from one location, a sale that nobody has reserved, a refund put back on its own.

Each run is one of `<agreement>__stock` alone, with the compare of the whole catalogue; nothing is reserved, so what is
free is what lies at the location, less what was sold.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.flows.observation import Observer
from pakhus.flows.stock import StockPusher
from pakhus.flows.stock_reading import StockReader
from pakhus.flows.unreserved_sales import SalesReader
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents, stock_levels
from tests.faults.scene import Scene, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, Truth, nothing_open

SHELF = "110"  # "Hovedlager A1"
SOLD, BACK, PART = "NH-1000", "NH-1018", "NH-1010"
BUNDLE, MADE_OF = "NH-1001", {SOLD: 2, PART: 1}
PIECES = {SOLD: 9, BACK: 5, PART: 7}


@dataclass(slots=True)
class StockScene(PreparedScene):
    """Its beginning: the shop shows what lies on the shelf, and then everybody does something."""

    def prepare(self) -> None:
        """Goods are counted, sold and given back, and the shop is not told yet."""
        stock = self.settings.stock.model_copy(update={"locations": frozenset({SHELF}), "enabled": True})
        mapping = self.settings.mapping.model_copy(update={"bundle_stock": {BUNDLE: MADE_OF}})
        self.settings = self.settings.model_copy(update={"stock": stock, "mapping": mapping})
        for item, pieces in PIECES.items():
            self._count(item, pieces)
        self.quietly()
        given_back = self._buy(BACK)
        self.act(action="set_status", order=given_back, status="completed")
        self.quietly()
        self._buy(SOLD)
        self.act(action="refund", order=given_back, restock=True)
        self._count(SOLD, 12)
        self._count(PART, 3)
        self.pass_time(minutes=2)

    def _count(self, item: str, pieces: int) -> None:
        self.act("rackbeat", action="set_stock", item=item, quantity=pieces, location=int(SHELF))

    def _buy(self, sku: str) -> int:
        items = [{"sku": sku, "quantity": 2}]
        placed: Any = self.act(action="place_order", items=items, payment_method="cod")
        return int(placed["order"])

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        shop = self.shop(limits)
        StockReader(self.warehouse(limits), ledger, "rackbeat__main").read([self.settings])
        SalesReader(Observer(shop, ledger, self.settings)).see()
        StockPusher(shop, ledger, self.settings).push(compare=True)


def stock_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene; there are no earlier orders."""
    return scene(ledger_url, StockScene, ())


def stock_findings(scene: Scene) -> list[Finding]:
    """Compare what the shop shows with what is free, and with what the ledger believes."""
    shop, warehouse = (scene.servers[name].get("state") for name in ("woocommerce", "rackbeat"))
    shown = {
        row["sku"]: row["stock_quantity"]
        for row in shop["products"]
        if row["manage_stock"] is True and row["status"] != "trash"
    }
    free = _free(warehouse)
    return [*_shown(shown, free), *_ledger(scene, shown)]


def open_pushes(scene: Scene) -> int:
    """One until the newest push has written all it wants."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        pushed = connection.execute(select(documents.c.reason).where(documents.c.kind == "stock")).scalars().all()
        wanting = connection.execute(
            select(stock_levels.c.sku).where(
                stock_levels.c.reason == "", stock_levels.c.confirmed.is_distinct_from(stock_levels.c.wanted)
            )
        ).all()
    engine.dispose()
    return int(pushed != ["transferred"] or bool(wanting))


def _free(warehouse: dict[str, Any]) -> dict[str, int]:
    lying = {item: int(Decimal(places.get(SHELF, 0))) for item, places in warehouse["stock"].items()}
    free = {item: max(pieces, 0) for item, pieces in lying.items()}
    free[SOLD] -= 2
    free[BUNDLE] = min(free[part] // pieces for part, pieces in MADE_OF.items())
    return free


def _shown(shown: dict[str, Any], free: dict[str, int]) -> Iterator[Finding]:
    if free[SOLD] != 10 or free[BUNDLE] != 3:
        yield Finding("untrue", f"the warehouse has {free[SOLD]} and {free[BUNDLE]}, not what was counted")
    for sku, pieces in free.items():
        if sku in shown and shown[sku] != pieces:
            yield Finding("lost", f"the shop shows {shown[sku]} of {sku}, free are {pieces}")


def _ledger(scene: Scene, shown: dict[str, Any]) -> Iterator[Finding]:
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        levels = connection.execute(select(stock_levels).where(stock_levels.c.reason == "")).all()
    engine.dispose()
    yield from nothing_open(scene)
    if len(levels) < 30:
        yield Finding("lost", f"the ledger knows the stock of {len(levels)} products only")
    for level in levels:
        if level.confirmed != shown[level.sku]:
            here = shown[level.sku]
            yield Finding("untrue", f"the ledger says that the shop shows {level.confirmed} of {level.sku}, not {here}")


STOCK = Truth(stock_findings, open_pushes)
STORY = Story("stock", stock_scene, STOCK)
