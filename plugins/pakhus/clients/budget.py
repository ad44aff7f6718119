"""How many calls an agreement may still make; the ledger's implementation is `pakhus.ledger.budgets`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Protocol


class Budget(Protocol):
    """Shared by all processes that talk to one agreement (design, decision 10)."""

    def take(self, cost: int) -> None:
        """Take `cost` calls, waiting a moment if need be; RateLimitedError when they are not to be had soon."""

    def charge(self, cost: int) -> None:
        """The call just made cost so much more than was taken; never waits."""

    def correct(self, remaining: Decimal) -> None:
        """The remote says that only `remaining` calls are left."""

    def block(self, retry_after: timedelta) -> None:
        """The remote refuses calls for so long; all processes keep still."""


class Unlimited:
    """No known limit (WooCommerce states none; concurrency is bounded by the flow)."""

    def take(self, cost: int) -> None:
        """Nothing to count."""

    def charge(self, cost: int) -> None:
        """Nothing to count."""

    def correct(self, remaining: Decimal) -> None:
        """Nothing to correct."""

    def block(self, retry_after: timedelta) -> None:
        """The caller's own wait is enough: the limit is not shared."""
