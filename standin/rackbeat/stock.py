"""Quantities: what is reserved by orders, what leaves with a shipment, what an adjustment sets (contract 5, 11)."""

from __future__ import annotations

from decimal import Decimal

from standin.rackbeat.state import Record, State, Switches


def reserved(state: State, switches: Switches) -> dict[str, Decimal]:
    """Quantity per item that open orders hold back: ordered minus shipped, of stock-keeping items only."""
    held: dict[str, Decimal] = {}
    for order in state.orders.values():
        counts = order["is_booked"] or switches.reserve_at == "creation"
        if not counts or order["is_cancelled"]:
            continue
        for line in order["lines"]:
            if line["child_id"] is not None and state.keeps_stock(line["child_id"]):
                left = max(line["quantity"] - line["quantity_shipped"], Decimal(0))
                held[line["child_id"]] = held.get(line["child_id"], Decimal(0)) + left
    return held


def best_location(state: State, number: str) -> int | None:
    """Where goods are taken from when nobody says: the location with most of it, else the item's default."""
    if not state.keeps_stock(number):
        return None
    rows = state.stock.get(number, {})
    default: int | None = state.products[number].get("default_location_id")
    if not any(quantity > 0 for quantity in rows.values()):
        return default
    return max(rows, key=lambda location: (rows[location], location == default))


def pickable(state: State, number: str) -> Decimal:
    """What can be picked: never below zero."""
    return sum((quantity for quantity in state.stock.get(number, {}).values() if quantity > 0), Decimal(0))


def take(state: State, number: str, quantity: Decimal, first: int | None) -> None:
    """Take goods out, from location ``first`` and then from where most is left."""
    rows = state.stock.setdefault(number, {})
    order = sorted(rows, key=lambda location: (location != first, -rows[location]))
    left = quantity
    for location in order:
        step = min(left, max(rows[location], Decimal(0)))
        rows[location] -= step
        left -= step
    if left:
        location = first or (order[0] if order else next(iter(state.locations)))
        rows[location] = rows.get(location, Decimal(0)) - left


def refresh_order(state: State, order: Record) -> None:
    """Bring the shipping flags in line with the shipped quantities; lines without stock do not count."""
    lines = [line for line in order["lines"] if line["child_id"] and state.keeps_stock(line["child_id"])]
    moved = any(line["quantity_shipped"] > 0 for line in lines)
    complete = bool(lines) and all(line["quantity_shipped"] >= line["quantity"] for line in lines)
    order["is_shipped"] = complete
    order["is_partly_shipped"] = moved and not complete
    order["is_ready_for_shipping"] = bool(order["is_booked"] and lines and not complete and not order["is_cancelled"])
    order["is_ready_for_invoicing"] = bool(moved and not order["is_invoiced"])
    order["is_archived"] = bool(order["is_cancelled"] or (complete and order["is_invoiced"]))
