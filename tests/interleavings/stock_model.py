"""What is free for a shop, by the definition of docs/runbooks/stock.md: reckoned from the systems, not by our code.

What the warehouse had available when its reading began, less what was sold in any shop and not reserved then; for a
shop that sells from one location, what was free there; less the shop's safety; of a bundle, what its components make.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from pakhus.clients.http import Call
from tests.flows.two_shops import TwoShops
from tests.flows.world import World

SKUS = ("NH-1000", "NH-1004", "NH-1020")
BUNDLE = "NH-1001"
PARTS = {"NH-1000": 2, "NH-1020": 1}
TOWN = 200  # a location beside the main store
OPEN = ("pending", "on-hold", "processing")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the warehouse said of a product, and had booked, when it was read."""

    available: Decimal
    in_town: Decimal
    reserved: dict[str, Counter[str]]  # our order's key -> pieces


Readings = dict[str, Reading]


def readings(both: TwoShops) -> Readings:
    """What a reading that begins at this moment tells of each product."""
    available, booked = both.available(), _reserved(both)
    return {sku: Reading(Decimal(available[sku]), _in_town(both, sku), booked) for sku in SKUS}


def free(both: TwoShops, read: Readings, world: World) -> dict[str, Decimal]:
    """The most that a shop may be given of each product."""
    stock = world.settings.stock
    loose = {
        sku: (one.in_town if stock.locations else one.available) - _sold_beside(both, one)[sku]
        for sku, one in read.items()
    }
    bundles = min((loose[part] / pieces).to_integral_value(ROUND_FLOOR) for part, pieces in PARTS.items())
    return {sku: max(pieces - stock.safety, ZERO) for sku, pieces in {**loose, BUNDLE: bundles}.items()}


def orders(world: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.shop_server.dump()["orders"]
    return rows


def _sold_beside(both: TwoShops, reading: Reading) -> Counter[str]:
    """Pieces of open orders beyond what was reserved for them; nothing is for a bundle's parts."""
    sold = Counter[str]()
    for world in both.worlds:
        for order in orders(world):
            if order["status"] in OPEN:
                lines = [(line["sku"], Decimal(line["quantity"])) for line in order["line_items"]]
                sold += _pieces(lines) - reading.reserved.get(f"{world.settings.shop}-{order['id']}-order", Counter())
    return sold


def _reserved(both: TwoShops) -> dict[str, Counter[str]]:
    rows = both.nordlys.warehouse_server.dump()["orders"].values()
    held = {
        str(row["heading"]): [(line["child_id"], line["quantity"]) for line in row["lines"]]
        for row in rows
        if row["is_booked"]
    }
    return {key: _pieces([line for line in lines if line[0] != BUNDLE]) for key, lines in held.items()}


def _pieces(lines: list[tuple[str, Decimal]]) -> Counter[str]:
    found = Counter[str]()
    for sku, quantity in lines:
        for part, pieces in (PARTS if sku == BUNDLE else {sku: 1}).items():
            found[part] += quantity * pieces  # type: ignore[assignment]
    return found


def _in_town(both: TwoShops, sku: str) -> Decimal:
    """What is free in town: orders that could not be met from the shelf of their row may take from here."""
    rows = both.nordlys.warehouse.send(Call("GET", f"/products/{sku}/locations")).json()["product_locations"]
    by_number = {row["number"]: row for row in rows}
    total = both.available()[sku]
    held = sum((row["stock_quantity"] for row in rows), ZERO) - total
    shown = sum((max(row["stock_quantity"], ZERO) - max(row["available_quantity"], ZERO) for row in rows), ZERO)
    here = max(by_number[TOWN]["available_quantity"], ZERO) if TOWN in by_number else ZERO
    return min(here - max(held - shown, ZERO), total)
