"""What orders do over time in the WooCommerce stand-in: bumps, stock, statuses, refunds, half-made orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from standin.clock import Clock
from standin.server import StandinServer
from standin.woocommerce import create
from tests.contract.woocommerce_worlds import KEYS, Json, Visitor, World, at, parsed, shop_as_of

ROUNDED = settings(max_examples=25)


@pytest.fixture
def shop() -> Visitor:
    return Visitor(World(shop_as_of()), at("18:00:00"))


def _order(shop: Visitor, *lines: Json, **members: Any) -> Json:
    body = {"status": "processing", "line_items": list(lines) or [{"product_id": 10, "quantity": 1}], **members}
    order: Json = shop.json("POST", "/orders", body)
    return order


def _stock(shop: Visitor, product: int) -> int:
    stock: int = shop.json("GET", f"/products/{product}")["stock_quantity"]
    return stock


def _modified(shop: Visitor, order: int) -> str:
    modified: str = shop.json("GET", f"/orders/{order}")["date_modified_gmt"]
    return modified


# --- what changed ----------------------------------------------------------------------------------------------------


def test_finds_an_order_only_by_a_mark_before_its_second(shop: Visitor) -> None:
    number = _order(shop)["id"]
    flag = {"dates_are_gmt": "true", "_fields": "id"}
    assert shop.json("GET", "/orders", modified_after="2026-11-21T18:00:00", **flag) == []
    assert shop.json("GET", "/orders", modified_after="2026-11-21T17:59:59.900", **flag) == [{"id": number}]
    assert number not in [o["id"] for o in shop.json("GET", "/orders", modified_before="2026-11-21T18:00:00", **flag)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {}),
        ("PUT", "", {"status": "completed"}),
        ("POST", "", {"customer_note": "x"}),
        ("PUT", "", {"meta_data": [{"key": "_billing_cvr", "value": "12345678"}]}),
        ("POST", "/refunds", {"amount": "1.00", "api_refund": False}),
    ],
)
def test_bumps_an_order_on_every_write(shop: Visitor, method: str, path: str, body: Json) -> None:
    before = _modified(shop, 71)
    shop.json(method, f"/orders/71{path}", body)
    assert before < _modified(shop, 71) == "2026-11-21T18:00:00"


def test_leaves_an_order_unbumped_by_notes_and_by_the_deletion_of_a_refund(shop: Visitor) -> None:
    before = _modified(shop, 80)
    shop.json("POST", "/orders/80/notes", {"note": "til kunden", "customer_note": True})
    shop.json("DELETE", "/orders/80/refunds/106")
    shop.json("PUT", "/products/33", {"name": "Kurv, ny"})
    assert _modified(shop, 80) == before


def test_leaves_binned_orders_out_of_a_delta_unless_the_bin_is_named(shop: Visitor) -> None:
    shop.json("DELETE", "/orders/68")
    delta = {"modified_after": "2026-11-21T17:59:00", "dates_are_gmt": "true", "_fields": "id,status"}
    assert shop.json("GET", "/orders", **delta) == []
    assert shop.json("GET", "/orders", status="any,trash", **delta) == []
    assert shop.json("GET", "/orders", status="processing,trash", **delta) == [{"id": 68, "status": "trash"}]


def test_shows_a_new_order_half_made_to_the_first_list_only(shop: Visitor) -> None:
    shop.shop.configure({"half_made_visible": True})
    number = _order(shop, shipping_lines=[{"method_id": "flat_rate", "total": "39.20"}])["id"]
    assert shop.json("GET", "/orders", status="processing", _fields="id", include=str(number)) == []
    first = shop.json("GET", "/orders", status="any", per_page="1")[0]
    assert (first["id"], first["status"], first["total"]) == (number, "pending", "0.00")
    assert first["tax_lines"] == first["line_items"][0]["taxes"] == []
    assert (first["line_items"][0]["total"], first["shipping_lines"][0]["total_tax"]) == ("100.00", "0.00")
    whole = shop.json("GET", "/orders", status="any", per_page="1")[0]
    assert (whole["status"], whole["total"]) == ("processing", "174.00")


# --- stock -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "taken"),
    [("processing", 2), ("on-hold", 2), ("completed", 2), ("pending", 0), ("failed", 0), ("cancelled", 0)],
)
def test_takes_stock_by_status(shop: Visitor, status: str, taken: int) -> None:
    before = _stock(shop, 10)
    _order(shop, {"product_id": 10, "quantity": 2}, status=status)
    assert before - _stock(shop, 10) == taken


def test_gives_stock_back_on_cancel_and_takes_it_again(shop: Visitor) -> None:
    before = _stock(shop, 10)
    number = _order(shop, {"product_id": 10, "quantity": 3})["id"]
    shop.json("PUT", f"/orders/{number}", {"status": "cancelled"})
    assert _stock(shop, 10) == before
    shop.json("PUT", f"/orders/{number}", {"status": "processing"})
    shop.json("PUT", f"/orders/{number}", {"status": "completed"})
    assert _stock(shop, 10) == before - 3


@pytest.mark.parametrize(
    ("method", "query", "body"),
    [("PUT", {}, {"status": "refunded"}), ("DELETE", {}, None), ("DELETE", {"force": "true"}, None)],
)
def test_keeps_stock_taken_on_refunded_bin_and_deletion(shop: Visitor, method: str, query: Json, body: Json) -> None:
    before = _stock(shop, 10)
    number = _order(shop)["id"]
    shop.json(method, f"/orders/{number}", body, **query)
    assert _stock(shop, 10) == before - 1


def test_sells_what_is_not_there(shop: Visitor) -> None:
    shop.json("PUT", "/products/10", {"stock_quantity": 2})
    for _ in range(4):
        _order(shop)
    product = shop.json("GET", "/products/10")
    assert (product["stock_quantity"], product["stock_status"]) == (-2, "outofstock")


def test_moves_stock_with_an_edited_quantity_but_not_the_amount(shop: Visitor) -> None:
    before = _stock(shop, 10)
    order = _order(shop, {"product_id": 10, "quantity": 2})
    line = order["line_items"][0]["id"]
    edited = shop.json("PUT", f"/orders/{order['id']}", {"line_items": [{"id": line, "quantity": 5}]})
    assert (edited["line_items"][0]["total"], edited["total"]) == ("200.00", "250.00")
    assert _stock(shop, 10) == before - 5
    emptied = shop.json("PUT", f"/orders/{order['id']}", {"line_items": [{"id": line, "quantity": 0}]})
    assert (emptied["line_items"], emptied["total"], _stock(shop, 10)) == ([], "0.00", before)


def test_restocks_refunded_pieces_once(shop: Visitor) -> None:
    before = _stock(shop, 10)
    order = _order(shop, {"product_id": 10, "quantity": 2})
    line = order["line_items"][0]["id"]
    piece = {"id": line, "quantity": 1, "refund_total": 100, "refund_tax": [{"id": 1, "refund_total": 25}]}
    path = f"/orders/{order['id']}/refunds"
    shop.json("POST", path, {"api_refund": False, "line_items": [piece]})
    assert _stock(shop, 10) == before - 1
    shop.json("POST", path, {"api_refund": False, "api_restock": False, "line_items": [piece]})
    assert _stock(shop, 10) == before - 1
    assert shop.json("GET", f"/orders/{order['id']}")["status"] == "refunded"


# --- lines and products ----------------------------------------------------------------------------------------------


def test_loses_the_sku_of_a_line_with_its_product(shop: Visitor) -> None:
    number = _order(shop, {"product_id": 37, "quantity": 1})["id"]
    shop.json("DELETE", "/products/37")
    assert shop.json("GET", f"/orders/{number}")["line_items"][0]["sku"] == "NH-1028"
    shop.json("DELETE", "/products/37", force="true")
    line = shop.json("GET", f"/orders/{number}")["line_items"][0]
    assert (line["sku"], line["product_id"], line["total"]) == (None, 0, "80.00")


def test_writes_nothing_of_a_refused_order(shop: Visitor) -> None:
    before = shop.shop.dump()
    good, bad = {"product_id": 10, "quantity": 1}, {"name": "uden vare", "total": "80.00"}
    refusals = [
        ({"line_items": [good, bad]}, "woocommerce_rest_required_product_reference"),
        ({"line_items": [good], "coupon_lines": [{"code": "FINDES-IKKE"}]}, "woocommerce_rest_invalid_coupon"),
        ({"line_items": [good], "customer_id": 4711}, "woocommerce_rest_invalid_customer_id"),
        ({"line_items": [{**good, "quantity": 1.5}]}, "rest_invalid_param"),
        ({"line_items": [{**good, "total": 80}]}, "rest_invalid_param"),
    ]
    for body, code in refusals:
        assert shop.refused("POST", "/orders", body) == (400, code)
    foreign = {"line_items": [{"id": 1, "quantity": 0}]}
    assert shop.refused("PUT", "/orders/60", foreign) == (400, "woocommerce_rest_invalid_item_id")
    assert shop.shop.dump() == before


def test_overwrites_meta_by_key_or_by_id_and_deletes_it_by_null(shop: Visitor) -> None:
    def meta(*rows: Json) -> dict[str, Any]:
        body = shop.json("PUT", "/orders/71", {"meta_data": list(rows)})
        assert len({row["key"] for row in body["meta_data"]}) == len(body["meta_data"])
        return {row["key"]: row["value"] for row in body["meta_data"]}

    assert meta({"key": "_billing_ean", "value": "x"})["_billing_ean"] == "x"
    assert meta({"id": 25, "key": "_billing_ean", "value": ["a", {"b": 1}]})["_billing_ean"] == ["a", {"b": 1}]
    assert "_billing_ean" not in meta({"key": "_billing_ean", "value": None})


# --- statuses --------------------------------------------------------------------------------------------------------


def test_knows_a_plugins_status_only_when_it_is_there(shop: Visitor) -> None:
    assert shop.refused("PUT", "/orders/68", {"status": "shipped"}) == (400, "rest_invalid_param")
    shop.shop.configure({"extra_statuses": {"shipped": "Shipped"}})
    assert shop.json("PUT", "/orders/68", {"status": "shipped"})["status"] == "shipped"
    assert 68 in [order["id"] for order in shop.json("GET", "/orders", status="any", per_page="100")]
    assert {"slug": "shipped", "name": "Shipped"} in shop.json("GET", "/orders/statuses")


def test_pays_cash_on_delivery_only_when_completed(shop: Visitor) -> None:
    order = _order(shop, payment_method="cod")
    assert order["date_paid_gmt"] is None
    done = shop.json("PUT", f"/orders/{order['id']}", {"status": "completed"})
    assert done["date_paid_gmt"] == done["date_completed_gmt"] == "2026-11-21T18:00:00"


def test_refunds_no_order_by_itself_while_a_line_of_it_was_free(shop: Visitor) -> None:
    free = {"product_id": 11, "quantity": 1, "subtotal": "0", "total": "0"}
    number = _order(shop, {"product_id": 10, "quantity": 1}, free)["id"]
    shop.json("POST", f"/orders/{number}/refunds", {"amount": "125.00", "api_refund": False})
    assert shop.json("GET", f"/orders/{number}")["status"] == "processing"
    refused = shop.refused("POST", f"/orders/{number}/refunds", {"amount": "0.01", "api_refund": False})
    assert refused == (500, "woocommerce_rest_cannot_create_order_refund")


def test_keeps_order_and_lines_as_they_were_after_a_part_refund(shop: Visitor) -> None:
    before = shop.json("GET", "/orders/60")
    shop.json("POST", "/orders/60/refunds", {"amount": "25.00", "reason": "Kulance", "api_refund": False})
    after = shop.json("GET", "/orders/60")
    assert [after[name] for name in ("status", "total", "line_items")] == [
        before[name] for name in ("status", "total", "line_items")
    ]
    assert [(r["total"], r["total_tax"]) for r in after["refunds"]] == [("-25.00", "0.00")]


# --- money -----------------------------------------------------------------------------------------------------------

CARTS = st.lists(st.tuples(st.sampled_from([10, 11, 12, 13, 14, 38]), st.integers(1, 9)), min_size=1, max_size=5)


@ROUNDED
@given(cart=CARTS, country=st.sampled_from(["DK", "DE", "NO"]), percent=st.booleans())
def test_sums_its_lines_to_the_total_while_tax_is_rounded_per_line(
    cart: list[tuple[int, int]], country: str, percent: bool
) -> None:
    shop = Visitor(World(shop_as_of(orders=[], refunds=[])), at("18:00:00"))
    lines = [{"product_id": product, "quantity": pieces} for product, pieces in cart]
    more: Json = {"coupon_lines": [{"code": "rabat10"}]} if percent else {}
    shipping = [{"method_id": "flat_rate", "total": "39.20"}]
    order = _order(shop, *lines, billing={"country": country}, shipping_lines=shipping, **more)
    parts = [*order["line_items"], *order["shipping_lines"]]
    assert sum(Decimal(p["total"]) + Decimal(p["total_tax"]) for p in parts) == Decimal(order["total"])
    assert sum(Decimal(p["total_tax"]) for p in parts) == Decimal(order["total_tax"])


@ROUNDED
@given(cart=CARTS)
def test_takes_the_whole_amount_of_a_fixed_coupon(cart: list[tuple[int, int]]) -> None:
    shop = Visitor(World(shop_as_of(orders=[], refunds=[])), at("18:00:00"))
    lines = [{"product_id": product, "quantity": pieces} for product, pieces in cart]
    coupon = _order(shop, *lines, coupon_lines=[{"code": "minus50"}])["coupon_lines"][0]
    gross = sum(Decimal(shop.json("GET", f"/products/{p}")["price"]) * n for p, n in cart)
    assert Decimal(coupon["discount"]) + Decimal(coupon["discount_tax"]) == min(gross, Decimal(50))


@pytest.mark.parametrize(("inclusive", "tax"), [(True, "0.02"), (False, "0.03")])
def test_rounds_half_an_oere_of_tax_down_where_prices_include_it(inclusive: bool, tax: str) -> None:
    """No recording meets an exact half; WooCommerce's own ``wc_get_tax_rounding_mode`` says so (issue 10121)."""
    shop = Visitor(World(shop_as_of(), {"prices_include_tax": inclusive}), at("18:00:00"))
    order = _order(shop, {"product_id": 10, "quantity": 1, "subtotal": "0.10", "total": "0.10"})
    assert (order["total_tax"], order["line_items"][0]["total_tax"]) == (tax, tax)


# --- the whole shop --------------------------------------------------------------------------------------------------


def test_does_the_same_again_after_a_reset_and_a_restore(shop: Visitor) -> None:
    state = shop.shop.snapshot()
    first = _order(shop)
    shop.shop.reset()
    second = _order(shop)
    shop.shop.restore(state)
    assert first == second == _order(shop)


@pytest.fixture
def served() -> Iterator[StandinServer]:
    seed = shop_as_of(credentials={"keys": KEYS})
    with StandinServer(create("served", seed, {"behind_tls": True}, Clock(at("18:00:00")))) as running:
        yield running


def test_answers_over_http_with_its_own_address(served: StandinServer) -> None:
    base, keys = f"{served.url}/wp-json/wc/v3", ("ck_rw", "cs_rw")
    answer = requests.get(f"{base}/orders", params={"per_page": 1, "status[]": ["on-hold"]}, auth=keys, timeout=5)
    assert answer.headers["X-WP-Total"] == "8"
    assert answer.links["next"]["url"] == (f"{base}/orders?per_page=1&status%5B0%5D=on-hold&dp=2&context=view&page=2")
    following = requests.get(answer.links["next"]["url"], auth=keys, timeout=5).json()
    assert [order["id"] for order in following] == [101]
    head = requests.head(f"{base}/orders", auth=keys, timeout=5)
    assert (head.headers["X-WP-TotalPages"], head.content) == ("6", b"")
    assert served.counters()["crashes"] == []


def test_tells_which_parameters_nobody_knows(served: StandinServer) -> None:
    url, keys = f"{served.url}/wp-json/wc/v3/orders", ("ck_rw", "cs_rw")
    requests.get(url, params={"modified_since": "2026-11-21"}, auth=keys, timeout=5)
    assert served.counters()["ignored_parameters"] == {"modified_since": 1}


def test_counts_a_note_that_a_client_wrote_twice(served: StandinServer) -> None:
    url, keys = f"{served.url}/wp-json/wc/v3/orders/60/notes", ("ck_rw", "cs_rw")
    served.set_faults([{"kind": "answer_lost", "method": "POST"}])
    with pytest.raises(requests.ConnectionError):
        requests.post(url, json={"note": "Sendt"}, auth=keys, timeout=5)
    requests.post(url, json={"note": "Sendt"}, auth=keys, timeout=5)
    assert served.counters()["doubles"] == [{"order": 60, "note": "Sendt"}]


def test_refuses_a_broken_request_as_the_shop_does(shop: Visitor) -> None:
    answer = shop.send("POST", "/orders", b"{")
    assert (answer.status, parsed(answer)["code"]) == (400, "rest_invalid_json")
    assert shop.refused("GET", "/orders/60/refunds/106") == (404, "woocommerce_rest_shop_order_refund_invalid_id")
    assert shop.refused("POST", "/orders/999999/notes", {"note": "x"}) == (404, "woocommerce_rest_order_invalid_id")
    assert shop.refused("GET", "/settings/findes-ikke") == (404, "rest_setting_setting_group_invalid")
