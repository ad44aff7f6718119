"""Rounding and exactness of amounts (domain guide 7.1; design, decision 7)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision

CENT = Decimal("0.01")
# The accounts take two decimals, and so many of a shop's amounts are read (woocommerce.md 7, `dp=2`).
SENDABLE_DECIMALS = 2


def rounded(amount: Decimal) -> Decimal:
    """Round to two decimals, ties away from zero (economic.md 6.4)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def has_cents_only(amount: Decimal) -> bool:
    """Tell whether `amount` has at most two decimals: e-conomic refuses more (E04740)."""
    return amount == rounded(amount)


def exact_unit_price(net: Decimal, quantity: Decimal) -> Decimal | None:
    """The price at two decimals that times `quantity` is exactly `net`, or None where there is none."""
    if quantity == 0 or not has_cents_only(quantity):
        return None
    price = rounded(net / quantity)
    return price if price * quantity == net else None


def decimals_of(currency: str) -> int:
    """How many decimals a currency has (ISO 4217): 2 for DKK, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


def half_unit(currency: str) -> Decimal:
    """The most that rounding to the currency's smallest unit moves an amount: half an øre, half a yen."""
    return Decimal(5).scaleb(-min(decimals_of(currency), SENDABLE_DECIMALS) - 1)


def vat_is_explained(net: Decimal, vat: Decimal, rate: Decimal, half: Decimal = Decimal("0.005")) -> bool:
    """Tell whether a line's stated VAT is the rate of its net within the rounding of both (decision 7).

    A shop rounds a line's VAT and its net on their own: `half` a unit each, the net's share times the rate.
    """
    return abs(vat - net * rate) <= half * (1 + rate)


def percent(rate: Decimal) -> str:
    """A rate as people write it: "25 %"."""
    return f"{(rate * 100).normalize():f} %"
