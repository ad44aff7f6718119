"""What rules in the settings say of an order: which of its two ways they are for, and whether it is left out or held.

Below the model, since an order carries its ruling (domain guide 4.2, 4.10).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Where an order is to go. Rules may be for one of them or both."""

    WAREHOUSE = "warehouse"
    ACCOUNTS = "accounts"


BOTH_SIDES = frozenset(Side)
# Documents that are made of an order for the warehouse; whatever else there is, is for the accounts.
_WAREHOUSE_KINDS = frozenset({"reservation", "shipment", "remainder"})


@dataclass(frozen=True, slots=True)
class Ruling:
    """The first rule that leaves an order out, or holds it. `because` is the merchant's own text."""

    rule: str
    holds: bool
    because: str = ""


def side_of(kind: str) -> Side:
    """Return where a document of this kind goes."""
    return Side.WAREHOUSE if kind in _WAREHOUSE_KINDS else Side.ACCOUNTS
