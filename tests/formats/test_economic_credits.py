"""A credit note's body: the invoice's header, negative quantities, the invoice named; by the vendor's schema too."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.http import to_json
from pakhus.formats.economic_credits import CreditNote, credit_to_economic, texts_from_economic, vat_zone_from_economic
from pakhus.model import InvoiceLine
from tests.contract.example_bodies import example
from tests.contract.test_economic_vendor_schemas import assert_valid_request

D = Decimal
LINES = (InvoiceLine("SKU-1001", "Kaffekop", D(-1), D("159.20"), D("0.25"), "U25", "7"),)


def booked(**changes: Any) -> Any:
    return example("economic", "booked-invoice.book.response") | changes


def note(**changes: Any) -> CreditNote:
    facts = {"key": "nordlys-1042-credit9", "order_number": "1042", "credit_date": date(2026, 2, 5), "lines": LINES}
    return CreditNote(**{**facts, **changes})


def test_header_is_the_invoices_and_the_text_names_it() -> None:
    invoice = booked()
    body = credit_to_economic(note(), invoice)
    assert_valid_request("invoices.drafts.post", to_json(body))
    assert body["customer"]["customerNumber"] == invoice["customer"]["customerNumber"]
    assert body["layout"]["layoutNumber"] == invoice["layout"]["layoutNumber"]
    assert body["paymentTerms"] == {"paymentTermsNumber": invoice["paymentTerms"]["paymentTermsNumber"]}
    assert body["recipient"]["vatZone"] == {"vatZoneNumber": vat_zone_from_economic(invoice)}
    assert body["recipient"]["name"] == invoice["recipient"]["name"]
    assert body["references"]["other"] == "nordlys-1042-credit9"
    assert f"faktura {invoice['bookedInvoiceNumber']} af " in body["notes"]["textLine1"]
    assert [(line["quantity"], line["unitNetPrice"]) for line in body["lines"]] == [(D(-1), D("159.20"))]
    assert "exchangeRate" not in body


def test_foreign_currency_keeps_the_invoices_exchange_rate() -> None:
    body = credit_to_economic(note(), booked(currency="EUR", exchangeRate=D("746.030000")))
    assert_valid_request("invoices.drafts.post", to_json(body))
    assert (body["currency"], body["exchangeRate"]) == ("EUR", D("746.030000"))


@pytest.mark.parametrize(("day", "quarter"), [("2026-03-31", 1), ("2026-04-01", 2), ("2026-12-31", 4)])
def test_sale_under_oss_keeps_its_country_and_period(day: str, quarter: int) -> None:
    body = credit_to_economic(note(country="DE"), booked(date=day))
    assert body["notes"]["textLine1"].endswith(f". Moms: DE, {quarter}. kvartal 2026")


def test_texts_stand_by_their_lines_numbers() -> None:
    invoice = booked()
    assert texts_from_economic(invoice) == {line["lineNumber"]: line["description"] for line in invoice["lines"]}
