"""What a change in the shop means for an order that the warehouse has already: what to add, remove and correct. Pure.

Sources: domain guide 3.1-3.3, 4.2; rackbeat.md 7 and 8; woocommerce.md 6 (a line's SKU is looked up when it is read).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pakhus.model import ZERO, Lifecycle, Line, LineKind, Order, Party, PaymentState
from pakhus.reasons import Verdict
from pakhus.rules.goods import Good, GoodsRules, product_number, wanted_lines

Goods = Mapping[str, Good]
"""Goods by the id of the shop's line: product numbers may change under an order, its lines' ids do not."""


@dataclass(frozen=True, slots=True)
class StandingLine:
    """A line of the warehouse's order. `item` is None for lines of text; `shipped` is how much of it has gone."""

    id: int
    item: str | None
    quantity: Decimal
    shipped: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LinePlan:
    """What brings the warehouse's lines up to date. `lost` are goods that people took off or changed there by hand."""

    add: tuple[Good, ...] = ()
    remove: tuple[StandingLine, ...] = ()
    lost: tuple[Good, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.add or self.remove or self.lost)


def is_over(order: Order) -> bool:
    """Whether people ended the sale: cancelled, failed, wholly refunded before the goods went, binned.

    WooCommerce leaves an order with a free line open when all its money went back (woocommerce.md 7).
    """
    money_back = order.lifecycle is Lifecycle.OPEN and order.payment_state is PaymentState.REFUNDED
    return money_back or order.lifecycle in (Lifecycle.CANCELLED, Lifecycle.DELETED)


def delivery_of(order: Order) -> Party:
    """Where the warehouse sends the goods: orders without a shipping address go to the buyer's own."""
    return order.shipping if order.shipping.street or order.shipping.postcode else order.billing


def is_picked_up(order: Order, methods: Collection[str]) -> bool:
    """Whether the buyer fetches the goods: the shop's method, without its instance (`:3`), is one of these."""
    return order.shipping_method.partition(":")[0] in methods


def same_goods(before: Order, now: Order) -> bool:
    """Whether both versions want the same goods, whatever their products are called now."""
    old, new = _stocked(before), _stocked(now)
    return old.keys() == new.keys() and all(_is_same(old[line_id], new[line_id]) for line_id in old)


def concerns_warehouse(before: Order, now: Order) -> bool:
    """Whether a change in the shop may mean something for the order in the warehouse."""
    if is_over(before) or is_over(now):
        return is_over(before) != is_over(now)
    told = [
        (order.number, order.note, order.billing, delivery_of(order), order.drop_point, order.credit_ids)
        for order in (before, now)
    ]
    return told[0] != told[1] or not same_goods(before, now)


def goods_by_line(
    order: Order, numbers: Mapping[str, str], rules: GoodsRules, before: Goods | None = None
) -> Goods | Verdict:
    """Return an order's goods, or why one of them has no product number.

    A line that is as it was `before` keeps the number that it was reserved under.
    """
    found: dict[str, Good] = {}
    for line in wanted_lines(order, rules):
        known = (before or {}).get(line.id)
        if known is not None and _is_same(known.line, line):
            found[line.id] = known
            continue
        number = product_number(line, numbers)
        if isinstance(number, Verdict):
            return number
        found[line.id] = Good(line, number)
    return found


def plan_lines(history: Sequence[Goods], now: Goods, standing: Iterable[StandingLine]) -> LinePlan:
    """Return what brings the standing lines from any mixture of the versions in `history` to `now`.

    `history` begins with what was transferred last; versions whose changes were begun and broken off follow. Lines that
    the shop did not change are left as they are, and so is what people added. Lines are told by item and quantity,
    each used once: what the shop did not change first, so that nothing of it is taken for something else.
    """
    left = [line for line in standing if line.item is not None]
    before, changed = history[0], _Changes()
    unchanged = {line_id for line_id, good in now.items() if all(goods.get(line_id) == good for goods in history)}
    for line_id in unchanged:
        _take(left, now[line_id])
    for line_id, good in now.items():
        if line_id not in unchanged and _take(left, good) is None:
            changed.missing.append(line_id)
    for line_id in _all_lines(history):
        if line_id in unchanged:
            continue
        for good in _versions_of(line_id, history, now):
            found = _take(left, good)
            if found is not None:
                changed.remove.append(found)
                changed.replaced.add(line_id)
    lost = [now[line_id] for line_id in changed.missing if line_id in before and line_id not in changed.replaced]
    add = [now[line_id] for line_id in changed.missing if now[line_id] not in lost]
    return LinePlan(tuple(add), tuple(changed.remove), tuple(lost))


def left_to_send(wanted: Goods, standing: Iterable[StandingLine]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Return how much of each item is still to go: as it ought to be (never less than what went), and as it stands."""
    stands, went = defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for line in standing:
        if line.item is not None:
            stands[line.item] += line.quantity - line.shipped
            went[line.item] += line.shipped
    ought = defaultdict[str, Decimal](Decimal)
    for good in wanted.values():
        ought[good.number] += good.line.quantity
    return {item: max(quantity - went[item], ZERO) for item, quantity in ought.items()}, dict(stands)


def wants_no_more(before: Goods, now: Goods) -> bool:
    """Whether nothing is to be sent now that was not to be sent before."""
    return all(
        line_id in before
        and good.number == before[line_id].number
        and good.line.quantity <= before[line_id].line.quantity
        for line_id, good in now.items()
    )


def tell_changes(before: Goods, now: Goods) -> str:
    """Say what goods differ, for a person: "NH-1018 2 → 5, NH-1001 + 1, NH-1000 − 2". Empty: none."""
    parts = []
    for line_id in sorted({*before, *now}, key=lambda text: (len(text), text)):
        old, new = before.get(line_id), now.get(line_id)
        if old is None and new is not None:
            parts.append(f"{new.number} + {_plain(new.line.quantity)}")
        elif new is None and old is not None:
            parts.append(f"{old.number} − {_plain(old.line.quantity)}")
        elif old is not None and new is not None and old != new:
            parts.append(_tell_change(old, new))
    return ", ".join(part for part in parts if part)


@dataclass(slots=True)
class _Changes:
    missing: list[str] = field(default_factory=list)
    remove: list[StandingLine] = field(default_factory=list)
    replaced: set[str] = field(default_factory=set)


def _take(left: list[StandingLine], good: Good) -> StandingLine | None:
    """Take a standing line of this item and quantity out of those that are left."""
    for place, line in enumerate(left):
        if line.item == good.number and line.quantity == good.line.quantity:
            return left.pop(place)
    return None


def _all_lines(history: Sequence[Goods]) -> list[str]:
    return list(dict.fromkeys(line_id for goods in history for line_id in goods))


def _versions_of(line_id: str, history: Sequence[Goods], now: Goods) -> list[Good]:
    """What a line was in earlier versions, each once; not what it is now."""
    wanted = now.get(line_id)
    versions: dict[tuple[str, Decimal], Good] = {}
    for goods in history:
        good = goods.get(line_id)
        if good is not None and (wanted is None or _shape(good) != _shape(wanted)):
            versions.setdefault(_shape(good), good)
    return list(versions.values())


def _shape(good: Good) -> tuple[str, Decimal]:
    return good.number, good.line.quantity


def _tell_change(old: Good, new: Good) -> str:
    if old.number != new.number:
        return f"{old.number} {_plain(old.line.quantity)} → {new.number} {_plain(new.line.quantity)}"
    if old.line.quantity == new.line.quantity:
        return ""
    return f"{new.number} {_plain(old.line.quantity)} → {_plain(new.line.quantity)}"


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}" if quantity else str(ZERO)


def _stocked(order: Order) -> dict[str, Line]:
    return {line.id: line for line in order.lines if line.kind is LineKind.PRODUCT and line.quantity != 0}


def _is_same(old: Line, new: Line) -> bool:
    """Whether a line wants the same goods: a product that was deleted since has lost its ids, not its goods."""
    if old.quantity != new.quantity:
        return False
    if new.product_id is None and new.variant_id is None:
        return new.sku is None or old.sku is None or old.sku == new.sku
    if old.product_id is None and old.variant_id is None:
        return old.sku == new.sku
    return (old.product_id, old.variant_id) == (new.product_id, new.variant_id)
