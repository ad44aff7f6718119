"""What `check` reads from the accounts' newest invoices: the rounding of VAT, and Rackbeat's own sales invoices."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients import economic
from pakhus.probes.economic_booking import check_double_invoicing, check_rounding
from pakhus.probes.findings import Findings
from pakhus.rules.mappings import RoundingMode
from tests.flows.shipped_orders import only
from tests.flows.test_booking import due, invoicing, row
from tests.flows.world import World, world


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only("60", "63")) as running:
        yield running


def book(at: World, *nets: str, heading: str = "Ordre 1", draft: bool = False) -> None:
    """Somebody's invoice of lines with VAT."""
    lines = [
        {"product": {"productNumber": "vare"}, "description": "Vare", "quantity": 1, "unitNetPrice": Decimal(net)}
        for net in nets
    ]
    body: dict[str, Any] = {
        "date": "2026-11-21",
        "currency": "DKK",
        "layout": {"layoutNumber": 21},
        "paymentTerms": {"paymentTermsNumber": 1},
        "customer": {"customerNumber": at.accounts.rows("/customers", "customerNumber")[0]["customerNumber"]},
        "recipient": {"name": "Test", "vatZone": {"vatZoneNumber": 1}},
        "notes": {"heading": heading},
        "lines": lines,
    }
    made = at.accounts.send(economic.create_draft(body)).json()
    if not draft:
        at.accounts.send(economic.book_draft(str(made["draftInvoiceNumber"])))


def rounding(at: World, mode: RoundingMode) -> Findings:
    part = at.settings.mapping.economic
    assert part is not None
    findings = Findings("economic__main")
    check_rounding(at.accounts, findings, [("standard", part.model_copy(update={"rounding_mode": mode}))])
    return findings


@pytest.mark.parametrize("really", list(RoundingMode))
def test_booked_invoice_shows_how_vat_is_rounded(at: World, really: RoundingMode) -> None:
    at.accounts_server.configure({"rounding": really.value})
    book(at, "9.98", "9.98", "9.98")
    book(at, "80.00")  # the same under both
    other = next(mode for mode in RoundingMode if mode is not really)
    assert rounding(at, really).found == []
    wrong = rounding(at, other)
    assert len(wrong.found) == 1
    assert f"rounds VAT per {really.value}" in wrong.found[0].problem


def test_invoices_that_are_the_same_under_both_modes_show_nothing(at: World) -> None:
    book(at, "80.00")
    found = rounding(at, RoundingMode.LINE)
    assert (found.found, found.facts) == ([], [])


@pytest.mark.parametrize("draft", [True, False])
def test_invoice_of_a_warehouse_order_says_that_rackbeat_invoices_too(at: World, draft: bool) -> None:
    findings = Findings("economic__main")
    book(at, "80.00", heading="Ordre nordlys-1042")
    check_double_invoicing(at.accounts, findings, [at.settings])
    assert findings.found == []
    book(at, "80.00", heading="nordlys-1042-order", draft=draft)
    check_double_invoicing(at.accounts, findings, [at.settings])
    assert "posted twice" in findings.found[0].problem


def test_first_invoice_of_a_shop_is_not_booked_while_rackbeat_invoices_too(at: World) -> None:
    book(at, "80.00", heading="nordlys-1042-order", draft=True)
    key = due(at)
    at.book()
    assert row(at, key).reason == "invoiced_by_warehouse"
    invoicing(at, send_email=False)
    for number in at.accounts_server.dump()["drafts"]:
        if number != row(at, key).remote_id:
            at.accounts_server.act({"action": "delete_draft", "draft": int(number)})
    at.forward(days=1, minutes=1)
    at.book()
    assert row(at, key).reason == "transferred"
