"""What reading a closed window of a shop found: small facts of each order, whatever the size of a day."""

from __future__ import annotations

from dataclasses import dataclass

from pakhus.clients.webshop import Seen
from pakhus.flows.report import RunReport
from pakhus.rules.gift_cards import due_with_cards
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.proof import PlacedOrder


@dataclass(frozen=True, slots=True)
class Sweep:
    """The orders placed in a window as the shop listed them, and the ids of those that the ledger did not have so."""

    orders: tuple[PlacedOrder, ...]
    missed: frozenset[str]
    report: RunReport


def placed_order(seen: Seen, mapping: AccountingMapping | None = None) -> PlacedOrder:
    """What a proof needs of an order; without amounts when it could not be understood."""
    order = seen.order
    if order is None:
        return PlacedOrder(seen.id, "")
    due = None if mapping is None else due_with_cards(order, mapping)
    return PlacedOrder(
        id=seen.id,
        number=order.number,
        currency=order.currency,
        gross=order.total.amount,
        vat=order.vat_total,
        lines=len(order.lines),
        due=due,
        refunds=order.credit_ids,
    )
