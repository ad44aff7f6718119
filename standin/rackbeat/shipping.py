"""Order actions and shipments: book, reopen, ship (contract 7.1, 8, 11)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.messages import Response
from standin.rackbeat.call import LOCAL, Call, found, router, single, stamp
from standin.rackbeat.checks import RefusedError, flag, mapping, refuse, validate
from standin.rackbeat.lists import Collection, listing, select
from standin.rackbeat.orders import find_order, show_order
from standin.rackbeat.reference import extra, short
from standin.rackbeat.state import Record, State
from standin.rackbeat.stock import pickable, refresh_order, take


@router.on("POST", "/api/orders/{number}/book")
def book_order(call: Call) -> Response:
    """Lock the lines and reserve the goods."""
    order = find_order(call)
    validate(call.body(), {"mail": mapping, "suppress_webhooks": flag}, strict=call.strict)
    if order["is_booked"]:
        raise refuse("order", "The order is already booked.")
    if order["is_cancelled"] or not order["lines"]:
        raise refuse("order", "The order is cancelled or has no lines.")
    order |= {"is_booked": True, "booked_at": call.now, "updated": call.now}
    refresh_order(call.state, order)
    return single(200, "order", show_order(call, order))


@router.on("POST", "/api/orders/{number}/reopen")
def reopen_order(call: Call) -> Response:
    """Back to unbooked, as long as nothing was shipped or invoiced."""
    order = find_order(call)
    if not order["is_booked"]:
        raise refuse("order", "The order is not booked.")
    if order["invoices"] or shipments_of(call.state, order["number"]):
        raise refuse("order", "The order has a shipment or an invoice.")
    if call.switches.reopen == "refused":
        raise refuse("order", "The order cannot be reopened.")
    if call.switches.reopen == "ignored":
        return single(200, "order", show_order(call, order))
    order |= {"is_booked": False, "booked_at": None, "updated": call.now}
    refresh_order(call.state, order)
    return single(200, "order", show_order(call, order))


def shipments_of(state: State, number: int) -> list[Record]:
    """The shipments of an order, oldest first."""
    return [row for row in state.shipments.values() if row["order_id"] == number]


@router.on("POST", "/api/orders/{number}/create-shipment")
def create_shipment(call: Call) -> Response:
    """A shipment of everything that is not on one yet. How to ask for a part is unknown: 501."""
    order = find_order(call)
    if call.body():
        raise RefusedError(501, "No source tells the body of a partial shipment.")
    return single(201, "order_shipment", show_shipment(call, new_shipment(call, order, None)))


def new_shipment(call: Call, order: Record, quantities: dict[str, Decimal] | None) -> Record:
    """A shipment record; ``quantities`` by item narrows it to a part, as people do in the app."""
    if not order["is_booked"] or order["is_cancelled"]:
        raise refuse("order", "The order is not booked.")
    lines = _left_to_ship(call, order, quantities)
    if not lines:
        raise refuse("order", "There is nothing left to ship.")
    shipment: Record = {
        "id": call.state.next_number("shipment"),
        "order_id": order["number"],
        "customer_id": order["customer_id"],
        **dict.fromkeys(("is_picked", "is_partly_picked", "is_shipped"), False),
        "shipped_at": None,
        "shipping_date": call.now.astimezone(LOCAL).date().isoformat(),
        "lines": lines,
        "created": call.now,
        "updated": call.now,
    }
    call.state.shipments[shipment["id"]] = shipment
    return shipment


def _left_to_ship(call: Call, order: Record, quantities: dict[str, Decimal] | None) -> list[Record]:
    open_lines = [
        line
        for shipment in shipments_of(call.state, order["number"])
        if not shipment["is_shipped"]
        for line in shipment["lines"]
    ]
    lines = []
    for line in order["lines"]:
        if line["child_id"] is None or not call.state.keeps_stock(line["child_id"]):
            continue
        planned = sum((row["quantity"] for row in open_lines if row["order_line"] == line["id"]), Decimal(0))
        left = line["quantity"] - line["quantity_shipped"] - planned
        if quantities is not None:
            left = min(left, quantities.get(line["child_id"], Decimal(0)))
        if left > 0:
            lines.append(_shipment_line(call, line, left))
    return lines


def _shipment_line(call: Call, line: Record, quantity: Decimal) -> Record:
    return {
        "id": call.state.next_number("shipment_line"),
        "order_line": line["id"],
        "child_id": line["child_id"],
        "quantity": quantity,
        "is_picked": False,
        "location_id": line["location_id"],
        "variations": line["variations"],
    }


@router.on("POST", "/api/orders/shipments/{id}/mark-shipped")
def mark_shipped(call: Call) -> Response:
    """The goods leave. With ``pick`` everything available is picked first; without it, it must have been picked."""
    shipment: Record = found(call.state.shipments, call.number("id"))
    body = call.body()
    validate(body, {"pick": flag, "suppress_webhooks": flag}, strict=call.strict)
    ship(call, shipment, pick=bool(body.get("pick", False)))
    return single(200, "order_shipment", show_shipment(call, shipment))


def ship(call: Call, shipment: Record, *, pick: bool) -> None:
    """Pick and ship; what is not there stays on the order."""
    if shipment["is_shipped"]:
        raise refuse("shipment", "The shipment is already shipped.")
    if pick:
        _pick(call.state, shipment)
    if not shipment["is_picked"]:
        raise refuse("shipment", "The shipment is not picked.")
    order = call.state.orders[shipment["order_id"]]
    for row in shipment["lines"]:
        line = next(line for line in order["lines"] if line["id"] == row["order_line"])
        line["quantity_shipped"] += row["quantity"]
        if call.switches.deduct_at == "shipping":
            take(call.state, row["child_id"], row["quantity"], row["location_id"])
            call.emit("inventory.changed", row["child_id"])
    shipment |= {"is_shipped": True, "is_partly_picked": False, "shipped_at": call.now, "updated": call.now}
    order["updated"] = call.now
    refresh_order(call.state, order)
    call.emit("order.shipped", order["number"])


def _pick(state: State, shipment: Record) -> None:
    """Lower each line to what can be picked, item by item; lines of which nothing is there go."""
    left = {row["child_id"]: pickable(state, row["child_id"]) for row in shipment["lines"]}
    picked = []
    for row in shipment["lines"]:
        quantity = min(row["quantity"], left[row["child_id"]])
        left[row["child_id"]] -= quantity
        if quantity > 0:
            picked.append({**row, "quantity": quantity, "is_picked": True})
    if not picked:
        raise refuse("shipment", "Nothing of the shipment is in stock.")
    shipment |= {"lines": picked, "is_picked": True}


def show_shipment(call: Call, shipment: Record) -> dict[str, Any]:
    """A shipment with its lines. There is no tracking number: no source knows one."""
    customer = call.state.customers[shipment["customer_id"]]
    return extra(
        call,
        {
            "id": shipment["id"],
            "is_picked": shipment["is_picked"],
            "is_partly_picked": shipment["is_partly_picked"],
            "is_shipped": shipment["is_shipped"],
            "shipped_at": stamp(shipment["shipped_at"]),
            "shipping_date": shipment["shipping_date"],
            **_order_of(call, shipment),
            "customer": short(customer),
            "lines": [_show_line(call, row) for row in shipment["lines"]],
            "created_at": stamp(shipment["created"]),
            "updated_at": stamp(shipment["updated"]),
            "self": call.link(f"order-shipments/{shipment['id']}"),
        },
    )


def _order_of(call: Call, shipment: Record) -> dict[str, Any]:
    """Which order it is of; both members are known from 2018 only (contract 8)."""
    if call.switches.shipment_order == "unnamed":
        return {}
    number = shipment["order_id"]
    order = {"number": number, "customer_id": shipment["customer_id"], "self": call.link(f"orders/{number}")}
    return {"order_id": number, "order": order}


def _show_line(call: Call, row: Record) -> dict[str, Any]:
    return extra(
        call,
        {
            "id": row["id"],
            "child_id": row["child_id"],
            "child_type": "product",
            "quantity": row["quantity"],
            "is_picked": row["is_picked"],
            "location_id": row["location_id"],
            "location": short(call.state.locations.get(row["location_id"])),
            "variations": row["variations"],
        },
    )


COLLECTION = Collection(
    "order_shipments",
    show_shipment,
    exact=("order_number", "customer_number"),
    sortable=("id", "created_at", "updated_at"),
    lags=True,
)


@router.on("GET", "/api/order-shipments")
def read_shipments(call: Call) -> Response:
    """All shipments."""
    named = [
        {**row, "order_number": row["order_id"], "customer_number": row["customer_id"]}
        for row in call.state.shipments.values()
    ]
    return listing(call, COLLECTION, named)


@router.on("GET", "/api/orders/{number}/shipments")
def read_shipments_of_order(call: Call) -> Response:
    """The shipments of one order."""
    return listing(call, COLLECTION, shipments_of(call.state, find_order(call)["number"]))


@router.on("GET", "/api/order-shipments/{id}")
def read_shipment(call: Call) -> Response:
    """One shipment."""
    shipment = found(call.state.shipments, call.number("id"))
    return single(200, "order_shipment", select(call, show_shipment(call, shipment)))
