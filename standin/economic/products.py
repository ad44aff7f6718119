"""Products (contract 4.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.economic.bodies import PRODUCT
from standin.economic.call import Call, answer, created, found, resolve, router, stamp
from standin.economic.customers import answer_nothing, metadata
from standin.economic.errors import ApiError
from standin.economic.identifiers import escaped
from standin.economic.listing import Collection, listing
from standin.economic.reference import show_product_group, show_unit
from standin.economic.state import Record
from standin.messages import Response

_TEXTS = ("description", "name", "barCode", "barred")
_PRICES = ("costPrice", "recommendedPrice", "salesPrice")
_FILTERABLE = {
    "productNumber": "text",
    "name": "text",
    "description": "text",
    "costPrice": "number",
    "recommendedPrice": "number",
    "salesPrice": "number",
    "barCode": "text",
    "barred": "flag",
    "lastUpdated": "date",
    "unit.unitNumber": "number",
    "productGroup.productGroupNumber": "number",
}
_CENT = Decimal("0.01")


def show_product(call: Call, record: Record) -> dict[str, Any]:
    """A product with its group; members without a value are left out."""
    number = record["productNumber"]
    address = f"products/{escaped(number)}"
    shown = {"productNumber": number, **{name: record[name] for name in _TEXTS if record.get(name)}}
    shown |= {name: Decimal(record[name]).quantize(_CENT) for name in _PRICES if name in record}
    shown |= {
        "lastUpdated": stamp(record["updated"]),
        "productGroup": show_product_group(call, call.state.product_groups[record["group"]]),
    }
    if "unit" in record:
        shown["unit"] = show_unit(call, call.state.units[record["unit"]])
    return {
        **shown,
        "invoices": {
            "drafts": call.link(f"{address}/invoices/drafts"),
            "booked": call.link(f"{address}/invoices/booked"),
            "self": call.link(f"{address}/invoices"),
        },
        "pricing": {"currencySpecificSalesPrices": call.link(f"{address}/pricing/currency-specific-sales-prices")},
        "self": call.link(address),
    }


def _whole(call: Call, record: Record) -> dict[str, Any]:
    address = f"products/{escaped(record['productNumber'])}"
    return {**show_product(call, record), "metaData": metadata(call, address, "product")}


COLLECTION = Collection(
    show_product,
    _FILTERABLE,
    unsortable=("unit.unitNumber", "productGroup.productGroupNumber"),
    create="Create a new product.",
)


@router.on("GET", "/products")
def read_products(call: Call) -> Response:
    """All products."""
    return listing(call, COLLECTION, call.state.products.values())


@router.on("GET", "/product-groups/{number}/products")
def read_products_of_group(call: Call) -> Response:
    """The products of a group."""
    group = found(call.state.product_groups, call.number())["productGroupNumber"]
    return listing(call, COLLECTION, (row for row in call.state.products.values() if row["group"] == group))


def _find(call: Call) -> Record:
    record: Record = found(call.state.products, call.identifier())
    return record


@router.on("GET", "/products/{number}")
def read_product(call: Call) -> Response:
    """One product, its number in e-conomic's own escape."""
    return answer(200, _whole(call, _find(call)))


def _resolved(call: Call, body: dict[str, Any]) -> Record:
    record: Record = {name: body[name] for name in (*_TEXTS, *_PRICES) if name in body}
    groups = call.state.product_groups
    record["group"] = resolve(call, body, ("productGroup",), "productGroupNumber", groups)
    if "unit" in body:
        record["unit"] = resolve(call, body, ("unit",), "unitNumber", call.state.units)
    if "departmentalDistribution" in body:
        key = "departmentalDistributionNumber"
        resolve(call, body, ("departmentalDistribution",), key, {})
    return record


@router.on("POST", "/products")
def create_product(call: Call) -> Response:
    """A new product under a number of its own."""
    body, products = call.body(PRODUCT, "products.post"), call.state.products
    record, number = _resolved(call, body), body["productNumber"]
    if number in products:
        call.problem(("productNumber",), "E06010", f"Product '{number}' exists already.", number)
    call.refuse_problems()
    products[number] = record | {"productNumber": number, "created": call.now, "updated": call.now}
    return created(call, _whole(call, products[number]))


@router.on("PUT", "/products/{number}")
def replace_product(call: Call) -> Response:
    """Replace a product: what is not sent is cleared. Its number stays."""
    old, body = _find(call), call.body(PRODUCT, "products.productNumber.put")
    record = _resolved(call, body)
    if body["productNumber"] != old["productNumber"]:
        call.problem(("productNumber",), "E06000", "The number of a product cannot be changed.")
    call.refuse_problems()
    record |= {"productNumber": old["productNumber"], "created": old["created"], "updated": call.now}
    record |= {"prices": old["prices"]} if "prices" in old else {}  # a resource of its own
    call.state.products[old["productNumber"]] = record
    return answer(200, _whole(call, record))


@router.on("DELETE", "/products/{number}")
def delete_product(call: Call) -> Response:
    """Only while no document uses it."""
    number = _find(call)["productNumber"]
    documents = (*call.state.drafts.values(), *call.state.booked.values())
    if any(line.get("product") == number for document in documents for line in document["lines"]):
        raise ApiError(400, "The product is in use and cannot be deleted.")
    del call.state.products[number]
    return answer_nothing()
