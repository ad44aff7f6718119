"""Calls that may still be made per agreement: a token bucket in the ledger, leased in slices (design, decision 10)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.errors import RateLimitedError
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.schema import budgets

_SLICE = 10
# Below this share of the bucket the remote's own count is taken over at once; above it ours is good enough.
_TRUST_ABOVE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Bucket:
    """An agreement's limit: at most `capacity` calls at once, `refill_per_s` new ones a second."""

    target: str
    capacity: int
    refill_per_s: Decimal


@dataclass(slots=True)
class LedgerBudget:
    """A `pakhus.clients.budget.Budget` that all processes share. One per client; safe between its threads.

    `left_to_others` is the share of the bucket that this one never touches: what can wait leases only from the rest.
    """

    ledger: Ledger
    bucket: Bucket
    longest_wait_s: float = 20.0
    left_to_others: Decimal = Decimal(0)
    _leased: Decimal = Decimal(0)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, cost: int) -> None:
        deadline = time.monotonic() + self.longest_wait_s
        while True:
            with self._lock:
                if self._leased >= cost:
                    self._leased -= cost
                    return
                wait = self._lease(cost)
            if wait is None:
                continue
            if time.monotonic() + wait.total_seconds() > deadline:
                raise RateLimitedError(
                    f"the budget of {self.bucket.target} is used up for {wait.total_seconds():.0f} s", retry_after=wait
                )
            time.sleep(wait.total_seconds())

    def charge(self, cost: int) -> None:
        with self._lock:
            self._leased -= cost

    def correct(self, remaining: Decimal) -> None:
        if remaining >= self.bucket.capacity * _TRUST_ABOVE:
            return
        with self._lock:
            self._leased = min(self._leased, Decimal(0))
        self.ledger.persist(lambda tx: _lower(tx, self.bucket, remaining))

    def block(self, retry_after: timedelta) -> None:
        with self._lock:
            self._leased = min(self._leased, Decimal(0))
        self.ledger.persist(lambda tx: _block(tx, self.bucket, tx.now + retry_after))

    def _lease(self, cost: int) -> timedelta | None:
        """Lease a slice and return None, or say how long until one is to be had."""
        wanted = cost + _SLICE - self._leased
        kept = self.bucket.capacity * self.left_to_others
        leased, wait = self.ledger.persist(lambda tx: _lease(tx, self.bucket, cost - self._leased, wanted, kept))
        self._leased += leased
        return wait


def _lease(
    tx: Transaction, bucket: Bucket, least: Decimal, wanted: Decimal, kept: Decimal
) -> tuple[Decimal, timedelta | None]:
    row = _locked(tx, bucket)
    if row.blocked_until is not None and row.blocked_until > tx.now:
        return Decimal(0), row.blocked_until - tx.now
    tokens = _refilled(tx, bucket, row.tokens, row.as_of)
    if tokens - kept < least:
        _set(tx, bucket, tokens)
        missing_ms = int((least + kept - tokens) / bucket.refill_per_s * 1000) + 1
        return Decimal(0), timedelta(milliseconds=missing_ms)
    leased = min(tokens - kept, wanted)
    _set(tx, bucket, tokens - leased)
    return leased, None


def _locked(tx: Transaction, bucket: Bucket) -> Any:
    row = {
        "target": bucket.target,
        "capacity": bucket.capacity,
        "refill_per_s": bucket.refill_per_s,
        "tokens": bucket.capacity,
        "as_of": tx.now,
    }
    tx.connection.execute(insert(budgets).values(row).on_conflict_do_nothing())
    return tx.connection.execute(select(budgets).where(budgets.c.target == bucket.target).with_for_update()).one()


def _refilled(tx: Transaction, bucket: Bucket, tokens: Decimal, as_of: datetime) -> Decimal:
    elapsed_ms = max(tx.now - as_of, timedelta(0)) // timedelta(milliseconds=1)
    gained = bucket.refill_per_s * elapsed_ms / 1000
    return min(Decimal(bucket.capacity), tokens + gained)


def _set(tx: Transaction, bucket: Bucket, tokens: Decimal) -> None:
    tx.connection.execute(
        update(budgets)
        .where(budgets.c.target == bucket.target)
        .values(tokens=tokens, as_of=tx.now, capacity=bucket.capacity, refill_per_s=bucket.refill_per_s)
    )


def _lower(tx: Transaction, bucket: Bucket, remaining: Decimal) -> None:
    row = _locked(tx, bucket)
    _set(tx, bucket, min(_refilled(tx, bucket, row.tokens, row.as_of), remaining))


def _block(tx: Transaction, bucket: Bucket, until: datetime) -> None:
    _locked(tx, bucket)
    tx.connection.execute(
        update(budgets)
        .where(budgets.c.target == bucket.target)
        .values(blocked_until=func.greatest(func.coalesce(budgets.c.blocked_until, until), until))
    )
