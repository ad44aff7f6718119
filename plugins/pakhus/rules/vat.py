"""How an order's VAT is treated: zone, scheme, country and what the invoice says (domain guide 6.1). Pure.

The place of delivery, the buyer's class and number, and the mapping name a line of the table; the VAT that the shop
charged is compared with it. On conflict the order is held with the line, never silently corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pakhus.model import LineKind, Order, Party
from pakhus.reasons import Verdict
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.places import Place, place_of
from pakhus.rules.vat_mapping import NumberCheck, OssRules
from pakhus.rules.vat_numbers import (
    NumberState,
    VatNumber,
    VatNumberCheck,
    by_check_digits,
    stated_by_shop,
    vat_number_of,
)
from pakhus.rules.vat_rates import day_in, percentages, rates_on

STANDARD_RATE = Decimal("0.25")
_NO_VAT = Decimal(0)
_GIFT_CARDS = frozenset({LineKind.GIFT_CARD_SALE, LineKind.GIFT_CARD_REDEEMED})
_NO_WORDS = frozenset({"", "0", "no", "false"})
_CHECKS: dict[NumberCheck, VatNumberCheck] = {
    NumberCheck.SHOP: stated_by_shop,
    NumberCheck.CHECK_DIGITS: by_check_digits,
}


class Scheme(StrEnum):
    """Under which rules the VAT of a sale is charged (domain guide 6.1)."""

    DOMESTIC = "domestic"
    OSS = "oss"  # the buyer's country's VAT, declared at home
    REVERSE_CHARGE = "reverse_charge"  # VAT-free to a company in another EU country
    EXPORT = "export"  # out of the EU's VAT area, without VAT
    EXEMPT = "exempt"  # at home, to a buyer who pays no VAT


class TableLine(StrEnum):
    """The lines of the table, as reasons name them; docs/runbooks/invoices.md explains each."""

    EU_COMPANY = "eu_company"
    EU_COMPANY_WITHOUT_NUMBER = "eu_company_without_number"
    EU_PRIVATE_OSS = "eu_private_oss"
    EU_PRIVATE_DOMESTIC = "eu_private_domestic"
    OUTSIDE_EU = "outside_eu"


@dataclass(frozen=True, slots=True)
class VatDecision:
    """How the VAT of an order's invoice is treated; made from the order, the same for its credit notes.

    `zone` is the agreement's VAT zone number, `country` where the goods go (ISO 3166, or XI), `legal_text` what the
    invoice must say about its VAT. `products` are the (rate, product number) pairs that every line of that rate is
    moved to whatever its own product; empty: lines keep their own products.
    """

    zone: int
    scheme: Scheme
    country: str
    legal_text: str = ""
    products: tuple[tuple[Decimal, str], ...] = ()

    def product_for(self, rate: Decimal) -> str | None:
        """The product that stands in for every product of this rate; None: there is none."""
        return next((number for known, number in self.products if known == rate), None)


def decide_vat(order: Order, mapping: AccountingMapping, check: VatNumberCheck | None = None) -> VatDecision | Verdict:
    """Return how the order's VAT is treated, or why it is held.

    `check` says whether a VAT number is registered; without it, whoever the mapping names does.
    """
    place = _place_of_sale(order, mapping)
    if not place.country:
        return Verdict.of("vat_zone_undecided", country="?", charged=order.vat_total)
    if place.country in mapping.vat_zones.domestic_countries and not place.special:
        return _domestic(order, mapping, place)
    if not place.in_vat_area:
        decision = VatDecision(
            mapping.vat_zones.abroad, Scheme.EXPORT, place.country, legal_text=mapping.vat.export_text
        )
        return _expect(order, place, TableLine.OUTSIDE_EU, frozenset({_NO_VAT}), decision)
    number = vat_number_of(order)
    if number is not None and number.in_eu and number.country not in mapping.vat_zones.domestic_countries:
        company = _eu_company(order, mapping, place, number, check)
        if company is not None:
            return company
    return _eu_private(order, mapping, place, number)


def destination(order: Order) -> Party:
    """Where the goods go: the shipping address, or the billing address of an order without one."""
    return order.shipping if order.shipping.country else order.billing


def charged_rates(order: Order) -> frozenset[Decimal]:
    """Return the rates that the shop charged on lines that cost anything; 0 where it charged none.

    Gift cards are left out: they are means of payment. So are lines whose rate the shop does not say.
    """
    found: set[Decimal] = set()
    for line in order.lines:
        if line.kind in _GIFT_CARDS or line.vat_shares is None or not (line.net or line.vat):
            continue
        rates = {share.rate for share in line.vat_shares if share.vat or len(line.vat_shares) == 1}
        found |= rates or {_NO_VAT}
    return frozenset(found)


def _place_of_sale(order: Order, mapping: AccountingMapping) -> Place:
    """Goods that are fetched change hands at home, wherever the buyer lives."""
    if order.shipping_method.split(":")[0] in mapping.vat.pickup_methods:
        countries = mapping.vat_zones.domestic_countries
        return Place("DK" if "DK" in countries else min(countries), in_vat_area=True)
    return place_of(destination(order))


def _domestic(order: Order, mapping: AccountingMapping, place: Place) -> VatDecision | Verdict:
    """At home the product decides the rate; it is compared line by line when the invoice is planned."""
    zones = mapping.vat_zones
    exempt = order.attributes.get("vat_exempt", "").strip().lower() not in _NO_WORDS
    if exempt and charged_rates(order) <= {_NO_VAT}:
        if mapping.vat.exempt_zone is None:
            return Verdict.of("vat_exempt_buyer", country=place.label)
        return VatDecision(mapping.vat.exempt_zone, Scheme.EXEMPT, place.country)
    return VatDecision(zones.domestic, Scheme.DOMESTIC, place.country)


def _eu_company(
    order: Order, mapping: AccountingMapping, place: Place, number: VatNumber, check: VatNumberCheck | None
) -> VatDecision | Verdict | None:
    """A company with a number of another member state; None: it is treated as a private buyer."""
    rules = mapping.vat.reverse_charge
    if rules is None:
        return None
    state = (check or _CHECKS[rules.number_check])(number, order)
    untaxed = charged_rates(order) <= {_NO_VAT}
    if state is NumberState.UNKNOWN and untaxed:
        return Verdict.of("vat_number_unchecked", country=place.label)
    if state is not NumberState.VALID:
        return None
    text = rules.text.replace("{vat_number}", number.text)
    decision = VatDecision(mapping.vat_zones.eu, Scheme.REVERSE_CHARGE, place.country, legal_text=text)
    return _expect(order, place, TableLine.EU_COMPANY, frozenset({_NO_VAT}), decision)


def _eu_private(
    order: Order, mapping: AccountingMapping, place: Place, number: VatNumber | None
) -> VatDecision | Verdict:
    oss, day = mapping.vat.oss, day_in(place.country, order.paid_at or order.placed_at)
    if oss is not None and oss.holds_on(day):
        return _under_oss(order, mapping, oss, place, _private_line(number, TableLine.EU_PRIVATE_OSS))
    line = _private_line(number, TableLine.EU_PRIVATE_DOMESTIC)
    charged = charged_rates(order)  # none: nothing costs anything, so nothing contradicts
    if charged and charged - {_NO_VAT} != {STANDARD_RATE}:  # goods that are exempt at home are so by their product
        return _conflict(order, place, line, frozenset({STANDARD_RATE}))
    return VatDecision(mapping.vat_zones.domestic, Scheme.DOMESTIC, place.country)


def _private_line(number: VatNumber | None, line: TableLine) -> TableLine:
    return line if number is None else TableLine.EU_COMPANY_WITHOUT_NUMBER


def _under_oss(
    order: Order, mapping: AccountingMapping, oss: OssRules, place: Place, line: TableLine
) -> VatDecision | Verdict:
    """The rate of the country on the day that made the VAT due: that of the payment (directive, article 66a)."""
    day = day_in(place.country, order.paid_at or order.placed_at)
    products = oss.products_of(place.country)
    listed = {rate for rate, _ in products}
    valid = rates_on(place.country, day, oss.more_rates())
    expected = frozenset(rate.rate for rate in valid if rate.standard or rate.rate in listed)
    decision = VatDecision(oss.zone or mapping.vat_zones.domestic, Scheme.OSS, place.country, products=products)
    found = _expect(order, place, line, expected, decision)
    missing = charged_rates(order) - listed
    if isinstance(found, VatDecision) and missing:
        return Verdict.of("oss_product_missing", country=place.country, rate=percentages(missing))
    return found


def _expect(
    order: Order, place: Place, line: TableLine, expected: frozenset[Decimal], decision: VatDecision
) -> VatDecision | Verdict:
    return decision if charged_rates(order) <= expected else _conflict(order, place, line, expected)


def _conflict(order: Order, place: Place, line: TableLine, expected: frozenset[Decimal]) -> Verdict:
    return Verdict.of(
        "vat_conflict",
        line=line.value,
        country=place.label,
        charged=percentages(charged_rates(order)),
        expected=percentages(expected),
    )
