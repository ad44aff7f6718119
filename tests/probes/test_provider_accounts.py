"""What `check` says of provider accounts: against the stand-in accounts, the shops and each other."""

from collections.abc import Iterator
from typing import Any

import pytest

from pakhus.probes.findings import Findings
from pakhus.probes.provider_accounts import check_account, check_together
from pakhus.rules.payment_methods import PaymentSign
from pakhus.settings.accounts import AccountSettings
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, paying
from tests.flows.test_payouts import ACCOUNTS, KORT
from tests.flows.world import World, world


@pytest.fixture(scope="module")
def at(ledger_url: str) -> Iterator[World]:
    with world(ledger_url, seed=only("60")) as running:
        yield paying(running, CARD)


def found(at: World, account: AccountSettings = KORT, **parts: Any) -> list[str]:
    if parts:
        account = account.model_copy(update={"accounts": {"DKK": ACCOUNTS.model_copy(update=parts)}})
    findings = Findings("economic__main")
    check_account(at.accounts, findings, account)
    return [finding.problem for finding in findings.found]


def together(at: World, *accounts: AccountSettings) -> list[str]:
    findings = Findings("Provider accounts")
    check_together(findings, accounts, [at.settings])
    return [finding.problem for finding in findings.found]


def test_an_account_that_fits_is_not_named_and_nothing_is_written(at):
    at.reset_counters()
    assert (found(at), together(at, KORT), at.writes()) == ([], [], 0)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"clearing": 4711}, "accounts.DKK.clearing is 4711, but e-conomic has no such account"),
        ({"bank": 5600}, "bank is 5600, which takes no direct entries"),
        ({"reserve": 7220}, "reserve is 7220, which is no balance account"),
        ({"fee": 5826}, "fee is 5826, which is a balance account"),
        ({"fee_vat_code": "X9"}, "fee_vat_code is X9, which does not exist"),
        ({"base_currency": "EUR"}, "base_currency is EUR, but the agreement's is DKK"),
    ],
)
def test_names_accounts_that_do_not_fit(at, parts, text):
    assert any(text in problem for problem in found(at, **parts)), found(at, **parts)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"barred": True}, "bank is 5829, which is barred"),
        ({"vatCode": "U25"}, "bank is 5829, which has the VAT code U25 of its own"),
    ],
)
def test_names_accounts_that_somebody_has_changed(at, change, text):
    account = at.accounts_server.standin.state.accounts[5829]
    before = dict(account)
    account.update(change)
    try:
        assert any(text in problem for problem in found(at)), found(at)
    finally:
        account.clear()
        account.update(before)


def test_names_a_journal_that_is_not_there_or_takes_one_kind_of_entries(at):
    assert any(
        "has no such journal (it has 1, 5, 6)" in one for one in found(at, KORT.model_copy(update={"journal": 9}))
    )
    restricted = found(at, KORT.model_copy(update={"journal": 6}))
    assert any("takes entries of the type customerPayment only" in one for one in restricted), restricted


def test_names_a_currency_that_the_agreement_does_not_have(at):
    yen = KORT.model_copy(update={"accounts": {"DKK": ACCOUNTS, "XAF": ACCOUNTS}})
    assert any("e-conomic has no currency XAF" in problem for problem in found(at, yen))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "clearing 5825 is that of kort, too"),
        ({}, "folder file:///srv/kort is that of kort, too"),
        (
            {"accounts": {"DKK": ACCOUNTS.model_copy(update={"clearing": 5826})}},
            "clearing is 5826, on which no payment method of a shop puts its payments (they use 5825)",
        ),
        ({"customer_payment_sign": PaymentSign.POSITIVE}, "customer_payment_sign is positive, but"),
    ],
)
def test_names_what_account_files_say_against_each_other_and_the_shops(at, change, text):
    other = KORT.model_copy(update={"account": "kort2", **change})
    assert any(text in problem for problem in together(at, KORT, other)), together(at, KORT, other)
