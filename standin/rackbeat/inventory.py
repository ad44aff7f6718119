"""Inventory adjustments in two steps: an absolute quantity that moves nothing until it is booked (contract 5.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.messages import Response
from standin.rackbeat.call import LOCAL, Call, found, router, single, stamp
from standin.rackbeat.checks import as_decimal, day, flag, key_of, number, one_of, refuse, text, validate
from standin.rackbeat.lists import Collection, listing
from standin.rackbeat.reference import extra, short
from standin.rackbeat.state import Record


@router.on("POST", "/api/inventory-adjustments")
def create_adjustment(call: Call) -> Response:
    """A draft adjustment to an absolute quantity at one location."""
    body, state = call.body(), call.state
    spec = {
        "item_id": text(),
        "adjustment_type": one_of("quantity"),
        "quantity": number,
        "location": key_of(state.locations),
        "regulated_at": day,
        "reason": text(),
        "suppress_webhooks": flag,
    }
    validate(body, spec, ("item_id", "adjustment_type", "quantity", "location"), strict=call.strict)
    item, location = body["item_id"], int(body["location"])
    if item not in state.products or not state.keeps_stock(item):
        raise refuse("item_id", "The chosen item is not valid or keeps no stock.")
    target = as_decimal(body["quantity"]) or Decimal(0)
    if target == state.stock.get(item, {}).get(location, Decimal(0)):
        raise refuse("quantity", "No adjustment made because nothing changes.")
    adjustment: Record = {
        "id": state.next_number("adjustment"),
        "line": state.next_number("adjustment_line"),
        "item": item,
        "location_id": location,
        "quantity": target,
        "reason": body.get("reason"),
        "regulated_at": body.get("regulated_at") or call.now.astimezone(LOCAL).date().isoformat(),
        "is_booked": False,
        "created": call.now,
        "updated": call.now,
    }
    state.adjustments[adjustment["id"]] = adjustment
    return single(201, "inventory_regulation", show_adjustment(call, adjustment))


@router.on("POST", "/api/inventory-adjustments/{id}/book")
def book_adjustment(call: Call) -> Response:
    """Now the stock moves."""
    adjustment: Record = found(call.state.adjustments, call.number("id"))
    if adjustment["is_booked"]:
        raise refuse("adjustment", "The adjustment is already booked.")
    adjustment |= {"is_booked": True, "updated": call.now}
    call.state.stock.setdefault(adjustment["item"], {})[adjustment["location_id"]] = adjustment["quantity"]
    call.emit("inventory.changed", adjustment["item"])
    return single(200, "inventory_regulation", show_adjustment(call, adjustment))


def show_adjustment(call: Call, adjustment: Record) -> dict[str, Any]:
    """An adjustment; whether it is booked is not among the members that any source shows."""
    location = call.state.locations[adjustment["location_id"]]
    line = {
        "id": adjustment["line"],
        "child_id": adjustment["item"],
        "child_type": "product",
        "location_id": location["number"],
        "location": short(location),
        "quantity": adjustment["quantity"],
        "variations": [],
    }
    return extra(
        call,
        {
            "id": adjustment["id"],
            "reason": adjustment["reason"],
            "description": None,
            "lines": [extra(call, line)],
            "regulated_at": adjustment["regulated_at"],
            "created_at": stamp(adjustment["created"]),
            "updated_at": stamp(adjustment["updated"]),
        },
    )


@router.on("GET", "/api/inventory-adjustments")
def read_adjustments(call: Call) -> Response:
    """All adjustments, booked or not."""
    collection = Collection("inventory_regulations", show_adjustment, sortable=("id", "created_at"), lags=True)
    return listing(call, collection, call.state.adjustments.values())
