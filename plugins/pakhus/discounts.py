"""What lowered an order beside its lines: coupons, as the shop names them. Frozen; knows no remote system."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon of an order. `net` and `vat` are what it took off, positive, and are inside the lines already.

    `kind` is the shop's own word for it (percent, fixed_cart, or what a plugin for gift cards says); `code` may be
    worth money, so it goes into no log and no reason.
    """

    code: str
    kind: str
    net: Decimal
    vat: Decimal
