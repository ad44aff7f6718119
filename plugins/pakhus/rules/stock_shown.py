"""How many pieces of what the warehouse has free a shop is to show: less what was sold and is not reserved; pure.

Sources: domain guide 4.6, 14; design, section 6: a sale counts as reserved only when its booking was confirmed before
the reading of the warehouse began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal

from pakhus.model import ZERO
from pakhus.rules.spelling import compared


@dataclass(frozen=True, slots=True)
class ShownRules:
    """What decides about a shop's quantities besides the warehouse's own.

    `taken` is what all shops of the agreement have sold and the warehouse has not reserved, by compared number.
    `safety` pieces are kept back; when no more than `last_pieces` are left for the shop, it shows none. `bundles` are
    products that are made of others: SKU -> number of each component -> pieces in one bundle.
    """

    product_numbers: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, Decimal] = field(default_factory=dict)
    safety: Decimal = ZERO
    last_pieces: Decimal = ZERO
    bundles: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    def number_of(self, sku: str) -> str:
        """The warehouse's number of a SKU, as it is compared."""
        return compared(self.product_numbers.get(sku, sku))

    def quantity(self, number: str, available: Decimal) -> Decimal:
        """Whole pieces to show of an item, never below none: one that shows -2 sells no less than one that shows 0."""
        return self._kept_back(available - self.taken.get(compared(number), ZERO))

    def available_of_bundle(self, sku: str, available: Mapping[str, Decimal | None]) -> Decimal | None:
        """How many bundles the components make that are free; None when the warehouse says nothing of one of them."""
        most: list[Decimal] = []
        for number, pieces in self.bundles[sku].items():
            free = available.get(compared(number))
            if free is None:
                return None
            left = free - self.taken.get(compared(number), ZERO)
            most.append((left / pieces).to_integral_value(ROUND_FLOOR))
        return min(most)

    def quantity_of_bundle(self, bundles: Decimal) -> Decimal:
        """Bundles to show of those that can be made."""
        return self._kept_back(bundles)

    def _kept_back(self, free: Decimal) -> Decimal:
        left = max((free - self.safety).to_integral_value(ROUND_FLOOR), ZERO)
        return left if left > self.last_pieces else ZERO
