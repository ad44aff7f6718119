"""``/orders``: lists, one order, writing, bin, batch. Source: contracts/woocommerce.md sections 4, 5, 6, 9 and 11."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.woocommerce.answers import page_of
from standin.woocommerce.batch import Batch, batch_handler
from standin.woocommerce.errors import ApiError, unknown_order
from standin.woocommerce.money import php_integer
from standin.woocommerce.order_list import listed_orders, seen_half_made
from standin.woocommerce.order_rules import FORCE, READING, order_listing, order_writing
from standin.woocommerce.order_state import Order
from standin.woocommerce.order_view import order_view
from standin.woocommerce.order_writing import create_order, update_order
from standin.woocommerce.routing import Answer, Call, Operation, Route, edits
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import record_sales


def order_or_404(shop: Shop, number: int, *, writing: bool = False) -> Order:
    """The order. Raises ApiError 404, or 400 when something was to be written."""
    if number not in shop.orders:
        raise unknown_order(writing=writing, old=shop.is_old)
    return shop.orders[number]


def list_orders(call: Call) -> Answer:
    """One page of orders."""
    params = call.params
    defaults = {"status": list(params["status"]), "dp": params["dp"], "context": params["context"]}
    rows, headers = page_of(call, listed_orders(call.shop, params), defaults=defaults, forgets_beyond=True)
    seen_half_made(call.shop, rows)
    return Answer([order_view(call.shop, order, params["dp"]) for order in rows], headers=headers)


def get_order(call: Call) -> Answer:
    """One order, also from the bin."""
    return Answer(order_view(call.shop, order_or_404(call.shop, call.id()), call.params["dp"]))


def post_order(call: Call) -> Answer:
    """A new order."""
    order = create_order(call.shop, _sent(call))
    return Answer(order_view(call.shop, order), 201, {"Location": call.link(f"/orders/{order.id}")})


def put_order(call: Call) -> Answer:
    """A changed order."""
    order = order_or_404(call.shop, call.id(), writing=True)
    update_order(call.shop, order, _sent(call))
    return Answer(order_view(call.shop, order))


def delete_order(call: Call) -> Answer:
    """Into the bin, or away for good with ``force``. The answer shows the order as it was."""
    order = order_or_404(call.shop, call.id())
    before = order_view(call.shop, order)
    if call.params["force"]:
        remove_order(call.shop, order)
    elif order.status == "trash":
        raise ApiError(410, "woocommerce_rest_already_trashed", "The order has already been deleted.")
    else:
        bin_order(call.shop, order)
    return Answer(before)


def bin_order(shop: Shop, order: Order) -> None:
    """To the bin; the stock stays taken."""
    order.meta.append(shop.new_meta("_wp_trash_meta_status", f"wc-{order.status}"))
    order.meta.append(shop.new_meta("_wp_trash_meta_time", str(int(shop.now.timestamp()))))
    order.status = "trash"
    record_sales(shop, order)
    order.modified = shop.now
    shop.tell("order.updated", order.id)
    shop.tell("order.deleted", order.id)


def remove_order(shop: Shop, order: Order) -> None:
    """Away for good, with its refunds and notes; no webhook says so, the stock stays taken."""
    for refund in shop.refunds_of(order):
        del shop.refunds[refund.id]
    shop.notes.pop(order.id, None)
    del shop.orders[order.id]


def _sent(call: Call) -> dict[str, Any]:
    """The checked members that the client sent itself."""
    return {name: value for name, value in call.params.items() if name in call.given}


def _statuses(call: Call) -> Answer:
    return Answer([{"slug": slug, "name": name} for slug, name in call.shop.statuses().items()])


# --- batch: nothing is checked against the schema ---------------------------------------------------------------------


def _batch_create(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    return order_view(call.shop, create_order(call.shop, given))


def _batch_update(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    order = order_or_404(call.shop, php_integer(given.get("id")), writing=True)
    update_order(call.shop, order, {name: value for name, value in given.items() if name != "id"})
    return order_view(call.shop, order)


def _batch_delete(call: Call, number: int) -> dict[str, Any]:
    order = order_or_404(call.shop, number)
    before = order_view(call.shop, order)
    remove_order(call.shop, order)
    return before


_BATCH = Batch(_batch_create, _batch_update, _batch_delete)

ROUTES = [
    Route(
        r"/orders",
        {"GET": Operation(list_orders, "list", order_listing), "POST": Operation(post_order, "create", order_writing)},
    ),
    Route(r"/orders/statuses", {"GET": Operation(_statuses, "list")}),
    Route(r"/orders/batch", edits(Operation(batch_handler(_BATCH), "batch"))),
    Route(
        r"/orders/(?P<id>\d+)",
        {
            "GET": Operation(get_order, "view", READING),
            **edits(Operation(put_order, "edit", order_writing)),
            "DELETE": Operation(delete_order, "delete", FORCE),
        },
    ),
]
