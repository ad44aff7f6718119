"""Products and variations of the WooCommerce stand-in over time: what moves, what is dropped, what a batch swallows."""

from __future__ import annotations

import pytest

from tests.contract.woocommerce_worlds import Json, Visitor, World, at, old_shop, parsed, shop_as_of


@pytest.fixture
def shop() -> Visitor:
    return Visitor(World(shop_as_of()), at("18:00:00"))


def _sale(shop: Visitor, product: int) -> None:
    shop.json("POST", "/orders", {"status": "processing", "line_items": [{"product_id": product, "quantity": 1}]})


def _touched(shop: Visitor) -> list[int]:
    """Products that a delta from a minute ago shows, with their parents."""
    marks = {"modified_after": "2026-11-21T17:59:00", "dates_are_gmt": "true", "per_page": "100", "_fields": "id"}
    return sorted(product["id"] for product in shop.json("GET", "/products", **marks))


def test_shows_own_writes_and_sales_in_the_delta(shop: Visitor) -> None:
    shop.json("PUT", "/products/11", {})
    shop.json("POST", "/products/batch", {"update": [{"id": 12}]})
    _sale(shop, 13)
    assert _touched(shop) == [11, 12, 13]


def test_bumps_the_parent_with_its_variation(shop: Visitor) -> None:
    shop.json("PUT", "/products/44/variations/45", {"stock_quantity": 7})
    assert _touched(shop) == [44]


def test_follows_the_number_with_the_status(shop: Visitor) -> None:
    for number, backorders, status in [(3, "no", "instock"), (0, "no", "outofstock"), (-1, "notify", "onbackorder")]:
        product = shop.json("PUT", "/products/10", {"stock_quantity": number, "backorders": backorders})
        assert (product["stock_quantity"], product["stock_status"]) == (number, status)


def test_takes_a_quantity_only_while_stock_is_managed(shop: Visitor) -> None:
    assert shop.json("PUT", "/products/18", {"stock_quantity": 5})["stock_quantity"] is None
    managed = shop.json("PUT", "/products/18", {"stock_quantity": 5, "manage_stock": True})
    assert (managed["manage_stock"], managed["stock_quantity"]) == (True, 5)
    assert shop.json("PUT", "/products/18", {"manage_stock": False})["stock_quantity"] is None


def test_reads_null_as_zero_alone_and_as_nothing_in_a_batch(shop: Visitor) -> None:
    batch = shop.json("POST", "/products/batch", {"update": [{"id": 10, "stock_quantity": None}]})
    assert batch["update"][0]["stock_quantity"] == 45
    assert shop.json("PUT", "/products/10", {"stock_quantity": None})["stock_quantity"] == 0


def test_sells_a_variation_from_its_parents_stock(shop: Visitor) -> None:
    shop.json("PUT", "/products/52", {"manage_stock": True, "stock_quantity": 44})
    shop.json("PUT", "/products/52/variations/53", {"manage_stock": False})
    line = {"product_id": 52, "variation_id": 53, "quantity": 4}
    shop.json("POST", "/orders", {"status": "processing", "line_items": [line]})
    assert shop.json("GET", "/products/52/variations/53")["stock_quantity"] == 40
    assert shop.json("GET", "/products/52")["stock_quantity"] == 40


def test_is_out_of_stock_as_a_parent_when_all_variations_are(shop: Visitor) -> None:
    shop.json(
        "POST", "/products/44/variations/batch", {"update": [{"id": n, "stock_quantity": 0} for n in (45, 46, 47)]}
    )
    assert shop.json("GET", "/products/44")["stock_status"] == "outofstock"


def test_hides_a_binned_product_but_keeps_its_sku(shop: Visitor) -> None:
    shop.json("DELETE", "/products/10")
    assert shop.json("GET", "/products", sku="NH-1000") == []
    assert shop.json("GET", "/products/10")["status"] == "trash"
    refused = shop.refused("POST", "/products", {"name": "igen", "sku": "nh-1000"})
    assert refused == (400, "woocommerce_rest_product_not_created")


def test_finds_a_hundred_skus_at_once_and_variations_among_them(shop: Visitor) -> None:
    skus = ["NH-1000", "nh-ts-m", *(f"FINDES-IKKE-{n}" for n in range(98))]
    found = shop.json("GET", "/products", sku=",".join(skus), per_page="100", _fields="sku,type,parent_id")
    assert sorted((p["sku"], p["type"], p["parent_id"]) for p in found) == [
        ("NH-1000", "simple", 0),
        ("NH-TS-M", "variation", 44),
    ]


def test_gives_the_whole_catalogue_for_an_empty_sku(shop: Visitor) -> None:
    answer = shop.send("GET", "/products", sku="")
    assert answer.headers["X-WP-Total"] == "36"


def test_keeps_the_true_total_beyond_the_last_page_of_products(shop: Visitor) -> None:
    answer = shop.send("GET", "/products", page="99")
    assert (parsed(answer), answer.headers["X-WP-Total"]) == ([], "36")


def test_does_the_rest_of_a_batch_when_items_fail(shop: Visitor) -> None:
    items = [{"id": 10, "stock_quantity": 1}, {"id": 999999}, {"stock_quantity": 1}, {"id": 11, "stock_quantity": 2}]
    done = shop.json("POST", "/products/batch", {"update": items, "delete": [999998]})
    assert [item.get("error", {}).get("code") for item in done["update"]] == [
        None,
        "woocommerce_rest_product_invalid_id",
        "woocommerce_rest_product_invalid_id",
        None,
    ]
    assert (done["update"][1]["id"], done["update"][2]["id"]) == (999999, None)
    assert done["delete"][0]["error"]["data"] == {"status": 404}
    assert [shop.json("GET", f"/products/{n}")["stock_quantity"] for n in (10, 11)] == [1, 2]


def test_does_nothing_of_a_batch_above_the_limit(shop: Visitor) -> None:
    items = [{"id": 10, "stock_quantity": n} for n in range(51)]
    body: Json = {"update": items, "create": [{"name": "x"}] * 50}
    assert shop.refused("POST", "/products/batch", body) == (413, "woocommerce_rest_request_entity_too_large")
    assert shop.json("GET", "/products/10")["stock_quantity"] == 45


def test_deletes_for_good_in_a_batch(shop: Visitor) -> None:
    shop.json("POST", "/products/batch", {"delete": [37]})
    assert shop.refused("GET", "/products/37") == (404, "woocommerce_rest_product_invalid_id")
    shop.json("POST", "/orders/batch", {"delete": [68]})
    assert shop.refused("GET", "/orders/68") == (404, "woocommerce_rest_shop_order_invalid_id")


def test_swallows_objects_that_are_none_in_a_batch(shop: Visitor) -> None:
    done = shop.json("POST", "/orders/batch", {"update": ["x", {"id": "68", "status": "completed"}, {"id": "seks"}]})
    codes = [item.get("error", {}).get("code") for item in done["update"]]
    assert codes == ["woocommerce_rest_shop_order_invalid_id", None, "woocommerce_rest_shop_order_invalid_id"]


def test_writes_variations_only_by_their_parent(shop: Visitor) -> None:
    created = shop.json("POST", "/products/44/variations", {"sku": "NH-TS-XL", "regular_price": "449.00"})
    path = f"/products/{created['id']}"
    assert shop.refused("DELETE", path) == (404, "woocommerce_rest_invalid_product_id")
    wrong = shop.refused("PUT", f"/products/48/variations/{created['id']}", {"stock_quantity": 1})
    assert wrong == (404, "woocommerce_rest_product_variation_invalid_id")
    assert created["id"] in shop.json("GET", "/products/44")["variations"]


def test_lacks_in_8_9_2_what_came_later() -> None:
    shop = Visitor(World(old_shop(), {"version": "8.9.2"}), at("18:00:00"))
    assert shop.refused("GET", "/refunds") == (404, "rest_no_route")
    assert shop.refused("GET", "/variations") == (404, "rest_no_route")
    order = shop.json("GET", "/orders/71")
    assert "global_unique_id" not in order["line_items"][0]
    assert "tax_status" not in order["shipping_lines"][0]
