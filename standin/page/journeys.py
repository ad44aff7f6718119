"""Where each order has come to, told from what the systems have: shop, warehouse, accounts. Pure.

The documents are found by the key that stands in them: ``{shop}-{order id}-{kind}``, in Rackbeat's ``heading`` and in
e-conomic's ``references.other`` or first text line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
Found = dict[tuple[str, str], list[Json]]

_KEY = re.compile(r"([a-z][a-z0-9_]*)-(\d+)-[a-z]")
_WAITS_FOR_BUYER = {
    "pending": "Not paid. Press “Paid” as if the money had come, or “Cancel”.",
    "on-hold": "The money has not come yet. Press “Paid” when it has.",
    "failed": "The payment failed. Press “Paid” as if the buyer tried again.",
}
_OVER = {
    "cancelled": "Cancelled in the shop.",
    "refunded": "Refunded in the shop.",
    "trash": "In the shop's bin.",
    "checkout-draft": "A cart that nobody has sent.",
}


def journeys(shops: Mapping[str, Json], warehouse: Json | None, accounts: Json | None) -> list[Json]:
    """One row per order of all shops, the youngest first. The arguments are what the stand-ins' ``dump`` gives."""
    stored, invoiced = _warehouse_orders(warehouse or {}), _invoices(accounts or {})
    rows = [
        _row(name, order, stored.get((name, str(order["id"])), []), invoiced.get((name, str(order["id"])), []))
        for name, shop in shops.items()
        for order in shop["orders"]
    ]
    return sorted(rows, key=lambda row: (row["placed"], row["order"]), reverse=True)


def _row(shop: str, order: Json, stored: list[Json], invoices: list[Json]) -> Json:
    refunded = sum((abs(Decimal(str(refund["total"]))) for refund in order["refunds"]), Decimal("0.00"))
    billing = order["billing"]
    return {
        "shop": shop,
        "order": order["id"],
        "placed": order["date_created_gmt"],
        "buyer": f"{billing['first_name']} {billing['last_name']}".strip() or billing["email"],
        "paid_by": order["payment_method_title"] or order["payment_method"],
        "lines": [_line(line) for line in order["line_items"]],
        "total": f"{Decimal(str(order['total'])):.2f}",
        "currency": order["currency"],
        "state": order["status"],
        "refunded": f"{refunded:.2f}",
        "warehouse": stored,
        "invoices": invoices,
        "next": whats_next(order["status"], stored, invoices),
    }


def _line(line: Json) -> Json:
    return {"sku": line["sku"] or "", "name": line["name"], "quantity": line["quantity"]}


def _warehouse_orders(warehouse: Json) -> Found:
    found: Found = {}
    for order in warehouse.get("orders", {}).values():
        if key := _order_of(order["heading"]):
            found.setdefault(key, []).append(
                {
                    "number": order["number"],
                    "state": _warehouse_state(order),
                    "lines": [
                        {
                            "item": line["child_id"],
                            "name": line["name"],
                            "ordered": _plain(line["quantity"]),
                            "shipped": _plain(line["quantity_shipped"]),
                        }
                        for line in order["lines"]
                        if line["child_id"]
                    ],
                }
            )
    return found


def _warehouse_state(order: Json) -> str:
    if order["is_cancelled"]:
        return "cancelled"
    if order["is_shipped"]:
        return "shipped"
    if order["is_partly_shipped"]:
        return "partly shipped"
    return "reserved" if order["is_booked"] else "not booked"


def _invoices(accounts: Json) -> Found:
    found: Found = {}
    for key, invoice in _numbered(accounts):
        found.setdefault(key, []).append(invoice)
    return found


def _numbered(accounts: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    gross = accounts.get("draft_gross", {})
    for number, draft in accounts.get("drafts", {}).items():
        if key := _key_in(draft):
            yield key, {"kind": "draft", "number": number, "gross": f"{gross[number]:.2f}"}
    for number, booked in accounts.get("booked", {}).items():
        if key := _key_in(booked):
            kind = "credit note" if booked["grossAmount"] < 0 else "invoice"
            yield key, {"kind": kind, "number": number, "gross": f"{booked['grossAmount']:.2f}"}


def _key_in(document: Json) -> tuple[str, str] | None:
    texts = (document.get("references", {}).get("other"), document.get("notes", {}).get("textLine1"))
    return next((key for text in texts if (key := _order_of(text))), None)


def _order_of(text: str | None) -> tuple[str, str] | None:
    """Shop and order id of one of our keys, None for other texts."""
    match = _KEY.match(text or "")
    return (match[1], match[2]) if match else None


def _plain(quantity: Any) -> str:
    return f"{Decimal(str(quantity)).normalize():f}"


def whats_next(state: str, stored: list[Json], invoices: list[Json]) -> str:
    """Who is to do what with an order now, in a sentence."""
    kinds = {invoice["kind"] for invoice in invoices}
    if len(stored) > 1 or sum(invoice["kind"] != "credit note" for invoice in invoices) > 1:
        return "Doubled! This must never happen: please tell the project."
    if state in _OVER:
        return _OVER[state] + _left_over(stored, kinds)
    if "invoice" in kinds:
        return "Done: invoiced." if state == "completed" else "Invoiced; the shop has not completed it."
    if "draft" in kinds:
        return "A draft is in e-conomic. Pakhus books it, or you do, as the shop's settings say."
    if state == "completed":
        return "Pakhus invoices it. If nothing happens, the Transfers page says why."
    return _before_completion(state, stored)


def _before_completion(state: str, stored: list[Json]) -> str:
    warehouse = stored[0]["state"] if stored else ""
    if warehouse == "shipped":
        return "Shipped: Pakhus tells the shop, which completes the order."
    if warehouse == "partly shipped":
        return "Ship the rest from the warehouse."
    if state in _WAITS_FOR_BUYER:
        return _WAITS_FOR_BUYER[state]
    if warehouse == "reserved":
        return "Reserved: pick it and press “Ship”."
    return "Pakhus reserves it in the warehouse. If nothing happens, the Transfers page says why."


def _left_over(stored: list[Json], kinds: set[str]) -> str:
    if "credit note" in kinds:
        return " Credited in e-conomic."
    if "invoice" in kinds:
        return " The invoice is to be credited in e-conomic."
    if stored and stored[0]["state"] in {"reserved", "partly shipped"}:
        return " The goods are still reserved in the warehouse."
    return ""
