"""Rounding and exactness of amounts (domain guide 7.1; design, decision 7)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
# A shop rounds a line's VAT and its net on their own: half a cent each, the net's share times the rate.
_HALF_CENT = Decimal("0.005")


def rounded(amount: Decimal) -> Decimal:
    """Round to two decimals, ties away from zero (economic.md 6.4)."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def has_cents_only(amount: Decimal) -> bool:
    """Tell whether `amount` has at most two decimals: e-conomic refuses more (E04740)."""
    return amount == amount.quantize(CENT, ROUND_HALF_UP)


def exact_unit_price(net: Decimal, quantity: Decimal) -> Decimal | None:
    """The price at two decimals that times `quantity` is exactly `net`, or None where there is none."""
    if quantity == 0 or not has_cents_only(quantity):
        return None
    price = rounded(net / quantity)
    return price if price * quantity == net else None


def vat_is_explained(net: Decimal, vat: Decimal, rate: Decimal) -> bool:
    """Tell whether a line's stated VAT is the rate of its net within the rounding of both (decision 7)."""
    return abs(vat - net * rate) <= _HALF_CENT * (1 + rate)


def percent(rate: Decimal) -> str:
    """A rate as people write it: "25 %"."""
    return f"{(rate * 100).normalize():f} %"
