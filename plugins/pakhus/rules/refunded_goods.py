"""What is still to be sent of an order of which a part was refunded before it went. Pure.

The shop leaves the quantities of the order's lines as they were; each refund names the lines and how many of them were
given back (woocommerce.md 8). An amount without quantity says nothing of goods. Sources: domain guide 3.2, 3.3, 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from pakhus.model import ZERO, Credit, Line, LineKind, Order
from pakhus.reasons import Verdict
from pakhus.rules.mappings import BundleMode

Quantities = dict[str, Decimal]
"""Pieces by the id of the order's line."""


def less_refunded(order: Order, refunds: Iterable[Credit], bundles: BundleMode) -> Order | Verdict:
    """Return the order with the quantities that are left of its goods, or why they cannot be told.

    A line that was given back whole has quantity 0. Of a line that was given back in part the price of one piece stays.
    """
    goods = {line.id: line for line in order.lines if line.kind is LineKind.PRODUCT}
    returned: Quantities = defaultdict(Decimal)
    for credit in refunds:
        found = _returned(credit, goods)
        if isinstance(found, Verdict):
            return found
        for line_id, quantity in found.items():
            returned[line_id] += quantity
    if not any(returned.values()):
        return order
    _add_whole_bundles(returned, goods)
    part = _broken_bundle(returned, goods) if bundles is BundleMode.PARENT else None
    if part is not None:
        return Verdict.of("bundle_partly_refunded", line=part.id)
    return replace(order, lines=tuple(_left(line, returned) for line in order.lines))


def _left(line: Line, returned: Mapping[str, Decimal]) -> Line:
    gone = min(returned.get(line.id, ZERO), line.quantity)
    if gone <= 0:
        return line
    left = line.quantity - gone
    share = left / line.quantity
    return replace(line, quantity=left, net=line.net * share, vat=line.vat * share)


def _returned(credit: Credit, goods: Mapping[str, Line]) -> Quantities | Verdict:
    """The pieces that one refund gives back, those of a bundle's parts with the bundle."""
    own: Quantities = defaultdict(Decimal)
    for line in credit.lines:
        if line.kind is LineKind.PRODUCT and line.quantity:
            about = goods.get(line.id) or _told_by_product(line, goods.values())
            if about is None:
                return Verdict.of("refund_line_unknown", refund=credit.id, line=line.id)
            own[about.id] += line.quantity
    return {line_id: gone for line_id in goods if (gone := _with_bundle(line_id, own, goods))}


def _told_by_product(line: Line, goods: Iterable[Line]) -> Line | None:
    """The order's line of a refund that does not name it: the only one of that product."""
    of_product = [
        one
        for one in goods
        if line.product_id is not None and (one.product_id, one.variant_id) == (line.product_id, line.variant_id)
    ]
    return of_product[0] if len(of_product) == 1 else None


def _with_bundle(line_id: str, own: Mapping[str, Decimal], goods: Mapping[str, Line]) -> Decimal:
    """What went back of a line by itself, or with the bundle that it is a part of: the same pieces are named twice."""
    line = goods[line_id]
    parent = goods.get(line.parent_line_id or "")
    mine = own.get(line_id, ZERO)
    if parent is None or parent is line or not parent.quantity:
        return mine
    return max(mine, line.quantity * _with_bundle(parent.id, own, goods) / parent.quantity)


def _add_whole_bundles(returned: Quantities, goods: Mapping[str, Line]) -> None:
    """A bundle whose parts all went back is one that went back."""
    for parent_id, parts in _parts(goods).items():
        parent = goods[parent_id]
        of_each = [returned.get(part.id, ZERO) * parent.quantity / part.quantity for part in parts if part.quantity]
        if of_each:
            whole = min(of_each).to_integral_value(ROUND_FLOOR)
            returned[parent_id] = max(returned.get(parent_id, ZERO), whole)


def _broken_bundle(returned: Mapping[str, Decimal], goods: Mapping[str, Line]) -> Line | None:
    """A bundle of which parts went back without the others: it is sent whole or not at all."""
    for parent_id, parts in _parts(goods).items():
        parent = goods[parent_id]
        for part in parts:
            if returned.get(part.id, ZERO) * parent.quantity > returned.get(parent_id, ZERO) * part.quantity:
                return parent
    return None


def _parts(goods: Mapping[str, Line]) -> dict[str, Sequence[Line]]:
    """The parts of each bundle by the bundle's line."""
    found: dict[str, list[Line]] = defaultdict(list)
    for line in goods.values():
        parent = line.parent_line_id
        if parent is not None and parent in goods and parent != line.id:
            found[parent].append(line)
    return dict(found)
