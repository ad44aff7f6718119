"""Customers with contacts and addresses (contract 6)."""

from __future__ import annotations

from typing import Any

from standin.messages import Response
from standin.rackbeat.call import Call, answer, found, router, single, stamp
from standin.rackbeat.checks import (
    Check,
    RefusedError,
    find_errors,
    flag,
    key_of,
    number,
    one_of,
    refuse,
    text,
    validate,
    whole,
)
from standin.rackbeat.lists import Collection, listing, select
from standin.rackbeat.reference import extra, short, show_terms
from standin.rackbeat.state import Record, State

VAT_ZONES = ("domestic", "eu", "abroad", "domestic_exempt")
ADDRESS = ("street", "street2", "city", "zipcode", "country")
_TEXTS = ("company_vat", "ean", "contact_email", "contact_phone", "locale")


def _spec(state: State) -> dict[str, Check]:
    return {
        "number": whole,
        "name": text(),
        "company_name": text(),
        **dict.fromkeys(_TEXTS, text()),
        **{f"address_{part}": text() for part in ADDRESS},
        "customer_group_id": key_of(state.customer_groups),
        "payment_terms_id": key_of(state.payment_terms),
        "layout_id": key_of(state.layouts),
        "employee_id": key_of(state.employees),
        "vat_zone": one_of(*VAT_ZONES),
        "currency": one_of(*state.currencies),
        "general_discount_percentage": number,
        "is_barred": flag,
        "suppress_webhooks": flag,
    }


_REQUIRED = ("customer_group_id", "payment_terms_id", "layout_id", "vat_zone")


def address_of(record: Record) -> dict[str, Any]:
    """The customer's address as it stands on documents."""
    return {
        "name": record["name"],
        **{part: record[f"address_{part}"] for part in ADDRESS},
        "email": record["contact_email"],
        "phone": record["contact_phone"],
    }


def show_customer(call: Call, record: Record) -> dict[str, Any]:
    """A customer with its references embedded."""
    terms = call.state.payment_terms[record["payment_terms_id"]]
    shown = {
        name: value for name, value in record.items() if name not in {"created", "updated", "contacts", "addresses"}
    }
    return extra(
        call,
        {
            **shown,
            "payment_terms": show_terms(call, terms),
            "customer_group": short(call.state.customer_groups[record["customer_group_id"]]),
            "billing_address": address_of(record),
            "delivery_address": address_of(record),
            **dict.fromkeys(("attention", "our_reference", "their_reference", "max_credit")),
            "created_at": stamp(record["created"]),
            "updated_at": stamp(record["updated"]),
            "self": call.link(f"customers/{record['number']}"),
        },
    )


COLLECTION = Collection(
    "customers",
    show_customer,
    searched=("number", "name", "contact_email", "contact_phone", "ean"),
    simple=("ean",),
    sortable=("number", "name", "created_at", "updated_at"),
    lags=True,
)


@router.on("GET", "/api/customers")
def read_customers(call: Call) -> Response:
    """The customers that are not deleted."""
    return listing(call, COLLECTION, (row for row in call.state.customers.values() if not row["is_deleted"]))


def find_customer(call: Call) -> Record:
    """The customer of the path. Raises RefusedError (404), also for a deleted one."""
    record: Record = found(call.state.customers, call.number())
    if record["is_deleted"]:
        raise RefusedError(404, "Not found.")
    return record


@router.on("GET", "/api/customers/{number}")
def read_customer(call: Call) -> Response:
    """One customer."""
    return single(200, "customer", select(call, show_customer(call, find_customer(call))))


@router.on("POST", "/api/customers")
def create_customer(call: Call) -> Response:
    """A new customer; the number is assigned unless given."""
    body, state = call.body(), call.state
    errors = find_errors(body, _spec(state), _REQUIRED, strict=call.strict)
    if not (body.get("name") or body.get("company_name")):
        errors["name"] = ["The name field is required."]
    if errors:
        raise RefusedError(422, errors=errors)
    number_ = int(body["number"]) if body.get("number") else _free_number(state)
    if number_ in state.customers:
        raise refuse("number", "The number has already been taken.")
    state.customers[number_] = new_customer(number_, body, call.now)
    return single(201, "customer", show_customer(call, state.customers[number_]))


def new_customer(number_: int, body: dict[str, Any], now: Any) -> Record:
    """A customer record with all members set."""
    name = body.get("name") or body["company_name"]
    return {
        "number": number_,
        "name": name,
        "company_name": body.get("company_name") or name,
        **{member: body.get(member) for member in _TEXTS},
        "currency": body.get("currency", "DKK"),
        "vat_zone": body["vat_zone"],
        "layout_id": int(body["layout_id"]),
        "payment_terms_id": int(body["payment_terms_id"]),
        "customer_group_id": int(body["customer_group_id"]),
        "employee_id": body.get("employee_id"),
        "general_discount_percentage": body.get("general_discount_percentage", 0),
        **{f"address_{part}": body.get(f"address_{part}", "") for part in ADDRESS},
        "is_barred": body.get("is_barred", False),
        "is_deleted": False,
        "contacts": [],
        "addresses": [],
        "created": now,
        "updated": now,
    }


def _free_number(state: State) -> int:
    while (number_ := state.next_number("customer")) in state.customers:
        pass
    return number_


@router.on("PUT", "/api/customers/{number}")
def update_customer(call: Call) -> Response:
    """Change the members that are sent; the number stays."""
    record, body = find_customer(call), call.body()
    validate(body, _spec(call.state), strict=call.strict)
    if "number" in body and int(body["number"]) != record["number"]:
        raise refuse("number", "The number cannot be changed.")
    for name, value in body.items():
        if name in record:
            record[name] = int(value) if name.endswith("_id") or name == "number" else value
    record["updated"] = call.now
    return single(200, "customer", show_customer(call, record))


@router.on("DELETE", "/api/customers/{number}")
def delete_customer(call: Call) -> Response:
    """A soft deletion: documents keep their customer."""
    find_customer(call)["is_deleted"] = True
    return answer(200, {"message": "Deleted."})


_CONTACT_FLAGS = ("cc_order", "cc_offer", "cc_invoice", "cc_delivery_note")
_CONTACT_TEXTS = ("name", "role", "initials", "contact_email", "contact_phone")


@router.on("GET", "/api/customers/{number}/contacts")
def read_contacts(call: Call) -> Response:
    """The customer's contacts."""
    contacts = Collection("customer_contacts", lambda call, row: extra(call, dict(row)))
    return listing(call, contacts, find_customer(call)["contacts"])


@router.on("POST", "/api/customers/{number}/contacts")
def create_contact(call: Call) -> Response:
    """A new contact, numbered within the customer."""
    record, body = find_customer(call), call.body()
    spec = {"number": whole, **dict.fromkeys(_CONTACT_TEXTS, text()), **dict.fromkeys(_CONTACT_FLAGS, flag)}
    validate(body, spec, ("name",), strict=call.strict)
    contact = {
        "number": int(body.get("number") or len(record["contacts"]) + 1),
        **{name: body.get(name) for name in _CONTACT_TEXTS},
        **{name: body.get(name, False) for name in _CONTACT_FLAGS},
    }
    record["contacts"].append(contact)
    return single(201, "customer_contact", extra(call, dict(contact)))


@router.on("GET", "/api/customers/{number}/addresses")
def read_addresses(call: Call) -> Response:
    """The customer's further addresses."""
    addresses = Collection("addresses", lambda call, row: extra(call, dict(row)), sortable=("id",))
    return listing(call, addresses, find_customer(call)["addresses"])


@router.on("POST", "/api/customers/{number}/addresses")
def create_address(call: Call) -> Response:
    """A further address of a type such as ``delivery``."""
    record, body = find_customer(call), call.body()
    spec = {name: text() for name in ("type", "name", "email", "phone", *ADDRESS)}
    validate(body, spec, ("type",), strict=call.strict)
    address = {"id": call.state.next_number("address"), **body}
    record["addresses"].append(address)
    return single(201, "address", extra(call, dict(address)))


@router.on("DELETE", "/api/customers/{number}/addresses/{id}")
def delete_address(call: Call) -> Response:
    """Remove a further address."""
    record, wanted = find_customer(call), call.number("id")
    if all(address["id"] != wanted for address in record["addresses"]):
        raise RefusedError(404, "Not found.")
    record["addresses"] = [address for address in record["addresses"] if address["id"] != wanted]
    return answer(200, {"message": "Deleted."})
