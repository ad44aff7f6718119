"""Random orders through the accounts' own server: drafted, compared and booked at exactly what was charged."""

from collections.abc import Iterator
from datetime import date

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
from tests.rules.agreement import PRODUCTS, seed_of_all_rates
from tests.rules.orders import DENMARK
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
    deadline=None,
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
