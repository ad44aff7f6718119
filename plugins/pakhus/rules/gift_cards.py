"""Redeemed gift cards and store credit told apart from discounts (domain guide 6.6).

Shops show them in four shapes: a negative fee, a coupon, a line or field of a plugin, or a `total` that is simply
lower than its lines. As a discount they would lower revenue and VAT, so what looks like one is held until the mapping
says what it is. Store credit is money owed to the buyer, as a multi-purpose card is, and is treated as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from pakhus.model import ZERO, Line, LineKind, Order, VatShare
from pakhus.reasons import Verdict
from pakhus.rules.mappings import AccountingMapping, CardPurpose, GiftCards
from pakhus.rules.money import half_unit, rounded, vat_is_explained

_DETECTION = GiftCards()
_LOWERED = "lowered"
# A total that is off by more is not off by rounding, however many lines there are: 10 øre.
_MOST_HALVES = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """An order whose lines are what was sold, and `redeemed`: how much of them was paid by cards, VAT included."""

    order: Order
    redeemed: Decimal = ZERO

    @property
    def target(self) -> Decimal:
        """What the invoice must total: what was charged, and what cards have paid (domain guide 7.1)."""
        return self.order.total.amount + self.redeemed


def settled(order: Order, mapping: AccountingMapping) -> Settled | Verdict:
    """Return the order with its cards told apart, or why they can't be."""
    known = mapping.gift_cards or _DETECTION
    uncovered = _without_coupons(order, known)
    if isinstance(uncovered, Verdict):
        return uncovered
    order, by_coupon = uncovered
    lines = [_named(line, known) for line in _without_repeated_fields(order)]
    cards = [line for line in lines if line.kind is LineKind.GIFT_CARD_REDEEMED] + by_coupon
    cards += _lowered(order, [*lines, *by_coupon], known)
    sold = [line for line in lines if line.kind is LineKind.GIFT_CARD_SALE]
    if mapping.gift_cards is None and (cards or sold):
        return Verdict.of("gift_card_undecided", line=(cards or sold)[0].id)
    goods = tuple(line for line in lines if line.kind is not LineKind.GIFT_CARD_REDEEMED)
    if known.redeemed is CardPurpose.SINGLE:
        taxed = (_with_vat(card, Decimal(known.rate)) for card in cards)
        return Settled(replace(order, lines=(*goods, *taxed)))
    if known.shown_as == "line":
        return Settled(replace(order, lines=(*goods, *map(_without_vat, cards))))
    return Settled(replace(order, lines=goods), -_gross(cards))


def redeemed_of(order: Order, mapping: AccountingMapping) -> Decimal:
    """How much of the order was paid by multi-purpose cards or store credit; 0 where that can't be told."""
    found = settled(order, mapping)
    return ZERO if isinstance(found, Verdict) else found.redeemed


def due_with_cards(order: Order, mapping: AccountingMapping) -> tuple[Decimal, Decimal] | None:
    """The total and VAT that the invoice of an order with cards must have; None for an order without."""
    found = settled(order, mapping)
    if isinstance(found, Verdict) or found.order.lines == order.lines:
        return None
    return found.target, sum((line.vat for line in found.order.lines), ZERO)


def sums_to(lines: Iterable[Line], total: Decimal, currency: str) -> bool:
    """Whether lines sum to a total within the rounding of each amount (domain guide 7.5): ten øre at the most."""
    amounts = list(lines)
    half = half_unit(currency)
    return abs(_gross(amounts) - total) <= half * min(2 * len(amounts) + 1, _MOST_HALVES)


def _without_coupons(order: Order, known: GiftCards) -> tuple[Order, list[Line]] | Verdict:
    """The order at the prices before card coupons, and the cards; other coupons stay inside the lines."""
    cards = [coupon for coupon in order.coupons if coupon.kind in known.coupon_kinds and (coupon.net or coupon.vat)]
    if not cards:
        return order, []
    if any(coupon not in cards and coupon.net for coupon in order.coupons):
        # What each of them took off a line is not said.
        return Verdict.of("gift_card_with_coupon")
    lines: list[Line] = []
    for line in order.lines:
        if (line.discount_net or line.discount_vat) and len(line.vat_shares or ()) > 1:
            return Verdict.of("mixed_rates_on_line", line=line.id)
        lines.append(_at_full_price(line))
    redeemed = [
        _card(f"coupon-{number}", -coupon.net - coupon.vat, "Gavekort") for number, coupon in enumerate(cards, 1)
    ]
    return replace(order, lines=tuple(lines)), redeemed


def _at_full_price(line: Line) -> Line:
    shares = line.vat_shares
    if shares:
        shares = (replace(shares[0], vat=shares[0].vat + line.discount_vat),)
    return replace(
        line,
        net=line.net + line.discount_net,
        vat=line.vat + line.discount_vat,
        vat_shares=shares,
        discount_net=ZERO,
        discount_vat=ZERO,
    )


def _without_repeated_fields(order: Order) -> tuple[Line, ...]:
    """The lines without cards that a plugin's field repeats: they are in the order already, as a fee or a coupon."""
    others = tuple(line for line in order.lines if line.kind is not LineKind.GIFT_CARD_REDEEMED)
    repeated = sums_to(others, order.total.amount, order.currency)
    return others if repeated and not sums_to(order.lines, order.total.amount, order.currency) else order.lines


def _named(line: Line, known: GiftCards) -> Line:
    name = line.name.lower()
    if (
        line.kind in (LineKind.DISCOUNT, LineKind.FEE)
        and line.net < 0
        and any(word in name for word in known.fee_names)
    ):
        return replace(line, kind=LineKind.GIFT_CARD_REDEEMED)
    if line.kind is LineKind.PRODUCT and known.sold.get(line.sku or "") is CardPurpose.MULTI:
        return replace(line, kind=LineKind.GIFT_CARD_SALE)
    return line


def _lowered(order: Order, lines: list[Line], known: GiftCards) -> list[Line]:
    """The card by which a total is lower than its lines, where the mapping says that it is one."""
    missing = _gross(lines) - order.total.amount
    if known.lowered_total != "card" or missing <= 0 or sums_to(lines, order.total.amount, order.currency):
        return []
    # The shop may round VAT at subtotal: what header and lines explain is no card.
    net = sum((line.net for line in lines), ZERO)
    return [] if net + order.vat_total == order.total.amount else [_card(_LOWERED, -missing, "Gavekort")]


def _card(line_id: str, gross: Decimal, name: str) -> Line:
    return Line(line_id, LineKind.GIFT_CARD_REDEEMED, name, Decimal(1), gross, ZERO)


def _with_vat(card: Line, rate: Decimal) -> Line:
    """A single-purpose card takes back the VAT that was paid at its sale."""
    shares = {share.rate for share in card.vat_shares or () if share.vat}
    if shares == {rate} and vat_is_explained(card.net, card.vat, rate):
        return card
    gross = card.net + card.vat
    net = rounded(gross / (1 + rate))
    return replace(card, net=net, vat=gross - net, vat_shares=(VatShare(rate, gross - net),))


def _without_vat(card: Line) -> Line:
    return replace(card, net=card.net + card.vat, vat=ZERO, vat_shares=())


def _gross(lines: Iterable[Line]) -> Decimal:
    return sum((line.net + line.vat for line in lines), ZERO)
