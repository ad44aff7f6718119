"""What people do in the WooCommerce stand-in, and the shops that it is loaded with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from standin.clock import Clock
from standin.server import StandinServer
from standin.woocommerce import (
    create,
    products_of_recorded_shop,
    products_of_second_shop,
    recorded_shop,
    with_gateway,
)
from standin.woocommerce.recordings import recording
from tests.contract.woocommerce_worlds import HOME, Json, Visitor, World, at, shop_as_of

AMOUNTS = (
    "discount_total",
    "discount_tax",
    "shipping_total",
    "shipping_tax",
    "cart_tax",
    "total",
    "total_tax",
    "prices_include_tax",
)


@pytest.fixture
def shop() -> Visitor:
    return Visitor(World(shop_as_of()), at("18:00:00"))


def _act(shop: Visitor, action: str, **members: object) -> Json:
    result = shop.shop.act({"action": action, **members})
    assert isinstance(result, dict)
    return result


def _placed(shop: Visitor, *items: tuple[str, int], **members: object) -> Json:
    cart = [{"sku": sku, "quantity": pieces} for sku, pieces in items]
    body: Json = _act(shop, "place_order", items=cart, **members)["body"]
    return body


# --- customers -------------------------------------------------------------------------------------------------------

CARTS: dict[str, tuple[list[tuple[str, int]], Json]] = {
    "order-get-store-bacs": ([("NH-1004", 3)], {"customer_note": "Ring på hos naboen"}),
    "order-get-store-cod": ([("NH-1000", 1), ("NH-1029", 3)], {"payment_method": "cod", "coupons": ["rabat10"]}),
    "order-get-store-b2b": ([("NH-1018", 4)], {"payment_method": "cheque", "billing": {"company": "Firma A/S"}}),
    "order-get-store-de": ([("NH-1018", 1)], {"billing": {"country": "DE"}}),
    "order-get-store-variation": ([("NH-SN-S", 1), ("NH-1001", 3)], {"payment_method": "cod"}),
}


@pytest.mark.parametrize("name", CARTS)
def test_prices_a_cart_as_the_recorded_storefront_did(shop: Visitor, name: str) -> None:
    cart, members = CARTS[name]
    stated = recording(name)["response"]["body"]
    placed = _placed(shop, *cart, **members)
    compared = (*AMOUNTS, "status", "payment_method", "payment_method_title", "created_via", "customer_note")
    assert {n: placed[n] for n in compared} == {n: stated[n] for n in compared}
    assert [row["key"] for row in placed["meta_data"]] == [row["key"] for row in stated["meta_data"]]
    assert list(placed) == list(stated)
    amounts = ("name", "sku", "quantity", "subtotal", "subtotal_tax", "total", "total_tax", "price", "parent_name")
    assert [[line[n] for n in amounts] for line in placed["line_items"]] == [
        [line[n] for n in amounts] for line in stated["line_items"]
    ]
    assert (placed["date_paid"] is None) == (stated["date_paid"] is None)
    assert placed["shipping_lines"][0]["instance_id"] == stated["shipping_lines"][0]["instance_id"]


def test_pays_a_card_at_once_with_its_transaction(shop: Visitor) -> None:
    order = _placed(shop, ("NH-1000", 1), payment_method="quickpay", transaction_id="tx-1")
    assert (order["status"], order["transaction_id"]) == ("processing", "tx-1")
    assert order["date_paid_gmt"] == "2026-11-21T18:00:00"


def test_leaves_an_unpaid_order_pending_until_it_is_paid(shop: Visitor) -> None:
    order = _placed(shop, ("NH-1000", 1), payment_method="quickpay", paid=False)
    assert (order["status"], order["needs_payment"]) == ("pending", True)
    assert _act(shop, "pay_order", order=order["id"], transaction_id="tx-2")["status"] == "processing"


def test_refuses_in_the_storefront_what_is_not_in_stock(shop: Visitor) -> None:
    with pytest.raises(ValueError, match="woocommerce_rest_product_out_of_stock"):
        _placed(shop, ("NH-1007", 1))
    assert _placed(shop, ("NH-1005", 1))["status"] == "on-hold", "back orders are allowed on this one"


def test_shows_a_half_made_order_until_somebody_finishes_it(shop: Visitor) -> None:
    number = _placed(shop, ("NH-1000", 1), half_made=99)["id"]
    newest = {"per_page": "1", "orderby": "id"}
    assert [shop.json("GET", "/orders", **newest)[0]["total"] for _ in range(3)] == ["0.00"] * 3
    _act(shop, "finish_order", order=number)
    assert shop.json("GET", "/orders", **newest)[0]["total"] == "174.00"


# --- staff -----------------------------------------------------------------------------------------------------------


def test_refunds_all_that_is_left_by_lines_and_restocks(shop: Visitor) -> None:
    before = shop.json("GET", "/products/10")["stock_quantity"]
    number = _placed(shop, ("NH-1000", 2), payment_method="quickpay")["id"]
    done = _act(shop, "refund", order=number, reason="Fortrudt")
    refund = shop.json("GET", f"/orders/{number}/refunds")[0]
    assert (done["status"], refund["amount"], refund["reason"]) == ("refunded", "299.00", "Fortrudt")
    assert [line["total"] for line in [*refund["line_items"], *refund["shipping_lines"]]] == ["-200.00", "-39.20"]
    assert shop.json("GET", "/products/10")["stock_quantity"] == before


def test_edits_adds_bins_and_restores(shop: Visitor) -> None:
    order = _placed(shop, ("NH-1000", 2))
    line = order["line_items"][0]["id"]
    edited = _act(shop, "edit_line", order=order["id"], line=line, quantity=1, total="100.00", subtotal="100.00")
    assert edited["total"] == "174.00"
    added = _act(shop, "add_line", order=order["id"], sku="NH-1004", quantity=3)["body"]
    assert (added["line_items"][1]["total"], added["total"]) == ("79.99", "273.99")
    _act(shop, "bin_order", order=order["id"])
    assert shop.json("GET", f"/orders/{order['id']}")["status"] == "trash"
    assert _act(shop, "restore_order", order=order["id"])["status"] == "on-hold"
    _act(shop, "delete_order", order=order["id"])
    assert shop.send("GET", f"/orders/{order['id']}").status == 404


def test_renames_bins_and_deletes_products(shop: Visitor) -> None:
    _act(shop, "edit_product", sku="NH-1021", changes={"sku": "NH-1021-NY"})
    assert shop.json("GET", "/orders/77")["line_items"][0]["sku"] == "NH-1021-NY"
    _act(shop, "bin_product", sku="NH-1000")
    assert shop.json("GET", "/products/10")["status"] == "trash"
    _act(shop, "delete_product", sku="NH-1021-NY")
    assert shop.json("GET", "/orders/77")["line_items"][0]["sku"] is None


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"action": "close_shop"}, ValueError),
        ({"action": "set_status", "order": 60, "status": "sendt"}, ValueError),
        ({"action": "set_status", "order": 4711, "status": "completed"}, LookupError),
        ({"action": "edit_product", "sku": "FINDES-IKKE", "changes": {}}, LookupError),
        ({"action": "refund", "order": 60, "amount": "9999.00"}, ValueError),
    ],
)
def test_refuses_actions_that_make_no_sense(shop: Visitor, action: Json, error: type[Exception]) -> None:
    before = shop.shop.dump()
    with pytest.raises(error):
        shop.shop.act(action)
    assert shop.shop.dump() == before


@pytest.fixture
def served() -> Iterator[StandinServer]:
    with StandinServer(create("served", {"shop": "recorded"}, {"home_url": HOME}, Clock(at("18:00:00")))) as running:
        yield running


def test_takes_actions_over_http(served: StandinServer) -> None:
    control = f"{served.url}/_standin"
    action = {"action": "place_order", "items": [{"sku": "NH-1000"}], "payment_method": "cod"}
    placed = requests.post(f"{control}/act", json=action, timeout=5).json()
    assert (placed["status"], placed["total"]) == ("processing", "174.00")
    shipped = {"action": "set_status", "order": placed["order"], "status": "completed"}
    assert requests.post(f"{control}/act", json=shipped, timeout=5).json()["status"] == "completed"
    wrong = requests.post(f"{control}/act", json={"action": "fly"}, timeout=5)
    assert (wrong.status_code, "place_order" in wrong.json()["message"]) == (400, True)
    assert requests.post(f"{control}/settings", json={"maintenance": True}, timeout=5).status_code == 200
    answer = requests.get(f"{served.url}/wp-json/wc/v3/orders", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")


# --- seeds -----------------------------------------------------------------------------------------------------------


def test_loads_every_recorded_order_with_its_amounts() -> None:
    shop = Visitor(World(recorded_shop()), at("18:00:00"))
    for body in recorded_shop()["orders"]:
        shown = shop.json("GET", f"/orders/{body['id']}")
        assert [shown[n] for n in AMOUNTS] == [body[n] for n in AMOUNTS], body["id"]
        assert [line["total"] for line in shown["line_items"]] == [line["total"] for line in body["line_items"]]
    assert len(shop.shop.shop.orders) == 58


def test_names_the_goods_for_warehouse_and_accounts() -> None:
    goods = {row["sku"]: row for row in products_of_recorded_shop()}
    assert goods["NH-1000"] == {
        "sku": "NH-1000",
        "name": "Kaffekop",
        "net_price": Decimal("100.00"),
        "stock": 45,
        "manage_stock": True,
        "barcode": None,
    }
    assert {"NH-TS-M", "NH-1021"} <= set(goods)
    assert not {"NH-TS", "NH-1013", ""} & set(goods), "parents, deleted and nameless ones are out"
    shop = Visitor(World(recorded_shop()), at("18:00:00"))
    orders = shop.json("GET", "/orders", per_page="100", status="any")
    sold = {line["sku"] for order in orders for line in order["line_items"] if line["sku"]}
    assert sold <= set(goods)


def test_has_a_second_shop_that_shares_goods_with_the_first() -> None:
    first, second = ({row["sku"] for row in goods()} for goods in (products_of_recorded_shop, products_of_second_shop))
    assert first & second == {"NH-1000", "NH-1001", "NH-1004", "NH-1005", "NH-1020"}
    shop = create("fjord", {"shop": "second"}, {}, Clock(at("18:00:00")))
    assert sorted(shop.shop.orders) == [70, 71, 72, 73, 74, 75, 77]
    assert shop.shop.switches.version == "8.9.2"


def test_adds_goods_of_others_and_a_gateway_that_pays_back() -> None:
    goods = [{"sku": "FREMMED-1", "name": "Fremmed vare", "net_price": Decimal("79.96"), "stock": 4}]
    seed = with_gateway({**recorded_shop(), "shop_products": goods}, "quickpay", "Kort")
    shop = Visitor(World(seed), at("18:00:00"))
    order = _placed(shop, ("FREMMED-1", 1), payment_method="quickpay")
    assert (order["total"], order["payment_method_title"]) == ("148.95", "Kort")
    refund = shop.json("POST", f"/orders/{order['id']}/refunds", {"amount": "148.95"})
    assert refund["refunded_payment"] is True


def test_refuses_an_unknown_shop() -> None:
    with pytest.raises(ValueError, match="no shop 'third'"):
        create("x", {"shop": "third"}, {}, Clock())
    assert create("x", {"shop": "empty"}, {}, Clock()).shop.products == {}


# --- orders of the last days -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["recorded", "second"])
def test_a_shop_can_have_its_orders_in_the_last_days(name: str) -> None:
    now = datetime(2031, 3, 5, 9, 30, tzinfo=UTC)
    moved, still = (create(name, {"shop": name, **more}, {}, Clock(now)) for more in ({"last_days": 7}, {}))
    days = [order.created.date() for order in sorted(moved.shop.orders.values(), key=lambda order: order.id)]
    assert days == sorted(days)
    assert set(days) == {date(2031, 2, 26) + timedelta(days=n) for n in range(7)}
    for order in moved.shop.orders.values():
        before = still.shop.orders[order.id]
        step = order.created - before.created
        assert order.created.time() == before.created.time()
        assert (order.modified, order.paid) == (before.modified + step, before.paid and before.paid + step)
        assert order.totals.total == before.totals.total
        for refund, old in zip(moved.shop.refunds_of(order), still.shop.refunds_of(before), strict=True):
            assert refund.created - old.created == step
    assert max(product.created for product in moved.shop.products.values()).date() <= days[0]


@pytest.mark.parametrize("days", [0, 32])
def test_refuses_a_number_of_days_that_makes_no_sense(days: int) -> None:
    with pytest.raises(ValueError, match="last_days"):
        create("shop", {"shop": "recorded", "last_days": days}, {}, Clock())
