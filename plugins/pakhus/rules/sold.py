"""Which orders are sold from a stock that has not reserved them, and how many pieces of what; pure.

Sources: domain guide 14; design, section 6. In doubt an order counts: a shop may be given too little, never too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from pakhus.model import ZERO, Lifecycle, Line, Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.goods import GoodsRules, product_number, wanted_lines
from pakhus.rules.spelling import compared

# Somebody, or the next run, still brings such an order to the warehouse, whatever the shop's state says.
_ON_THE_WAY = frozenset({Status.DUE, Status.WAITING, Status.HELD, Status.FAILED})

Bundles = Mapping[str, Mapping[str, Decimal]]
"""SKU of a bundle -> number of each component -> pieces in one."""


def is_sold(lifecycle: Lifecycle, verdict: Verdict) -> bool:
    """Whether an order that the warehouse has not reserved takes from its stock; `verdict` is on its reservation.

    A completed one does while it is on its way (people complete orders by hand, faster than we reserve). A state that
    no adapter knows may be open: unless the settings ignore it, it counts.
    """
    if lifecycle is Lifecycle.OPEN:
        return True
    if lifecycle is Lifecycle.UNKNOWN:
        return verdict.status in _ON_THE_WAY or verdict.code == "state_unknown"
    return lifecycle is Lifecycle.COMPLETED and verdict.status in _ON_THE_WAY


def pieces_of(order: Order, numbers: Mapping[str, str], rules: GoodsRules, bundles: Bundles) -> dict[str, Decimal]:
    """Return the pieces that an order takes, by compared number; of a bundle of the mapping, its components'.

    A line without a number is no item of the warehouse's: nothing of it is offered.
    """
    pieces: dict[str, Decimal] = defaultdict(Decimal)
    made = {compared(sku): components for sku, components in bundles.items()}
    for line in wanted_lines(order, rules):
        for number, quantity in _taken_by(line, numbers, made).items():
            pieces[number] += quantity
    return dict(pieces)


def reserved_pieces(
    order: Order, numbers: Mapping[str, str], rules: GoodsRules, bundles: Bundles, *, with_parts: bool
) -> dict[str, Decimal]:
    """Return the pieces that a booked order holds back in the warehouse, by compared number.

    Whether a bundle in one line holds its components back is not known: `with_parts` says so. They may leave the
    warehouse's numbers only when it is shipped.
    """
    made = {compared(sku) for sku in bundles}
    held = [line for line in order.lines if with_parts or compared(line.sku or "") not in made]
    return pieces_of(replace(order, lines=tuple(held)), numbers, rules, bundles)


def added(before: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return what an order takes now beyond what was reserved for it before."""
    more = {number: quantity - before.get(number, ZERO) for number, quantity in now.items()}
    return {number: quantity for number, quantity in more.items() if quantity > 0}


def pieces_of_skus(sold: Mapping[str, Decimal], numbers: Mapping[str, str], bundles: Bundles) -> dict[str, Decimal]:
    """The same for an order of which only SKUs and quantities could be understood."""
    pieces: dict[str, Decimal] = defaultdict(Decimal)
    made = {compared(sku): components for sku, components in bundles.items()}
    for sku, quantity in sold.items():
        for number, part in _parts(sku, numbers.get(sku, sku), quantity, made).items():
            pieces[number] += part
    return dict(pieces)


def _taken_by(line: Line, numbers: Mapping[str, str], made: Bundles) -> dict[str, Decimal]:
    number = product_number(line, numbers)
    if isinstance(number, Verdict):
        return {}
    return _parts(line.sku or "", number, line.quantity, made)


def _parts(sku: str, number: str, quantity: Decimal, made: Bundles) -> dict[str, Decimal]:
    components = made.get(compared(sku))
    if components is None:
        return {compared(number): quantity}
    return {compared(component): pieces * quantity for component, pieces in components.items()}
