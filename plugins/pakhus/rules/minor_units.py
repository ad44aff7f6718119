"""How many decimals a currency has, for amounts that are sent as whole numbers of its smallest unit (ISO 4217).

10000 is 100.00 DKK and 10,000 JPY. A table and not babel, whose exponents are how people write amounts today (CLDR),
not what payment systems exchange; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

USUAL_DECIMALS = 2
_NO_DECIMALS = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF")
_OTHER_DECIMALS: Mapping[str, int] = {
    **dict.fromkeys((*_NO_DECIMALS, "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_NO_EXCEPTIONS: Mapping[str, int] = {}


def decimals_of(currency: str, exceptions: Mapping[str, int] = _NO_EXCEPTIONS) -> int:
    """Return the decimals of a currency; `exceptions` are what one provider does differently."""
    return exceptions.get(currency, _OTHER_DECIMALS.get(currency, USUAL_DECIMALS))


def from_minor(minor: int, currency: str, exceptions: Mapping[str, int] = _NO_EXCEPTIONS) -> Decimal:
    """Return the amount in the major unit, exactly."""
    return Decimal(minor).scaleb(-decimals_of(currency, exceptions))


def fits(amount: Decimal, currency: str) -> bool:
    """Tell whether an amount has no more decimals than its currency: 1.234 DKK is a thousands separator gone wrong."""
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= decimals_of(currency)
