"""Making, changing and listing products in e-conomic (contracts/economic.md 2.3, 2.4, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pakhus.clients.economic import PAGE_SIZE, EconomicClient, path_id
from pakhus.clients.economic_errors import SYSTEM
from pakhus.clients.http import Call, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.errors import TransientError


def create_product(body: Mapping[str, Any]) -> Call:
    """POST /products (section 4.1)."""
    return Call("POST", "/products", body=to_json(body))


def replace_product(number: str, body: Mapping[str, Any]) -> Call:
    """PUT /products/{number}: the whole product, what is left out is cleared (section 2.3)."""
    return Call("PUT", f"/products/{path_id(number)}", body=to_json(body))


def products(client: EconomicClient) -> Iterator[Any]:
    """Yield all products, sorted by their number, so that pages hold still (section 2.4)."""

    def fetch(number: int) -> Page:
        query = (("sort", "productNumber"), ("skippages", str(number)), ("pagesize", str(PAGE_SIZE)))
        body = client.send(Call("GET", "/products", query)).json()
        rows = body.get("collection")
        if not isinstance(rows, list):
            raise TransientError("/products: the answer has no collection", system=SYSTEM)
        results = (body.get("pagination") or {}).get("results")
        return Page(rows, None if results is None else -(-int(results) // PAGE_SIZE))

    for rows in numbered_pages(fetch, identity=lambda row: row.get("productNumber"), first=0):
        yield from rows
