"""Whatever a test made Pakhus send to the accounts fits the vendor's schemas: taken from the ledger, byte by byte."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from pakhus.ledger import bodies
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import attempts, documents
from tests.contract.test_economic_vendor_schemas import SCHEMAS, assert_valid_request

_PRICES = "products.productNumber.pricing.currency-specific-sales-prices"
# Which schema a write's body must fit; "" for files, and for the services of the other host, whose schemas nobody has.
_SCHEMAS = (
    (r"POST /invoices/drafts", "invoices.drafts.post"),
    (r"PUT /invoices/drafts/\d+", "invoices.drafts.draftInvoiceNumber.put"),
    (r"POST /invoices/booked", "invoices.booked.post"),
    (r"POST /customers", "customers.post"),
    (r"PUT /customers/\d+", "customers.customerNo.put"),
    (r"POST /customers/\d+/contacts", "customers.customerNumber.contacts.post"),
    (r"POST /journals/\d+/vouchers", "journals.journalNumber.vouchers.post"),
    (r"POST /products", "products.post"),
    (r"PUT /products/[^/]+", "products.productNumber.put"),
    (r"POST /products/[^/]+/pricing/currency-specific-sales-prices", f"{_PRICES}.post"),
    (r"PUT /products/[^/]+/pricing/currency-specific-sales-prices/[A-Z]{3}", f"{_PRICES}.currencyCode.put"),
    (r"POST /journals/\d+/vouchers/[^/]+/attachment/file", ""),
    (r"POST /journalsapi/\S+", ""),
)


def assert_bodies_fit(ledger: Ledger) -> None:
    """Fail unless each body that was planned for e-conomic fits; without the vendor's files nothing is asked."""
    if not SCHEMAS.is_dir():
        return
    to_economic = documents.c.target.like("economic%")
    query = select(attempts.c.method, attempts.c.path, attempts.c.request_sha256).distinct().where(to_economic)
    with ledger.begin() as tx:
        sent = tx.connection.execute(query.join(documents, documents.c.id == attempts.c.document_id)).all()
        written = [(f"{row.method} {row.path}", bodies.load(tx, row.request_sha256)) for row in sent]
    for request, body in written:
        schema = schema_of(request) if body else ""
        if schema:
            assert_valid_request(schema, _less_what_is_known(schema, json.loads(body, parse_float=Decimal)))


def schema_of(request: str) -> str:
    """The schema of a request like "POST /invoices/drafts"; AssertionError for one that nobody has thought of."""
    found = next((name for pattern, name in _SCHEMAS if re.fullmatch(pattern, request)), None)
    assert found is not None, f"{request}: which of the vendor's schemas must it fit?"
    return found


def _less_what_is_known(schema: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body without what the schema has otherwise than the system (economic.md 3.6, 6.2)."""
    if schema == "invoices.drafts.draftInvoiceNumber.put":  # lists no layout, although a draft as read is accepted
        return {name: value for name, value in body.items() if name != "layout"}
    if body.get("sendBy") == "ean":  # is written EAN there; published clients send ean with success
        return {**body, "sendBy": "EAN"}
    return body
