"""The recordings about products, settings, paging, server trouble and webhooks, replayed against the stand-in."""

from __future__ import annotations

import base64
import copy

import pytest

from standin.woocommerce.deliveries import signature
from standin.woocommerce.recordings import recording, recording_names
from tests.contract.woocommerce_worlds import (
    Json,
    World,
    check_replay,
    moment_of,
    shop_as_of,
)

# --- products --------------------------------------------------------------------------------------------------------

PRODUCT_CREATIONS = [
    *(name for name in recording_names() if name.startswith("product-create-")),
    "variation-create",
    "error-product-duplicate-sku",
    "error-product-duplicate-sku-case",
    "error-product-fractional-stock",
    "error-variation-duplicate-sku",
]
PRODUCT_WRITES = [
    *(
        name
        for name in recording_names()
        if name.startswith("product-put-stock") or name == "product-put-inventory-delta"
    ),
    "variation-put-stock",
    "products-batch-one",
    "products-batch-variation-id",
    "products-batch-mixed",
    "products-batch-same-id-twice",
    "products-batch-slim-fields",
    "products-batch-empty",
    "products-batch-malformed",
    "variations-batch",
    "variations-batch-foreign-id",
    "error-put-product-404",
    "error-variation-put-on-product-route",
    "error-products-batch-101",
    "error-products-batch-51-plus-50",
]


@pytest.mark.parametrize("name", PRODUCT_CREATIONS)
def test_creates_products_as_recorded(name: str) -> None:
    taken = recording(name)
    seed = shop_as_of()
    if (number := taken["response"]["body"].get("id")) is not None:
        seed["products"] = [p for p in seed["products"] if number not in {p["id"], p["parent_id"]}]
        seed["next_ids"] = {"post": number}
    check_replay(name, World(seed))


@pytest.mark.parametrize("name", PRODUCT_WRITES)
def test_writes_products_as_recorded(name: str) -> None:
    zeroed = {"product-put-stock-status-instock-at-zero", "product-put-inventory-delta"}
    steps = [("16:20:29", "PUT", "/products/10", {"stock_quantity": 0})] if name in zeroed else []
    # Names and prices of products that were only seen in lists are composed.
    composed = ("name", "slug", "permalink", "categories", "date_created", "date_created_gmt", "generated_slug")
    loose = composed if "batch" in name else ()
    check_replay(name, World(shop_as_of(), steps=steps), "average_rating", *loose)


def _bulk(number: int, stock: int = 10) -> Json:
    """One of the 200 bulk products that a recording of batches made."""
    body: Json = copy.deepcopy(recording("products-batch-create-100")["response"]["body"]["create"][0])
    ordinal = number - 114
    body.update(id=number, name=f"Bulkvare {ordinal:03d}", slug=f"bulkvare-{ordinal:03d}", sku=f"BULK-{ordinal:03d}")
    body.update(stock_quantity=stock, stock_status="instock" if stock > 0 else "outofstock")
    body.update(date_created_gmt="2026-11-21T16:21:03")
    return body


def _bulk_world(numbers: range, **stocks: int) -> World:
    seed = shop_as_of()
    seed["products"] += [_bulk(number, stocks.get(f"n{number}", 10)) for number in numbers]
    return World(seed)


@pytest.mark.parametrize(
    ("name", "stock"),
    [
        ("products-batch-100", {}),
        ("products-batch-unvalidated-values", {"n310": 298, "n308": 300, "n307": 301}),
        ("products-batch-fields-update", {}),
        ("products-batch-fields-id-stock", {}),
        ("product-put-price-comma", {"n307": 301}),
        ("product-put-price-text-blanked", {"n307": 301}),
        ("error-product-put-price-number", {}),
    ],
)
def test_writes_bulk_products_as_recorded(name: str, stock: dict[str, int]) -> None:
    trimmed = "batch" in name
    check_replay(name, _bulk_world(range(214, 314), **stock), "average_rating", "error", partly=trimmed)


def test_creates_a_hundred_products_in_one_batch() -> None:
    world = World(shop_as_of(next_ids={"post": 114}))
    check_replay("products-batch-create-100", world, partly=True)


def test_does_create_update_and_delete_in_one_batch() -> None:
    world = World(shop_as_of(next_ids={"post": 113}))
    composed = ("name", "slug", "permalink", "categories", "generated_slug", "date_created", "date_created_gmt")
    check_replay("products-batch-create-update-delete", world, "average_rating", *composed)


@pytest.mark.parametrize("name", ["product-delete-trash", "product-delete-force"])
def test_shows_the_product_before_its_deletion(name: str) -> None:
    body = recording(name)["response"]["body"]
    seed = shop_as_of()
    seed["products"] = [*(p for p in seed["products"] if p["id"] != body["id"]), body]
    check_replay(name, World(seed), "average_rating")


def test_refuses_the_sku_of_a_binned_product() -> None:
    steps = [
        ("17:02:00", "POST", "/products", {"name": "t", "sku": "GENBRUG-1", "regular_price": "1.00"}),
        ("17:02:01", "DELETE", "/products/743", None),
    ]
    check_replay("error-product-sku-of-binned", World(shop_as_of(), steps=steps))


@pytest.mark.parametrize("name", ["variation-get-managed-by-parent", "variation-put-stock-managed-by-parent"])
def test_shows_the_parents_stock_on_a_variation_without_its_own(name: str) -> None:
    steps = [
        ("16:21:08", "PUT", "/products/52", {"manage_stock": True, "stock_quantity": 44}),
        ("16:21:09", "PUT", "/products/52/variations/53", {"manage_stock": False}),
    ]
    check_replay(name, World(shop_as_of(), steps=steps))


def test_refuses_a_variation_under_the_wrong_parent() -> None:
    # A real shop finds this while it checks rights and then names no methods at all.
    check_replay("error-variation-wrong-parent", World(shop_as_of()), "allow")


def test_shows_the_new_sku_on_an_old_order() -> None:
    steps = [("16:21:08", "PUT", "/products/30", {"sku": "NH-1021-NY"})]
    check_replay(
        "order-get-after-sku-rename", World(shop_as_of(moment_of(recording("order-get-after-sku-rename"))), steps=steps)
    )


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["setting-put-round-at-subtotal", "error-setting-bad-value"])
def test_writes_settings_as_recorded(name: str) -> None:
    check_replay(name, World(shop_as_of()))


# --- paging over a moving list ---------------------------------------------------------------------------------------


def _on_hold(number: int, moment: str) -> Json:
    order: Json = copy.deepcopy(recording("order-get-onhold")["response"]["body"])
    order.update(id=number, number=str(number), date_modified_gmt=f"2026-11-21T{moment}")
    return order


def test_loses_an_order_when_a_page_is_turned_over_a_moving_list() -> None:
    """Order 338 stands for the one that was never seen; which it was, the recordings do not say."""
    late = [(336, "16:32:33"), (338, "16:34:00"), *((n, "16:35:00") for n in (340, 342, 344, 346)), (348, "16:35:01")]
    first = {94: "16:13:49", 99: "16:13:50", 101: "16:13:51", 102: "16:13:52"}
    seed = shop_as_of(orders=[_on_hold(n, time) for n, time in [*first.items(), *late]])
    world = World(seed)
    check_replay("paging-race-1-page1", world, "x-wp-total", "x-wp-totalpages")
    world.steps = [("16:43:07", "PUT", "/orders/99", {"customer_note": "rørt mellem to sider"})]
    check_replay("paging-race-3-page2", world, "x-wp-total", "x-wp-totalpages")


@pytest.mark.parametrize("name", ["orders-trailing-slash", "auth-shop-manager-key"])
def test_answers_with_or_without_a_trailing_slash(name: str) -> None:
    # The recorded shop had 400 more orders by then.
    taken = recording(name)
    newest = taken["response"]["body"][0]["id"]
    seed = shop_as_of()
    seed["orders"] = [order for order in seed["orders"] if order["id"] <= newest]
    check_replay(name, World(seed, key="manager"), "x-wp-total", "x-wp-totalpages")


# --- server trouble --------------------------------------------------------------------------------------------------

TROUBLE = {
    "server-maintenance-503": {"maintenance": True},
    "server-maintenance-503-html": {"maintenance": True},
    "server-database-down-500": {"database_down": True},
    "server-database-down-500-html": {"database_down": True},
    "server-php-fatal-500": {"php_fatal": True},
    "server-php-fatal-500-accept-any": {"php_fatal": True},
    "server-woocommerce-off-404": {"woocommerce_off": True},
}


@pytest.mark.parametrize("name", TROUBLE)
def test_fails_as_a_server_in_trouble_does(name: str) -> None:
    # The links and the stack trace of the PHP error are the server's own.
    check_replay(name, World(shop_as_of(), TROUBLE[name]), "link", "message" if "php-fatal" in name else "")


# --- webhooks --------------------------------------------------------------------------------------------------------

DELIVERIES = [n for n in recording_names() if n.startswith("webhook-delivery-") and n != "webhook-delivery-ping"]


@pytest.mark.parametrize("name", DELIVERIES)
def test_signs_deliveries_as_recorded(name: str) -> None:
    taken = recording(name)
    check = taken["signature_check"]
    body = base64.b64decode(taken["request"]["body_base64"])
    assert signature(check["throwaway_secret_of_this_recording"], body) == check["computed"]


@pytest.mark.parametrize(
    "name",
    [
        "webhook-create-order-created",
        "webhook-create-order-updated",
        "webhook-create-no-secret",
        "webhook-create-port",
        "webhook-create-unreachable",
        "error-webhook-create-bad-topic",
        "error-webhook-create-bad-url",
        "error-webhook-create-no-url",
    ],
)
def test_registers_webhooks_as_recorded(name: str) -> None:
    """The delivery URL is a port of the loopback where nobody listens: the ping fails, the registration doesn't."""
    number = recording(name)["response"]["body"].get("id", 1)
    check_replay(name, World(shop_as_of(next_ids={"webhook": number})))


def _registered(*topics: str) -> list[tuple[str, str, str, Json]]:
    url = "http://127.0.0.1:18490/200/erp"
    names = {"order.created": "ERP ordre oprettet", "order.updated": "ERP ordre ændret"}
    times = {"order.created": "16:22:06", "order.updated": "16:22:08", "product.updated": "16:22:08"}
    body = {topic: {"topic": topic, "delivery_url": url, "name": names.get(topic, "")} for topic in topics}
    return [(times[topic], "POST", "/webhooks", body[topic]) for topic in topics]


def test_lists_webhooks_as_recorded() -> None:
    steps = _registered("order.created", "order.updated", "product.updated")
    check_replay("webhooks-list", World(shop_as_of(), steps=steps))


def test_refuses_to_bin_a_webhook() -> None:
    world = World(shop_as_of(next_ids={"webhook": 9}), steps=_registered("order.created"))
    check_replay("webhook-delete-error-no-force", world)
