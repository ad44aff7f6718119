"""Faults while a provider is polled and its payout is entered: whatever goes wrong, one voucher, nothing lost.

A small story of its own, without Airflow: each request to the provider and each commit of the ledger meets each fault;
then time passes and runs follow until nothing changes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from pakhus.errors import PakhusError
from pakhus.ledger.connection import Ledger
from tests.faults.faults import AT_BOUNDARY, AT_COMMIT, Case, break_commit, count_commits
from tests.flows.polled import KEY, OWED, Polled, polled
from tests.flows.test_payments import waiting
from tests.flows.test_payouts import payouts, standing

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
REQUESTS = 3
"""The list of payouts, the payout, its transactions."""

HEALING_MINUTES = (5, 30, 26 * 60)
SHORT = {"hold_s": 6.0}
"""A held answer outlasts the client's patience, as `QUICK` has it."""


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[Polled]:
    with polled(fresh_ledger_url) as running:
        running.capture_all()
        running.act("pay_out")
        yield running


def heal(at: Polled) -> None:
    """Runs that nothing disturbs, as the schedule brings them."""
    at.stripe.clear_faults()
    for minutes in HEALING_MINUTES:
        at.forward(minutes=minutes)
        at.stripe.release()
        at.settle()


def assert_entered_once(at: Polled) -> None:
    assert [code for code, _ in payouts(at.world).values()] == ["payout_journaled"]
    assert standing(at.world) == []
    entries = waiting(at.world)
    assert len({entry["voucher"] for entry in entries}) == 1
    assert sum(Decimal(str(entry["amount"])) for entry in entries) == 0
    clearing = [Decimal(str(entry["amount"])) for entry in entries if entry["account"] == 5825]
    assert sum(clearing) == -OWED


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_no_answer_that_is_lost_or_broken_loses_or_doubles_a_payout(at, number):
    """One fault after the other at the same request: each run fails there, and the next meets what it left."""
    for fault in AT_BOUNDARY:
        struck = {**AT_BOUNDARY[fault], "number": number, "times": None}
        struck |= SHORT if "hold_s" in struck else {}
        at.stripe.reset_counters()
        at.stripe.set_faults([struck])
        told = problem(at)
        assert at.stripe.counters()["faults_struck"], fault
        assert told, fault
        assert KEY not in told
        assert payouts(at.world) == {}
    heal(at)
    assert_entered_once(at)


def problem(at: Polled) -> str:
    """What a run says that ends it."""
    try:
        at.settle()
    except PakhusError as error:
        return str(error)
    return ""


def in_child(at: Polled, prepare: Callable[[Ledger], None]) -> None:
    """A run in a process of its own, which a fault may kill."""
    child = os.fork()
    if child == 0:
        ledger = Ledger(at.world.ledger.url, clock=at.world.ledger.clock)
        try:
            prepare(ledger)
            at.settle(ledger)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def commits(at: Polled) -> int:
    """How many commits a run makes that nothing disturbs."""
    seen = Counter[str]()
    ledger = Ledger(at.world.ledger.url, clock=at.world.ledger.clock)

    def note(number: int, commit: Callable[[], None], connection: object) -> None:
        del number, connection
        seen["commit"] += 1
        commit()

    count_commits(ledger, note)
    at.settle(ledger)
    ledger.close()
    return seen["commit"]


def test_a_run_makes_as_many_commits_as_are_struck(at):
    assert 10 <= commits(at) <= 60


@pytest.mark.parametrize("fault", AT_COMMIT)
def test_no_commit_that_fails_loses_or_doubles_a_payout(at, fault):
    """The first commit of one run, the second of the next, and so on: each begins with what the one before left."""
    for number in range(1, 16):
        in_child(at, lambda ledger, number=number: break_commit(ledger, Case("commit", number, fault)))
    heal(at)
    assert_entered_once(at)


@pytest.mark.parametrize("number", [8, 13, 18, 23])
def test_a_run_that_is_killed_at_any_commit_is_made_up_for(at, number):
    in_child(at, lambda ledger: break_commit(ledger, Case("commit", number, "kill -9 after commit")))
    heal(at)
    assert_entered_once(at)
