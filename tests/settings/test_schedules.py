"""Cron expressions: what we take must be what Airflow takes."""

from __future__ import annotations

import itertools

import pytest
from croniter import croniter

from pakhus.settings.schedules import checked_cron

TAKEN = [
    "*/5 * * * *",
    "0 2 * * *",
    "0,30 8-17 * * mon-fri",
    "15 3 1 jan,JUL *",
    "0-59/7 */2 1-31 1-12 0-7",
    "0 0 * * 7",
    "59 23 31 12 6",
]
REFUSED = [
    ("", "has 0 fields"),
    ("* * * *", "has 4 fields"),
    ("* * * * * *", "has 6 fields"),
    ("@hourly", "has 1 fields"),
    ("60 * * * *", "is no minute"),
    ("* 24 * * *", "is no hour"),
    ("* * 0 * *", "is no day of the month"),
    ("* * 32 * *", "is no day of the month"),
    ("* * * 13 *", "is no month"),
    ("* * * mandag *", "is no month"),
    ("* * * * 8", "is no day of the week"),
    ("* * * * mandag", "is no day of the week"),
    ("*/0 * * * *", "has no step"),
    ("*/ * * * *", "has no step"),
    ("*/60 * * * *", "has no step"),
    ("5/10 * * * *", "a step needs a span"),
    ("30-10 * * * *", "runs backwards"),
    ("1,,2 * * * *", "is no minute"),
    ("-5 * * * *", "is no minute"),
    ("٣ * * * *", "is no minute"),
]


@pytest.mark.parametrize("expression", TAKEN)
def test_takes_what_airflow_takes(expression: str) -> None:
    assert checked_cron(expression) == expression
    assert croniter.is_valid(expression)


@pytest.mark.parametrize(("expression", "expected"), REFUSED)
def test_refuses_and_says_what_is_wrong(expression: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        checked_cron(expression)


def test_takes_nothing_that_airflow_refuses() -> None:
    """Each field's edges, combined with every form of an item."""
    for position, (first, last) in enumerate([(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]):
        numbers = [first - 1, first, first + 1, last, last + 1]
        items = [f"{number}" for number in numbers]
        items += [f"{begin}-{end}" for begin, end in itertools.product(numbers, repeat=2)]
        items += [f"*/{step}" for step in (0, 1, last, last + 1)]
        items += [f"{begin}-{end}/{step}" for begin, end in itertools.product(numbers, repeat=2) for step in (1, 2)]
        for item in items:
            expression = " ".join(item if position == place else "*" for place in range(5))
            try:
                checked_cron(expression)
            except ValueError:
                continue
            assert croniter.is_valid(expression), expression


def test_writes_the_expression_with_single_spaces() -> None:
    assert checked_cron("  0   2 * *  * ") == "0 2 * * *"
