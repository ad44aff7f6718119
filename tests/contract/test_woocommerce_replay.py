"""The recordings of WooCommerce 11.0.1 that only read, replayed against the stand-in.

For each endpoint a table names the recordings that it answers to. The whole body is compared, member by member and in
the recorded order, and the headers that carry meaning. Writes are in ``test_woocommerce_replay_orders`` and
``_products``; ``NOT_REPLAYED`` in ``_keys_and_old`` says which recordings are left out, and why.
"""

from __future__ import annotations

from typing import Any

import pytest

from standin.woocommerce.recordings import recording
from tests.contract.woocommerce_worlds import (
    World,
    as_recorded,
    at,
    check_replay,
    replay,
    shop_as_of,
    unlike,
)

Replays = dict[str, list[str]]


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
    check_replay(name, as_recorded(recording(name)))


@_cases(READ_ONLY_HERE)
def test_answers_reads_on_routes_without_writes(name: str) -> None:
    check_replay(name, as_recorded(recording(name)), "allow")


@_cases(CUT)
def test_answers_reads_whose_recording_was_cut(name: str) -> None:
    check_replay(name, as_recorded(recording(name)), "options", "store_id", "server_architecture", partly=True)


@_cases(OTHER_ORDER)
def test_answers_reads_of_chosen_members(name: str) -> None:
    check_replay(name, as_recorded(recording(name)), "order")


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
    check_replay(name, World(shop_as_of(at("16:18:00")), steps=steps))
