"""A scene of the first transfer: a shop of four products, a warehouse that has one of them and nothing in stock.

Each run is one run of `initial_sync`; the faults strike the first. All that the warehouse gets, the transfer made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.flows.initial_sync import InitialSync
from pakhus.ledger.connection import Ledger
from pakhus.ledger.products import INITIAL_SYNC
from pakhus.ledger.schema import documents
from tests.faults.scene import Preparation, Scene, scene
from tests.faults.story import Story
from tests.faults.truth import Finding, Truth, nothing_open
from tests.flows.world import ShiftedTime

# A product that the warehouse has, two that it gets (one a variation), and one that nobody can transfer.
THERE, MADE, VARIATION, TOO_LONG = "NH-1002", "NH-1000", "NH-TS-S", "LEVERANDOER-2026-EFTERAAR-KOLLEKTION-0001-BLAA"
SOLD = (THERE, MADE, VARIATION)


@dataclass(slots=True)
class FirstTransfer(Scene):
    """Its run is the transfer alone, a product at a time, so that each request has its number."""

    def recount(self) -> None:
        """Nobody counts anything meanwhile: what a person has counted stays as it is (docs/runbooks/products.md)."""

    def _run(self, limits: Any, prepare: Preparation | None) -> None:
        ledger = Ledger(self.ledger_url, clock=ShiftedTime(self.forward))
        if prepare is not None:
            prepare(ledger)
        InitialSync(self.shop(limits), self.warehouse(limits), ledger, self.settings, workers=1).run()


def transferred_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene."""
    return scene(ledger_url, FirstTransfer, (), few_products)


def few_products(data: dict[str, Any]) -> None:
    """Keep the shop's few, and of them one in the warehouse, without stock."""
    shop, warehouse = data["woocommerce"], data["rackbeat"]
    kept = [one for one in shop["products"] if one["sku"] in (*SOLD, TOO_LONG)]
    parents = {one.get("parent_id") for one in kept}
    shop["products"] = [one for one in shop["products"] if one in kept or one["id"] in parents]
    warehouse["shop_products"] = [
        {**one, "stock": 0} for one in warehouse.get("shop_products", []) if one["sku"] == THERE
    ]


def transfer_findings(scene: Scene) -> list[Finding]:
    """Compare warehouse and ledger with what the shop sells."""
    shop, warehouse = scene.servers["woocommerce"].get("state"), scene.servers["rackbeat"].get("state")
    wanted = {row["sku"]: int(row["stock_quantity"]) for row in shop["products"] if row["sku"] in SOLD}
    return [*_warehouse(warehouse, wanted), *_ledger(scene)]


def open_transfer(scene: Scene) -> int:
    """One while the transfer is not finished."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.id).where(documents.c.kind == INITIAL_SYNC, documents.c.status == "done")
        finished = connection.execute(query).all()
    engine.dispose()
    return 0 if finished else 1


def _warehouse(state: dict[str, Any], wanted: dict[str, int]) -> Iterator[Finding]:
    booked = Counter(one["item"] for one in state["adjustments"].values() if one["is_booked"])
    for number, quantity in wanted.items():
        if number not in state["products"]:
            yield Finding("lost", f"{number} was not made")
            continue
        there = sum(int(pieces) for pieces in state["stock"].get(number, {}).values())
        if there != quantity:
            kind = "lost" if there < quantity else "doubled"
            yield Finding(kind, f"{number}: {there} in the warehouse, {quantity} in the shop")
        if booked[number] != 1:
            yield Finding("lost" if not booked[number] else "doubled", f"{number} was counted {booked[number]} times")
    if TOO_LONG in state["products"]:
        yield Finding("untrue", "a product was made that cannot be sold")


def _ledger(scene: Scene) -> Iterator[Finding]:
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        rows = {row.remote_number: row for row in connection.execute(select(documents)) if row.kind == "product"}
    engine.dispose()
    yield from nothing_open(scene)
    for number in SOLD:
        if number not in rows or rows[number].reason != "transferred":
            yield Finding("untrue", f"the ledger says {rows[number].reason if number in rows else None} of {number}")


TRANSFERRED = Truth(transfer_findings, open_transfer)
STORY = Story("first transfer", transferred_scene, TRANSFERRED)
