"""What `check` says of payment methods: against the stand-in accounts, and by the methods that orders used."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pakhus.clients.economic_journals import create_voucher
from pakhus.connections import ConnectionFacts
from pakhus.probes.economic_payments import check_payments
from pakhus.probes.findings import Findings
from pakhus.probes.methods import check_methods, probe_methods
from pakhus.rules.payment_methods import PaymentMethod, PaymentSign, PaymentWay
from pakhus.settings import ShopSettings
from tests.flows.shipped_orders import only
from tests.flows.world import World, world

CARD = PaymentMethod(terms=2, way=PaymentWay.AUTO, clearing_account=5825, journal=5, open_terms=11)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def at(ledger_url: str) -> Iterator[World]:
    with world(ledger_url, seed=only("60", "63")) as running:
        yield running


def found(at: World, sign: PaymentSign = PaymentSign.NEGATIVE, **changes: Any) -> Findings:
    economic = at.settings.mapping.economic
    assert economic is not None
    update = {"payments": {"card": CARD.model_copy(update=changes)}, "customer_payment_sign": sign}
    findings = Findings("economic__main")
    check_payments(at.accounts, findings, [("standard", economic.model_copy(update=update))])
    return findings


def test_a_method_that_fits_is_not_named(at):
    assert found(at).found == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"clearing_account": 4711}, "clearing_account is 4711, but e-conomic has no such account"),
        ({"clearing_account": 5600}, "5600, which takes no direct entries"),
        ({"clearing_account": 7220}, "7220, which is no balance account"),
        ({"clearing_account": 5826}, "whose contra account is 5825, not clearing_account 5826"),
        ({"terms": 4}, "terms is 4, whose type is net: the invoice would not count as paid"),
        ({"open_terms": 12}, "open_terms is 12, whose type is creditcard: the invoice would be paid twice"),
        ({"journal": 9}, "journal is 9, but e-conomic has no such journal (it has 1, 5, 6)"),
    ],
)
def test_says_what_does_not_fit(at, changes, text):
    assert any(text in finding.problem for finding in found(at, **changes).found)


def test_a_method_left_open_asks_nothing_of_the_agreement(at):
    at.reset_counters()
    assert found(at, way=PaymentWay.OPEN).found == []
    assert at.accounts_server.counters()["requests"] == 0


@pytest.mark.parametrize(("sign", "amount"), [("negative", -100), ("positive", 100)])
def test_the_sign_of_customer_payments_is_found_out_by_one_made_by_hand(at, sign, amount):
    invoice = _invoice(at)
    body = {
        "accountingYear": {"year": str(datetime.now(UTC).year)},
        "entries": {
            "customerPayments": [
                {
                    "text": "Indbetaling",
                    "amount": amount,
                    "date": datetime.now(UTC).date().isoformat(),
                    "customer": {"customerNumber": invoice["customer"]["customerNumber"]},
                    "customerInvoice": invoice["bookedInvoiceNumber"],
                    "contraAccount": {"accountNumber": 5825},
                }
            ]
        },
    }
    made = at.accounts.send(create_voucher(5, body)).json()
    right, wrong = PaymentSign(sign), next(one for one in PaymentSign if one != sign)
    assert found(at, right).found == []
    assert any("as standard.yaml says" in fact for fact in found(at, right).facts)
    assert any("customer_payment_sign" in finding.problem for finding in found(at, wrong).found)
    entry = made[0]["entries"]["customerPayments"][0]["journalEntryNumber"]
    del at.accounts_server.standin.state.journal_entries[int(entry)]


def _invoice(at: World) -> Any:
    booked = at.accounts.rows("/invoices/booked", "bookedInvoiceNumber")
    if not booked:
        at.observe()
        at.book()
        booked = at.accounts.rows("/invoices/booked", "bookedInvoiceNumber")
    return booked[0]


# --- the methods that orders used -------------------------------------------------------------------------------------


def test_unmapped_methods_are_named_with_their_counts(at):
    findings = Findings("woocommerce__nordlys")
    check_methods(findings, at.settings, Counter({"bacs": 40, "mobilepay": 3}), "by the ledger")
    assert findings.facts == ["used by the ledger: bacs 40, mobilepay 3"]
    assert [finding.problem.split(",")[0] for finding in findings.found] == ["3 orders were paid with mobilepay"]


def test_the_ledger_tells_the_methods_and_the_shop_where_it_has_none(at):
    shop: ShopSettings = at.settings
    facts = {"conn_id": "woocommerce__nordlys", "host": at.shop_server.url, "login": "ck_" + "n" * 40}
    connections = {"woocommerce__nordlys": ConnectionFacts(**facts, password="cs_" + "n" * 40)}
    (asked,) = probe_methods([shop], connections, None, SINCE)
    assert asked.facts == ["used since 2026-11-01, by the shop: bacs 2"]
    at.observe()
    (stored,) = probe_methods([shop], connections, at.ledger, SINCE)
    assert stored.facts == ["used since 2026-11-01, by the ledger: bacs 2"]
