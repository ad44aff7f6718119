"""What the shops call completed is invoiced in e-conomic, to the øre."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pakhus.settings import InvoiceMode, ShopSettings
from stack.play.evidence import HELD, Accounts, Kept, belongs, has_lines, left_of, order_of
from stack.play.rows import Row
from stack.play.scene import YOUNGEST_S, Scene


def complete_and_invoice(scene: Scene) -> list[Row]:
    """Compare each shop's completed orders with the accounts, or with why they are held."""
    scene.say("the shops' staff completes what the warehouse never had")
    for shop in scene.shops:
        for number, order in scene.orders(shop).items():
            if order["status"] == "processing":
                scene.act(shop.shop, "set_status", order=int(number), status="completed")
    scene.pass_time(YOUNGEST_S)
    scene.say("reading the shops again, and invoicing what is completed in e-conomic")
    scene.run("orders", "invoices")
    kept, accounts = scene.documents(), scene.accounts()
    return [row for shop in scene.shops for row in _compared(shop, scene.own_orders(shop), accounts, kept)]


def _compared(shop: ShopSettings, orders: Mapping[str, Any], accounts: Accounts, kept: Sequence[Kept]) -> Iterator[Row]:
    completed = {number for number, order in orders.items() if order["status"] == "completed" and has_lines(order)}
    held_orders = {each.order for each in kept if each.is_of(shop, "invoice") and each.status in HELD}
    due = completed - held_orders
    automatic = shop.invoices.mode is InvoiceMode.AUTO
    made = _by_order(shop, accounts.invoices("booked" if automatic else "drafts"))
    yield Row(shop.shop, "orders to invoice", str(len(completed)), str(len(made) + len(held_orders & completed)))
    verb = "booked" if automatic else "drafted"
    yield Row(shop.shop, f"invoices {verb}, once", str(len(due)), str(len(made)))
    charged = sum((left_of(orders[number]) for number in due), Decimal(0))
    invoiced = sum((Decimal(row["grossAmount"]) for row in made.values()), Decimal(0))
    yield Row(shop.shop, f"charged = {verb}", f"{charged:.2f}", f"{invoiced:.2f}")
    wrong = [n for n, row in made.items() if Decimal(row["grossAmount"]) != left_of(orders[n])]
    yield Row(shop.shop, "invoices that differ from their order", "0", str(len(wrong)))


def _by_order(shop: ShopSettings, invoices: Sequence[Any]) -> dict[str, Any]:
    keys = {row["references"]["other"]: row for row in invoices}
    return {order_of(key): row for key, row in keys.items() if belongs(key, shop)}
