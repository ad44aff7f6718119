"""First act: the shops' orders are reserved in Rackbeat, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pakhus.settings import ShopSettings
from stack.play.evidence import HELD, Kept, belongs, has_lines, order_of
from stack.play.rows import Row
from stack.play.scene import Scene


def reserve(scene: Scene) -> list[Row]:
    """Compare the orders that each shop has in a state that reserves with the warehouse, or with why they are held."""
    scene.say("reserving the shops' orders in Rackbeat")
    scene.run("orders")
    kept, warehouse = scene.documents(), scene.state("rackbeat")
    return [row for shop in scene.shops for row in _compared(shop, scene.own_orders(shop), warehouse, kept)]


def _compared(shop: ShopSettings, orders: Mapping[str, Any], warehouse: Any, kept: Sequence[Kept]) -> Iterator[Row]:
    due = {n for n, order in orders.items() if order["status"] in shop.orders.reserve_states and has_lines(order)}
    held_orders = {each.order for each in kept if each.is_of(shop, "order") and each.status in HELD}
    made = [row for row in warehouse["orders"].values() if belongs(str(row["heading"]), shop)]
    reserved = [order_of(row["heading"]) for row in made]
    yield Row(shop.shop, "orders to reserve", str(len(due)), str(len(set(reserved)) + len(held_orders & due)))
    yield Row(shop.shop, "reserved in Rackbeat, once", str(len(due - held_orders)), str(len(reserved)))
    yield Row(shop.shop, "of these booked", str(len(reserved)), str(sum(1 for row in made if row["is_booked"])))
