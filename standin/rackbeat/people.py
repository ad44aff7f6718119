"""What people do in Rackbeat's own pages, for tests and the demo: ship, receive, cancel, adjust, bar, renew keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from standin.rackbeat.call import Call
from standin.rackbeat.checks import as_decimal
from standin.rackbeat.orders import apply_header
from standin.rackbeat.products import add_product, change_product
from standin.rackbeat.shipping import new_shipment, ship
from standin.rackbeat.state import Record
from standin.rackbeat.stock import refresh_order


def _order(call: Call, action: Mapping[str, Any]) -> Record:
    number = int(action["order"])
    if number not in call.state.orders:
        raise LookupError(f"no order {number}")
    return call.state.orders[number]


def _ship(call: Call, action: Mapping[str, Any]) -> object:
    """Ship an order, whole or ``lines`` {item: quantity}; books nothing, so an unbooked order is refused."""
    order = _order(call, action)
    lines = action.get("lines")
    quantities = (
        None if lines is None else {item: as_decimal(quantity) or Decimal(0) for item, quantity in lines.items()}
    )
    shipment = new_shipment(call, order, quantities)
    ship(call, shipment, pick=True)
    return {"shipment": shipment["id"], "is_shipped": order["is_shipped"]}


def _cancel(call: Call, action: Mapping[str, Any]) -> object:
    """Cancel an order: archived, nothing restocked, nothing credited."""
    order = _order(call, action)
    order |= {"is_cancelled": True, "updated": call.now}
    refresh_order(call.state, order)
    return {"order": order["number"]}


def _book(call: Call, action: Mapping[str, Any]) -> object:
    """Send an order in the app."""
    order = _order(call, action)
    order |= {"is_booked": True, "booked_at": call.now, "updated": call.now}
    refresh_order(call.state, order)
    return {"order": order["number"]}


def _edit_order(call: Call, action: Mapping[str, Any]) -> object:
    """``changes``: members of the header as in a PUT."""
    order = _order(call, action)
    apply_header(order, dict(action["changes"]))
    order["updated"] = call.now
    return {"order": order["number"]}


def _edit_line(call: Call, action: Mapping[str, Any]) -> object:
    """Change an order's line of ``item`` to ``quantity``, whether it is booked or not; 0 takes it off."""
    order, quantity = _order(call, action), as_decimal(action["quantity"])
    line = next((line for line in order["lines"] if line["child_id"] == action["item"]), None)
    if line is None or quantity is None:
        raise LookupError(f"order {order['number']} has no line of {action['item']!r}, or no quantity was given")
    line["quantity"] = quantity
    order["lines"] = [line for line in order["lines"] if line["quantity"]]
    order["updated"] = call.now
    refresh_order(call.state, order)
    return {"order": order["number"]}


def _backorder(call: Call, action: Mapping[str, Any]) -> object:
    """Move what was not shipped to a new order, and cancel the rest of the old one (contract 8)."""
    old = _order(call, action)
    rest = [{**line, "quantity": line["quantity"] - line["quantity_shipped"]} for line in old["lines"]]
    lines = [
        {**line, "id": call.state.next_number("line"), "quantity_shipped": Decimal(0)}
        for line in rest
        if line["quantity"] > 0
    ]
    if not old["is_partly_shipped"] or not lines:
        raise ValueError("only the rest of a partly shipped order can be moved")
    number = call.state.next_number("order")
    new: Record = {**deepcopy(old), "number": number, "lines": lines, "created": call.now, "updated": call.now}
    new |= {"note": f"Backorder of order {old['number']}", "notes": [], "invoices": []}
    if call.switches.backorder_heading == "empty":
        new |= {"heading": None, "their_reference": None}
    call.state.orders[number] = new
    old |= {"is_cancelled": True, "updated": call.now}
    for order in (old, new):
        refresh_order(call.state, order)
    return {"order": number}


def _delete(call: Call, action: Mapping[str, Any]) -> object:
    """Delete an order behind everybody's back."""
    del call.state.orders[_order(call, action)["number"]]
    return {"order": action["order"]}


def _pack(call: Call, action: Mapping[str, Any]) -> object:
    """Make a shipment of an order without sending it off."""
    return {"shipment": new_shipment(call, call.state.orders[int(action["order"])], None)["id"]}


def _send_off(call: Call, action: Mapping[str, Any]) -> object:
    """The goods of a shipment leave."""
    shipment = call.state.shipments[int(action["shipment"])]
    ship(call, shipment, pick=True)
    return {"shipment": shipment["id"]}


def _delete_shipment(call: Call, action: Mapping[str, Any]) -> object:
    """Delete a shipment that has not gone."""
    if call.state.shipments[int(action["shipment"])]["is_shipped"]:
        raise ValueError("a shipment that went cannot be deleted")
    del call.state.shipments[int(action["shipment"])]
    return {"shipment": action["shipment"]}


def _take_off(call: Call, action: Mapping[str, Any]) -> object:
    """Take off an order what was not shipped of it: its lines end at what went."""
    order = call.state.orders[int(action["order"])]
    for line in order["lines"]:
        line["quantity"] = line["quantity_shipped"]
    order["lines"] = [line for line in order["lines"] if line["quantity"]]
    order["updated"] = call.now
    refresh_order(call.state, order)
    return {"is_shipped": order["is_shipped"]}


def _set_field(call: Call, action: Mapping[str, Any]) -> object:
    """Fill in a custom field of an order."""
    order = call.state.orders[int(action["order"])]
    number = int(action["field"])
    if number not in call.state.fields:
        raise ValueError(f"no custom field {number}")
    order["custom_fields"][number] = str(action["value"])
    return {"order": order["number"]}


def _set_stock(call: Call, action: Mapping[str, Any]) -> object:
    """Set the quantity of an item at a location."""
    item, location = str(action["item"]), int(action.get("location") or next(iter(call.state.locations)))
    quantity = as_decimal(action["quantity"])
    if item not in call.state.products or quantity is None:
        raise ValueError(f"no item {item!r} or no quantity {action['quantity']!r}")
    call.state.stock.setdefault(item, {})[location] = quantity
    call.emit("inventory.changed", item)
    return {"item": item, "stock": quantity}


def _receive(call: Call, action: Mapping[str, Any]) -> object:
    """Take goods in: ``quantity`` more of an item at a location, else at the item's own."""
    item, quantity = str(action["item"]), as_decimal(action["quantity"])
    if item not in call.state.products or not call.state.keeps_stock(item):
        raise ValueError(f"no item {item!r} that keeps stock")
    if quantity is None or quantity <= 0:
        raise ValueError(f"{action['quantity']!r} is no quantity that can be received")
    own = call.state.products[item]["default_location_id"] or next(iter(call.state.locations))
    location = int(action.get("location") or own)
    if location not in call.state.locations:
        raise LookupError(f"no location {location}")
    rows = call.state.stock.setdefault(item, {})
    rows[location] = rows.get(location, Decimal(0)) + quantity
    call.emit("inventory.changed", item)
    return {"item": item, "stock": call.state.stock_of(item)}


def _add_item(call: Call, action: Mapping[str, Any]) -> object:
    """Make an item with ``number`` and ``name``, in the first group that keeps stock or in ``group``."""
    stocked = next(number for number, group in call.state.groups.items() if group["has_inventory"])
    given = {"number": str(action["number"]).strip(), "name": str(action["name"]).strip()}
    if not all(given.values()):
        raise ValueError("an item needs a number and a name")
    body = {**given, "group": int(action.get("group") or stocked), "sales_price": action.get("sales_price", 0)}
    return {"item": add_product(call, body)["number"]}


def _edit_item(call: Call, action: Mapping[str, Any]) -> object:
    """``changes``: members as in a PUT, such as ``name`` or a new ``number``."""
    record = call.state.products.get(str(action["item"]))
    if record is None:
        raise LookupError(f"no item {action['item']!r}")
    change_product(call, record, dict(action["changes"]))
    return {"item": record["number"], "name": record["name"]}


def _bar(call: Call, action: Mapping[str, Any]) -> object:
    """Bar an item or a customer, or lift it with ``barred: false``."""
    records: Mapping[Any, Any] = call.state.products if "item" in action else call.state.customers
    key = action["item"] if "item" in action else int(action["customer"])
    records[key]["is_barred"] = bool(action.get("barred", True))
    return {"barred": records[key]["is_barred"]}


def _renew_token(call: Call, action: Mapping[str, Any]) -> object:
    """Another API ``token`` holds from now on: the one before is revoked."""
    call.state.token = str(action["token"])
    return {}


ACTIONS: dict[str, Callable[[Call, Mapping[str, Any]], object]] = {
    "ship": _ship,
    "cancel": _cancel,
    "book": _book,
    "edit_order": _edit_order,
    "edit_line": _edit_line,
    "backorder": _backorder,
    "delete": _delete,
    "pack": _pack,
    "send_off": _send_off,
    "delete_shipment": _delete_shipment,
    "take_off": _take_off,
    "set_field": _set_field,
    "set_stock": _set_stock,
    "receive": _receive,
    "add_item": _add_item,
    "edit_item": _edit_item,
    "bar": _bar,
    "renew_token": _renew_token,
}
