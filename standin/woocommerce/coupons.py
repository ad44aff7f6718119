"""Coupons on an order: how their discount is spread over the lines, in øre. Source: contracts/woocommerce.md section 7.

WooCommerce works in øre here: a percentage is rounded down per line and the rest handed out øre by øre; a fixed
amount is shared by pieces. Halves go down.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from standin.woocommerce.errors import ApiError
from standin.woocommerce.money import ZERO, kept, rounded, rounded_half_down, trimmed
from standin.woocommerce.order_state import CouponLine, Order, ProductLine
from standin.woocommerce.product_state import Coupon
from standin.woocommerce.shop import Shop
from standin.woocommerce.taxation import line_tax, rates_of, tax_inside, tax_on, taxed_country
from standin.woocommerce.totals import recalculate

ORE = 100


@dataclass
class _Share:
    """One line while discounts are worked out. ``price`` is the line's price in øre, before discounts."""

    line: ProductLine
    price: Decimal
    discount: Decimal = ZERO
    by_coupon: dict[str, Decimal] = field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        return abs(rounded(self.price - self.discount, 0))

    def take(self, code: str, ore: Decimal) -> Decimal:
        self.discount += ore
        self.by_coupon[code] = self.by_coupon.get(code, ZERO) + ore
        return ore


def find_coupon(shop: Shop, code: str) -> Coupon:
    """The coupon, blind to case. Raises ApiError 400."""
    coupon = shop.coupons.get(code.strip().lower())
    if coupon is None:
        raise ApiError(
            400, "woocommerce_rest_invalid_coupon", f'Coupon "{code}" cannot be applied because it does not exist.'
        )
    return coupon


def apply_coupons(shop: Shop, order: Order, codes: list[str]) -> None:
    """Put these coupons, and no others, on an order and compute it anew."""
    coupons = [find_coupon(shop, code) for code in codes]
    order.coupons = []
    for coupon in coupons:
        order.coupons.append(_coupon_line(shop, coupon))
        _spread(shop, order)


def _coupon_line(shop: Shop, coupon: Coupon) -> CouponLine:
    shown_type = None if coupon.discount_type == "fixed_cart" else coupon.discount_type
    info = f"[{coupon.id},{json.dumps(coupon.code)},{json.dumps(shown_type)},{trimmed(coupon.amount)}]"
    line = CouponLine(shop.ids.take("item"), coupon.code, coupon.id, coupon.discount_type, coupon.amount)
    line.meta.append(shop.new_meta("coupon_info", info))
    return line


def _spread(shop: Shop, order: Order) -> None:
    shares = [_Share(line, _price_in_ore(shop, line)) for line in order.lines]
    # The dearest piece first: it gets the øre that are left over.
    shares.sort(key=lambda share: -share.price / (share.line.quantity or 1))
    for line in order.coupons:
        _SPREADS[line.discount_type](line, [s for s in shares if s.left and s.line.quantity > 0])
    for line in order.coupons:
        _state(shop, order, line, shares)
    for share in shares:
        share.line.total = max(ZERO, kept(share.line.subtotal - _net(shop, order, share.line, share.discount / ORE)))
    recalculate(shop, order)


def _price_in_ore(shop: Shop, line: ProductLine) -> Decimal:
    price = line.subtotal + (line.subtotal_tax if shop.prices_include_tax else ZERO)
    return rounded(price * ORE, 4)


def _percent(coupon: CouponLine, shares: list[_Share]) -> None:
    given = whole = ZERO
    for share in shares:
        price = rounded(share.price, 0)
        discount = (price * coupon.nominal_amount / 100).to_integral_value(ROUND_FLOOR)
        given += share.take(coupon.code, rounded_half_down(min(share.left, discount), 0))
        whole += price
    rest = rounded_half_down(whole * coupon.nominal_amount / 100, 0) - given
    if rest > 0:
        _hand_out(coupon.code, shares, rest)


def _fixed_cart(coupon: CouponLine, shares: list[_Share]) -> None:
    rest = coupon.nominal_amount * ORE
    while rest > 0:
        open_shares = [share for share in shares if share.left]
        pieces = sum(share.line.quantity for share in open_shares)
        each = (rest / pieces).to_integral_value(ROUND_FLOOR) if pieces else ZERO
        if not each:
            _hand_out(coupon.code, open_shares, rest)
            return
        taken = _per_piece(coupon.code, open_shares, each)
        if not taken:
            return
        rest -= taken


def _fixed_product(coupon: CouponLine, shares: list[_Share]) -> None:
    _per_piece(coupon.code, shares, coupon.nominal_amount * ORE)


def _per_piece(code: str, shares: list[_Share], ore: Decimal) -> Decimal:
    taken = ZERO
    for share in shares:
        taken += share.take(code, rounded_half_down(min(share.left, ore * share.line.quantity), 0))
    return taken


def _hand_out(code: str, shares: list[_Share], ore: Decimal) -> None:
    """Øre by øre, one for each piece, until nothing is left."""
    for share in shares:
        for _ in range(share.line.quantity):
            ore -= share.take(code, min(share.left, Decimal(1)))
            if ore <= 0:
                return


_SPREADS: dict[str, Callable[[CouponLine, list[_Share]], None]] = {
    "percent": _percent,
    "fixed_cart": _fixed_cart,
    "fixed_product": _fixed_product,
}


def _net(shop: Shop, order: Order, line: ProductLine, discount: Decimal) -> Decimal:
    """A discount without the tax in it, unrounded."""
    rates = rates_of(shop, taxed_country(shop, order), line.tax_class)
    return discount - tax_inside(discount, rates) if shop.prices_include_tax else discount


def _state(shop: Shop, order: Order, coupon: CouponLine, shares: list[_Share]) -> None:
    """What the coupon line says: net discount and its tax, the tax rounded per line."""
    coupon.discount = coupon.discount_tax = ZERO
    for share in shares:
        discount = share.by_coupon.get(coupon.code, ZERO) / ORE
        rates = rates_of(shop, taxed_country(shop, order), share.line.tax_class)
        net = _net(shop, order, share.line, discount)
        taxes = {0: discount - net} if shop.prices_include_tax and rates else tax_on(discount, rates)
        tax = line_tax(shop, taxes)
        coupon.discount_tax += tax
        coupon.discount += discount - tax if shop.prices_include_tax else discount


def count_use(shop: Shop, order: Order) -> None:
    """The order was placed: its coupons are used once more."""
    for line in order.coupons:
        if coupon := shop.coupons.get(line.code):
            coupon.used_by.append(order.billing["email"] or str(order.customer_id))
