"""The bodies we send to e-conomic: by the contract's limits, and by the vendor's own schemas where they are there."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.http import to_json
from pakhus.formats.economic import (
    country_name,
    customer_to_economic,
    invoice_to_economic,
    totals_from_economic,
)
from pakhus.model import Invoice, InvoiceLine, Party, Totals
from pakhus.rules.mappings import EconomicCustomerEach
from tests.contract.test_economic_vendor_schemas import assert_valid_request
from tests.rules.orders import DENMARK, line, order

DEFAULTS = EconomicCustomerEach(mode="each", group=1, payment_terms=1)
LONG = Party(
    name="N" * 300,
    company="C" * 300,
    street="S" * 300,
    street2="T" * 300,
    postcode="4" * 60,
    city="B" * 80,
    country="DK",
    email="e" * 250 + "@example.dk",
    phone="1" * 80,
)


def invoice(recipient: Party = DENMARK, **changes: Any) -> Invoice:
    facts: dict[str, Any] = {
        "key": "nordlys-1042-invoice",
        "currency": "DKK",
        "invoice_date": date(2026, 11, 21),
        "customer_number": 500001,
        "recipient": recipient,
        "delivery": recipient,
        "vat_zone": 1,
        "layout": 21,
        "payment_terms": 11,
        "lines": (
            InvoiceLine("NH-1", "Vinglas", Decimal(6), Decimal("39.60"), Decimal("0.25"), "U25", "1"),
            InvoiceLine("diff", "Øreafrunding", Decimal(1), Decimal("-0.01"), Decimal(0), ""),
        ),
        "predicted": Totals(Decimal("237.59"), Decimal("59.40"), Decimal("296.99")),
        "heading": "Ordre 1042",
        "text": "T" * 3000,
    }
    return Invoice(**{**facts, **changes})


def test_draft_says_what_was_planned_and_carries_our_key() -> None:
    body = invoice_to_economic(invoice(), {})
    assert body["references"] == {"other": "nordlys-1042-invoice"}
    assert body["date"] == "2026-11-21"
    assert body["lines"][0]["quantity"] * body["lines"][0]["unitNetPrice"] == Decimal("237.60")
    assert [row["lineNumber"] for row in body["lines"]] == [1, 2]
    assert body["recipient"]["country"] == "Danmark"
    assert "null" not in to_json(body).decode()


@pytest.mark.parametrize("buyer", [DENMARK, LONG, Party(name="Kun navn")])
def test_draft_and_customer_are_valid_by_the_vendors_schemas(buyer: Party) -> None:
    assert_valid_request("invoices.drafts.post", invoice_to_economic(invoice(buyer), {}))
    sold = order([line("80.00", "20.00")], "100.00")
    object.__setattr__(sold, "billing", buyer)
    assert_valid_request("customers.post", customer_to_economic(sold, DEFAULTS, {}))


def test_long_fields_are_cut_to_what_the_contract_takes() -> None:
    body = invoice_to_economic(invoice(LONG), {})
    assert len(body["recipient"]["name"]) == 250
    assert len(body["recipient"]["address"]) == 250
    assert len(body["delivery"]["zip"]) == 30
    assert len(body["notes"]["textLine1"]) == 1000


def test_country_is_the_merchants_word_the_danish_name_or_the_code_itself() -> None:
    assert country_name("SE", {}) == "Sverige"
    assert country_name("SE", {"SE": "Sweden"}) == "Sweden"
    assert country_name("QQ", {}) == "QQ"


def test_totals_are_read_as_decimals_and_anything_else_is_refused() -> None:
    document = {"netAmount": Decimal("1.10"), "vatAmount": 0, "grossAmount": "1.10"}
    assert totals_from_economic(document) == Totals(Decimal("1.10"), Decimal(0), Decimal("1.10"))
    with pytest.raises(KeyError):
        totals_from_economic({"netAmount": 1})
    with pytest.raises(TypeError):
        totals_from_economic({"netAmount": 1.5, "vatAmount": 0, "grossAmount": 0})
