"""Budgets: one bucket per agreement, shared by all processes, corrected by what the remote says."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from pakhus.errors import RateLimitedError
from pakhus.ledger.budgets import Bucket, LedgerBudget
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import budgets
from tests.ledger.clocks import MovableClock

BUCKET = Bucket("rackbeat__main", capacity=30, refill_per_s=Decimal("0.5"))


def budget_of(ledger: Ledger, bucket: Bucket = BUCKET) -> LedgerBudget:
    """A process's budget that does not wait: the clock stands still."""
    return LedgerBudget(ledger, bucket, longest_wait_s=0)


def left(ledger: Ledger) -> Decimal:
    with ledger.begin() as tx:
        tokens: Decimal = tx.connection.execute(select(budgets.c.tokens)).scalar_one()
    return tokens


def take(budget: LedgerBudget, calls: int) -> None:
    for _ in range(calls):
        budget.take(1)


def test_two_processes_share_one_bucket(ledger: Ledger) -> None:
    first, second = budget_of(ledger), budget_of(ledger)
    take(first, 12)
    take(second, 1)
    assert left(ledger) < 30 - 12
    with pytest.raises(RateLimitedError):
        take(second, 40)


def test_calls_are_leased_in_slices_so_that_most_cost_no_transaction(ledger: Ledger) -> None:
    budget = budget_of(ledger)
    budget.take(1)
    after_first = left(ledger)
    take(budget, 8)
    assert left(ledger) == after_first


def test_empty_bucket_says_when_to_come_back_and_fills_with_time(ledger: Ledger, clock: MovableClock) -> None:
    budget = budget_of(ledger, Bucket("rackbeat__main", 5, Decimal("0.1")))
    take(budget, 5)
    with pytest.raises(RateLimitedError) as limited:
        take(budget, 5)
    assert timedelta(seconds=5) < limited.value.retry_after <= timedelta(seconds=60)
    clock.forward(minutes=2)
    take(budget, 5)


def test_refusal_of_the_remote_keeps_all_processes_still(ledger: Ledger, clock: MovableClock) -> None:
    first, second = budget_of(ledger), budget_of(ledger)
    first.take(1)
    first.block(timedelta(minutes=5))
    for budget in (first, second):
        with pytest.raises(RateLimitedError):
            take(budget, 30)
    clock.forward(minutes=5, seconds=1)
    second.take(1)


def test_lower_count_of_the_remote_is_taken_over_and_a_higher_one_is_not(ledger: Ledger) -> None:
    budget = budget_of(ledger)
    budget.take(1)
    budget.correct(Decimal(29))
    assert left(ledger) < 29
    budget.correct(Decimal(3))
    assert left(ledger) == 3


def test_cost_beyond_what_was_taken_is_charged_to_the_next_calls(ledger: Ledger) -> None:
    budget = budget_of(ledger)
    budget.take(1)
    budget.charge(12)
    before = left(ledger)
    budget.take(1)
    assert left(ledger) <= before - 13


def test_what_can_wait_leaves_its_share_to_others(ledger: Ledger, clock: MovableClock) -> None:
    waiting = LedgerBudget(ledger, BUCKET, longest_wait_s=0, left_to_others=Decimal("0.5"))
    take(waiting, 15)
    with pytest.raises(RateLimitedError) as limited:
        waiting.take(1)
    assert limited.value.retry_after <= timedelta(seconds=3)
    assert left(ledger) == 15
    take(budget_of(ledger), 15)
    clock.forward(seconds=20)
    with pytest.raises(RateLimitedError):
        waiting.take(1)
    clock.forward(seconds=20)
    waiting.take(1)
