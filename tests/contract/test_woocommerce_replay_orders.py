"""The recordings that write orders and refunds on WooCommerce 11.0.1, replayed against the stand-in."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from standin.woocommerce.recordings import recording, recording_names
from tests.contract.woocommerce_worlds import (
    Json,
    World,
    as_recorded,
    check_replay,
    just_before,
    moment_of,
    shop_as_of,
)

# --- new orders, priced ----------------------------------------------------------------------------------------------

ORDER_CREATIONS = [name for name in recording_names() if name.startswith("order-create-")]
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


@pytest.mark.parametrize("name", ORDER_CREATIONS)
def test_prices_new_orders_to_the_oere_as_recorded(name: str) -> None:
    check_replay(name, _before_creation(recording(name)))


@pytest.mark.parametrize(
    "name", ["error-order-line-no-product-ref", "error-order-line-product-id-zero", "error-400-invalid-email"]
)
def test_refuses_orders_as_recorded(name: str) -> None:
    check_replay(name, as_recorded(recording(name)))


def test_answers_a_batch_of_one_good_and_one_bad_order() -> None:
    check_replay("orders-batch-create-two", _before_creation(recording("orders-batch-create-two")))


# --- writes on orders ------------------------------------------------------------------------------------------------

ORDER_WRITES = [
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
]


@pytest.mark.parametrize("name", ORDER_WRITES)
def test_writes_orders_as_recorded(name: str) -> None:
    check_replay(name, just_before(recording(name)))


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
    check_replay("order-put-cancel", _undone("order-put-cancel", status="completed"))


def test_makes_a_refund_without_lines_for_status_refunded() -> None:
    world = _undone("order-put-status-refunded", status="completed")
    world.seed["refunds"], world.seed["next_ids"] = [], {"post": 111}
    check_replay("order-put-status-refunded", world)


def test_keeps_the_total_of_a_line_whose_quantity_is_raised() -> None:
    check_replay("order-put-line-quantity", _undone("order-put-line-quantity", pieces=2))


@pytest.mark.parametrize("name", ["order-delete-trash", "order-delete-force"])
def test_shows_the_order_before_its_deletion(name: str) -> None:
    check_replay(name, _with_order(recording(name)["response"]["body"], shop_as_of(moment_of(recording(name)))))


def test_sets_an_unknown_status_in_a_batch_to_pending() -> None:
    check_replay("orders-batch-update", as_recorded(recording("orders-batch-update")), "error", partly=True)


@pytest.mark.parametrize(("name", "number"), [("order-put-tracking-note", 179), ("order-note-create-private", 181)])
def test_adds_notes_as_recorded(name: str, number: int) -> None:
    world = just_before(recording(name))
    world.seed["next_ids"] = {"note": number}
    check_replay(name, world)


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
    check_replay(name, _before_refund(name))


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
    check_replay(name, world)


@pytest.mark.parametrize(
    "name", ["error-refund-too-much", "error-refund-api-refund-default", "refund-delete-without-force"]
)
def test_refuses_and_deletes_refunds_as_recorded(name: str) -> None:
    order = recording("order-get-part-refund")["response"]["body"]
    check_replay(name, _with_order(order, shop_as_of(moment_of(recording(name)), refunds=_refunds_of(80))))
