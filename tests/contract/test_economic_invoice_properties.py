"""Random orders through the accounts' own server: drafted, compared and booked at exactly what was charged."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient, EconomicSettings
from pakhus.formats.economic import booked_number, draft_number, invoice_to_economic, totals_from_economic
from pakhus.model import Invoice, Order
from pakhus.rules.invoices import InvoicePlan
from pakhus.rules.mappings import RoundingMode
from standin.registry import create
from standin.server import StandinServer
from tests.contract.test_economic_vendor_schemas import assert_valid_request
from tests.rules.agreement import PRODUCTS, seed_of_all_rates
from tests.rules.orders import DENMARK, line, order
from tests.rules.shop_orders import shop_orders
from tests.rules.test_invoice_properties import plan


@pytest.fixture(scope="module")
def accounts() -> Iterator[tuple[StandinServer, EconomicClient]]:
    seed = seed_of_all_rates(PRODUCTS)
    seed["customers"] += [
        {"customerNumber": 1, "name": "Webshop", "currency": "DKK", "customerGroup": 1, "vatZone": 1, "paymentTerms": 1}
    ]
    keys = seed["credentials"]
    with StandinServer(create("economic", "properties", seed, {"bucket_size": 1_000_000})) as server:
        yield (
            server,
            EconomicClient.from_settings(
                EconomicSettings(keys["app_secret_token"], keys["agreement_grant_token"], base_url=server.url)
            ),
        )


def invoice_of(one: Order, found: InvoicePlan) -> Invoice:
    return Invoice(
        key="nordlys-1042-invoice",
        currency=one.currency,
        invoice_date=date(2026, 11, 21),
        customer_number=1,
        recipient=DENMARK,
        delivery=DENMARK,
        vat_zone=1,
        layout=19,
        payment_terms=1,
        lines=found.lines,
        predicted=found.predicted,
        correction=found.correction,
    )


@pytest.mark.parametrize("mode", list(RoundingMode))
@given(one=shop_orders())
@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
def test_draft_equals_its_prediction_and_books_what_was_charged(
    accounts: tuple[StandinServer, EconomicClient], mode: RoundingMode, one: Order
) -> None:
    server, client = accounts
    found = plan(one, mode, "net_price")
    if not isinstance(found, InvoicePlan):
        assert found.code == "nothing_charged"
        return
    server.configure({"rounding": mode.value})
    draft = client.send(economic.create_draft(invoice_to_economic(invoice_of(one, found), {}))).json()
    assert totals_from_economic(draft) == found.predicted
    booked = client.send(economic.book_draft(draft_number(draft))).json()
    assert totals_from_economic(booked).gross == one.total.amount
    assert totals_from_economic(client.get_booked(booked_number(booked))) == found.predicted


@pytest.mark.parametrize("send_by", ["none", "ean", "Email"])
def test_requests_of_booking_fit_the_vendors_schemas(send_by: str) -> None:
    found = plan(order([line("79.99", "20.00", sku="S250", quantity="3")], "99.99"), RoundingMode.DOCUMENT, "net_price")
    assert isinstance(found, InvoicePlan)
    invoice = replace(invoice_of(order([], "0"), found), employee=1, delivery_date=date(2026, 10, 30))
    body = json.loads(economic.create_draft(invoice_to_economic(invoice, {})).body or b"", parse_float=Decimal)
    assert_valid_request("invoices.drafts.post", body)
    # The schema of the replacement lists no layout, although a document as read must be accepted (contract 6.2).
    assert_valid_request(
        "invoices.drafts.draftInvoiceNumber.put", {name: value for name, value in body.items() if name != "layout"}
    )
    booking = json.loads(economic.book_draft("7", send_by=send_by).body or b"")
    # The schema writes EAN; published clients send ean with success (contract 3.6).
    if send_by == "ean":
        booking["sendBy"] = booking["sendBy"].upper()
    assert_valid_request("invoices.booked.post", booking)
