"""Order lines: checked, made from a request, and shown (contract 7.3, 7.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.rackbeat.amounts import line_total, vat_rate
from standin.rackbeat.call import Call
from standin.rackbeat.checks import Check, Errors, array, as_decimal, find_errors, key_of, number, text
from standin.rackbeat.reference import extra, short
from standin.rackbeat.state import Record, State
from standin.rackbeat.stock import best_location


def line_spec(state: State) -> dict[str, Check]:
    """The members of a line in a request."""
    return {
        "item_id": text(),
        "quantity": number,
        "name": text(),
        "line_price": number,
        "discount_percentage": number,
        "vat_percentage": number,
        "location_id": key_of(state.locations),
        "variations": array,
    }


def line_errors(call: Call, line: Any, prefix: str, required: tuple[str, ...] = ("item_id", "quantity")) -> Errors:
    """All errors of one line, keys in dot form."""
    errors = find_errors(line, line_spec(call.state), required, prefix=prefix, strict=call.strict)
    item = line.get("item_id") if isinstance(line, dict) else None
    if item is not None and f"{prefix}item_id" not in errors:
        product = call.state.products.get(item)
        if product is None:
            errors[f"{prefix}item_id"] = ["A product is needed."]
        elif product["is_barred"]:
            errors[f"{prefix}item_id"] = ["The product is barred."]
    return errors


def new_line(call: Call, body: dict[str, Any], vat_zone: str) -> Record:
    """A line; price, VAT and location come from the item where the request is silent."""
    state, item = call.state, call.state.products[body["item_id"]]
    group = state.groups[item["group_id"]]
    price, vat = as_decimal(body.get("line_price")), as_decimal(body.get("vat_percentage"))
    location = body.get("location_id")
    return {
        "id": state.next_number("line"),
        "child_id": item["number"],
        "name": body.get("name") or item["name"],
        "quantity": as_decimal(body["quantity"]) or Decimal(0),
        "quantity_shipped": Decimal(0),
        "line_price": item["sales_price"] if price is None else price,
        "discount_percentage": as_decimal(body.get("discount_percentage")) or Decimal(0),
        "vat_percentage": vat_rate(group, vat_zone) if vat is None else vat,
        "location_id": int(location) if location is not None else best_location(state, item["number"]),
        "variations": body.get("variations", []),
    }


def show_line(call: Call, line: Record) -> dict[str, Any]:
    """A line with item, unit and location embedded."""
    state = call.state
    item = state.products.get(line["child_id"])
    unit = state.units.get(item["unit_id"]) if item and item["unit_id"] is not None else None
    return extra(
        call,
        {
            "id": line["id"],
            "child_id": line["child_id"],
            "child_type": "product",
            "name": line["name"],
            "quantity": line["quantity"],
            "quantity_shipped": line["quantity_shipped"],
            "line_price": line["line_price"],
            "line_total": line_total(line),
            "discount_percentage": line["discount_percentage"],
            "vat_percentage": line["vat_percentage"],
            "item_cost_price": item["cost_price"] if item else 0,
            "delivery_date": None,
            "location": short(state.locations.get(line["location_id"])),
            "unit": short(unit),
            "variations": line["variations"],
            "item": None if item is None else _show_item(call, item),
        },
    )


def _show_item(call: Call, item: Record) -> dict[str, Any]:
    return {
        "number": item["number"],
        "name": item["name"],
        "barcode": item["barcode"],
        "description": item["description"],
        "group": short(call.state.groups[item["group_id"]]),
        "default_supplier": None,
    }
