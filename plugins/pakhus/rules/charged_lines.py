"""An order's lines as they can be invoiced: each with one VAT rate, gift cards apart, discounts where they belong.

Pure. The sum of what comes out is the sum of what went in, to the øre.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from pakhus.model import ZERO, Line, LineKind, Order, VatShare
from pakhus.reasons import Verdict
from pakhus.rules.gift_cards import Settled, settled, sums_to
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.money import (
    CENT,
    SENDABLE_DECIMALS,
    decimals_of,
    half_unit,
    has_cents_only,
    percent,
    rounded,
    vat_is_explained,
)

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Charged:
    """What is to be invoiced: lines of one rate each, the total they must come to, how much of it cards have paid."""

    lines: tuple[Line, ...]
    target: Decimal
    redeemed: Decimal


def charged_lines(order: Order, mapping: AccountingMapping) -> Charged | Verdict:
    """Return the lines of an order's invoice, or why the order is held or left out."""
    problem = _order_problem(order, mapping)
    if problem is not None:
        return problem
    found = settled(order, mapping)
    if isinstance(found, Verdict):
        return found
    problem = _sum_problem(found) or _total_problem(found, mapping)
    if problem is not None:
        return problem
    half, lines = half_unit(order.currency), list[Line]()
    for line in _without_empty_parts(found.order.lines):
        of_one_rate = _of_one_rate(line, half)
        if isinstance(of_one_rate, Verdict):
            return of_one_rate
        lines += of_one_rate
    if mapping.discount_mode == "separate_line":
        lines = list(_discounts_apart(lines, half))
    return Charged(tuple(lines), found.target, found.redeemed)


def stated_rate(line: Line) -> Decimal:
    """The rate that the shop charged on a line of one rate; 0 where it charged none."""
    rates = _stated_rates(line)
    return rates.pop() if rates else ZERO


def _order_problem(order: Order, mapping: AccountingMapping) -> Verdict | None:
    if order.currency not in mapping.currencies:
        return Verdict.of("currency_not_mapped", currency=order.currency)
    if decimals_of(order.currency) > SENDABLE_DECIMALS:
        return Verdict.of("currency_decimals", currency=order.currency)
    amounts = [
        order.total.amount,
        order.vat_total,
        *(amount for line in order.lines for amount in (line.net, line.vat)),
    ]
    for amount in amounts:
        if not has_cents_only(amount):
            return Verdict.of("fraction_not_sendable", amount=amount)
    return None


def _highest_rate(line: Line) -> Decimal:
    return max((share.rate for share in line.vat_shares or ()), default=ZERO)


def _sum_problem(found: Settled) -> Verdict | None:
    """Lines must sum to what was charged, by their own VAT or, where the shop rounds at subtotal, by the header's.

    Each line's VAT is off by half a cent of its own, and by the rate of what its net was rounded by (decision 7).
    """
    order = found.order
    net = sum((line.net for line in order.lines), ZERO)
    vat = sum((line.vat for line in order.lines), ZERO)
    if net + vat == found.target or sums_to(order.lines, found.target, order.currency):
        return None
    most = half_unit(order.currency) * (sum((1 + _highest_rate(line) for line in order.lines), ZERO) + 1)
    if net + order.vat_total == found.target and abs(order.vat_total - vat) <= most:
        return None
    return Verdict.of("lines_do_not_sum", lines_total=net + vat, total=order.total.amount)


def _total_problem(found: Settled, mapping: AccountingMapping) -> Verdict | None:
    if found.order.total.amount < 0 or found.target < 0:
        return Verdict.of("negative_total", total=found.order.total.amount)
    if not found.target and mapping.zero_total == "skip":
        return Verdict.of("nothing_charged")
    return None


def _without_empty_parts(lines: tuple[Line, ...]) -> list[Line]:
    """Leave out what a bundle shows without a price: its parts, or the parent where the parts carry the price."""
    priced = {line.id for line in lines if _has_price(line)}
    priced_parents = {line.parent_line_id for line in lines if line.parent_line_id and line.id in priced}
    parents = {line.id for line in lines}
    return [
        line
        for line in lines
        if line.id in priced or (line.parent_line_id not in parents and line.id not in priced_parents)
    ]


def _has_price(line: Line) -> bool:
    return bool(line.net or line.vat or line.discount_net or line.discount_vat)


def _of_one_rate(line: Line, half: Decimal) -> list[Line] | Verdict:
    rates = _stated_rates(line)
    if line.vat_shares is None:
        return Verdict.of("mixed_rates_on_line", line=line.id)
    if len(rates) > 1:
        return _split(line, half) or Verdict.of("mixed_rates_on_line", line=line.id)
    rate = stated_rate(line)
    if vat_is_explained(line.net, line.vat, rate, half):
        return [line]
    # A part without VAT is believed only where the shop names the rate of 0.
    split = _split(line, half) if any(share.rate == 0 for share in line.vat_shares) else None
    return split or Verdict.of(
        "vat_not_explained", line=line.id, stated=line.vat, rate=percent(rate), expected=rounded(line.net * rate)
    )


def _stated_rates(line: Line) -> set[Decimal]:
    shares = line.vat_shares or ()
    return {share.rate for share in shares if share.vat or len(shares) == 1}


def _split(line: Line, half: Decimal) -> list[Line] | None:
    """Divide a line that carries several rates so that each part's VAT is its rate times its net, to the øre.

    That is how plugins charge freight by the goods in the cart. None: the VAT is not that of any division, as where
    two taxes lie on the same amount.
    """
    taxed = [share for share in line.vat_shares or () if share.vat and share.rate]
    if not taxed or sum((share.vat for share in taxed), ZERO) != line.vat:
        return None
    nets = [rounded(share.vat / share.rate) for share in taxed]
    rest = line.net - sum(nets, ZERO)
    if any(not share.rate for share in line.vat_shares or ()) and rest * line.net > 0:
        return [*_parts(line, taxed, nets), replace(line, net=rest, vat=ZERO, vat_shares=(), quantity=ONE)]
    for index in sorted(range(len(taxed)), key=lambda one: taxed[one].rate):  # the lowest rate gives way most
        step = _slack(taxed[index], nets[index], rest, half)
        nets[index] += step
        rest -= step
    return None if rest else _parts(line, taxed, nets)


def _slack(share: VatShare, net: Decimal, wanted: Decimal, half: Decimal) -> Decimal:
    """How much of `wanted` a part's net may move and still explain its VAT."""
    free = half * (1 + share.rate)
    lowest, highest = (share.vat - free) / share.rate - net, (share.vat + free) / share.rate - net
    return max(min(wanted, highest), lowest).quantize(CENT, ROUND_DOWN)


def _parts(line: Line, shares: list[VatShare], nets: list[Decimal]) -> list[Line]:
    # Discounts of a divided line stay inside its price.
    return [
        replace(line, net=net, vat=share.vat, vat_shares=(share,), quantity=ONE, discount_net=ZERO, discount_vat=ZERO)
        for share, net in zip(shares, nets, strict=True)
    ]


def _discounts_apart(lines: Iterable[Line], half: Decimal) -> Iterable[Line]:
    """Full prices, and what was taken off as one line per rate."""
    off: dict[Decimal, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for line in lines:
        rate = stated_rate(line)
        net, vat = line.net + line.discount_net, line.vat + line.discount_vat
        if line.discount_net <= 0 or not vat_is_explained(net, vat, rate, half):
            yield line
            continue
        shares = (VatShare(rate, vat),) if rate else line.vat_shares
        yield replace(line, net=net, vat=vat, vat_shares=shares, discount_net=ZERO, discount_vat=ZERO)
        off[rate] = (off[rate][0] + line.discount_net, off[rate][1] + line.discount_vat)
    for rate, (net, vat) in off.items():
        yield Line(
            id=f"discount-{rate}",
            kind=LineKind.DISCOUNT,
            name="Rabat",
            quantity=ONE,
            net=-net,
            vat=-vat,
            vat_shares=(VatShare(rate, -vat),) if rate else (),
        )
