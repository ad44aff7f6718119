"""A refund in the shop becomes a credit note of the same amount, whole or in part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pakhus.settings import ShopSettings
from stack.play.evidence import HELD, belongs, order_of
from stack.play.rows import Row
from stack.play.scene import YOUNGEST_S, Scene

SHOP = "nordlys"


def refund(scene: Scene) -> list[Row]:
    """One invoiced order is refunded whole, another by one line; expected is a credit note of each, to the øre."""
    scene.say("buyers send goods back: one order is refunded whole, another in part; both are credited in e-conomic")
    shop = next(shop for shop in scene.shops if shop.shop == SHOP)
    whole, part = _invoiced(scene, shop)
    before = len(_credit_notes(scene, shop))
    refunds = {
        str(scene.act(SHOP, "refund", order=int(whole["id"]))["refund"]),
        str(scene.act(SHOP, "refund", order=int(part["id"]), **_first_line(part))["refund"]),
    }
    scene.pass_time(YOUNGEST_S)
    scene.run("orders", "invoices")
    orders = scene.orders(shop)
    given_back = sum(
        (
            abs(Decimal(str(row["total"])))
            for order in (whole, part)
            for row in orders[str(order["id"])]["refunds"]
            if str(row["id"]) in refunds
        ),
        Decimal(0),
    )
    held = sum(1 for kept in scene.documents() if "-credit" in kept.key and kept.status in HELD)
    notes = _credit_notes(scene, shop)
    credited = -sum((Decimal(row["grossAmount"]) for row in notes), Decimal(0))
    return [
        Row(SHOP, "refunds credited, once", str(len(refunds)), str(len(notes) - before)),
        Row(SHOP, "of these held", "0", str(held)),
        Row(SHOP, "given back = credited", f"{given_back:.2f}", f"{credited:.2f}"),
    ]


def _invoiced(scene: Scene, shop: ShopSettings) -> tuple[Any, Any]:
    """The first booked order of one line, and the first of several, of which nothing was refunded."""
    orders = scene.own_orders(shop)
    booked = {
        order_of(row["references"]["other"])
        for row in scene.accounts().invoices("booked")
        if belongs(row["references"]["other"], shop)
    }
    found = [order for number, order in orders.items() if number in booked and not order["refunds"]]
    whole = next(order for order in found if len(order["line_items"]) == 1)
    return whole, next(order for order in found if len(order["line_items"]) > 1)


def _first_line(order: Any) -> dict[str, Any]:
    """A refund of the whole first line."""
    line = order["line_items"][0]
    taxes = [{"id": tax["id"], "refund_total": str(tax["total"])} for tax in line["taxes"] if tax["total"]]
    row = {"id": line["id"], "quantity": line["quantity"], "refund_total": str(line["total"]), "refund_tax": taxes}
    amount = Decimal(str(line["total"])) + Decimal(str(line["total_tax"]))
    return {"line_items": [row], "amount": f"{amount:.2f}"}


def _credit_notes(scene: Scene, shop: ShopSettings) -> list[Any]:
    return [
        row
        for row in scene.accounts().invoices("booked")
        if belongs(row["references"]["other"], shop) and Decimal(row["grossAmount"]) < 0
    ]
