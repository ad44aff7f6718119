"""Customer invoices made from orders (contract 9). Credit notes have no known body and answer 501."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from standin.messages import Response
from standin.rackbeat.amounts import CENT, line_total, totals
from standin.rackbeat.call import LOCAL, Call, answer, found, router, single, stamp
from standin.rackbeat.checks import flag, mapping, refuse, validate
from standin.rackbeat.lines import show_line
from standin.rackbeat.lists import Collection, listing, select
from standin.rackbeat.orders import find_order
from standin.rackbeat.reference import extra, short
from standin.rackbeat.state import Record
from standin.rackbeat.stock import refresh_order, take


@router.on("POST", "/api/orders/{number}/convert-to-invoice")
def convert_to_invoice(call: Call) -> Response:
    """An invoice of the whole order; ``book=true`` books it at once. Answers its number without a wrapper."""
    order = find_order(call)
    if not order["is_booked"] or order["is_invoiced"]:
        raise refuse("order", "The order is not booked or is already invoiced.")
    terms = call.state.payment_terms[order["payment_terms_id"]]
    today = call.now.astimezone(LOCAL).date()
    invoice: Record = {
        "number": call.state.next_number("invoice"),
        "invoice_date": today.isoformat(),
        "due_date": (today + timedelta(days=int(terms["maturity_days"]))).isoformat(),
        "order_id": order["number"],
        "customer_id": order["customer_id"],
        "currency": order["currency"],
        "is_creditnote": False,
        "is_booked": False,
        "lines": [dict(line) for line in order["lines"]],
        "created": call.now,
        "updated": call.now,
    }
    call.state.invoices[invoice["number"]] = invoice
    order["invoices"].append(invoice["number"])
    order |= {"is_invoiced": True, "updated": call.now}
    refresh_order(call.state, order)
    if (call.request.param("book") or "").lower() in {"true", "1"}:
        _book(call, invoice)
    return answer(200, {"invoice_id": invoice["number"]})


@router.on("POST", "/api/customer-invoices/{number}/book")
def book_invoice(call: Call) -> Response:
    """Book an invoice; with the switch for it, the goods leave the stock here."""
    invoice: Record = found(call.state.invoices, call.number())
    validate(call.body(), {"mail": mapping, "suppress_webhooks": flag}, strict=call.strict)
    if invoice["is_booked"]:
        raise refuse("invoice", "The invoice is already booked.")
    _book(call, invoice)
    return single(200, "customer_invoice", show_invoice(call, invoice))


def _book(call: Call, invoice: Record) -> None:
    invoice |= {"is_booked": True, "updated": call.now}
    if call.switches.deduct_at != "invoice_booking":
        return
    for line in invoice["lines"]:
        if line["child_id"] and call.state.keeps_stock(line["child_id"]):
            take(call.state, line["child_id"], line["quantity"], line["location_id"])
            call.emit("inventory.changed", line["child_id"])


def show_invoice(call: Call, invoice: Record) -> dict[str, Any]:
    """An invoice with totals and lines."""
    net, vat, total = totals(invoice["lines"])
    cost = sum((_cost(call, line) * line["quantity"] for line in invoice["lines"]), Decimal(0))
    rate = call.state.currencies[invoice["currency"]]
    return extra(
        call,
        {
            "number": invoice["number"],
            "invoice_date": invoice["invoice_date"],
            "due_date": invoice["due_date"],
            "currency": invoice["currency"],
            "currency_rate": rate,
            "total_subtotal": net,
            "total_vat": vat,
            "total_total": total,
            "total_base_currency": (total * rate).quantize(CENT),
            "total_cost": cost,
            "total_profit": net - cost,
            "total_profit_percentage": ((net - cost) / net * 100).quantize(Decimal("0.1")) if net else 0,
            "is_creditnote": invoice["is_creditnote"],
            "is_booked": invoice["is_booked"],
            "customer_id": invoice["customer_id"],
            "customer": _show_customer(call, invoice["customer_id"]),
            "orders": [invoice["order_id"]],
            "lines": [{**show_line(call, line), "line_total": line_total(line)} for line in invoice["lines"]],
            "created_at": stamp(invoice["created"]),
            "updated_at": stamp(invoice["updated"]),
            "self": call.link(f"customer-invoices/{invoice['number']}"),
        },
    )


def _cost(call: Call, line: Record) -> Decimal:
    product = call.state.products.get(line["child_id"])
    return Decimal(product["cost_price"]) if product else Decimal(0)


def _show_customer(call: Call, number: int) -> dict[str, Any]:
    customer = call.state.customers[number]
    group = call.state.customer_groups[customer["customer_group_id"]]
    return {
        "number": number,
        "name": customer["name"],
        "customer_group_id": group["number"],
        "customer_group": short(group),
    }


COLLECTION = Collection(
    "customer_invoices",
    show_invoice,
    searched=("number",),
    exact=("order_number", "customer_number"),
    sortable=("number", "invoice_date", "created_at", "updated_at"),
    lags=True,
    dated=True,
)


@router.on("GET", "/api/customer-invoices")
def read_invoices(call: Call) -> Response:
    """All invoices."""
    named = [
        {**row, "order_number": row["order_id"], "customer_number": row["customer_id"]}
        for row in call.state.invoices.values()
    ]
    return listing(call, COLLECTION, named)


@router.on("GET", "/api/customer-invoices/{number}")
def read_invoice(call: Call) -> Response:
    """One invoice."""
    return single(200, "customer_invoice", select(call, show_invoice(call, found(call.state.invoices, call.number()))))
