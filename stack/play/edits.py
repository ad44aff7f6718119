"""A buyer changes their mind: the staff edits a reserved order, and the reservation follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pakhus.settings import ShopSettings
from stack.play.rows import Row
from stack.play.scene import YOUNGEST_S, Scene

SHOP = "nordlys"


def follow_an_edit(scene: Scene) -> list[Row]:
    """The staff puts another product into a reserved order; expected is what the shop has then."""
    scene.say("the staff adds a product to an order that is reserved already: the reservation follows")
    shop = next(shop for shop in scene.shops if shop.shop == SHOP)
    number, sku = _order_and_more(scene, shop)
    scene.act(SHOP, "add_line", order=int(number), sku=sku, quantity=1)
    scene.pass_time(YOUNGEST_S)
    scene.run("orders")
    wanted = _pieces((line["sku"], line["quantity"]) for line in scene.orders(shop)[number]["line_items"])
    reserved = _reserved(scene, number)
    return [Row(SHOP, "an edited order, as reserved", wanted, reserved)]


def _order_and_more(scene: Scene, shop: ShopSettings) -> tuple[str, str]:
    """The first two reserved orders of one plain line each: the order to edit, and a product of another one."""
    reserved = {row["heading"] for row in scene.state("rackbeat")["orders"].values() if row["is_booked"]}
    plain = [
        (number, order["line_items"][0]["sku"])
        for number, order in scene.own_orders(shop).items()
        if f"{SHOP}-{number}-order" in reserved and order["status"] == "processing" and len(order["line_items"]) == 1
    ]
    (number, sku), *others = plain
    return number, next(other for _, other in others if other != sku)


def _reserved(scene: Scene, number: str) -> str:
    found = [row for row in scene.state("rackbeat")["orders"].values() if row["heading"] == f"{SHOP}-{number}-order"]
    lines = [line for order in found if not order["is_cancelled"] for line in order["lines"] if line["child_id"]]
    return _pieces((line["child_id"], line["quantity"]) for line in lines)


def _pieces(lines: Any) -> str:
    """Like `2 NH-1001, 1 NH-1002`."""
    return ", ".join(f"{Decimal(str(quantity)).normalize():f} {sku}" for sku, quantity in sorted(lines))
