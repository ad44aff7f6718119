"""VAT numbers of buyers: how they are written, whether their check digits fit, and who says that they are valid.

Only VIES knows whether a number is registered. No call is made to it: the shop's own plugin may have asked, and what
it found stands on the order. Formats and check digits are python-stdnum's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pakhus.model import Order
from pakhus.rules.places import MEMBER_STATES, NORTHERN_IRELAND

_PREFIXES = {code: code for code in (*MEMBER_STATES, NORTHERN_IRELAND)} | {"EL": "GR"}
_DANISH_WORDS = re.compile(r"^(?:CVR|SE)-?(?:NR|NUMMER)?[.:]?(?=(?:DK)?\d{8}$)")
_VALID_WORDS = frozenset({"1", "yes", "true", "valid", "validated", "ok"})
_INVALID_WORDS = frozenset({"0", "no", "false", "invalid", "not_valid", "not-valid", "failed"})


@dataclass(frozen=True, slots=True)
class VatNumber:
    """A buyer's number: `country` is ISO 3166 (or XI), `digits` without the prefix. `well_formed` is None where nobody
    knows the form of that country's numbers."""

    country: str
    digits: str
    well_formed: bool | None

    @property
    def in_eu(self) -> bool:
        return self.country in MEMBER_STATES or self.country == NORTHERN_IRELAND

    @property
    def text(self) -> str:
        """The number with its prefix, as it stands on invoices: Greece writes EL."""
        return f"{'EL' if self.country == 'GR' else self.country}{self.digits}"


class NumberState(StrEnum):
    """What is known of a number's registration."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"  # nobody has asked, or got no answer


class VatNumberCheck(Protocol):
    """Tells whether a number was registered when the order was placed."""

    def __call__(self, number: VatNumber, order: Order) -> NumberState: ...


def vat_number_of(order: Order) -> VatNumber | None:
    """Return the number that the buyer gave, read by its own prefix or else by the country of the bill; None: none."""
    return _read(order.buyer.vat_number, order.billing.country or order.shipping.country)


def read_number(text: str, home: str) -> str | None:
    """Return a number as written anywhere in its one form (DK12345674), read by `home` where it has no prefix."""
    number = _read(text, home)
    return None if number is None else number.text


def _read(text: str, home: str) -> VatNumber | None:
    compact = re.sub(r"[\s.\-/]", "", text).upper()
    if not any(character.isdigit() for character in compact):
        return None
    compact = _DANISH_WORDS.sub("", compact)
    country, digits = _PREFIXES.get(compact[:2], ""), compact[2:]
    if not country and home and compact.startswith(home):
        country = home
    if not country:
        country, digits = home, compact
    return VatNumber(country, digits, _well_formed(country, digits))


def stated_by_shop(number: VatNumber, order: Order) -> NumberState:
    """What the shop's plugin found: the order's mapped field `vat_number_valid`."""
    if number.well_formed is False:
        return NumberState.INVALID
    said = order.attributes.get("vat_number_valid", "").strip().lower()
    if said in _VALID_WORDS:
        return NumberState.VALID
    return NumberState.INVALID if said in _INVALID_WORDS else NumberState.UNKNOWN


def by_check_digits(number: VatNumber, order: Order) -> NumberState:
    """Form and check digits alone, unless the shop's plugin found the number invalid."""
    if number.well_formed is not True:
        return NumberState.INVALID
    return NumberState.INVALID if stated_by_shop(number, order) is NumberState.INVALID else NumberState.VALID


def _well_formed(country: str, digits: str) -> bool | None:
    # Imported here: only orders of companies need the modules of all countries, which take a tenth of a second to load.
    from stdnum.dk import cvr
    from stdnum.eu import vat

    if country == "DK":
        return bool(cvr.is_valid(digits))
    if country in _PREFIXES.values():
        return bool(vat.is_valid(f"{'EL' if country == 'GR' else country}{digits}"))
    return None
