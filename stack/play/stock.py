"""The shops of a warehouse show what it has available less what is sold and not reserved, each the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from pakhus.settings import ShopSettings
from stack.play.evidence import order_of
from stack.play.rows import Row
from stack.play.scene import Scene

# What an order of the shop is before it is over, and what its reservation says when it is none of the warehouse's.
OPEN = ("pending", "on-hold", "processing")
NEVER = ("not_ours", "filtered")


def push_stock(scene: Scene) -> list[Row]:
    """Compare each product that a shop counts with what is neither reserved nor sold: whole, never below 0."""
    scene.say("pushing Rackbeat's available quantities to both shops")
    scene.run("stock")
    available = _available(scene.state("rackbeat"))
    for shop in scene.shops:
        for sku, pieces in _sold(scene, shop).items():
            if sku in available:
                available[sku] -= pieces
    return [row for shop in scene.shops for row in _compared(shop, scene.state(shop.shop)["products"], available)]


def _available(warehouse: Any) -> dict[str, Decimal]:
    groups, reserved = warehouse["groups"], warehouse["reserved"]
    return {
        number: sum(warehouse["stock"].get(number, {}).values(), Decimal(0)) - reserved.get(number, Decimal(0))
        for number, product in warehouse["products"].items()
        if groups[str(product["group_id"])]["has_inventory"]
    }


def _sold(scene: Scene, shop: ShopSettings) -> Mapping[str, Decimal]:
    """What open orders of a shop hold that the warehouse has not reserved."""
    booked = {row["heading"] for row in scene.state("rackbeat")["orders"].values() if row["is_booked"]}
    waiting = {
        order_of(kept.key)
        for kept in scene.documents()
        if kept.is_of(shop, "order") and kept.status not in NEVER and kept.key not in booked
    }
    sold: dict[str, Decimal] = defaultdict(Decimal)
    for number, order in scene.orders(shop).items():
        if number in waiting and order["status"] in OPEN:
            for line in order["line_items"]:
                sold[line["sku"]] += Decimal(str(line["quantity"]))
    return sold


def _compared(shop: ShopSettings, products: list[Any], available: Mapping[str, Decimal]) -> Iterator[Row]:
    shown = {row["sku"]: row["stock_quantity"] for row in products if row["sku"] in available and row["manage_stock"]}
    wanted = {sku: max(available[sku].to_integral_value(ROUND_FLOOR), Decimal(0)) for sku in shown}
    equal = [sku for sku, quantity in shown.items() if quantity == wanted[sku]]
    yield Row(shop.shop, "products that show what Rackbeat has", str(len(shown)), str(len(equal)))
