"""What draft and booked invoices share: reading a body into a record, and showing a record (contract 6, 9.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from standin.economic.call import Call, resolve
from standin.economic.identifiers import escaped
from standin.economic.reference import show_unit, show_vat_zone
from standin.economic.state import Record

DOCUMENT_FIELDS = {
    "date": "date",
    "currency": "text",
    "exchangeRate": "number",
    "paymentTerms.paymentTermsNumber": "number",
    "customer.customerNumber": "number",
    **{
        f"recipient.{name}": "text"
        for name in ("name", "address", "zip", "city", "country", "ean", "publicEntryNumber")
    },
    "deliveryLocation.deliveryLocationNumber": "number",
    **{f"delivery.{name}": "text" for name in ("address", "zip", "city", "country", "deliveryTerms")},
    "delivery.deliveryDate": "date",
    "notes.heading": "text",
    "notes.textLine1": "text",
    "notes.textLine2": "text",
    "references.customerContact.customer.customerNumber": "number",
    "references.salesPerson.employeeNumber": "number",
    "references.vendorReference.employeeNumber": "number",
    "references.other": "text",
}
_RECIPIENT_TEXTS = ("name", "address", "zip", "city", "country", "ean", "publicEntryNumber", "mobilePhone")
LINE_TEXTS = ("lineNumber", "sortKey", "description", "accrual")
_MONTH_TYPES = {"invoiceMonth"}
_WEEK_TYPES = {"invoiceWeekStartingSunday": 6, "invoiceWeekStartingMonday": 0}


def read_document(call: Call, body: Mapping[str, Any]) -> Record:
    """The members of a document body with references as numbers. Problems are noted, not raised."""
    state = call.state
    record: Record = {name: body[name] for name in ("date", "delivery", "notes") if name in body}
    if "currency" in body:
        record["currency"] = body["currency"].upper()
        if record["currency"] not in state.currencies:
            call.problem(("currency",), "E06000", "Unknown currency.", body["currency"])
    references: tuple[tuple[str, str, Mapping[Any, Any], str], ...] = (
        ("layout", "layoutNumber", state.layouts, "E06000"),
        ("paymentTerms", "paymentTermsNumber", state.payment_terms, "E07080"),
        ("customer", "customerNumber", state.customers, "E06000"),
        ("deliveryLocation", "deliveryLocationNumber", {}, "E06000"),
        ("project", "projectNumber", {}, "E06000"),
    )
    for name, key, records, code in references:
        if name in body:
            record[name] = resolve(call, body, (name,), key, records, code)
    if "exchangeRate" in body:
        record["exchangeRate"] = Decimal(body["exchangeRate"])
    _check_terms(call, body, record)
    record["recipient"] = _read_recipient(call, body["recipient"], record.get("customer"))
    if "references" in body:
        record["references"] = _read_references(call, body["references"], record.get("customer"))
    record["lines"] = read_lines(call, body.get("lines", []))
    return record


def _check_terms(call: Call, body: Mapping[str, Any], record: Record) -> None:
    sent = body.get("paymentTerms", {}).get("paymentTermsType")
    terms = call.state.payment_terms.get(record.get("paymentTerms", 0))
    if terms and sent and sent != terms["paymentTermsType"]:
        text = "PaymentTermsType differs from the stored payment terms."
        call.problem(("paymentTerms", "paymentTermsType"), "E07180", text, sent)


def _contacts_of(call: Call, customer: int | None) -> dict[int, Record]:
    return {number: row for number, row in call.state.contacts.items() if row["customer"] == customer}


def _read_recipient(call: Call, body: Mapping[str, Any], customer: int | None) -> Record:
    record: Record = {name: body[name] for name in (*_RECIPIENT_TEXTS, "nemHandelType") if name in body}
    record["vatZone"] = resolve(call, body, ("recipient", "vatZone"), "vatZoneNumber", call.state.vat_zones)
    if "attention" in body:
        contacts, path = _contacts_of(call, customer), ("recipient", "attention")
        record["attention"] = resolve(call, body, path, "customerContactNumber", contacts)
    return record


def _read_references(call: Call, body: Mapping[str, Any], customer: int | None) -> Record:
    record: Record = {"other": body["other"]} if "other" in body else {}
    if "customerContact" in body:
        contacts, path = _contacts_of(call, customer), ("references", "customerContact")
        record["customerContact"] = resolve(call, body, path, "customerContactNumber", contacts)
    for name in ("salesPerson", "vendorReference"):
        if name in body:
            record[name] = resolve(call, body, ("references", name), "employeeNumber", call.state.employees)
    return record


def read_lines(call: Call, lines: list[Mapping[str, Any]], taken: int = 0) -> list[Record]:
    """Lines in the order of their sort key; numbers continue after ``taken`` lines that exist already."""
    records = [_read_line(call, line, index, taken) for index, line in enumerate(lines)]
    return sorted(records, key=lambda line: int(line["sortKey"]))


def _read_line(call: Call, line: Mapping[str, Any], index: int, taken: int) -> Record:
    path, number = ("lines", index), taken + index + 1
    record: Record = {"lineNumber": line.get("lineNumber", number), "sortKey": line.get("sortKey", number)}
    record |= {name: line[name] for name in ("description", "accrual") if name in line}
    if "product" in line:
        record["product"] = resolve(call, line, (*path, "product"), "productNumber", call.state.products)
        if "quantity" not in line:
            call.problem((*path, "quantity"), "E04730", "Quantity is missing although a product is given.")
        if not line.get("description"):
            code = call.switches.incomplete_document_code
            call.problem((*path, "description"), code, "Description is missing although a product is given.")
    elif "quantity" in line:
        call.problem((*path, "product"), "E04500", "The line has a quantity but no product.", line["quantity"])
    if "unit" in line:
        record["unit"] = resolve(call, line, (*path, "unit"), "unitNumber", call.state.units)
    if "departmentalDistribution" in line:
        resolve(call, line, (*path, "departmentalDistribution"), "departmentalDistributionNumber", {})
    product = call.state.products.get(record.get("product", ""), {})
    defaults = {"quantity": 0, "unitNetPrice": 0, "discountPercentage": 0, "unitCostPrice": product.get("costPrice", 0)}
    return record | {name: Decimal(line.get(name, default)) for name, default in defaults.items()}


def due_date(terms: Record, day: str, given: str | None) -> str:
    """The due date of a document by its payment terms."""
    kind, start, days = terms["paymentTermsType"], date.fromisoformat(day), int(terms.get("daysOfCredit", 0))
    if kind == "dueDate":
        return given or day
    if kind in _MONTH_TYPES:
        start = (start.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    elif kind in _WEEK_TYPES:
        last_weekday = (_WEEK_TYPES[kind] - 1) % 7
        start += timedelta(days=(last_weekday - start.weekday()) % 7)
    elif kind != "net":
        days = 0
    return (start + timedelta(days=days)).isoformat()


def facts_of(record: Record) -> dict[str, Any]:
    """What filter and sort look at, in the form of an answer."""
    references = record.get("references", {})
    people = {name: {"employeeNumber": references.get(name)} for name in ("salesPerson", "vendorReference")}
    contact = {"customer": {"customerNumber": record["customer"]}} if references.get("customerContact") else {}
    kept = ("bookedInvoiceNumber", "draftInvoiceNumber", "date", "currency", "exchangeRate", "delivery", "notes")
    return {
        **{name: record[name] for name in kept if name in record},
        "paymentTerms": {"paymentTermsNumber": record.get("paymentTerms")},
        "customer": {"customerNumber": record["customer"]},
        "recipient": {**record["recipient"], "vatZone": {"vatZoneNumber": record["recipient"].get("vatZone")}},
        "references": {"other": references.get("other"), "customerContact": contact, **people},
    }


# --- showing ---------------------------------------------------------------------------------------------------------


def show_parties(call: Call, record: Record, *, whole: bool) -> dict[str, Any]:
    """Payment terms, customer, recipient, delivery, notes, references, layout. A row of a collection (not ``whole``)
    names the VAT zone by number only."""
    shown: dict[str, Any] = {}
    if record.get("paymentTerms") is not None:
        shown["paymentTerms"] = _show_terms(call, record["paymentTerms"])
    shown["customer"] = call.ref("customers", "customerNumber", record["customer"])
    shown["recipient"] = _show_recipient(call, record, whole=whole)
    shown |= {name: record[name] for name in ("delivery", "notes") if record.get(name)}
    if record.get("references"):
        shown["references"] = _show_references(call, record)
    if record.get("layout") is not None:
        shown["layout"] = call.ref("layouts", "layoutNumber", record["layout"])
    return shown


def _show_terms(call: Call, number: int) -> dict[str, Any]:
    terms = call.state.payment_terms[number]
    shown = {"paymentTermsNumber": number}
    if "daysOfCredit" in terms:
        shown["daysOfCredit"] = terms["daysOfCredit"]
    kind = {"name": terms["name"], "paymentTermsType": terms["paymentTermsType"]}
    return {**shown, **kind, "self": call.link(f"payment-terms/{number}")}


def _show_recipient(call: Call, record: Record, *, whole: bool) -> dict[str, Any]:
    recipient = record["recipient"]
    shown = {name: recipient[name] for name in (*_RECIPIENT_TEXTS, "nemHandelType") if recipient.get(name) is not None}
    cvr = call.state.customers.get(record["customer"], {}).get("corporateIdentificationNumber")
    shown |= {"cvr": cvr} if cvr else {}
    if recipient.get("attention") is not None:
        contacts = f"customers/{record['customer']}/contacts"
        shown["attention"] = call.ref(contacts, "customerContactNumber", recipient["attention"])
    if recipient.get("vatZone") is not None:
        zone = call.state.vat_zones[recipient["vatZone"]]
        short = call.ref("vat-zones", "vatZoneNumber", recipient["vatZone"])
        shown["vatZone"] = show_vat_zone(call, zone) if whole else short
    return shown


def _show_references(call: Call, record: Record) -> dict[str, Any]:
    references = record["references"]
    shown: dict[str, Any] = {}
    if references.get("customerContact") is not None:
        contacts = f"customers/{record['customer']}/contacts"
        customer = call.ref("customers", "customerNumber", record["customer"])
        contact = call.ref(contacts, "customerContactNumber", references["customerContact"])
        shown["customerContact"] = {**contact, "customer": customer}
    for name in ("salesPerson", "vendorReference"):
        if references.get(name) is not None:
            shown[name] = call.ref("employees", "employeeNumber", references[name])
    return shown | ({"other": references["other"]} if "other" in references else {})


def show_product_and_unit(call: Call, line: Record) -> dict[str, Any]:
    """The references of a line."""
    shown: dict[str, Any] = {}
    if line.get("product") is not None:
        shown["product"] = {
            "productNumber": line["product"],
            "self": call.link(f"products/{escaped(line['product'])}"),
        }
    if line.get("unit") is not None:
        shown["unit"] = show_unit(call, call.state.units[line["unit"]])
    return shown
