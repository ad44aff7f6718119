"""Documented resources that this stand-in does not have (yet) answer 501; anything else is a plain 404."""

from __future__ import annotations

from standin.economic.call import Call, router
from standin.economic.errors import ApiError
from standin.messages import Response

_PLANNED = (
    "/journals/{number}/vouchers/{voucher}/attachment/file",
    "/orders/drafts",
    "/orders/drafts/{number}",
    "/orders/sent",
    "/orders/archived",
    "/accounting-years/{year}/totals",
    "/accounting-years/{year}/vouchers",
    "/customers/{number}/delivery-locations",
    "/customers/{number}/templates/invoice",
    "/customers/{number}/templates/invoiceline/{product}",
    "/invoices/drafts/{number}/attachment/file",
    "/products/{number}/pricing/currency-specific-sales-prices",
    "/payment-terms",
    "/customer-groups",
    "/units",
)


def _not_here(call: Call) -> Response:
    raise ApiError(501, f"The stand-in has no {call.request.method} {call.request.path} yet.")


for _template in _PLANNED:
    for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        router.on(_method, _template)(_not_here)
