"""What a mapping file says about VAT beyond the domestic: OSS, companies in the EU, texts (domain guide 6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from pakhus.rules.mapping_fields import Day, ProductNumber, Rate, Strict
from pakhus.rules.places import MEMBER_STATES, NORTHERN_IRELAND
from pakhus.rules.vat_rates import DatedRate


def _member_state(code: str) -> str:
    if code not in MEMBER_STATES and code != NORTHERN_IRELAND:
        raise ValueError(f"{code!r} is no EU country; write its two letters like DE (Greece GR, Northern Ireland XI)")
    return code


MemberState = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_member_state)]


class CountryRate(Strict):
    """A rate that the built-in table lacks or has wrong."""

    country: MemberState = Field(description="EU country")
    rate: Rate = Field(description="The rate as a fraction (0.255)")
    standard: bool = Field(False, description="Is the country's standard rate; replaces the table's on these days")
    since: Day = Field(description="First day")
    until: Day | None = Field(None, description="Last day; none: until further notice")

    def dated(self) -> DatedRate:
        return DatedRate(self.country, Decimal(self.rate), self.standard, self.since, self.until)


class OssRules(Strict):
    """Sales to private buyers in other EU countries, declared by the One Stop Shop."""

    since: Day | None = Field(None, description="First day under OSS; sales before carry domestic VAT; none: always")
    zone: int | None = Field(None, gt=0, description="VAT zone number of such invoices; none: the domestic zone")
    products: dict[MemberState, dict[Rate, ProductNumber]] = Field(
        description="Country -> rate as a fraction -> the generic product that carries all lines of that rate; "
        "a rate that is not here is not sold at"
    )
    rates: list[CountryRate] = Field(
        default_factory=list, description="Rates that the built-in table lacks or has wrong"
    )

    @field_validator("products")
    @classmethod
    def _each_rate_once(cls, products: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for country, by_rate in products.items():
            if len({Decimal(text) for text in by_rate}) < len(by_rate):
                raise ValueError(f"{country} has the same rate twice; keep one")
        return products

    def products_of(self, country: str) -> tuple[tuple[Decimal, str], ...]:
        """The (rate, product number) pairs of a country."""
        return tuple((Decimal(text), product) for text, product in self.products.get(country, {}).items())

    def more_rates(self) -> tuple[DatedRate, ...]:
        return tuple(rate.dated() for rate in self.rates)

    def holds_on(self, day: date) -> bool:
        return self.since is None or self.since <= day


class NumberCheck(StrEnum):
    """Whose word counts that a company's VAT number is registered."""

    SHOP = "shop"  # the shop's plugin asked VIES: mapped field vat_number_valid
    CHECK_DIGITS = "check_digits"  # form and check digits; a person answers for the rest


class ReverseChargeRules(Strict):
    """VAT-free sales of goods to companies in other EU countries."""

    number_check: NumberCheck = Field(
        NumberCheck.SHOP,
        description="Whose word counts that a VAT number is registered: shop (its plugin's result, mapped to "
        "vat_number_valid in buyer_fields) or check_digits (form and check digits alone)",
    )
    text: str = Field(
        "Omvendt betalingspligt / Reverse charge. VAT no. {vat_number}",
        max_length=900,
        description="What the invoice says; {vat_number} is the buyer's number",
    )

    @field_validator("text")
    @classmethod
    def _names_the_number(cls, text: str) -> str:
        if "{vat_number}" not in text:
            raise ValueError("must contain {vat_number}: such an invoice has to carry the buyer's number")
        return text


class VatRules(Strict):
    """How VAT is treated beyond domestic sales. What is not set up here is held."""

    oss: OssRules | None = Field(None, description="Sales under OSS; none: EU buyers are charged domestic VAT")
    reverse_charge: ReverseChargeRules | None = Field(
        ReverseChargeRules(),
        description="VAT-free sales to companies in other EU countries; null: companies are charged VAT like anybody",
    )
    export_text: str = Field("", max_length=900, description="What invoices without VAT to outside the EU say")
    exempt_zone: int | None = Field(
        None,
        gt=0,
        description="VAT zone of domestic buyers that a plugin exempts from VAT (mapped field vat_exempt); "
        "none: they are held",
    )
    pickup_methods: frozenset[str] = Field(
        frozenset({"local_pickup", "pickup_location"}),
        description="Shipping methods of goods that are fetched at home: domestic VAT wherever the buyer lives",
    )
