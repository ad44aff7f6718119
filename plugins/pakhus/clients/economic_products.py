"""Making, changing and listing products in e-conomic (contracts/economic.md 2.3, 2.4, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pakhus.clients.economic import PAGE_SIZE, EconomicClient, path_id
from pakhus.clients.economic_errors import SYSTEM
from pakhus.clients.http import Call, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.errors import NotFoundError, TransientError


def create_product(body: Mapping[str, Any]) -> Call:
    """POST /products (section 4.1)."""
    return Call("POST", "/products", body=to_json(body))


def replace_product(number: str, body: Mapping[str, Any]) -> Call:
    """PUT /products/{number}: the whole product, what is left out is cleared (section 2.3)."""
    return Call("PUT", f"/products/{path_id(number)}", body=to_json(body))


def create_price(number: str, currency: str, price: Decimal) -> Call:
    """POST /products/{n}/pricing/currency-specific-sales-prices: a price in a currency that has none yet (4.1)."""
    return Call("POST", _prices(number), body=to_json({"price": price, "currency": {"code": currency}}))


def replace_price(number: str, currency: str, price: Decimal) -> Call:
    """PUT …/currency-specific-sales-prices/{currency} (4.1)."""
    return Call("PUT", f"{_prices(number)}/{currency}", body=to_json({"price": price, "currency": {"code": currency}}))


def price_in(client: EconomicClient, number: str, currency: str) -> Decimal | None:
    """Return a product's price in another currency than the agreement's; None where it has none."""
    try:
        return Decimal(client.send(Call("GET", f"{_prices(number)}/{currency}")).json()["price"])
    except NotFoundError:
        return None


def _prices(number: str) -> str:
    return f"/products/{path_id(number)}/pricing/currency-specific-sales-prices"


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
