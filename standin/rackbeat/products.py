"""Products and items: read, create, update, delete, stock per location (contract 3 and 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from standin.messages import Response
from standin.rackbeat.call import Call, answer, found, router, single, stamp
from standin.rackbeat.checks import (
    RefusedError,
    as_decimal,
    flag,
    key_of,
    mapping,
    number,
    refuse,
    text,
    validate,
)
from standin.rackbeat.lists import Collection, listing, select
from standin.rackbeat.reference import extra, short, show_group, show_location
from standin.rackbeat.state import Record
from standin.rackbeat.stock import reserved

LONGEST_NUMBER = 25
_PRICES = ("sales_price", "recommended_sales_price", "recommended_cost_price", "cost_price")
_LEVELS = ("min_order", "min_sales", "min_stock")
_IGNORED = ("min_inventory_quantity", "min_sales_quantity", "min_purchase_quantity", "stock_quantity", "extra_cost")


def find_product(call: Call, key: str = "number") -> Record:
    """The product of the path: encoded once, twice, or by its url-friendly number. Raises RefusedError (404)."""
    written = call.keys[key]
    for candidate in (written, unquote(written)):
        if candidate in call.state.products:
            product: Record = call.state.products[candidate]
            return product
    for product in call.state.products.values():
        if product["urlfriendly_number"] == written:
            return product
    raise RefusedError(404, "Not found.")


def show_product(call: Call, record: Record) -> dict[str, Any]:
    """A product with its quantities as of now."""
    held = reserved(call.state, call.switches)
    return _show(call, record, held.get(record["number"], Decimal(0)))


def _show(call: Call, record: Record, in_order: Decimal) -> dict[str, Any]:
    state, stock = call.state, call.state.stock_of(record["number"])
    location = state.locations.get(record["default_location_id"])
    shown = {
        "id": None,
        "number": record["number"],
        "urlfriendly_number": record["urlfriendly_number"],
        "type": "product",
        "barcode": record["barcode"],
        "name": record["name"],
        "description": record["description"],
        **{price: record[price] for price in _PRICES},
        "sales_profit": record["sales_price"] - record["cost_price"],
        "cost_addition_percentage": 0,
        **{level: record[level] for level in _LEVELS},
        "stock_quantity": stock,
        "in_order_quantity": in_order,
        "available_quantity": stock - in_order,
        "purchased_quantity": 0,
        "used_in_production_quantity": 0,
        "default_location_id": record["default_location_id"],
        "default_location": None if location is None else show_location(call, location),
        "group_id": record["group_id"],
        "group": show_group(call, state.groups[record["group_id"]]),
        "unit_id": record["unit_id"],
        "unit": short(state.units.get(record["unit_id"])),
        "is_barred": record["is_barred"],
        "inventory_enabled": state.keeps_stock(record["number"]),
        "physical": record["physical"],
        **_rarely_used(),
        "created_at": stamp(record["created"]),
        "updated_at": stamp(record["updated"]),
        "self": call.link(f"products/{quote(record['number'], safe='')}"),
    }
    if "field_values" in (call.request.param("expand") or "").split(","):
        shown["field_values"] = _field_values(call, record)
    return extra(call, shown)


def _rarely_used() -> dict[str, Any]:
    nothing = ("default_supplier_id", "default_supplier", "picture_url", "discount_group", "variation_id", "variation")
    return {
        **dict.fromkeys((*nothing, "deleted_at", "pdf_url", "department_id", "department")),
        "pictures": {"thumb": None, "display": None, "large": None, "original": None},
        "is_convertable": True,
        "should_assure_quality": False,
        "serial_numbers": {"is_active": False, "index": None},
        "batch_control": {"is_active": False},
        "goods_code": "",
        "country_code": "DK",
    }


def _collection(call: Call, key: str) -> Collection:
    held = reserved(call.state, call.switches)
    return Collection(
        key,
        lambda call, row: _show(call, row, held.get(row["number"], Decimal(0))),
        searched=("number", "name", "barcode"),
        sortable=("number", "name", "created_at", "updated_at"),
    )


def _sellable(call: Call) -> list[Record]:
    groups = call.state.groups
    return [{**row, "is_sellable": groups[row["group_id"]]["is_sellable"]} for row in call.state.products.values()]


@router.on("GET", "/api/products")
def read_products(call: Call) -> Response:
    """The products, with quantities."""
    return listing(call, _collection(call, "products"), _sellable(call))


@router.on("GET", "/api/items")
def read_items(call: Call) -> Response:
    """Products and bills of materials together; the stand-in has products only."""
    return listing(call, _collection(call, "items"), _sellable(call))


@router.on("GET", "/api/products/{number}")
def read_product(call: Call) -> Response:
    """One product."""
    return single(200, "product", select(call, show_product(call, find_product(call))))


@router.on("GET", "/api/items/{number}")
def read_item(call: Call) -> Response:
    """One item."""
    return single(200, "item", select(call, show_product(call, find_product(call))))


def _spec(call: Call) -> dict[str, Any]:
    state = call.state
    return {
        "number": text(LONGEST_NUMBER),
        "name": text(),
        "group": key_of(state.groups),
        "barcode": text(),
        "description": text(5000),
        "unit_id": key_of(state.units),
        "default_location_id": key_of(state.locations),
        "is_barred": flag,
        "physical": mapping,
        "image_url": text(2000),
        "suppress_webhooks": flag,
        **dict.fromkeys((*_PRICES, *_LEVELS, *_IGNORED), number),
    }


def new_product(number_: str, name: str, group: int, **members: Any) -> Record:
    """A product record with all members set."""
    price = as_decimal(members.get("sales_price")) or Decimal(0)
    cost = as_decimal(members.get("cost_price", members.get("recommended_cost_price"))) or Decimal(0)
    return {
        "number": number_,
        "urlfriendly_number": quote(number_, safe="").replace("%", "-"),
        "name": name,
        "group_id": group,
        "description": members.get("description"),
        "barcode": members.get("barcode"),
        "sales_price": price,
        "recommended_sales_price": as_decimal(members.get("recommended_sales_price")) or price,
        "cost_price": cost,
        "recommended_cost_price": as_decimal(members.get("recommended_cost_price")) or cost,
        **{level: as_decimal(members.get(level)) or Decimal(0) for level in _LEVELS},
        "unit_id": members.get("unit_id"),
        "default_location_id": members.get("default_location_id"),
        "is_barred": bool(members.get("is_barred", False)),
        "physical": members.get("physical") or {},
        "custom_fields": {},
        "created": members["created"],
        "updated": members["created"],
    }


@router.on("POST", "/api/products")
def create_product(call: Call) -> Response:
    """A new product; an initial ``stock_quantity`` is accepted and has no effect."""
    return single(201, "product", show_product(call, add_product(call, call.body())))


def add_product(call: Call, body: dict[str, Any]) -> Record:
    """The new product that a body describes. Raises RefusedError (422)."""
    validate(body, _spec(call), ("number", "name", "group", "sales_price"), strict=call.strict)
    if body["number"] in call.state.products:
        raise refuse("number", "The number has already been taken.")
    rest = {name: value for name, value in body.items() if name not in {"number", "name", "group"}}
    record = new_product(body["number"], body["name"], int(body["group"]), created=call.now, **rest)
    call.state.products[record["number"]] = record
    call.emit("product.created", record["number"])
    return record


@router.on("PUT", "/api/products/{number}")
def update_product(call: Call) -> Response:
    """Change the members that are sent; a new number renames the product everywhere."""
    record = find_product(call)
    change_product(call, record, call.body())
    return single(200, "product", show_product(call, record))


def change_product(call: Call, record: Record, body: dict[str, Any]) -> None:
    """Put the members of a body into a product. Raises RefusedError (422)."""
    validate(body, _spec(call), strict=call.strict)
    if "number" in body and body["number"] != record["number"]:
        _rename(call, record, body["number"])
    for name, value in body.items():
        if name in (*_PRICES, *_LEVELS):
            record[name] = as_decimal(value)
        elif name == "group":
            record["group_id"] = int(value)
        elif name in record and name != "number":
            record[name] = value
    record["updated"] = call.now
    call.emit("product.updated", record["number"])


def _rename(call: Call, record: Record, new: str) -> None:
    state, old = call.state, record["number"]
    if new in state.products:
        raise refuse("number", "The number has already been taken.")
    record["number"], record["urlfriendly_number"] = new, quote(new, safe="").replace("%", "-")
    state.products[new] = state.products.pop(old)
    state.stock[new] = state.stock.pop(old, {})
    for order in state.orders.values():
        for line in order["lines"]:
            if line["child_id"] == old:
                line["child_id"] = new


@router.on("DELETE", "/api/products/{number}")
def delete_product(call: Call) -> Response:
    """Only without stock and without lines."""
    record = find_product(call)
    used = any(line["child_id"] == record["number"] for order in call.state.orders.values() for line in order["lines"])
    if used:
        raise RefusedError(403, "The product is used on lines and cannot be deleted.")
    if call.state.stock_of(record["number"]):
        raise RefusedError(403, "The product has stock and cannot be deleted.")
    del call.state.products[record["number"]]
    return answer(200, {"message": "Deleted."})


# --- stock per location, prices, custom fields -----------------------------------------------------------------------


def _location_row(call: Call, record: Record, location: int) -> dict[str, Any]:
    quantity = call.state.stock.get(record["number"], {}).get(location, Decimal(0))
    held = reserved(call.state, call.switches).get(record["number"], Decimal(0))
    rows = call.state.stock.get(record["number"], {})
    first = max(rows, key=lambda key: rows[key]) if rows else location
    available = quantity - held if location == first else quantity
    name = call.state.locations[location]["name"]
    return extra(call, {"number": location, "name": name, "stock_quantity": quantity, "available_quantity": available})


@router.on("GET", "/api/products/{number}/locations")
def read_product_locations(call: Call) -> Response:
    """Stock per location, whole and without paging."""
    record = find_product(call)
    rows = [_location_row(call, record, number_) for number_ in sorted(call.state.stock.get(record["number"], {}))]
    return answer(200, {"product_locations": rows})


@router.on("GET", "/api/products/{number}/locations/{location}")
def read_product_location(call: Call) -> Response:
    """Stock at one location, zero where there never was any."""
    record = find_product(call)
    location = found(call.state.locations, call.number("location"))
    return single(200, "product_location", _location_row(call, record, location["number"]))


@router.on("GET", "/api/products/{number}/prices")
def read_prices(call: Call) -> Response:
    """Prices in all currencies of the account, computed from the base price."""
    record = find_product(call)
    return answer(200, {"currency_prices": [_price(call, record, code) for code in call.state.currencies]})


@router.on("GET", "/api/products/{number}/prices/{currency}")
def read_price(call: Call) -> Response:
    """The price in one currency."""
    record = find_product(call)
    found(call.state.currencies, call.keys["currency"])
    return single(200, "currency_price", _price(call, record, call.keys["currency"]))


def _price(call: Call, record: Record, code: str) -> dict[str, Any]:
    rate = call.state.currencies[code]
    cent = Decimal("0.01")
    prices = {name: (record[name] / rate).quantize(cent) for name in ("sales_price", "recommended_cost_price")}
    return extra(call, {"currency": code, **prices})


def _field_values(call: Call, record: Record) -> list[dict[str, Any]]:
    fields = call.state.fields
    return [{"value": value, "field": dict(fields[number_])} for number_, value in record["custom_fields"].items()]


@router.on("GET", "/api/products/{number}/fields")
def read_product_fields(call: Call) -> Response:
    """The custom fields that are set on the product."""
    return answer(200, {"field_values": _field_values(call, find_product(call))})
