"""What people do in Rackbeat's own pages, for tests and the demo: ship a part, cancel, adjust, bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from standin.rackbeat.call import Call
from standin.rackbeat.checks import as_decimal
from standin.rackbeat.shipping import new_shipment, ship
from standin.rackbeat.stock import refresh_order


def _ship(call: Call, action: Mapping[str, Any]) -> object:
    """Ship an order, whole or ``lines`` {item: quantity}; books nothing, so an unbooked order is refused."""
    order = call.state.orders[int(action["order"])]
    lines = action.get("lines")
    quantities = (
        None if lines is None else {item: as_decimal(quantity) or Decimal(0) for item, quantity in lines.items()}
    )
    shipment = new_shipment(call, order, quantities)
    ship(call, shipment, pick=True)
    return {"shipment": shipment["id"], "is_shipped": order["is_shipped"]}


def _cancel(call: Call, action: Mapping[str, Any]) -> object:
    """Cancel an order: archived, nothing restocked, nothing credited."""
    order = call.state.orders[int(action["order"])]
    order |= {"is_cancelled": True, "updated": call.now}
    refresh_order(call.state, order)
    return {"order": order["number"]}


def _book(call: Call, action: Mapping[str, Any]) -> object:
    """Send an order in the app."""
    order = call.state.orders[int(action["order"])]
    order |= {"is_booked": True, "booked_at": call.now, "updated": call.now}
    refresh_order(call.state, order)
    return {"order": order["number"]}


def _delete(call: Call, action: Mapping[str, Any]) -> object:
    """Delete an order behind everybody's back."""
    del call.state.orders[int(action["order"])]
    return {"order": action["order"]}


def _set_stock(call: Call, action: Mapping[str, Any]) -> object:
    """Set the quantity of an item at a location."""
    item, location = str(action["item"]), int(action.get("location") or next(iter(call.state.locations)))
    quantity = as_decimal(action["quantity"])
    if item not in call.state.products or quantity is None:
        raise ValueError(f"no item {item!r} or no quantity {action['quantity']!r}")
    call.state.stock.setdefault(item, {})[location] = quantity
    call.emit("inventory.changed", item)
    return {"item": item, "stock": quantity}


def _bar(call: Call, action: Mapping[str, Any]) -> object:
    """Bar an item or a customer, or lift it with ``barred: false``."""
    records: Mapping[Any, Any] = call.state.products if "item" in action else call.state.customers
    key = action["item"] if "item" in action else int(action["customer"])
    records[key]["is_barred"] = bool(action.get("barred", True))
    return {"barred": records[key]["is_barred"]}


ACTIONS: dict[str, Callable[[Call, Mapping[str, Any]], object]] = {
    "ship": _ship,
    "cancel": _cancel,
    "book": _book,
    "delete": _delete,
    "set_stock": _set_stock,
    "bar": _bar,
}
