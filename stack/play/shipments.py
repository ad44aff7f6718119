"""The warehouses ship what is reserved; each shop completes its orders by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pakhus.settings import ShopSettings
from stack.play.evidence import HELD, belongs, order_of
from stack.play.rows import Row
from stack.play.scene import Scene


def ship_and_complete(scene: Scene) -> list[Row]:
    """Compare the orders that Rackbeat has shipped with those that the shops call completed, or with what is held."""
    scene.say(
        "the storekeepers receive what is short, pick and ship; Pakhus tells the shops, which complete the orders"
    )
    receive_what_is_short(scene)
    for order in scene.state("rackbeat")["orders"].values():
        if order["is_ready_for_shipping"]:
            scene.act("rackbeat", "ship", order=order["number"])
    scene.run("fulfilment")
    held = {kept.key.split("-shipment")[0] for kept in scene.documents() if kept.status in HELD}
    warehouse = scene.state("rackbeat")
    return [row for shop in scene.shops for row in _compared(shop, warehouse, scene.orders(shop), held)]


def receive_what_is_short(scene: Scene) -> None:
    """Take goods in until everything that is reserved is there."""
    warehouse = scene.state("rackbeat")
    for item, reserved in warehouse["reserved"].items():
        short = reserved - sum(warehouse["stock"].get(item, {}).values(), Decimal(0))
        if short > 0:
            scene.act("rackbeat", "receive", item=item, quantity=str(short))


def _compared(shop: ShopSettings, warehouse: Any, orders: Mapping[str, Any], held: set[str]) -> Iterator[Row]:
    own = [row for row in warehouse["orders"].values() if belongs(str(row["heading"]), shop)]
    shipped = {order_of(row["heading"]) for row in own if row["is_shipped"]}
    told = {number for number in shipped if f"{shop.shop}-{number}" not in held}
    completed = {number for number in shipped if orders[number]["status"] == "completed"}
    yield Row(shop.shop, "shipped in Rackbeat", str(len(own)), str(len(shipped)))
    yield Row(shop.shop, "of these completed in the shop", str(len(told)), str(len(completed)))
