"""A person's word against a rule's hold: what somebody has let go on is not held again, until the order changes."""

from __future__ import annotations

from dataclasses import replace

from pakhus.ledger import decisions
from pakhus.ledger.connection import Transaction
from pakhus.model import Order
from pakhus.reasons import Answer

HELD_BY_RULE = "held_by_rule"


def unless_released(tx: Transaction, order: Order, key: str) -> Order:
    """Return the order without the hold of a rule that a person has lifted for the document of this key."""
    if order.ruling is None or not order.ruling.holds:
        return order
    released = decisions.answered_since_change(tx, key, HELD_BY_RULE, Answer.AGAIN.value)
    return replace(order, ruling=None) if released else order
