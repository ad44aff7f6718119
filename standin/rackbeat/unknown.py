"""What no source settles answers 501, so that no code comes to depend on a guess (contract 14, 15.11)."""

from __future__ import annotations

from standin.messages import Response
from standin.rackbeat.call import Call, answer, router

_UNKNOWN = (
    ("POST", "/api/orders/{number}/cancel"),
    ("POST", "/api/orders/{number}/lines/add-collection"),
    ("POST", "/api/orders/{number}/shipments/{id}/mark-picked"),
    ("POST", "/api/orders/{number}/shipments/{id}/lines/{line}/mark-picked"),
    ("POST", "/api/orders/{number}/shipments/{id}/lines/{line}/mark-unpicked"),
    ("DELETE", "/api/orders/{number}/shipments/{id}"),
    ("POST", "/api/orders/shipments/{id}/download"),
    ("POST", "/api/orders/shipments/{id}/download-delivery-note"),
    ("POST", "/api/customer-invoices"),
    ("POST", "/api/customer-invoices/drafts"),
    ("POST", "/api/customer-invoices/{number}/create-creditnote"),
    ("POST", "/api/customer-invoices/{number}/copy"),
    ("POST", "/api/customer-invoices/{number}/unbook"),
    ("GET", "/api/inventory/checking-drafts"),
    ("POST", "/api/inventory/checking-drafts"),
    ("POST", "/api/inventory/checking-drafts/book-all"),
    ("POST", "/api/inventory/checking-drafts/{id}/book"),
    ("GET", "/api/inventory-movements"),
    ("POST", "/api/inventory-movements"),
    ("GET", "/api/products/{number}/units"),
    ("GET", "/api/products/{number}/image"),
    ("GET", "/api/products/{number}/translations"),
    ("GET", "/api/customers/{number}/prices"),
    ("GET", "/api/webhooks/{id}/logs"),
    ("GET", "/api/lots"),
    ("POST", "/api/lots"),
)


def _not_told(call: Call) -> Response:
    return answer(501, {"message": f"No source tells {call.request.method} {call.request.path}."})


for _method, _template in _UNKNOWN:
    router.on(_method, _template)(_not_told)
