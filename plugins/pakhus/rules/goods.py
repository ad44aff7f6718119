"""Which lines of an order are goods for the warehouse, and under which number (domain guide 2.1, 4.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pakhus.model import Line, LineKind, Order
from pakhus.reasons import Verdict
from pakhus.rules.mappings import BundleMode

# Rackbeat and e-conomic take product numbers up to 25 characters (rackbeat.md 3.2, economic.md 4.1).
PRODUCT_NUMBER_LENGTH = 25


@dataclass(frozen=True, slots=True)
class Good:
    """A line of goods and its product number in the other systems."""

    line: Line
    number: str


@dataclass(frozen=True, slots=True)
class GoodsRules:
    """What the mapping says of lines that are no goods: which lines of a bundle, and SKUs that nobody picks."""

    bundles: BundleMode = BundleMode.COMPONENTS
    left_out: Collection[str] = ()


def goods_of(order: Order, numbers: Mapping[str, str], rules: GoodsRules = GoodsRules()) -> tuple[Good, ...] | Verdict:
    """Return the order's goods, or why it must be held. `numbers` maps SKUs that are called otherwise elsewhere."""
    found: list[Good] = []
    for line in wanted_lines(order, rules):
        number = product_number(line, numbers)
        if isinstance(number, Verdict):
            return number
        found.append(Good(line, number))
    return tuple(found) if found else Verdict.of("nothing_to_reserve")


def wanted_lines(order: Order, rules: GoodsRules) -> list[Line]:
    """Return the lines that a warehouse picks: of a bundle its components, or the bundle itself; no gift cards."""
    lines = [line for line in order.lines if line.kind is LineKind.PRODUCT and line.quantity != 0]
    ids, parents = {line.id for line in lines}, {line.parent_line_id for line in lines}
    if rules.bundles is BundleMode.PARENT:
        lines = [line for line in lines if line.parent_line_id not in ids]
    else:
        lines = [line for line in lines if line.id not in parents]
    return [line for line in lines if line.sku not in rules.left_out]


def needs_shipping(order: Order) -> bool:
    """Whether a warehouse sends anything of the order, as far as the shop says."""
    return any(line.kind is LineKind.PRODUCT and line.quantity != 0 and line.ships is not False for line in order.lines)


def product_number(line: Line, numbers: Mapping[str, str]) -> str | Verdict:
    """Return a product line's number in the other systems, or why it has none."""
    if line.sku is None:
        gone = line.product_id is None and line.variant_id is None
        return Verdict.of("product_deleted" if gone else "sku_missing", line=line.id)
    number = numbers.get(line.sku, line.sku)
    if len(number) > PRODUCT_NUMBER_LENGTH:
        return Verdict.of("sku_too_long", line=line.id)
    return number
