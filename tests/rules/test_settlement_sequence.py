"""The sequence of settlements by the balances that they hand on: what is missing shows, whatever order they come in."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.settlement_sequence import Balances, gap_before

D = Decimal


def one(batch: str, opening: int, closing: int, **more: bool) -> Balances:
    return Balances(batch, D(opening), D(closing), **more)


BEFORE = [one("A", 5, 0)]


def test_second_settlement_of_a_day_follows_the_first_and_not_the_day_before() -> None:
    first, second = one("B", 0, 10), one("C", 10, 25)
    assert gap_before(second, [first], BEFORE) is None
    assert gap_before(first, [second], BEFORE) is None


@pytest.mark.parametrize("day", [("B", "C"), ("C", "B")])
def test_next_day_follows_the_last_of_the_day_whichever_was_imported_first(day: Sequence[str]) -> None:
    both = {"B": one("B", 0, 10, is_entered=True), "C": one("C", 10, 25, is_entered=True)}
    assert gap_before(one("D", 25, 3), [], [both[name] for name in day]) is None
    told = gap_before(one("D", 10, 3), [], [both[name] for name in day])
    assert told == "C closes with 25.00, D opens with 10.00: -15.00 lies between"


def test_one_that_is_missing_within_a_day_holds_those_after_it_alone() -> None:
    first, third = one("B", 0, 10), one("D", 15, 20)
    assert gap_before(first, [third], BEFORE) is None
    assert gap_before(third, [first], BEFORE) == "B closes with 10.00, D opens with 15.00: 5.00 lies between"
    assert gap_before(third, [first, one("C", 10, 15)], BEFORE) is None


def test_two_that_open_with_the_same_do_not_both_follow() -> None:
    entered = one("B", 0, 10, is_entered=True)
    assert (
        gap_before(one("C", 0, 5), [entered], BEFORE) == "B closes with 10.00, C opens with 0.00: -10.00 lies between"
    )


def test_day_that_comes_back_to_its_balance_hides_nothing() -> None:
    out, back = one("B", 0, 7, is_entered=True), one("C", 7, 0, is_entered=True)
    assert gap_before(one("D", 0, 4), [out, back], BEFORE) is None
    assert gap_before(one("D", 7, 4), [out, back], BEFORE) is not None


def test_balances_that_stay_at_nothing_always_follow() -> None:
    assert gap_before(one("D", 0, 0), [one("B", 0, 0, is_entered=True), one("C", 0, 0)], BEFORE) is None
    assert gap_before(one("D", 0, 0), [], [one("B", 0, 0), one("C", 0, 0)]) is None


def test_nothing_is_missing_before_the_first_day() -> None:
    assert gap_before(one("B", 40, 10), [], []) is None
    assert gap_before(one("B", 40, 10), [one("C", 10, 2)], []) is None


def test_what_follows_one_that_a_person_took_in_spite_of_a_gap_is_not_held_again() -> None:
    taken = one("B", 15, 20, is_entered=True, is_taken=True)
    assert gap_before(one("C", 20, 25), [taken], BEFORE) is None
    assert gap_before(one("C", 21, 25), [taken], BEFORE) is not None


@given(
    balances=st.lists(st.integers(-3, 3), min_size=2, max_size=7),
    order=st.randoms(use_true_random=False),
    entered=st.sets(st.integers(0, 6)),
)
def test_any_day_of_settlements_in_any_order_has_no_gap_but_where_one_is_taken_out(
    balances: list[int], order: Random, entered: set[int]
) -> None:
    """A day is a walk from balance to balance; the first so many of it may be entered already."""
    steps = [one(f"S{place}", *pair) for place, pair in enumerate(pairwise(balances))]
    known = len(entered) % (len(steps) + 1)
    steps = [replace(step, is_entered=place < known) for place, step in enumerate(steps)]
    mixed = list(steps)
    order.shuffle(mixed)
    before = [one("A", 9, balances[0])]
    for step in mixed:
        if not step.is_entered:
            assert gap_before(step, [other for other in mixed if other is not step], before) is None
