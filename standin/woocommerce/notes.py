"""Order notes: they never bump the order. Source: contracts/woocommerce.md section 9."""

from __future__ import annotations

from typing import Any

from standin.woocommerce.dates import shown_gmt, shown_local
from standin.woocommerce.errors import ApiError, trash_not_supported
from standin.woocommerce.order_rules import FORCE, NOTE_LISTING, NOTE_WRITING, READING
from standin.woocommerce.order_state import Note, Order
from standin.woocommerce.order_view import item_links
from standin.woocommerce.routing import Answer, Call, Operation, Route
from standin.woocommerce.shop import Shop


def note_view(shop: Shop, order: Order, note: Note) -> dict[str, Any]:
    """One note."""
    collection = f"/orders/{order.id}/notes"
    links = item_links(shop, f"{collection}/{note.id}", collection, ("GET", "DELETE"))
    return {
        "id": note.id,
        "author": "WooCommerce",
        "date_created": shown_local(note.created, shop.switches.zone),
        "date_created_gmt": shown_gmt(note.created),
        "note": note.text,
        "customer_note": note.for_customer,
        "_links": {**links, "up": [{"href": f"{shop.home}/wp-json/wc/v3/orders/{order.id}"}]},
    }


def _order(call: Call) -> Order:
    order = call.shop.orders.get(call.id("order_id"))
    if order is None:
        raise ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
    return order


def _note(call: Call, order: Order) -> Note:
    for note in call.shop.notes.get(order.id, []):
        if note.id == call.id():
            return note
    raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")


def list_notes(call: Call) -> Answer:
    """All notes, newest second first; the API has no pages here."""
    order, kind = _order(call), call.params["type"]
    wanted = [n for n in call.shop.notes.get(order.id, []) if kind == "any" or n.for_customer == (kind == "customer")]
    wanted.sort(key=lambda note: (-note.created.timestamp(), note.id))
    return Answer([note_view(call.shop, order, note) for note in wanted])


def get_note(call: Call) -> Answer:
    """One note."""
    order = _order(call)
    return Answer(note_view(call.shop, order, _note(call, order)))


def post_note(call: Call) -> Answer:
    """A note; one for the customer is mailed, which leaves a further private note."""
    order = _order(call)
    for_customer = call.params["customer_note"]
    note = call.shop.add_note(order, call.params.get("note", ""), for_customer=for_customer, by_client=True)
    if for_customer:
        call.shop.add_note(order, 'Email "Customer note" sent.')
    headers = {"Location": call.link(f"/orders/{order.id}/notes/{note.id}")}
    return Answer(note_view(call.shop, order, note), 201, headers)


def delete_note(call: Call) -> Answer:
    """Only with ``force``."""
    order = _order(call)
    note = _note(call, order)
    if not call.params["force"]:
        raise trash_not_supported("Order notes")
    call.shop.notes[order.id].remove(note)
    return Answer(note_view(call.shop, order, note))


ROUTES = [
    Route(
        r"/orders/(?P<order_id>\d+)/notes",
        {"GET": Operation(list_notes, "list", NOTE_LISTING), "POST": Operation(post_note, "create", NOTE_WRITING)},
    ),
    Route(
        r"/orders/(?P<order_id>\d+)/notes/(?P<id>\d+)",
        {"GET": Operation(get_note, "view", READING), "DELETE": Operation(delete_note, "delete", FORCE)},
    ),
]
