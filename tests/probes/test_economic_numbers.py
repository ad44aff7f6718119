"""What `check` says of each number that a mapping names in the accounts: products, accounts, employees, currencies."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from pakhus.probes.economic import probe_economic
from pakhus.probes.findings import Findings
from pakhus.rules.exchange_rates import RateStates, StatedRate
from pakhus.rules.mappings import AccountingMapping, GiftCards
from pakhus.rules.vat_mapping import OssRules, VatRules
from tests.flows.shipped_orders import only
from tests.flows.test_proof import state, today
from tests.flows.world import World, world

RATE = StatedRate(states=RateStates.BASE_FOR_100, least=Decimal(90), most=Decimal(110))


@pytest.fixture(scope="module")
def at(ledger_url: str) -> Iterator[World]:
    with world(ledger_url, seed=only("60")) as running:
        yield running


def problems(at: World, **changes: Any) -> list[str]:
    """What is wrong when the mapping says this of the accounts."""
    mapping = at.settings.mapping
    assert mapping.economic is not None
    economic = AccountingMapping.model_validate({**mapping.economic.model_dump(by_alias=True), **changes})
    changed = at.settings.model_copy(update={"mapping": mapping.model_copy(update={"economic": economic})})
    findings = Findings("economic__main")
    assert probe_economic(at.accounts, findings, [changed], today(at))
    return [finding.problem for finding in findings.found]


def products(at: World, **numbers: Any) -> dict[str, Any]:
    mapping = at.settings.mapping
    assert mapping.economic is not None
    return {"products": {**mapping.economic.products.model_dump(), **numbers}}


def test_what_fits_is_not_named(at: World) -> None:
    refunds = products(at, refund_by_rate={"0.25": "vare"})
    cards = GiftCards(debt_account=5825).model_dump()
    oss = VatRules(oss=OssRules(products={"DE": {"0.19": "oss-de-19"}})).model_dump()
    method = {"cod": {"terms": 11, "employee": 1}}
    assert problems(at, **refunds, gift_cards=cards, vat=oss, employee=1, payments=method) == []


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("nix", "economic.products.refund_by_rate.0.25 is nix, but e-conomic has no such product"),
        ("fragtum", "refund_by_rate.0.25: fragtum must carry 25 % VAT in VAT zone 1, but e-conomic would charge 0 %"),
    ],
)
def test_products_of_refunds_by_amount(at: World, number: str, problem: str) -> None:
    [found] = problems(at, **products(at, refund_by_rate={"0.25": number}))
    assert problem in found


@pytest.mark.parametrize(
    ("by_rate", "problem"),
    [
        ({"0.19": "nix"}, "economic.vat.oss.products.DE.0.19 is nix, but e-conomic has no such product"),
        ({"0.07": "oss-de-19"}, "DE.0.07: oss-de-19 must carry 7 % VAT in VAT zone 1, but e-conomic would charge 19 %"),
    ],
)
def test_products_of_oss_carry_their_countrys_rate(at: World, by_rate: dict[str, str], problem: str) -> None:
    [found] = problems(at, vat=VatRules(oss=OssRules(products={"DE": by_rate})).model_dump())
    assert problem in found


def test_correction_line_has_no_vat_in_the_zones_of_oss_and_of_exempt_buyers(at: World) -> None:
    oss = OssRules(zone=77, products={"DE": {"0.19": "oss-de-19"}})
    found = problems(at, vat=VatRules(oss=oss, exempt_zone=78).model_dump())
    for zone in (77, 78):
        assert any("economic.products.rounding: Product group" in one and f"VAT zone {zone}." in one for one in found)


def test_our_reference_is_an_employee_who_is_there(at: World) -> None:
    known = "but e-conomic has no such employee (it has 1)"
    method = {"cod": {"terms": 11, "employee": 8}}
    found = problems(at, employee=7, payments=method)
    assert any(f"economic.employee is 7, {known}" in one for one in found)
    assert any(f"economic.payments.cod.employee is 8, {known}" in one for one in found)
    state(at).employees[1]["barred"] = True
    assert any("economic.employee is 1, but" in one for one in problems(at, employee=1))
    del state(at).employees[1]["barred"]


@pytest.mark.parametrize(
    ("account", "problem"),
    [
        (4711, "gift_cards.debt_account is 4711, but e-conomic has no such account"),
        (7220, "gift_cards.debt_account is 7220, which is no balance account"),
    ],
)
def test_debt_of_gift_cards_is_on_a_balance_account(at: World, account: int, problem: str) -> None:
    [found] = problems(at, gift_cards=GiftCards(debt_account=account).model_dump())
    assert problem in found


def test_currency_of_the_accounts_has_no_rate(at: World) -> None:
    [found] = problems(at, exchange_rates={"DKK": RATE.model_dump()})
    assert "exchange_rates.DKK: DKK is the currency of the accounts themselves" in found


def test_rate_of_a_currency_that_is_not_invoiced_is_refused_by_the_settings(at: World) -> None:
    with pytest.raises(ValueError, match="exchange_rates has EUR, which currencies does not"):
        problems(at, exchange_rates={"EUR": RATE.model_dump()})


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ({"groups": {"": 77}}, "economic.new_products.groups.standard is 77, but e-conomic has no such product group"),
        ({"groups": {"": 1}, "unit": 77}, "economic.new_products.unit is 77, but e-conomic has no such unit"),
        ({"groups": {"": 1}, "currency": "EUR"}, "currency is EUR, but the accounts' base currency is DKK"),
    ],
)
def test_numbers_of_new_products(at: World, new: dict[str, Any], problem: str) -> None:
    [found] = problems(at, new_products=new)
    assert problem in found
