"""The shops of a warehouse show what it has available, each the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from pakhus.settings import ShopSettings
from stack.play.rows import Row
from stack.play.scene import Scene


def push_stock(scene: Scene) -> list[Row]:
    """Compare each product that a shop counts with what is there and not reserved: whole pieces, never below none."""
    scene.say("pushing Rackbeat's available quantities to both shops")
    scene.run("stock")
    available = _available(scene.state("rackbeat"))
    return [row for shop in scene.shops for row in _compared(shop, scene.state(shop.shop)["products"], available)]


def _available(warehouse: Any) -> dict[str, Decimal]:
    groups, reserved = warehouse["groups"], warehouse["reserved"]
    return {
        number: sum(warehouse["stock"].get(number, {}).values(), Decimal(0)) - reserved.get(number, Decimal(0))
        for number, product in warehouse["products"].items()
        if groups[str(product["group_id"])]["has_inventory"]
    }


def _compared(shop: ShopSettings, products: list[Any], available: Mapping[str, Decimal]) -> Iterator[Row]:
    shown = {row["sku"]: row["stock_quantity"] for row in products if row["sku"] in available and row["manage_stock"]}
    wanted = {sku: max(available[sku].to_integral_value(ROUND_FLOOR), Decimal(0)) for sku in shown}
    equal = [sku for sku, quantity in shown.items() if quantity == wanted[sku]]
    yield Row(shop.shop, "products that show what Rackbeat has", str(len(shown)), str(len(equal)))
