"""Amounts as WooCommerce keeps and shows them: six decimals inside, ``dp`` in answers, PHP's roundings and casts.

Source: contracts/woocommerce.md section 7.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)
KEPT_PLACES = 6
SHOP_PLACES = 2

_LEADING_INTEGER = re.compile(r"\s*([+-]?\d+)")


def rounded(value: Decimal, places: int = SHOP_PLACES) -> Decimal:
    """Rounded half away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def rounded_half_down(value: Decimal, places: int = SHOP_PLACES) -> Decimal:
    """Rounded with a half towards zero, as taxes are where prices include them, and discounts always."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_DOWN)


def kept(value: Decimal) -> Decimal:
    """As the database keeps an amount: at most six decimals."""
    return rounded(value, KEPT_PLACES)


def shown(value: Decimal, places: int) -> str:
    """An amount in an answer: text with exactly ``places`` decimals, 0 for a negative zero."""
    result = rounded(value, places)
    return format(result or abs(result), "f")


def trimmed(value: Decimal) -> str:
    """An amount without trailing zeros, as coupon lines carry it: 14.80 is ``14.8``, 40.00 is ``40``."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def price_per_piece(total: Decimal, quantity: int) -> Decimal:
    """``price`` of a line: PHP divides binary floats, and its noise (14.393142857142857) is part of the contract."""
    return Decimal(repr(float(total) / quantity)) if quantity else ZERO


def amount(value: Any) -> Decimal | None:
    """An amount out of what a client sent (``"12,50"``, ``12.5``); None where no number is left of it."""
    if isinstance(value, bool) or value is None:
        return None
    text = re.sub(r"[^0-9.\-]", "", str(value).replace(",", "."))
    try:
        return kept(Decimal(text))
    except InvalidOperation:
        return None


def php_integer(value: Any) -> int:
    """PHP's cast to integer: "12 stk" is 12, "abc" and "" are 0, 7.9 is 7, true is 1."""
    if isinstance(value, (bool, int, Decimal)):
        return int(value)
    if isinstance(value, str) and (match := _LEADING_INTEGER.match(value)):
        return int(match[1])
    return 0
