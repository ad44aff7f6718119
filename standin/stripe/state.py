"""What the Stripe stand-in remembers, and its switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

RIGHTS = ("balance", "payouts", "charges")
"""What a restricted key may read: balance transactions, payouts, and the charges and refunds behind them."""

_ONE_OF = {
    "schedule": {"asked", "daily"},
    "negative": {"carry", "debit"},
    "itemise_failed": {"kept", "emptied"},
    "expand_needs": {"nothing", "charges"},
    "unknown_parameters": {"refused", "ignored"},
}


@dataclass
class Switches:
    """How the account is set up, and what no source settles, with the conservative choice as default.

    ``schedule``: payouts are made when asked for, or at each midnight (UTC). ``negative``: what is owed to Stripe waits
    for later sales, or is taken from the bank. ``itemise_failed``: whether a failed payout keeps its transactions.
    ``expand_needs``: the right beside that of balance transactions which expanding their source takes.
    """

    schedule: str = "asked"
    negative: str = "carry"
    itemise_failed: str = "kept"
    expand_needs: str = "nothing"
    unknown_parameters: str = "refused"
    fee_percent: Decimal = Decimal("1.5")
    fee_fixed: int = 180
    available_days: int = 0
    arrival_days: int = 1
    itemised_after_s: float = 0.0
    rate_limit_per_s: int = 100
    rates: Mapping[str, str] = field(default_factory=dict)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Set switches by name. Raises ValueError and changes nothing when one is unknown."""
        known = {item.name for item in fields(self)}
        if unknown := set(settings) - known:
            raise ValueError(
                f"Stripe has no settings {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}"
            )
        for name, value in settings.items():
            if name in _ONE_OF and value not in _ONE_OF[name]:
                raise ValueError(f"{name} is one of {', '.join(sorted(_ONE_OF[name]))}, not {value!r}")
        for name, value in settings.items():
            setattr(self, name, Decimal(str(value)) if name == "fee_percent" else value)


@dataclass
class State:
    """The account. Objects are kept by id, in the order in which they came; ``numbers`` counts ids by their prefix.

    ``paid_by`` says which payout took a transaction. ``charged`` and ``refunded`` are what the gateways of the shops
    have had done, by shop and order, or by shop and refund. ``paid_through`` is up to when the schedule was kept.
    """

    key: str
    rights: set[str]
    account: str
    currency: str
    destination: str
    livemode: bool
    paid_through: datetime
    charges: dict[str, Record] = field(default_factory=dict)
    refunds: dict[str, Record] = field(default_factory=dict)
    disputes: dict[str, Record] = field(default_factory=dict)
    transactions: dict[str, Record] = field(default_factory=dict)
    payouts: dict[str, Record] = field(default_factory=dict)
    paid_by: dict[str, str] = field(default_factory=dict)
    shops: dict[str, Record] = field(default_factory=dict)
    charged: dict[str, str] = field(default_factory=dict)
    refunded: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def new_id(self, prefix: str) -> str:
        """The next id of a kind: ``ch_3Standin000001``."""
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return f"{prefix}_3Standin{self.numbers[prefix]:06d}"


def build(seed: Mapping[str, Any], now: datetime) -> State:
    """The account of a seed. Raises KeyError for what is missing."""
    return State(
        key=str(seed["credentials"]["api_key"]),
        rights=set(seed.get("rights", RIGHTS)),
        account=str(seed["account"]),
        currency=str(seed["currency"]),
        destination=str(seed["destination"]),
        livemode=bool(seed["livemode"]),
        paid_through=now,
    )
