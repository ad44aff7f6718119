"""A product's prices in other currencies than the agreement's own (contract 4.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.economic.bodies import CURRENCY_PRICE
from standin.economic.call import Call, answer, created, found, resolve, router
from standin.economic.identifiers import escaped
from standin.economic.listing import Collection, listing
from standin.economic.state import Record
from standin.messages import Response

_PATH = "/products/{number}/pricing/currency-specific-sales-prices"
_FILTERABLE = {"price": "number", "currency.code": "text", "product.productNumber": "text"}
_CENT = Decimal("0.01")


def show_price(call: Call, record: Record) -> dict[str, Any]:
    """A price with its currency and product."""
    number = escaped(record["product"])
    return {
        "price": record["price"].quantize(_CENT),
        "product": call.ref("products", "productNumber", record["product"]),
        "currency": call.ref("currencies", "code", record["code"]),
        "self": call.link(f"products/{number}/pricing/currency-specific-sales-prices/{record['code']}"),
    }


COLLECTION = Collection(show_price, _FILTERABLE, create="Create a new price.")


def _prices(call: Call) -> dict[str, Record]:
    product: Record = found(call.state.products, call.identifier())
    prices: dict[str, Record] = product.setdefault("prices", {})
    return prices


def _price(call: Call, body: dict[str, Any]) -> Record:
    number = call.identifier()
    code = resolve(call, body, ("currency",), "code", call.state.currencies)
    if code == call.state.base_currency:
        call.problem(("currency",), "E06000", "The product's own price is in the agreement's base currency.", code)
    if "product" in body and body["product"].get("productNumber", number) != number:
        call.problem(("product",), "E06000", "The price belongs to another product.")
    return {"product": number, "code": code, "price": Decimal(body["price"])}


@router.on("GET", _PATH)
def read_prices(call: Call) -> Response:
    """The product's prices."""
    return listing(call, COLLECTION, _prices(call).values())


@router.on("GET", _PATH + "/{code}")
def read_price(call: Call) -> Response:
    """The price in one currency."""
    return answer(200, show_price(call, found(_prices(call), call.keys["code"])))


@router.on("POST", _PATH)
def create_price(call: Call) -> Response:
    """A price in a currency that has none yet."""
    prices = _prices(call)
    record = _price(
        call, call.body(CURRENCY_PRICE, "products.productNumber.pricing.currency-specific-sales-prices.post")
    )
    if record["code"] in prices:
        call.problem(("currency",), "E06010", "The product has a price in this currency already.", record["code"])
    call.refuse_problems()
    prices[record["code"]] = record
    return created(call, show_price(call, record))


@router.on("PUT", _PATH + "/{code}")
def replace_price(call: Call) -> Response:
    """Another price in a currency; the currency itself stays."""
    prices, code = _prices(call), call.keys["code"]
    found(prices, code)
    schema = "products.productNumber.pricing.currency-specific-sales-prices.currencyCode.put"
    record = _price(call, call.body(CURRENCY_PRICE, schema))
    if record["code"] != code:
        call.problem(("currency",), "E06000", "The currency of a price cannot be changed.")
    call.refuse_problems()
    prices[code] = record
    return answer(200, show_price(call, record))
