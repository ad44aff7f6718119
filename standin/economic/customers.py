"""Customers and their contacts (contract 3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standin.economic.bodies import CONTACT, CONTACT_REPLACED, CUSTOMER, CUSTOMER_REPLACED
from standin.economic.call import Call, answer, created, found, resolve, router, stamp
from standin.economic.errors import ApiError, not_found
from standin.economic.listing import Collection, listing
from standin.economic.state import Record
from standin.messages import Response

_TEXTS = (
    "name",
    "currency",
    "address",
    "zip",
    "city",
    "country",
    "email",
    "mobilePhone",
    "telephoneAndFaxNumber",
    "corporateIdentificationNumber",
    "pNumber",
    "ean",
    "publicEntryNumber",
    "vatNumber",
    "website",
    "creditLimit",
    "barred",
    "eInvoicingDisabledByDefault",
)
_FILTERABLE = {
    **dict.fromkeys(("customerNumber", "balance", "creditLimit", "customerGroup.customerGroupNumber"), "number"),
    **dict.fromkeys(("name", "email", "mobilePhone", "telephoneAndFaxNumber", "corporateIdentificationNumber"), "text"),
    **dict.fromkeys(("ean", "vatNumber", "publicEntryNumber", "address", "zip", "city", "country", "currency"), "text"),
    "website": "text",
    "barred": "flag",
    "lastUpdated": "date",
}
_NOTHING = Decimal("0.00")
_POST = "customers.post"
_PUT = "customers.customerNo.put"


def _open_amounts(call: Call) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """What each customer owes, and what of it is due, in base currency: from what is open on booked invoices."""
    owed: dict[int, Decimal] = {}
    due: dict[int, Decimal] = {}
    today = call.now.date().isoformat()
    for row in call.state.booked.values():
        amount = row["remainderInBaseCurrency"]
        owed[row["customer"]] = owed.get(row["customer"], _NOTHING) + amount
        if row["dueDate"] <= today:
            due[row["customer"]] = due.get(row["customer"], _NOTHING) + amount
    return owed, due


def _amounts_of(call: Call, number: int) -> dict[str, Decimal]:
    """Computed once per request, whatever number of customers it shows."""
    if "open" not in call.kept:
        call.kept["open"] = _open_amounts(call)
    owed, due = call.kept["open"]
    return {"balance": owed.get(number, _NOTHING), "dueAmount": due.get(number, _NOTHING)}


def show_customer(call: Call, record: Record) -> dict[str, Any]:
    """A customer with its links; members without a value are left out."""
    number = record["customerNumber"]
    address = f"customers/{number}"
    shown = {"customerNumber": number, **{name: record[name] for name in _TEXTS if name in record}}
    shown |= {
        "paymentTerms": call.ref("payment-terms", "paymentTermsNumber", record["paymentTerms"]),
        "customerGroup": call.ref("customer-groups", "customerGroupNumber", record["customerGroup"]),
        "vatZone": call.ref("vat-zones", "vatZoneNumber", record["vatZone"]),
        **_amounts_of(call, number),
        "lastUpdated": stamp(record["updated"]),
    }
    if "layout" in record:
        shown["layout"] = call.ref("layouts", "layoutNumber", record["layout"])
    if "salesPerson" in record:
        shown["salesPerson"] = call.ref("employees", "employeeNumber", record["salesPerson"])
    for name in ("attention", "customerContact"):
        if name in record:
            shown[name] = call.ref(f"{address}/contacts", "customerContactNumber", record[name])
    return {**shown, **_links(call, number), "self": call.link(address)}


def _links(call: Call, number: int) -> dict[str, Any]:
    address = f"customers/{number}"
    return {
        "contacts": call.link(f"{address}/contacts"),
        "templates": {
            "invoice": call.link(f"{address}/templates/invoice"),
            "invoiceLine": call.link(f"{address}/templates/invoiceline"),
            "self": call.link(f"{address}/templates"),
        },
        "totals": {
            "drafts": call.link(f"invoices/totals/drafts/customers/{number}"),
            "booked": call.link(f"invoices/totals/booked/customers/{number}"),
            "self": call.link(f"{address}/totals"),
        },
        "deliveryLocations": call.link(f"{address}/delivery-locations"),
        "invoices": {
            "drafts": call.link(f"{address}/invoices/drafts"),
            "booked": call.link(f"{address}/invoices/booked"),
            "self": call.link(f"{address}/invoices"),
        },
    }


def metadata(call: Call, address: str, noun: str) -> dict[str, Any]:
    """What can be done with a single object."""
    href = call.link(address)
    return {
        "delete": {"description": f"Delete this {noun}.", "href": href, "httpMethod": "delete"},
        "replace": {"description": f"Replace this {noun}.", "href": href, "httpMethod": "put"},
    }


def _whole(call: Call, record: Record) -> dict[str, Any]:
    shown = show_customer(call, record)
    shown.setdefault("eInvoicingDisabledByDefault", False)
    return {**shown, "metaData": metadata(call, f"customers/{record['customerNumber']}", "customer")}


def _facts(call: Call, record: Record) -> dict[str, Any]:
    computed = {"lastUpdated": stamp(record["updated"]), **_amounts_of(call, record["customerNumber"])}
    return {**record, **computed, "customerGroup": {"customerGroupNumber": record["customerGroup"]}}


COLLECTION = Collection(
    show_customer,
    _FILTERABLE,
    facts=_facts,
    unsortable=("barred", "customerGroup.customerGroupNumber"),
    create="Create a new customer.",
    lags=True,
)


@router.on("GET", "/customers")
def read_customers(call: Call) -> Response:
    """All customers."""
    return listing(call, COLLECTION, call.state.customers.values())


def find_customer(call: Call) -> Record:
    """The customer of the path. Raises ApiError (404)."""
    customer: Record = found(call.state.customers, call.number())
    return customer


@router.on("GET", "/customers/{number}")
def read_customer(call: Call) -> Response:
    """One customer, never late."""
    return answer(200, _whole(call, find_customer(call)))


def _resolved(call: Call, body: dict[str, Any], own: int | None) -> Record:
    """The members of a customer body with references as numbers. Raises ValidationError."""
    state = call.state
    record: Record = {name: body[name] for name in _TEXTS if name in body}
    references: tuple[tuple[str, str, Mapping[Any, Any], str], ...] = (
        ("paymentTerms", "paymentTermsNumber", state.payment_terms, "E07080"),
        ("customerGroup", "customerGroupNumber", state.customer_groups, "E06000"),
        ("vatZone", "vatZoneNumber", state.vat_zones, "E06000"),
        ("layout", "layoutNumber", state.layouts, "E06000"),
        ("salesPerson", "employeeNumber", state.employees, "E06000"),
        ("defaultDeliveryLocation", "deliveryLocationNumber", {}, "E06000"),
    )
    contacts = {number: row for number, row in state.contacts.items() if row["customer"] == own}
    own_contacts = ((name, "customerContactNumber", contacts, "E06000") for name in ("attention", "customerContact"))
    for name, key, records, code in (*references, *own_contacts):
        if name in body:
            record[name] = resolve(call, body, (name,), key, records, code)
    if body["currency"].upper() not in state.currencies:
        call.problem(("currency",), "E06000", "Unknown currency.", body["currency"])
    if "pNumber" in body and "corporateIdentificationNumber" not in body:
        call.problem(("pNumber",), "E06000", "A P-number needs a corporate identification number.", body["pNumber"])
    return record


@router.on("POST", "/customers")
def create_customer(call: Call) -> Response:
    """A new customer; the next free number unless one is given."""
    state, body = call.state, call.body(CUSTOMER, _POST)
    record = _resolved(call, body, None)
    number = body.get("customerNumber")
    if number in state.customers:
        call.problem(("customerNumber",), "E06010", f"Customer '{number}' exists already.", number)
    call.refuse_problems()
    record["customerNumber"] = number or state.next_number("customer", state.customers)
    record |= {"created": call.now, "updated": call.now}
    state.customers[record["customerNumber"]] = record
    return created(call, _whole(call, record))


@router.on("PUT", "/customers/{number}")
def replace_customer(call: Call) -> Response:
    """Replace the customer: what is not sent is cleared. Documents keep their copies."""
    old, body = find_customer(call), call.body(CUSTOMER_REPLACED, _PUT)
    record = _resolved(call, body, old["customerNumber"])
    if body.get("customerNumber", old["customerNumber"]) != old["customerNumber"]:
        call.problem(("customerNumber",), "E06000", "The number in the body is not that of the path.")
    call.refuse_problems()
    record |= {"customerNumber": old["customerNumber"], "created": old["created"], "updated": call.now}
    call.state.customers[old["customerNumber"]] = record
    return answer(200, _whole(call, record))


@router.on("DELETE", "/customers/{number}")
def delete_customer(call: Call) -> Response:
    """Only without documents."""
    number = find_customer(call)["customerNumber"]
    documents = (*call.state.drafts.values(), *call.state.booked.values())
    if any(document["customer"] == number for document in documents):
        raise ApiError(400, "The customer has invoices and cannot be deleted.")
    del call.state.customers[number]
    for contact in [key for key, row in call.state.contacts.items() if row["customer"] == number]:
        del call.state.contacts[contact]
    return answer_nothing()


def answer_nothing() -> Response:
    """204."""
    return Response(204)


# --- contacts --------------------------------------------------------------------------------------------------------

_CONTACT_TEXTS = ("name", "email", "phone", "eInvoiceId", "notes", "emailNotifications")
_CONTACT_FIELDS = {
    "customerContactNumber": "number",
    "name": "text",
    "email": "text",
    "phone": "text",
    "eInvoiceId": "text",
    "customer.customerNumber": "number",
    "sortKey": "number",
}


def _show_contact(call: Call, record: Record) -> dict[str, Any]:
    number = record["customerContactNumber"]
    return {
        "customerContactNumber": number,
        **{name: record[name] for name in _CONTACT_TEXTS if name in record},
        "customer": call.ref("customers", "customerNumber", record["customer"]),
        "sortKey": record["sortKey"],
        "self": call.link(f"customers/{record['customer']}/contacts/{number}"),
    }


def _contacts(call: Call) -> dict[int, Record]:
    customer = find_customer(call)["customerNumber"]
    return {number: row for number, row in call.state.contacts.items() if row["customer"] == customer}


@router.on("GET", "/customers/{number}/contacts")
def read_contacts(call: Call) -> Response:
    """The contacts of a customer."""
    collection = Collection(_show_contact, _CONTACT_FIELDS, create="Create a new contact.")
    return listing(call, collection, _contacts(call).values())


@router.on("GET", "/customers/{number}/contacts/{contact}")
def read_contact(call: Call) -> Response:
    """One contact, found together with its customer only."""
    return answer(200, _show_contact(call, found(_contacts(call), call.number("contact"))))


def _contact_body(call: Call, body: dict[str, Any]) -> Record:
    if "customer" in body:
        resolve(call, body, ("customer",), "customerNumber", {call.number(): True})
    call.refuse_problems()
    return {name: body[name] for name in _CONTACT_TEXTS if name in body}


@router.on("POST", "/customers/{number}/contacts")
def create_contact(call: Call) -> Response:
    """A new contact; numbers run through the whole agreement."""
    customer, state = find_customer(call)["customerNumber"], call.state
    record = _contact_body(call, call.body(CONTACT, "customers.customerNumber.contacts.post"))
    number = state.next_number("contact")
    record |= {"customerContactNumber": number, "customer": customer, "sortKey": len(_contacts(call)) + 1}
    state.contacts[number] = record
    return created(call, _show_contact(call, record))


@router.on("PUT", "/customers/{number}/contacts/{contact}")
def replace_contact(call: Call) -> Response:
    """Replace a contact: what is not sent is cleared."""
    old = found(_contacts(call), call.number("contact"))
    body = call.body(CONTACT_REPLACED, "customers.customerNumber.contacts.contactNumber.put")
    if body["customerContactNumber"] != old["customerContactNumber"]:
        call.problem(("customerContactNumber",), "E06000", "The number in the body is not that of the path.")
    kept = {name: old[name] for name in ("customerContactNumber", "customer", "sortKey")}
    record = _contact_body(call, body) | kept
    call.state.contacts[old["customerContactNumber"]] = record
    return answer(200, _show_contact(call, record))


@router.on("DELETE", "/customers/{number}/contacts/{contact}")
def delete_contact(call: Call) -> Response:
    """Remove a contact."""
    number = call.number("contact")
    if number not in _contacts(call):
        raise not_found()
    del call.state.contacts[number]
    return answer_nothing()
