"""The recordings of WooCommerce 11.0.1 and 8.9.2, replayed against the stand-in.

For each endpoint a table names the recordings that it answers to. The whole body is compared, member by member and in
the recorded order, and the headers that carry meaning. ``NOT_REPLAYED`` at the end says which are left out, and why.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from standin.woocommerce.recordings import recording, recording_names
from tests.contract.woocommerce_worlds import (
    HOME,
    Json,
    World,
    as_recorded,
    at,
    just_before,
    moment_of,
    replay,
    shop_as_of,
    unlike,
)

Replays = dict[str, list[str]]


def _check(name: str, world: World, *ignoring: str, partly: bool = False, home: str = HOME) -> None:
    taken, answer = replay(name, world, home)
    assert unlike(taken, answer, frozenset(ignoring), partly=partly) == []


def _cases(*tables: Replays) -> Any:
    names = [name for table in tables for names in table.values() for name in names]
    return pytest.mark.parametrize("name", names)


# --- reads: the shop as it stood -------------------------------------------------------------------------------------

READS: Replays = {
    "GET /orders": [
        "orders-list-include",
        "orders-list-last-page",
        "orders-list-orderby-id",
        "orders-list-orderby-modified-asc",
        "orders-list-page-beyond",
        "orders-list-page2",
        "orders-list-product",
        "orders-list-search",
        "orders-list-status-any",
        "orders-list-status-array",
        "orders-list-status-checkout-draft",
        "orders-list-status-many",
        "orders-list-status-processing",
        "orders-list-status-trash",
        "orders-list-unknown-param",
        "orders-list-created-via",
        "orders-list-customer",
        "orders-list-envelope",
        "error-orders-orderby-bad",
        "error-orders-modified-after-bad",
        "error-orders-modified-after-date-only",
        "error-orders-page-0",
        "error-orders-per-page-0",
        "error-orders-per-page-101",
        "error-orders-per-page-minus1",
        "error-orders-status-bad",
    ],
    "HEAD /orders": ["orders-head"],
    "GET /orders/{id}": [
        "order-get-b2b",
        "order-get-binned-product",
        "order-get-cancelled",
        "order-get-checkoutdraft",
        "order-get-completed",
        "order-get-context-edit",
        "order-get-coupon",
        "order-get-de",
        "order-get-deleted-product",
        "order-get-eur",
        "order-get-failed",
        "order-get-fee",
        "order-get-fields",
        "order-get-full-refund",
        "order-get-meta-line",
        "order-get-no",
        "order-get-onhold",
        "order-get-part-refund",
        "order-get-pending",
        "order-get-price-override",
        "order-get-processing",
        "order-get-processing-setpaid",
        "order-get-registered",
        "order-get-round",
        "order-get-round-dp0",
        "order-get-round-dp3",
        "order-get-round-dp4",
        "order-get-round-dp6",
        "order-get-round2",
        "order-get-rounding-at-subtotal-dp4",
        "order-get-ship-free",
        "order-get-store-b2b",
        "order-get-store-bacs",
        "order-get-store-bacs-dp4",
        "order-get-store-cod",
        "order-get-store-de",
        "order-get-store-variation",
        "order-get-trashed",
        "order-get-variation",
        "error-404-order",
        "error-404-order-is-product",
        "error-order-404-deleted",
    ],
    "GET /orders/{id}/refunds, /refunds, /orders/{id}/notes": [
        "order-refunds-list",
        "order-refunds-list-auto",
        "refunds-list-all",
        "order-notes-list",
        "order-notes-list-customer",
    ],
    "GET /orders/statuses, /reports/orders/totals": ["order-statuses", "reports-orders-totals"],
    "GET /products, /products/{id}, variations": [
        "product-get-simple",
        "product-get-trashed",
        "product-get-variable",
        "product-get-variation-by-product-route",
        "products-list",
        "products-list-orderby-modified",
        "products-list-status-any",
        "products-list-stock-status",
        "products-modified-after",
        "products-search-sku",
        "products-sku-lookup",
        "products-sku-lookup-case",
        "products-sku-lookup-comma",
        "products-sku-lookup-empty",
        "products-sku-lookup-long",
        "products-sku-lookup-partial",
        "error-products-type-variation",
        "variations-list",
        "variations-list-all",
        "variations-of-simple-empty",
    ],
    "GET /settings, /system_status, /data, /payment_gateways, /shipping_methods": [
        "settings-list",
        "settings-tax",
        "settings-products",
        "settings-shop-manager",
        "setting-get-prices-include-tax",
        "system-status-slim",
        "system-status-shop-manager",
        "data-currencies-current",
        "payment-gateways-list",
        "shipping-methods-list",
    ],
    "unknown routes": ["error-404-namespace", "error-404-route", "error-method-not-allowed"],
    "GET /wp-json/": ["index-root"],
}
# The real routes also take writes that the stand-in doesn't: their ``Allow`` names more methods.
READ_ONLY_HERE: Replays = {
    "GET /taxes, /shipping/zones, /customers, /coupons, /products/categories": [
        "taxes-list",
        "tax-classes-list",
        "shipping-zones-list",
        "shipping-zone-0-locations",
        "shipping-zone-0-methods",
        "shipping-zone-1-locations",
        "shipping-zone-1-methods",
        "shipping-zone-2-locations",
        "shipping-zone-2-methods",
        "customers-list",
        "coupons-list",
        "products-categories",
    ],
}
CUT: Replays = {
    "GET /orders": ["orders-list-default"],
    "GET /settings/general": ["settings-general", "setting-get-currency"],
    "GET /system_status": ["system-status"],
}
# With ``_fields`` products give their members in the order asked for; the stand-in keeps its own.
OTHER_ORDER: Replays = {
    "GET /products?_fields": ["products-list-slim", "product-get-variable-slim", "products-sku-lookup-variation"],
}


@_cases(READS)
def test_answers_reads_as_recorded(name: str) -> None:
    _check(name, as_recorded(recording(name)))


@_cases(READ_ONLY_HERE)
def test_answers_reads_on_routes_without_writes(name: str) -> None:
    _check(name, as_recorded(recording(name)), "allow")


@_cases(CUT)
def test_answers_reads_whose_recording_was_cut(name: str) -> None:
    _check(name, as_recorded(recording(name)), "options", "store_id", "server_architecture", partly=True)


@_cases(OTHER_ORDER)
def test_answers_reads_of_chosen_members(name: str) -> None:
    _check(name, as_recorded(recording(name)), "order")


def test_answers_options_with_its_methods() -> None:
    taken, answer = replay("options-orders", as_recorded(recording("options-orders")))
    assert unlike(taken, answer, frozenset({"order"}), partly=True) == []


# --- reads of what changed: two orders were touched at 16:18:41 and 16:18:42 ------------------------------------------

CHANGES: Replays = {
    "GET /orders?modified_after": [
        "orders-after-created-equal",
        "orders-delta-read",
        "orders-list-all-statuses-and-trash",
        "orders-modified-after-gmt-equal",
        "orders-modified-after-gmt-minus1",
        "orders-modified-after-gmt-value-no-flag",
        "orders-modified-after-local-equal",
        "orders-modified-after-local-minus1",
        "orders-modified-after-offset-no-flag",
        "orders-modified-after-status-trash",
        "orders-modified-after-z-and-flag-3601",
        "orders-modified-after-z-flag",
        "orders-modified-after-z-no-flag",
        "orders-modified-after-z-plus1-no-flag",
        "orders-modified-before-gmt-plus1",
        "orders-modified-window",
    ],
}


@_cases(CHANGES)
def test_filters_changes_as_recorded(name: str) -> None:
    steps = [("16:18:41", "PUT", "/orders/61", {"status": "completed"}), ("16:18:42", "PUT", "/orders/67", {})]
    _check(name, World(shop_as_of(at("16:18:00")), steps=steps))


# --- new orders, priced ----------------------------------------------------------------------------------------------

ORDER_CREATIONS: Replays = {"POST /orders": [name for name in recording_names() if name.startswith("order-create-")]}
SWITCHED = {
    "order-create-rounding-at-subtotal": {"round_at_subtotal": True},
    "order-create-prices-exclude-tax": {"prices_include_tax": False},
}


def _before_creation(taken: Json) -> World:
    """Products as they were, no orders, and the ids where they stood."""
    body = taken["response"]["body"]
    body = body["create"][0] if "create" in body else body
    lines = [*body["line_items"], *body["shipping_lines"], *body["fee_lines"]]
    ids = {"post": body["id"], "item": min(line["id"] for line in lines)}
    return World(shop_as_of(orders=[], refunds=[], notes={}, next_ids=ids), SWITCHED.get(taken["name"], {}))


@_cases(ORDER_CREATIONS)
def test_prices_new_orders_to_the_oere_as_recorded(name: str) -> None:
    _check(name, _before_creation(recording(name)))


@pytest.mark.parametrize(
    "name", ["error-order-line-no-product-ref", "error-order-line-product-id-zero", "error-400-invalid-email"]
)
def test_refuses_orders_as_recorded(name: str) -> None:
    _check(name, as_recorded(recording(name)))


def test_answers_a_batch_of_one_good_and_one_bad_order() -> None:
    _check("orders-batch-create-two", _before_creation(recording("orders-batch-create-two")))


# --- writes on orders ------------------------------------------------------------------------------------------------

ORDER_WRITES: Replays = {
    "PUT /orders/{id}": [
        "order-put-status-completed",
        "order-put-status-same",
        "order-put-meta",
        "order-put-meta-again",
        "order-put-line-remove",
        "order-put-customer-note",
        "order-put-untrash",
        "order-patch-and-post",
        "paging-race-2-change",
        "error-order-put-bad-status",
        "error-put-order-404",
        "error-400-invalid-type",
        "error-400-malformed-json",
    ],
}


@_cases(ORDER_WRITES)
def test_writes_orders_as_recorded(name: str) -> None:
    _check(name, just_before(recording(name)))


def _undone(name: str, **changes: Any) -> World:
    """The shop with the order of a recording put back to what it was before; ``changes`` say how."""
    taken = recording(name)
    order = copy.deepcopy(taken["response"]["body"])
    order.update(changes)
    for line in order["line_items"]:
        pieces = changes.get("pieces", line["quantity"])
        line["quantity"] = pieces
        line["price"] = line["price"] * taken["response"]["body"]["line_items"][0]["quantity"] / pieces
        reduced = {"id": 1, "key": "_reduced_stock", "value": str(pieces)}
        line["meta_data"] = [row for row in line["meta_data"] if row["key"] != "_reduced_stock"] + [reduced]
    return _with_order(order, shop_as_of(moment_of(taken)))


def _with_order(order: Json, seed: Json) -> World:
    seed["orders"] = [*(o for o in seed["orders"] if o["id"] != order["id"]), order]
    return World(seed)


def test_puts_stock_back_on_cancel() -> None:
    _check("order-put-cancel", _undone("order-put-cancel", status="completed"))


def test_makes_a_refund_without_lines_for_status_refunded() -> None:
    world = _undone("order-put-status-refunded", status="completed")
    world.seed["refunds"], world.seed["next_ids"] = [], {"post": 111}
    _check("order-put-status-refunded", world)


def test_keeps_the_total_of_a_line_whose_quantity_is_raised() -> None:
    _check("order-put-line-quantity", _undone("order-put-line-quantity", pieces=2))


@pytest.mark.parametrize("name", ["order-delete-trash", "order-delete-force"])
def test_shows_the_order_before_its_deletion(name: str) -> None:
    _check(name, _with_order(recording(name)["response"]["body"], shop_as_of(moment_of(recording(name)))))


def test_sets_an_unknown_status_in_a_batch_to_pending() -> None:
    _check("orders-batch-update", as_recorded(recording("orders-batch-update")), "error", partly=True)


@pytest.mark.parametrize(("name", "number"), [("order-put-tracking-note", 179), ("order-note-create-private", 181)])
def test_adds_notes_as_recorded(name: str, number: int) -> None:
    world = just_before(recording(name))
    world.seed["next_ids"] = {"note": number}
    _check(name, world)


# --- refunds ---------------------------------------------------------------------------------------------------------


def _before_refund(name: str) -> World:
    """Order 80 or 81 without the refunds that came later."""
    body = recording(name)["response"]["body"]
    number = int(recording(name)["request"]["path"].split("/")[-2])
    order = recording({80: "order-get-part-refund", 81: "order-get-full-refund"}[number])["response"]["body"]
    order.update(status="completed", refunds=[])
    earlier = [] if body["id"] in {106, 110} else [r for r in _refunds_of(number) if r["id"] < body["id"]]
    lines = [*body["line_items"], *body["shipping_lines"]]
    world = _with_order(order, shop_as_of(moment_of(recording(name)), refunds=earlier))
    world.seed["next_ids"] = {"post": body["id"], "item": min([line["id"] for line in lines] or [1])}
    return world


def _refunds_of(number: int) -> list[Json]:
    path = f"/orders/{number}"
    listed = recording("refunds-list-all")["response"]["body"]
    return [{**body, "order_id": number} for body in listed if body["_links"]["up"][0]["href"].endswith(path)]


@pytest.mark.parametrize(
    "name",
    ["refund-create-partial-line", "refund-create-amount-only", "refund-create-shipping", "refund-create-full"],
)
def test_books_refunds_as_recorded(name: str) -> None:
    _check(name, _before_refund(name))


def _order_737() -> Json:
    """Two table lamps, as the refunds of that order say; the order itself was not recorded."""
    order = copy.deepcopy(recording("order-put-line-quantity")["response"]["body"])
    order.update(id=737, number="737")
    line = order["line_items"][0]
    line.update(
        id=2176,
        quantity=2,
        price=recording("refund-create-line-no-restock")["response"]["body"]["line_items"][0]["price"],
    )
    order["tax_lines"][0]["id"] = 2177
    return order


@pytest.mark.parametrize("name", ["refund-create-line-default-restock", "refund-create-line-no-restock"])
def test_books_refunds_of_single_pieces(name: str) -> None:
    world = _with_order(_order_737(), shop_as_of(refunds=[]))
    body = recording(name)["response"]["body"]
    if name.endswith("no-restock"):
        first = recording("refund-create-line-default-restock")["response"]["body"]
        world.seed["refunds"] = [{**first, "order_id": 737}]
    world.seed["next_ids"] = {"post": body["id"], "item": body["line_items"][0]["id"]}
    _check(name, world)


@pytest.mark.parametrize(
    "name", ["error-refund-too-much", "error-refund-api-refund-default", "refund-delete-without-force"]
)
def test_refuses_and_deletes_refunds_as_recorded(name: str) -> None:
    order = recording("order-get-part-refund")["response"]["body"]
    _check(name, _with_order(order, shop_as_of(moment_of(recording(name)), refunds=_refunds_of(80))))
