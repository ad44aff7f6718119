"""A person's word against a rule's hold: what somebody has let go on is not held again, until the order changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pakhus.ledger import decisions
from pakhus.ledger.connection import Transaction
from pakhus.model import Order
from pakhus.reasons import Answer

HELD_BY_RULE = "held_by_rule"


def unless_released(tx: Transaction, order: Order, key: str) -> Order:
    """Return the order without the hold of a rule that a person has lifted for the document of this key."""
    return unless_released_all(tx, {key: order})[key]


def unless_released_all(tx: Transaction, orders: Mapping[str, Order]) -> dict[str, Order]:
    """Return orders, by the keys of their documents, without the holds that a person has lifted."""
    held = [key for key, order in orders.items() if order.ruling is not None and order.ruling.holds]
    released = decisions.answered_since_change(tx, held, HELD_BY_RULE, Answer.AGAIN.value)
    return {key: replace(order, ruling=None) if key in released else order for key, order in orders.items()}
