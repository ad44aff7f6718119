"""Coupons and redeemed gift cards of WooCommerce's orders (contract sections 6, 7; domain guide 6.6); pure.

The gift card plugins that take their amount off `total` show it in a list `gift_cards` of the order, or in a plugin
field that the mapping calls `gift_card`. Their codes are worth money and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import simplejson

from pakhus.discounts import Coupon
from pakhus.formats.woocommerce_fields import Fields
from pakhus.model import ZERO, Line, LineKind

GIFT_CARD = "gift_card"
_NAME = "Gavekort"


def coupons_of(order: Fields) -> Iterator[Coupon]:
    """Yield the order's coupons; what they took off is inside the lines already."""
    for line in order.objects("coupon_lines"):
        kind = line.text("discount_type").strip()
        yield Coupon(line.text("code"), kind, line.amount_or_zero("discount"), line.amount_or_zero("discount_tax"))


def redeemed_cards(order: Fields, attributes: Mapping[str, str]) -> Iterator[Line]:
    """Yield a negative line per gift card that lowered the order's total."""
    found = False
    for number, card in enumerate(order.objects("gift_cards"), 1):
        if amount := card.amount_or_zero("amount"):
            found = True
            yield _redeemed(f"gift-card-{number}", amount)
    if not found and (text := attributes.get(GIFT_CARD, "")):
        amount = _sum(order, _parsed(order, text))
        if amount:
            yield _redeemed(f"field-{GIFT_CARD}", amount)


def _redeemed(line_id: str, amount: Decimal) -> Line:
    return Line(line_id, LineKind.GIFT_CARD_REDEEMED, _NAME, Decimal(1), -abs(amount), ZERO)


def _parsed(order: Fields, text: str) -> Any:
    try:
        return simplejson.loads(text, use_decimal=True)
    except ValueError:
        raise order.error(GIFT_CARD, "is neither an amount nor a list of amounts") from None


def _sum(order: Fields, value: Any) -> Decimal:
    """The amount of one number, of a table code -> amount, or of a list of objects with `amount`."""
    if isinstance(value, Mapping):
        inner = [value["amount"]] if "amount" in value else list(value.values())
        return sum((_sum(order, one) for one in inner), ZERO)
    if isinstance(value, list):
        return sum((_sum(order, one) for one in value), ZERO)
    return Fields({"amount": value}, GIFT_CARD).amount_or_zero("amount")
