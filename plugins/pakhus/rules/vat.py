"""Which VAT zone an order's invoice belongs to (domain guide 6.1), for the cases that need no further set-up.

Domestic sales, and sales outside the EU's VAT area without VAT, are decided here. EU sales that are charged domestic
VAT are domestic (OSS off). Everything else is held: it needs OSS or a valid VAT number, which a later version treats.
"""

from __future__ import annotations

from decimal import Decimal

from pakhus.model import Order, Party
from pakhus.reasons import Verdict
from pakhus.rules.mappings import VatZones

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


def zone_of(order: Order, zones: VatZones) -> int | Verdict:
    """Return the VAT zone's number, or why it cannot be decided."""
    place = destination(order)
    charged = any(line.vat for line in order.lines)
    rates = {share.rate for line in order.lines for share in (line.vat_shares or ()) if share.vat}
    undecided = Verdict.of("vat_zone_undecided", country=place.country or "?", charged=order.vat_total)
    if place.country in zones.domestic_countries:
        return zones.domestic
    if not place.country or _is_special(place):
        return undecided
    if place.country not in EU:
        return undecided if charged else zones.abroad
    return zones.domestic if rates == {STANDARD_RATE} else undecided


def destination(order: Order) -> Party:
    """Where the goods go: the shipping address, or the billing address of an order without one."""
    return order.shipping if order.shipping.country else order.billing


def _is_special(place: Party) -> bool:
    return place.postcode.replace(" ", "").startswith(_SPECIAL_POSTCODES.get(place.country, ("\0",)))
