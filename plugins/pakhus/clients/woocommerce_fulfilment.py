"""Telling a WooCommerce shop what was shipped: notes and the state `completed` (contract section 9).

WooCommerce has no shipments. Each write is preceded by a read, so that doing it again changes nothing: a note carries
its key, the state is only set when it is another one.
"""

from __future__ import annotations

from pakhus.clients.webshop import CallRecorder, Receipt
from pakhus.clients.woocommerce_api import WooCommerceApi, as_object, is_id, write
from pakhus.clients.woocommerce_errors import SYSTEM
from pakhus.errors import NotFoundError, OrderClosedError
from pakhus.formats.woocommerce_fields import Fields, plain_text
from pakhus.model import Fulfilment

_COMPLETED = "completed"
# Completing one of these would take stock again, mail the buyer and let the gateway capture.
_CLOSED = frozenset({"cancelled", "refunded", "failed", "trash"})


class WooCommerceFulfilment:
    """Writes notes and the final state."""

    def __init__(self, api: WooCommerceApi) -> None:
        self._api = api

    def report(self, shipment: Fulfilment, calls: CallRecorder, *, notify: bool) -> Receipt:
        """Note the shipment; complete the order when nothing is left. OrderClosedError when people have closed it.

        `notify` mails the note to the buyer. The mail about a completed order is the shop's own setting.
        """
        order = self._api.get(f"/orders/{_checked(shipment.order_id)}", [("_fields", "id,status")])
        state = Fields(order).text("status")
        if state == _COMPLETED and shipment.completes:
            return Receipt((), changed=False)
        if state in _CLOSED:
            raise OrderClosedError(
                f"{SYSTEM}: order {shipment.order_id} is {state} in the shop, but goods were shipped; decide there",
                state=state,
                system=SYSTEM,
            )
        noted = self.note(shipment.order_id, shipment_text(shipment), calls, key=shipment.id, to_customer=notify)
        if not shipment.completes:
            return noted
        calls.send(write("PUT", f"/orders/{shipment.order_id}", {"status": _COMPLETED}))
        return Receipt((*noted.remote_ids, shipment.order_id), changed=True)

    def note(self, order_id: str, text: str, calls: CallRecorder, *, key: str, to_customer: bool) -> Receipt:
        """Leave a note once per `key`, which stands in brackets at its end."""
        mark = f"[{key}]"
        for row in self._api.rows(f"/orders/{_checked(order_id)}/notes"):
            fields = Fields(row)
            if mark in plain_text(fields.text("note")):
                return Receipt((fields.text("id"),), changed=False)
        body = {"note": f"{text} {mark}", "customer_note": to_customer}
        answer = as_object(calls.send(write("POST", f"/orders/{order_id}/notes", body)))
        return Receipt((Fields(answer).text("id"),), changed=True)


def shipment_text(shipment: Fulfilment) -> str:
    """What a person reads of a shipment: pieces and SKUs, then carrier and tracking of each parcel."""
    pieces = ", ".join(f"{line.quantity:f} × {line.sku}" for line in shipment.lines)
    head = "Shipped" if shipment.completes else "Partly shipped"
    parcels = (
        " ".join(part for part in (parcel.carrier, parcel.tracking_number, parcel.tracking_url) if part)
        for parcel in shipment.parcels
    )
    return ". ".join([f"{head}: {pieces}" if pieces else head, *filter(None, parcels)])


def _checked(order_id: str) -> str:
    if not is_id(order_id):
        raise NotFoundError(f"{SYSTEM}: {order_id!r} is no id of an order", system=SYSTEM)
    return order_id
