"""The bodies we send to e-conomic: by the contract's limits, and by the vendor's own schemas where they are there."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.http import to_json
from pakhus.formats.economic import (
    country_name,
    invoice_to_economic,
    key_of,
    totals_from_economic,
)
from pakhus.formats.economic_customers import (
    NewCustomer,
    changing_members,
    contact_to_economic,
    customer_to_economic,
    replaced_customer,
)
from pakhus.model import Buyer, Invoice, InvoiceLine, Party, Totals
from pakhus.rules.customer_mapping import CustomerField, EconomicCustomerEach, PublicCustomerEach
from pakhus.rules.customers import CustomerClass
from tests.contract.test_economic_vendor_schemas import assert_valid_request
from tests.rules.orders import DENMARK, line, order

SOLD = order([line("80.00", "20.00")], "100.00")
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
    new = NewCustomer(replace(SOLD, billing=buyer), CustomerClass.PRIVATE, vat_zone=1)
    assert_valid_request("customers.post", customer_to_economic(new, DEFAULTS, {}))


PUBLIC = replace(
    SOLD,
    billing=replace(DENMARK, name="Kirsten Rekvirent", company="Eksempel Kommune"),
    buyer=Buyer(vat_number="13585628", ean="5790000000012", requisition="REKV-7"),
    attributes={"account_string": "4410-22"},
)


def test_public_body_is_invoiced_as_nemhandel_needs_and_our_key_makes_room_for_the_requisition() -> None:
    sent = invoice(ean="5790000000012", contact=140, requisition="REKV-7", account_string="4410-22", text="Momsfri")
    body = invoice_to_economic(sent, {})
    assert_valid_request("invoices.drafts.post", body)
    assert body["references"] == {"other": "REKV-7", "customerContact": {"customerContactNumber": 140}}
    assert (body["notes"]["textLine1"], body["notes"]["textLine2"]) == ("nordlys-1042-invoice", "Momsfri")
    recipient = body["recipient"]
    assert (recipient["ean"], recipient["nemHandelType"], recipient["publicEntryNumber"]) == (
        "5790000000012",
        "ean",
        "4410-22",
    )
    assert recipient["attention"] == {"customerContactNumber": 140}
    assert key_of(body) == "nordlys-1042-invoice"
    without = invoice_to_economic(invoice(ean="5790000000012", contact=140), {})
    assert without["references"]["other"] == key_of(without) == "nordlys-1042-invoice"


def test_a_text_that_is_no_key_of_ours_is_not_taken_for_one() -> None:
    assert key_of({"references": {"other": "REKV-7"}, "notes": {"textLine1": "Tak for handlen"}}) == "REKV-7"
    assert key_of({}) == ""


def test_public_body_and_its_contact_are_valid_customers() -> None:
    rule = PublicCustomerEach(mode="each", group=2, payment_terms=4)
    body = customer_to_economic(NewCustomer(PUBLIC, CustomerClass.PUBLIC, vat_zone=1), rule, {})
    assert_valid_request("customers.post", body)
    assert (body["name"], body["ean"], body["corporateIdentificationNumber"]) == (
        "Eksempel Kommune",
        "5790000000012",
        "13585628",
    )
    assert body["publicEntryNumber"] == "4410-22"
    contact = contact_to_economic(PUBLIC)
    assert_valid_request("customers.customerNumber.contacts.post", contact)
    assert contact["name"] == "Kirsten Rekvirent"


def test_only_listed_members_of_a_customer_follow_and_the_rest_is_sent_back_as_it_was() -> None:
    moved = replace(SOLD, billing=replace(DENMARK, street="Nygade 2", email="ny@example.dk"))
    changes = changing_members(moved, CustomerClass.PRIVATE, {CustomerField.ADDRESS}, {})
    assert changes == {"address": "Nygade 2", "zip": "4000", "city": "Roskilde", "country": "Danmark"}
    shown = {
        "customerNumber": 7,
        "name": "Anne Test",
        "currency": "EUR",
        "email": "anne@example.dk",
        "customerGroup": {"customerGroupNumber": 3, "self": "https://x"},
        "paymentTerms": {"paymentTermsNumber": 1, "self": "https://x"},
        "vatZone": {"vatZoneNumber": 2, "self": "https://x"},
        "address": "Algade 1",
        "barred": False,
        "balance": Decimal(10),
        "lastUpdated": "2026-01-01T00:00:00Z",
        "self": "https://x",
    }
    body = replaced_customer(shown, changes)
    assert_valid_request("customers.customerNo.put", body)
    assert body == {
        "customerNumber": 7,
        "name": "Anne Test",
        "currency": "EUR",
        "email": "anne@example.dk",
        "barred": False,
        "customerGroup": {"customerGroupNumber": 3},
        "paymentTerms": {"paymentTermsNumber": 1},
        "vatZone": {"vatZoneNumber": 2},
        **changes,
    }


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
