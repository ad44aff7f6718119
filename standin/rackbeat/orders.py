"""Sales orders: create, change, list, delete (contract 7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from standin.messages import Response
from standin.rackbeat.amounts import totals
from standin.rackbeat.call import LOCAL, Call, answer, found, router, single, stamp
from standin.rackbeat.checks import (
    Check,
    Errors,
    RefusedError,
    array,
    as_decimal,
    day,
    find_errors,
    flag,
    key_of,
    mapping,
    one_of,
    refuse,
    text,
    validate,
)
from standin.rackbeat.customers import ADDRESS, VAT_ZONES, address_of
from standin.rackbeat.lines import line_errors, new_line, show_line
from standin.rackbeat.lists import Collection, listing, select
from standin.rackbeat.reference import extra, short, show_terms
from standin.rackbeat.state import Record
from standin.rackbeat.stock import refresh_order

_PARTS = ("name", *ADDRESS)
_FLAGS = (
    "is_archived",
    "is_booked",
    "is_cancelled",
    "is_ready_for_shipping",
    "is_shipped",
    "is_partly_shipped",
    "is_ready_for_invoicing",
    "is_invoiced",
    "is_partly_invoiced",
    "is_ready_for_purchasing",
    "is_partly_purchased",
)
_PLAIN = ("heading", "note", "their_reference", "deliver_at", "order_date", "currency", "vat_zone")


def order_spec(call: Call) -> dict[str, Check]:
    """The members of an order in a request."""
    state = call.state
    return {
        "customer_id": key_of({number: row for number, row in state.customers.items() if not row["is_deleted"]}),
        "lines": array,
        "layout_id": key_of(state.layouts),
        "payment_terms_id": key_of(state.payment_terms),
        "vat_zone": one_of(*VAT_ZONES),
        "currency": one_of(*state.currencies),
        "order_date": day,
        "deliver_at": day,
        "heading": text(255),
        "note": text(800),
        "their_reference": text(255),
        "our_reference_id": key_of(state.employees),
        "employee_id": key_of(state.employees),
        **{
            f"{kind}{part}": text(call.switches.text_length)
            for kind in ("address_", "delivery_address_")
            for part in _PARTS
        },
        "delivery_address": mapping,
        "billing_address": mapping,
        "suppress_webhooks": flag,
    }


def _body_errors(call: Call, body: dict[str, Any], required: tuple[str, ...]) -> Errors:
    errors = find_errors(body, order_spec(call), required, strict=call.strict)
    for kind in ("billing_address", "delivery_address"):
        if isinstance(body.get(kind), dict):
            spec = {"email": text(), "phone": text()}
            errors |= find_errors(body[kind], spec, prefix=f"{kind}.", strict=call.strict)
    if isinstance(body.get("lines"), list):
        for index, line in enumerate(body["lines"]):
            errors |= line_errors(call, line, f"lines.{index}.")
    return errors


def create_order(call: Call, *, draft: bool) -> Response:
    """A new order, unbooked from both paths."""
    body = call.body()
    errors = _body_errors(call, body, ("customer_id", "lines"))
    if body.get("lines") == []:
        errors = errors if draft else {**errors, "lines": ["The lines field is required."]}
    if errors:
        raise RefusedError(422, errors=errors)
    customer = call.state.customers[int(body["customer_id"])]
    if customer["is_barred"]:
        raise refuse("customer_id", "The customer is barred.")
    order = _new_order(call, body, customer)
    order["lines"] = [new_line(call, line, order["vat_zone"]) for line in body["lines"]]
    refresh_order(call.state, order)
    call.state.orders[order["number"]] = order
    call.emit("order.created", order["number"])
    return single(201, "order", show_order(call, order))


def _new_order(call: Call, body: dict[str, Any], customer: Record) -> Record:
    order: Record = {
        "number": call.state.next_number("order"),
        "customer_id": customer["number"],
        **dict.fromkeys(_PLAIN),
        **dict.fromkeys(_FLAGS, False),
        "booked_at": None,
        "layout_id": customer["layout_id"],
        "payment_terms_id": customer["payment_terms_id"],
        "employee_id": None,
        "billing": address_of(customer),
        "delivery": address_of(customer),
        "custom_fields": {},
        "notes": [],
        "lines": [],
        "invoices": [],
        "created": call.now,
        "updated": call.now,
    }
    order |= {"currency": customer["currency"], "vat_zone": customer["vat_zone"]}
    order["order_date"] = call.now.astimezone(LOCAL).date().isoformat()
    apply_header(order, body)
    return order


def apply_header(order: Record, body: dict[str, Any]) -> None:
    """Put the header members of a request into an order."""
    for name in _PLAIN:
        if name in body:
            order[name] = body[name]
    for name in ("layout_id", "payment_terms_id", "employee_id"):
        if name in body:
            order[name] = int(body[name])
    if "our_reference_id" in body:
        order["employee_id"] = int(body["our_reference_id"])
    for kind, prefix in (("billing", "address_"), ("delivery", "delivery_address_")):
        for part in _PARTS:
            if prefix + part in body:
                order[kind][part] = body[prefix + part]
        for part, value in body.get(f"{kind}_address", {}).items():
            order[kind][part] = value


def show_order(call: Call, order: Record) -> dict[str, Any]:
    """An order with lines, item and location embedded."""
    state = call.state
    terms = state.payment_terms[order["payment_terms_id"]]
    net, vat, total = totals(order["lines"])
    due = date.fromisoformat(order["order_date"]) + timedelta(days=int(terms["maturity_days"]))
    expanded = "field_values" in (call.request.param("expand") or "").split(",")
    return extra(
        call,
        {
            **({"field_values": _field_values(call, order)} if expanded else {}),
            "number": order["number"],
            "order_date": order["order_date"],
            "deliver_at": order["deliver_at"],
            "due_date": due.isoformat(),
            "booked_at": stamp(order["booked_at"]),
            "currency": order["currency"],
            "currency_rate": state.currencies[order["currency"]],
            "heading": order["heading"],
            "note": order["note"],
            "customer_id": order["customer_id"],
            "customer": _show_customer(call, order["customer_id"]),
            "our_reference": short(state.employees.get(order["employee_id"])),
            "their_reference": order["their_reference"],
            "payment_terms": show_terms(call, terms),
            "billing_address": dict(order["billing"]),
            "delivery_address": dict(order["delivery"]),
            **{name: order[name] for name in _FLAGS},
            "total_subtotal": net,
            "total_vat": vat,
            "total_total": total,
            "lines": [show_line(call, line) for line in order["lines"]],
            "created_at": stamp(order["created"]),
            "updated_at": stamp(order["updated"]),
            "self": call.link(f"orders/{order['number']}"),
        },
    )


def _show_customer(call: Call, number: int) -> dict[str, Any]:
    customer = call.state.customers[number]
    shown = {name: customer[name] for name in ("number", "name", "contact_email", "contact_phone")}
    return {**shown, "self": call.link(f"customers/{number}")}


COLLECTION = Collection(
    "orders",
    show_order,
    searched=("number", "heading", "customer_name"),
    exact=("customer_number",),
    simple=("number", "created_at", "updated_at"),
    sortable=("number", "created_at", "updated_at", "order_date", "deliver_at"),
    lags=True,
)


@router.on("GET", "/api/orders")
def read_orders(call: Call) -> Response:
    """The orders, each with lines."""
    return listing(call, COLLECTION, [_searchable(call, order) for order in call.state.orders.values()])


def _searchable(call: Call, order: Record) -> Record:
    customer = call.state.customers[order["customer_id"]]
    return {**order, "customer_name": customer["name"], "customer_number": customer["number"]}


@router.on("POST", "/api/orders")
def post_order(call: Call) -> Response:
    """A new order."""
    return create_order(call, draft=False)


@router.on("POST", "/api/orders/drafts")
def post_draft(call: Call) -> Response:
    """A new order that may still be without lines."""
    return create_order(call, draft=True)


def find_order(call: Call) -> Record:
    """The order of the path. Raises RefusedError (404)."""
    order: Record = found(call.state.orders, call.number())
    return order


@router.on("GET", "/api/orders/{number}")
def read_order(call: Call) -> Response:
    """One order, never late."""
    return single(200, "order", select(call, show_order(call, find_order(call))))


@router.on("PUT", "/api/orders/{number}")
def update_order(call: Call) -> Response:
    """Change header members; lines have paths of their own."""
    order, body = find_order(call), call.body()
    spec = {name: check for name, check in order_spec(call).items() if name not in {"lines", "customer_id"}}
    validate(body, spec, strict=call.strict)
    apply_header(order, body)
    order["updated"] = call.now
    return single(200, "order", show_order(call, order))


@router.on("DELETE", "/api/orders/{number}")
def delete_order(call: Call) -> Response:
    """Only without shipment and invoice."""
    order = find_order(call)
    if call.switches.delete_orders == "refused":
        raise RefusedError(403, "The order cannot be deleted.")
    if order["invoices"] or any(row["order_id"] == order["number"] for row in call.state.shipments.values()):
        raise refuse("order", "The order has a shipment or an invoice and cannot be deleted.")
    del call.state.orders[order["number"]]
    return _deleted(call)


def _deleted(call: Call) -> Response:
    """Whether a deletion is answered with a body is told nowhere."""
    return Response(204) if call.switches.delete_answer == "empty" else answer(200, {"message": "Deleted."})


# --- lines, notes, custom fields -------------------------------------------------------------------------------------


def _unlocked(call: Call) -> Record:
    order = find_order(call)
    if order["is_booked"]:
        raise refuse("order", "The order is booked; its lines are locked.")
    if call.switches.line_writes == "refused":
        raise refuse("lines", "The lines cannot be changed.")
    return order


def _find_line(order: Record, wanted: int) -> Record:
    for line in order["lines"]:
        if line["id"] == wanted:
            found_line: Record = line
            return found_line
    raise RefusedError(404, "Not found.")


@router.on("GET", "/api/orders/{number}/lines")
def read_lines(call: Call) -> Response:
    """The order's lines."""
    return listing(call, Collection("order_lines", show_line, sortable=("id",)), find_order(call)["lines"])


@router.on("POST", "/api/orders/{number}/lines")
def create_line(call: Call) -> Response:
    """One more line."""
    order, body = _unlocked(call), call.body()
    if errors := line_errors(call, body, ""):
        raise RefusedError(422, errors=errors)
    order["lines"].append(new_line(call, body, order["vat_zone"]))
    return _changed(call, order, 201, order["lines"][-1])


@router.on("PUT", "/api/orders/{number}/lines/{id}")
def update_line(call: Call) -> Response:
    """Change the members of a line that are sent."""
    order, body = _unlocked(call), call.body()
    line = _find_line(order, call.number("id"))
    if errors := line_errors(call, body, "", required=()):
        raise RefusedError(422, errors=errors)
    renamed = {"item_id": "child_id"}
    for name, value in body.items():
        line[renamed.get(name, name)] = value if name in {"item_id", "name", "variations"} else as_decimal(value)
    return _changed(call, order, 200, line)


@router.on("DELETE", "/api/orders/{number}/lines/{id}")
def delete_line(call: Call) -> Response:
    """Remove a line."""
    order = _unlocked(call)
    order["lines"].remove(_find_line(order, call.number("id")))
    order["updated"] = call.now
    refresh_order(call.state, order)
    return _deleted(call)


def _changed(call: Call, order: Record, status: int, line: Record) -> Response:
    order["updated"] = call.now
    refresh_order(call.state, order)
    return single(status, "order_line", show_line(call, line))


@router.on("PUT", "/api/orders/{number}/fields")
def update_fields(call: Call) -> Response:
    """Set custom fields of the order."""
    order, body = find_order(call), call.body()
    validate(body, {"custom_fields": array}, ("custom_fields",), strict=call.strict)
    spec = {"id": key_of(call.state.fields), "value": text()}
    errors: Errors = {}
    for index, value in enumerate(body["custom_fields"]):
        errors |= find_errors(value, spec, ("id",), prefix=f"custom_fields.{index}.", strict=call.strict)
    if errors:
        raise RefusedError(422, errors=errors)
    for value in body["custom_fields"]:
        order["custom_fields"][int(value["id"])] = value.get("value", "")
    return answer(200, {"field_values": _field_values(call, order)})


def _field_values(call: Call, order: Record) -> list[dict[str, Any]]:
    fields = call.state.fields
    return [{"value": value, "field": dict(fields[number])} for number, value in order["custom_fields"].items()]


@router.on("GET", "/api/orders/{number}/notes")
def read_notes(call: Call) -> Response:
    """The notes on the order."""
    collection = Collection("notes", lambda call, row: extra(call, dict(row)), sortable=("id",))
    return listing(call, collection, find_order(call)["notes"])


@router.on("POST", "/api/orders/{number}/notes")
def create_note(call: Call) -> Response:
    """One more note."""
    order, body = find_order(call), call.body()
    validate(body, {"note": text(5000), "note_html": text(5000)}, ("note",), strict=call.strict)
    note = {"id": call.state.next_number("note"), "note": body["note"], "created_at": stamp(call.now)}
    order["notes"].append(note)
    return single(201, "note", extra(call, dict(note)))
