"""Random orders as a shop prices them, and orders with a planted cause for being held (hypothesis strategies)."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from hypothesis import strategies as st

from pakhus.model import Line, LineKind, Order, VatShare
from tests.rules.agreement import RATES, product_of
from tests.rules.orders import line, order

D = Decimal
CENT = D("0.01")


def cents(amount: Decimal, way: str = ROUND_HALF_UP) -> Decimal:
    return amount.quantize(CENT, way)


@st.composite
def shop_lines(draw: st.DrawFn, *, most: int) -> list[Line]:
    """Lines of goods: prices with or without VAT, percentage coupons, quantities up to 500, one or mixed rates."""
    gross_prices = draw(st.booleans())
    rates = draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=3, unique=True))
    coupon = D(draw(st.sampled_from([0, 0, 0, 5, 10, 15, 33, 50]))) / 100
    count = draw(st.one_of(st.integers(1, 8), st.integers(1, most)))
    price_of = draw(st.lists(st.integers(1, 250_000), min_size=1, max_size=12))
    quantity_of = draw(st.lists(st.integers(1, 500), min_size=1, max_size=12))
    found = []
    for number in range(1, count + 1):
        rate = rates[number % len(rates)]
        price = D(price_of[number % len(price_of)]) / 100
        quantity = quantity_of[(number * 7) % len(quantity_of)]
        found.append(_priced(number, rate, price * quantity, D(quantity), coupon, gross=gross_prices))
    return found


def _priced(number: int, rate: Decimal, total: Decimal, quantity: Decimal, coupon: Decimal, *, gross: bool) -> Line:
    """One line as the shop states it: it works unrounded and rounds each figure that it shows (woocommerce.md 7).

    With prices including VAT it rounds a half øre of VAT down (domain guide 7.7).
    """
    after = total * (1 - coupon)
    net = after / (1 + rate) if gross else after
    full_net = total / (1 + rate) if gross else total
    way = ROUND_HALF_DOWN if gross else ROUND_HALF_UP
    vat, full_vat = cents(net * rate, way), cents(full_net * rate, way)
    made = line(str(cents(net)), str(vat), quantity=str(quantity), sku=product_of(rate), rate=str(rate), number=number)
    return replace(made, discount_net=cents(full_net) - cents(net), discount_vat=full_vat - vat)


@st.composite
def shop_orders(draw: st.DrawFn, *, most: int = 500) -> Order:
    """An order that must be booked at exactly what was charged."""
    lines = draw(shop_lines(most=most))
    rate = draw(st.sampled_from(RATES))
    if draw(st.booleans()):
        lines.append(_extra(len(lines) + 1, LineKind.SHIPPING, D(draw(st.integers(0, 9_900))) / 100, rate))
    if draw(st.booleans()):
        lines.append(_extra(len(lines) + 1, LineKind.FEE, D(draw(st.integers(1, 5_000))) / 100, rate))
    net, vat = sum((each.net for each in lines), D(0)), sum((each.vat for each in lines), D(0))
    off = min(net, D(draw(st.integers(0, 3_000))) / 100)
    if draw(st.booleans()) and off and len({each.vat_shares for each in lines}) > 0:
        lines.append(_extra(len(lines) + 1, LineKind.DISCOUNT, -off, D(0)))
        net -= off
    if draw(st.sampled_from([False, False, True])):
        vat = _at_subtotal(lines)
    return order(lines, str(net + vat), vat_total=str(vat))


def _extra(number: int, kind: LineKind, net: Decimal, rate: Decimal) -> Line:
    made = line(str(net), str(cents(net * rate)), kind=kind, rate=str(rate), number=number)
    return replace(made, sku=None)


def _at_subtotal(lines: list[Line]) -> Decimal:
    """The header's VAT of a shop that rounds at subtotal; near the lines' own, as their rounding allows."""
    nets: dict[Decimal, Decimal] = {}
    for each in lines:
        rate = each.vat_shares[0].rate if each.vat_shares else D(0)
        nets[rate] = nets.get(rate, D(0)) + each.net
    return sum((cents(net * rate) for rate, net in nets.items()), D(0))


@dataclass(frozen=True, slots=True)
class Planted:
    """An order with a mistake in it, and the reasons with which it may be held."""

    order: Order
    codes: frozenset[str]


def _with_line(one: Order, **changes: object) -> Order:
    first = replace(one.lines[0], **changes)  # type: ignore[arg-type]
    return replace(one, lines=(first, *one.lines[1:]))


@st.composite
def planted_orders(draw: st.DrawFn) -> Planted:
    """An order that must not be booked."""
    one = draw(shop_orders(most=6))
    cause = draw(st.sampled_from(["card", "rate", "vat", "sku", "currency", "third decimal", "negative"]))
    total = one.total
    if cause == "card":  # a plugin has lowered the total, and nothing says why
        lowered = replace(total, amount=total.amount - D(draw(st.integers(20, 2_500))) / 100)
        return Planted(replace(one, total=lowered), frozenset({"lines_do_not_sum", "negative_total"}))
    if cause == "rate":  # the product's group in the accounts has another rate
        first = one.lines[0]
        charged = first.vat_shares[0].rate if first.vat_shares else D(0)
        other = next(rate for rate in RATES if rate != charged)
        found = _with_line(one, sku=product_of(other))
        return Planted(found, frozenset({"vat_rate_conflict"})) if first.net else Planted(*_sku(one))
    if cause == "vat":  # the line's VAT is not its rate's
        vat = one.lines[0].vat + D("7.00")
        rate = one.lines[0].vat_shares[0].rate if one.lines[0].vat_shares else D(0)
        found = _with_line(one, vat=vat, vat_shares=(VatShare(rate, vat),))
        more = replace(total, amount=total.amount + 7)
        return Planted(replace(found, total=more, vat_total=one.vat_total + 7), frozenset({"vat_not_explained"}))
    if cause == "currency":
        return Planted(replace(one, total=replace(total, currency="SEK")), frozenset({"currency_not_mapped"}))
    if cause == "third decimal":
        return Planted(_with_line(one, net=one.lines[0].net + D("0.001")), frozenset({"fraction_not_sendable"}))
    if cause == "negative":
        given = -(total.amount + 50)
        back = _extra(len(one.lines) + 1, LineKind.DISCOUNT, given, D(0))
        less = replace(total, amount=total.amount + given)
        return Planted(replace(one, lines=(*one.lines, back), total=less), frozenset({"negative_total"}))
    return Planted(*_sku(one))


def _sku(one: Order) -> tuple[Order, frozenset[str]]:
    return _with_line(one, sku="UKENDT"), frozenset({"product_missing"})
