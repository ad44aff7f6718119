"""Claims: one holder at a time, a fence per taking, a lease that ends."""

from datetime import timedelta

import pytest

from pakhus.errors import ClaimLostError
from pakhus.ledger import claims
from pakhus.ledger.connection import Ledger
from tests.ledger.clocks import MovableClock


def test_second_taker_gets_nothing_while_the_lease_runs(ledger: Ledger, clock: MovableClock) -> None:
    with ledger.begin() as tx:
        first = claims.take(tx, "document:a")
    with ledger.begin() as tx:
        assert claims.take(tx, "document:a") is None
        assert claims.take(tx, "document:b") is not None
    clock.forward(minutes=6)
    with ledger.begin() as tx:
        second = claims.take(tx, "document:a")
    assert first is not None
    assert second is not None
    assert second.fence > first.fence


def test_holder_whose_lease_was_taken_over_cannot_go_on(ledger: Ledger, clock: MovableClock) -> None:
    with ledger.begin() as tx:
        first = claims.take(tx, "document:a")
    assert first is not None
    clock.forward(minutes=6)
    with ledger.begin() as tx:
        claims.take(tx, "document:a")
    with ledger.begin() as tx, pytest.raises(ClaimLostError):
        claims.require(tx, first)
    with ledger.begin() as tx, pytest.raises(ClaimLostError):
        claims.renew(tx, first)


def test_releasing_a_lost_claim_leaves_the_new_holder_alone(ledger: Ledger, clock: MovableClock) -> None:
    with ledger.begin() as tx:
        first = claims.take(tx, "document:a")
    assert first is not None
    clock.forward(minutes=6)
    with ledger.begin() as tx:
        claims.take(tx, "document:a")
        claims.release(tx, first)
    with ledger.begin() as tx:
        assert claims.take(tx, "document:a") is None


def test_claim_is_free_again_after_the_block(ledger: Ledger) -> None:
    with claims.holding(ledger, "document:a") as claim:
        assert claim is not None
        with claims.holding(ledger, "document:a") as other:
            assert other is None
    with claims.holding(ledger, "document:a") as again:
        assert again is not None


def test_call_may_not_begin_when_the_lease_ends_during_it(ledger: Ledger, clock: MovableClock) -> None:
    with ledger.begin() as tx:
        claim = claims.take(tx, "document:a", lease=timedelta(seconds=90))
    assert claim is not None
    with ledger.begin() as tx, pytest.raises(ClaimLostError):
        claims.require(tx, claim, claims.CALL_MARGIN)
