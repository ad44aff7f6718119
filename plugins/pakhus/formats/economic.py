"""e-conomic's JSON to our objects and back (contracts/economic.md 3.1, 6.1, 9.2); pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError

from pakhus.model import Invoice, InvoiceLine, Party, Totals
from pakhus.rules.document_lines import BookedLine

# What 100 units of base currency cost in it (section 6.1).
_BASE_RATE = 100
_NAME_LENGTH = 250
_ADDRESS_LENGTH = 250
_ZIP_LENGTH = 30
_CITY_LENGTH = 50
_COUNTRY_LENGTH = 50
_HEADING_LENGTH = 250
_TEXT_LENGTH = 1000
_REFERENCE_LENGTH = 250
_ACCOUNT_LENGTH = 40
# {shop}-{order id}-{kind}: how all our keys of documents end.
_KEY = re.compile(r"\S+-(?:invoice|credit\S*)")


def invoice_to_economic(invoice: Invoice, country_names: Mapping[str, str]) -> dict[str, Any]:
    """The body of POST /invoices/drafts.

    Our key stands in `references.other`; where that is a public buyer's requisition number, in `notes.textLine1`, which
    can be filtered as well (section 2.5).
    """
    body: dict[str, Any] = {
        "date": invoice.invoice_date.isoformat(),
        "currency": invoice.currency,
        "layout": {"layoutNumber": invoice.layout},
        "paymentTerms": {"paymentTermsNumber": invoice.payment_terms},
        "customer": {"customerNumber": invoice.customer_number},
        "recipient": {
            **_recipient(invoice.recipient, country_names),
            "vatZone": {"vatZoneNumber": invoice.vat_zone},
            **_nemhandel(invoice),
        },
        "references": _references(invoice),
        "lines": [_line(number, line) for number, line in enumerate(invoice.lines, 1)],
    }
    if invoice.exchange_rate is not None:
        body["exchangeRate"] = invoice.exchange_rate
    delivery = address_to_economic(invoice.delivery, country_names)
    if invoice.delivery_date is not None:
        delivery["deliveryDate"] = invoice.delivery_date.isoformat()
    if delivery:
        body["delivery"] = delivery
    notes = given(heading=invoice.heading[:_HEADING_LENGTH], **_texts(invoice))
    if notes:
        body["notes"] = notes
    return body


def totals_from_economic(document: Mapping[str, Any]) -> Totals:
    """Net, VAT and gross of a draft or booked invoice, as Decimals; KeyError when one is missing."""
    return Totals(*(_amount(document[name]) for name in ("netAmount", "vatAmount", "grossAmount")))


def lines_from_economic(document: Mapping[str, Any]) -> list[BookedLine]:
    """The lines of a booked invoice that sell something; text lines are left out (section 9.2)."""
    return [
        BookedLine(
            line_number=int(line["lineNumber"]),
            product_number=str(line["product"]["productNumber"]),
            quantity=_amount(line["quantity"]),
            rate=_amount(line["vatRate"]) / 100,
            net=_amount(line["totalNetAmount"]),
        )
        for line in document.get("lines") or []
        if line.get("product")
    ]


def header_from_economic(document: Mapping[str, Any]) -> tuple[date, Decimal | None]:
    """A document's date, and the price of 100 units of its currency in base currency; None in base currency itself."""
    rate = _amount(document["exchangeRate"]) if "exchangeRate" in document else None
    return date.fromisoformat(str(document["date"])[:10]), None if rate == _BASE_RATE else rate


def draft_number(document: Mapping[str, Any]) -> str:
    """The draft's number; KeyError without it."""
    return str(int(document["draftInvoiceNumber"]))


def booked_number(document: Mapping[str, Any]) -> str:
    """The booked invoice's number; KeyError without it."""
    return str(int(document["bookedInvoiceNumber"]))


def customer_number(document: Mapping[str, Any]) -> str:
    """The customer's number; KeyError without it."""
    return str(int(document["customerNumber"]))


def country_name(code: str, country_names: Mapping[str, str]) -> str:
    """The country as it stands on an invoice: free text there, so the merchant's word or the Danish name."""
    if code in country_names:
        return country_names[code]
    try:
        return str(Locale("da").territories.get(code, code))
    except UnknownLocaleError:
        return code


def _line(number: int, line: InvoiceLine) -> dict[str, Any]:
    return {
        "lineNumber": number,
        "sortKey": number,
        "product": {"productNumber": line.product_number},
        "description": line.text,
        "quantity": line.quantity,
        "unitNetPrice": line.unit_price,
    }


def key_of(document: Mapping[str, Any]) -> str:
    """Our key on a draft or booked invoice, whichever of its two places it stands in; empty where it has none."""
    text = str((document.get("notes") or {}).get("textLine1") or "")
    return text if _KEY.fullmatch(text) else str((document.get("references") or {}).get("other") or "")


def _nemhandel(invoice: Invoice) -> dict[str, Any]:
    """What an electronic invoice needs on the recipient (section 3.6)."""
    if not invoice.ean:
        return {}
    found: dict[str, Any] = {"ean": invoice.ean, "nemHandelType": "ean"}
    if invoice.account_string:
        found["publicEntryNumber"] = invoice.account_string[:_ACCOUNT_LENGTH]
    if invoice.contact is not None:
        found["attention"] = {"customerContactNumber": invoice.contact}
    return found


def _references(invoice: Invoice) -> dict[str, Any]:
    found: dict[str, Any] = {"other": invoice.requisition[:_REFERENCE_LENGTH] or invoice.key}
    if invoice.contact is not None:
        found["customerContact"] = {"customerContactNumber": invoice.contact}
    if invoice.employee is not None:
        found["salesPerson"] = {"employeeNumber": invoice.employee}
    return found


def _texts(invoice: Invoice) -> dict[str, str]:
    text = invoice.text[:_TEXT_LENGTH]
    return {"textLine1": invoice.key, "textLine2": text} if invoice.requisition else {"textLine1": text}


def _recipient(party: Party, country_names: Mapping[str, str]) -> dict[str, str]:
    return {"name": (party.company or party.name)[:_NAME_LENGTH], **address_to_economic(party, country_names)}


def address_to_economic(party: Party, country_names: Mapping[str, str]) -> dict[str, str]:
    street = "\n".join(part for part in (party.street, party.street2) if part)
    return given(
        address=street[:_ADDRESS_LENGTH],
        zip=party.postcode[:_ZIP_LENGTH],
        city=party.city[:_CITY_LENGTH],
        country=country_name(party.country, country_names)[:_COUNTRY_LENGTH] if party.country else "",
    )


def given(**members: str) -> dict[str, str]:
    """Only the members that say something: null and empty text are not accepted alike (section 2.3)."""
    return {name: value for name, value in members.items() if value}


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise TypeError(f"an amount must be a number, got {type(value).__name__}")
    return Decimal(value)
