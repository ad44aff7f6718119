"""How an order's VAT is treated: zone, scheme and country (domain guide 6.1), where that needs no further set-up.

Domestic sales, and sales outside the EU's VAT area without VAT, are decided here. EU sales that are charged domestic
VAT are domestic (OSS off). Everything else is held: it needs OSS or a valid VAT number, which a later version treats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pakhus.model import Order, Party
from pakhus.reasons import Verdict
from pakhus.rules.mappings import AccountingMapping

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "XI",
    ]
)
# Part of an EU state's country code but outside the EU's VAT area, told by postcode (domain guide 6.1); held.
_SPECIAL_POSTCODES = {
    "ES": ("35", "38", "51", "52"),  # Canary Islands, Ceuta, Melilla
    "DE": ("78266", "27498"),  # Büsingen, Helgoland
    "IT": ("23041", "23030"),  # Livigno
    "FI": ("22",),  # Åland
    "GR": ("63086",),  # Mount Athos
    "FR": ("97", "98"),  # overseas
}
STANDARD_RATE = Decimal("0.25")


class Scheme(StrEnum):
    """Under which rules the VAT of a sale is charged (domain guide 6.1)."""

    DOMESTIC = "domestic"
    OSS = "oss"  # the buyer's country's VAT, declared at home
    REVERSE_CHARGE = "reverse_charge"  # VAT-free to a company in another EU country
    EXPORT = "export"  # out of the EU's VAT area, without VAT


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


def decide_vat(order: Order, mapping: AccountingMapping) -> VatDecision | Verdict:
    """Return how the order's VAT is treated, or why that cannot be decided."""
    zones, place = mapping.vat_zones, destination(order)
    charged = any(line.vat for line in order.lines)
    rates = {share.rate for line in order.lines for share in (line.vat_shares or ()) if share.vat}
    undecided = Verdict.of("vat_zone_undecided", country=place.country or "?", charged=order.vat_total)
    domestic = VatDecision(zones.domestic, Scheme.DOMESTIC, place.country)
    if place.country in zones.domestic_countries:
        return domestic
    if not place.country or _is_special(place):
        return undecided
    if place.country not in EU:
        return undecided if charged else VatDecision(zones.abroad, Scheme.EXPORT, place.country)
    return domestic if rates == {STANDARD_RATE} else undecided


def destination(order: Order) -> Party:
    """Where the goods go: the shipping address, or the billing address of an order without one."""
    return order.shipping if order.shipping.country else order.billing


def _is_special(place: Party) -> bool:
    return place.postcode.replace(" ", "").startswith(_SPECIAL_POSTCODES.get(place.country, ("\0",)))
