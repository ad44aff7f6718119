"""What payments in another currency weigh that were refunded whole without an invoice (domain guide 10.4). Pure.

No booking says what they weigh in the accounts' own currency: what the provider converted the charge to does, and its
refunds weigh as much with the other sign, so that both are 0.00 on clearing. What the provider made of a refund beyond
that is exchange gain or loss. Where the provider pays out the other currency itself, nothing says what it weighs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.rules.money import rounded

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Side:
    """A charge (positive) or a refund of it; `base` is what it weighs, None while nothing says that."""

    item: int
    amount: Decimal
    settled: Decimal
    base: Decimal | None


def weights(sides: Sequence[Side], converted: Mapping[int, tuple[Decimal, Decimal]]) -> dict[int, Decimal]:
    """Return what each side of one order's payment weighs in the base currency; empty: nothing says it.

    `converted` are the sides that this settlement pays, with how much of each and what the provider made of that.
    """
    charges = [side for side in sides if side.amount > 0]
    if len(charges) != 1:
        return {}
    charge = charges[0]
    whole, base = converted.get(charge.item, (ZERO, ZERO))
    if charge.settled:
        if charge.base is None:
            return {}
        base = charge.base
    elif whole != charge.amount:
        return {}
    found, refunded = {charge.item: base}, ZERO
    for side in sides:
        if side.item != charge.item:
            before = rounded(base * refunded / charge.amount)
            refunded += side.amount
            found[side.item] = rounded(base * refunded / charge.amount) - before
    return found
