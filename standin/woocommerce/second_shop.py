"""A second shop, so that two shops can share one warehouse and one set of accounts.

The fjord shop runs WooCommerce 8.9.2, as the recordings ``old892-…`` show it. Its order 70 and its product OLD-000 were
recorded; OLD-001 to OLD-009 were seen by SKU only and get prices of our own. It sells five articles of the recorded
shop as well, under ids of its own, and has six composed orders (71–75 and 77), priced by the stand-in.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from standin.woocommerce.load import load_shop
from standin.woocommerce.order_view import order_view
from standin.woocommerce.order_writing import create_order
from standin.woocommerce.recordings import recorded_shop, recording
from standin.woocommerce.switches import Switches

VERSION = {"version": "8.9.2", "wordpress_version": "6.6.7", "title": "Fjordens Bolig"}
SHARED_SKUS = ("NH-1000", "NH-1001", "NH-1004", "NH-1005", "NH-1020")
_PRICES = ("33.33", "49.95", "129.00", "19.95", "249.00", "89.50", "399.00", "59.95", "14.75", "1299.00")
_START = datetime(2026, 11, 21, 16, 46, 9, tzinfo=UTC)
_CUSTOMER = {
    "first_name": "Åge",
    "last_name": "Å",
    "address_1": "Vej 1",
    "city": "Ribe",
    "postcode": "6760",
    "country": "DK",
    "email": "aage@example.dk",
}
# order id: [(sku, pieces)], all as processing, as the recorded list says
_CARTS = {
    71: [("OLD-001", 1), ("NH-1000", 2)],
    72: [("OLD-003", 3)],
    73: [("OLD-002", 1), ("OLD-008", 7)],
    74: [("NH-1004", 3), ("NH-1001", 1)],
    75: [("OLD-006", 1)],
    77: [("NH-1020", 1), ("OLD-005", 2)],
}


def second_shop() -> dict[str, Any]:
    """The seed of the fjord shop; give the switches of ``VERSION`` along as settings."""
    base = recorded_shop()
    template = recording("old892-product-get")["response"]["body"]
    own = [_product(template, number, price) for number, price in enumerate(_PRICES)]
    shared = [body for body in base["products"] if body["sku"] in SHARED_SKUS]
    shared = [{**body, "id": 20 + number} for number, body in enumerate(shared)]
    names = ("options", "taxes", "reference")
    seed: dict[str, Any] = {name: base[name] for name in names}
    seed["coupons"], seed["customers"], seed["notes"] = base["coupons"], [], {}
    seed["products"] = [*own, *shared]
    seed["orders"] = [recording("old892-order-get")["response"]["body"]]
    seed["orders"] += _composed_orders(seed)
    return seed


def _product(template: dict[str, Any], number: int, price: str) -> dict[str, Any]:
    body = copy.deepcopy(template)
    if number:
        body.update(id=10 + number, name=f"Vare {number}", slug=f"vare-{number}", sku=f"OLD-{number:03d}")
        body.update(price=price, regular_price=price, stock_quantity=50, total_sales=0)
    return body


def _composed_orders(seed: dict[str, Any]) -> list[dict[str, Any]]:
    switches = Switches()
    switches.change(VERSION)
    shop = load_shop("fjord", seed, switches)
    shop.home = "{home}"
    bodies = []
    for number, (order_id, cart) in enumerate(_CARTS.items()):
        shop.now = _START + timedelta(seconds=number)
        shop.ids.post = order_id
        given = {
            "billing": _CUSTOMER,
            "status": "processing",
            "payment_method": "bacs",
            "payment_method_title": "Bankoverførsel",
            "line_items": [{"sku": sku, "quantity": pieces} for sku, pieces in cart],
            "shipping_lines": [{"method_id": "flat_rate", "method_title": "GLS", "total": "39.20"}],
        }
        bodies.append(order_view(shop, create_order(shop, given)))
    return bodies
