"""A credit note as e-conomic's JSON: a draft with negative quantities, its header copied from the invoice; pure.

There is no resource for credit notes and no field that links one to its invoice: the invoice's number stands in the
text, our key in `references.other` (economic.md 10), or before the text where a requisition number stands there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pakhus.formats.economic import booked_number, header_from_economic, key_of
from pakhus.model import InvoiceLine

_RECIPIENT = ("name", "address", "zip", "city", "country", "ean", "publicEntryNumber", "mobilePhone", "nemHandelType")
_DELIVERY = ("address", "zip", "city", "country", "deliveryTerms")
_PEOPLE = {
    "customerContact": "customerContactNumber",
    "salesPerson": "employeeNumber",
    "vendorReference": "employeeNumber",
}
_LINE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note as it is to be drafted. `order_number` is what people call the order."""

    key: str
    order_number: str
    credit_date: date
    lines: tuple[InvoiceLine, ...]
    reason: str = ""
    country: str = ""  # whose VAT the invoice carries, where it is not the seller's own (OSS)


def credit_to_economic(credit: CreditNote, invoice: Mapping[str, Any]) -> dict[str, Any]:
    """The body of POST /invoices/drafts; `invoice` is the booked invoice as it was read."""
    body: dict[str, Any] = {
        "date": credit.credit_date.isoformat(),
        "currency": str(invoice["currency"]),
        "layout": {"layoutNumber": int(invoice["layout"]["layoutNumber"])},
        "paymentTerms": {"paymentTermsNumber": int(invoice["paymentTerms"]["paymentTermsNumber"])},
        "customer": {"customerNumber": int(invoice["customer"]["customerNumber"])},
        "recipient": _recipient(invoice["recipient"]),
        "references": {"other": _requisition(invoice) or credit.key, **_references(invoice.get("references") or {})},
        "notes": {"heading": "Kreditnota", **_texts(credit, invoice)},
        "lines": [_line(number, line) for number, line in enumerate(credit.lines, 1)],
    }
    _, rate = header_from_economic(invoice)
    if rate is not None:
        body["exchangeRate"] = rate  # what was earned and is given back is worth the same
    delivery = _kept(invoice.get("delivery") or {}, _DELIVERY)
    return {**body, "delivery": delivery} if delivery else body


def texts_from_economic(document: Mapping[str, Any]) -> dict[int, str]:
    """What stands on each line of a booked document, by its number."""
    return {int(line["lineNumber"]): str(line.get("description") or "") for line in document.get("lines") or []}


def vat_zone_from_economic(document: Mapping[str, Any]) -> int:
    """The VAT zone of a document; KeyError without one."""
    return int(document["recipient"]["vatZone"]["vatZoneNumber"])


def _requisition(invoice: Mapping[str, Any]) -> str:
    """A public buyer's requisition number, which took our key's place on the invoice; empty where there was none."""
    other = str((invoice.get("references") or {}).get("other") or "")
    return "" if other == key_of(invoice) else other


def _texts(credit: CreditNote, invoice: Mapping[str, Any]) -> dict[str, str]:
    text = _text(credit, invoice)[:_LINE_LENGTH]
    return {"textLine1": credit.key, "textLine2": text} if _requisition(invoice) else {"textLine1": text}


def _text(credit: CreditNote, invoice: Mapping[str, Any]) -> str:
    day, _ = header_from_economic(invoice)
    text = f"Vedrører faktura {booked_number(invoice)} af {day:%d.%m.%Y}, ordre {credit.order_number}"
    if credit.country:  # a correction in a later return names the country and the period of the sale (domain guide 8)
        text += f". Moms: {credit.country}, {(day.month + 2) // 3}. kvartal {day.year}"
    return f"{text}. {credit.reason}" if credit.reason else text


def _recipient(recipient: Mapping[str, Any]) -> dict[str, Any]:
    kept = _kept(recipient, _RECIPIENT)
    kept["vatZone"] = {"vatZoneNumber": int(recipient["vatZone"]["vatZoneNumber"])}
    return kept | _number(recipient, "attention", "customerContactNumber")


def _references(references: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, number in _PEOPLE.items():
        found |= _number(references, name, number)
    return found


def _number(members: Mapping[str, Any], name: str, number: str) -> dict[str, Any]:
    return {name: {number: int(members[name][number])}} if members.get(name) else {}


def _kept(members: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: members[name] for name in names if members.get(name)}


def _line(number: int, line: InvoiceLine) -> dict[str, Any]:
    return {
        "lineNumber": number,
        "sortKey": number,
        "product": {"productNumber": line.product_number},
        "description": line.text,
        "quantity": line.quantity,
        "unitNetPrice": line.unit_price,
        "discountPercentage": Decimal(0),
    }
