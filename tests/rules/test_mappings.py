"""Rules of mapping values that no single type says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel import Locale
from pydantic import ValidationError

from pakhus.rules.countries import COUNTRY_CODES
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, Mapping, ProductNumbers, VatZones

# Two-letter codes in Babel's data that are no countries: regions, exceptional reservations, private use.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


def accounting(**products: object) -> AccountingMapping:
    customers = CollectiveCustomer(mode="collective", number=1)
    return AccountingMapping(customers=customers, layout=1, products=ProductNumbers(**products))  # type: ignore[arg-type]


def test_country_codes_are_those_that_babel_knows() -> None:
    known = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()}
    assert known - NO_COUNTRIES == COUNTRY_CODES


@pytest.mark.parametrize("rate", ["25", "1", "-0.25", "25 %", "", "NaN", "Infinity", "0,25"])
def test_refuses_a_rate_that_is_no_fraction(rate: str) -> None:
    with pytest.raises(ValidationError, match="is no VAT rate; write it as a fraction"):
        ProductNumbers(by_rate={rate: "vare"})


def test_refuses_one_rate_written_in_two_ways() -> None:
    with pytest.raises(ValidationError, match=r"0\.25 and 0\.250 are the same rate; keep one"):
        ProductNumbers(by_rate={"0.25": "vare", "0.250": "vare2"})


def test_finds_the_generic_product_of_a_rate_by_its_value() -> None:
    mapping = accounting(by_rate={"0.25": "vare", "0": "vareum"})
    assert mapping.generic_product(Decimal("0.2500")) == "vare"
    assert mapping.generic_product(Decimal("0.00")) == "vareum"
    assert mapping.generic_product(Decimal("0.19")) is None


@pytest.mark.parametrize("key", ["shipping_taxed", "fee", "discount"])
def test_refuses_a_rounding_product_that_carries_something_with_vat_too(key: str) -> None:
    with pytest.raises(ValidationError, match="rounding is 'x', which is another product too"):
        ProductNumbers(**{key: "x", "rounding": "x"})  # type: ignore[arg-type]


def test_refuses_vat_zones_that_are_one() -> None:
    with pytest.raises(ValidationError, match="must be three different zones"):
        VatZones(domestic=1, eu=2, abroad=2)


@pytest.mark.parametrize("version", [1, "1"])
def test_takes_its_version_as_number_or_text(version: object) -> None:
    assert Mapping.model_validate({"version": version}).version == 1


@pytest.mark.parametrize("version", [2, "2", "1.0", "", None, "yes"])
def test_refuses_another_version(version: object) -> None:
    with pytest.raises(ValidationError):
        Mapping.model_validate({"version": version})
