"""Where goods go, seen from VAT: inside or outside the EU's VAT area (domain guide 6.1). Pure.

Country codes do not tell it all: some parts of member states lie outside the area and are told by postcode (directive
2006/112/EC, article 6), Northern Ireland is inside for goods, and shops write Greenland as Denmark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pakhus.model import Party

MEMBER_STATES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
# Inside the VAT area although no member state of its own: Northern Ireland (goods), and Monaco as France.
NORTHERN_IRELAND = "XI"
_AS_IF_IN = {"MC": "FR", "EL": "GR", "UK": "GB"}
_GREENLAND, _FAROES = re.compile(r"(GL-?)?39\d{2}"), re.compile(r"FO-?\d{3}")
# (country as written, pattern of its postcode, what the place is called); all outside the VAT area.
_OUTSIDE = (
    ("ES", re.compile(r"(35|38)\d{3}"), "Canary Islands"),
    ("ES", re.compile(r"51\d{3}"), "Ceuta"),
    ("ES", re.compile(r"52\d{3}"), "Melilla"),
    ("DE", re.compile(r"78266"), "Büsingen"),
    ("DE", re.compile(r"27498"), "Helgoland"),
    ("IT", re.compile(r"23041"), "Livigno"),
    ("IT", re.compile(r"22061"), "Campione d'Italia"),
    ("FI", re.compile(r"22\d{3}"), "Åland"),
    ("GR", re.compile(r"6308[67]"), "Mount Athos"),
    ("FR", re.compile(r"97\d{3}"), "French overseas"),
    ("FR", re.compile(r"98[4-8]\d{2}"), "French overseas"),
)
_MONACO = re.compile(r"980\d{2}")
# Livigno shares this older postcode with places inside the area: the town decides.
_LIVIGNO_SHARED = "23030"


@dataclass(frozen=True, slots=True)
class Place:
    """A place of delivery. `country` is ISO 3166, or XI; `special` names a part that the country's code hides."""

    country: str
    in_vat_area: bool
    special: str = ""

    @property
    def label(self) -> str:
        """How the place is called in reasons."""
        return f"{self.country or '?'} ({self.special})" if self.special else self.country or "?"


def place_of(party: Party) -> Place:
    """Return where an address lies; its country is empty where the shop has none."""
    country = _AS_IF_IN.get(party.country, party.country)
    postcode = re.sub(r"[\s.]", "", party.postcode.upper()).removeprefix(f"{country}-")
    hidden = _in_another_country(country, postcode)
    if hidden is not None:
        return hidden
    for state, pattern, name in _OUTSIDE:
        if country == state and pattern.fullmatch(postcode):
            return Place(country, in_vat_area=False, special=name)
    if country == "IT" and postcode == _LIVIGNO_SHARED and "livigno" in party.city.lower():
        return Place(country, in_vat_area=False, special="Livigno")
    return Place(country, in_vat_area=country in MEMBER_STATES or country == NORTHERN_IRELAND)


def _in_another_country(country: str, postcode: str) -> Place | None:
    """A place that is written under the country that it belongs to."""
    if country == "GB" and postcode.startswith("BT"):
        return Place(NORTHERN_IRELAND, in_vat_area=True)
    if country == "DK" and _GREENLAND.fullmatch(postcode):
        return Place("GL", in_vat_area=False)
    if country == "DK" and _FAROES.fullmatch(postcode):
        return Place("FO", in_vat_area=False)
    if country == "FR" and _MONACO.fullmatch(postcode):
        return Place("FR", in_vat_area=True, special="Monaco")
    return None
