"""When a shop is silent for longer than usual: by the poorest of its weeks, in the same hours; never of a new shop."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.silence import FEWEST_WEEKS, MOST_WEEKS, silence, weeks_before

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SINCE = datetime(2026, 11, 24, 9, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=6)
LONG_AGO = SINCE - timedelta(weeks=60)


def test_a_time_is_laid_over_the_same_hours_of_the_same_weekday() -> None:
    windows = weeks_before(SINCE, UNTIL, LONG_AGO, COPENHAGEN)
    assert len(windows) == MOST_WEEKS
    assert [window.start.astimezone(COPENHAGEN).strftime("%a %H:%M") for window in windows] == ["Tue 10:00"] * 8
    assert {window.end - window.start for window in windows} == {timedelta(hours=6)}
    assert windows[4].start == datetime(2026, 10, 20, 8, tzinfo=UTC)  # summer time


def test_weeks_in_which_the_shop_was_not_there_do_not_count() -> None:
    assert len(weeks_before(SINCE, UNTIL, SINCE - timedelta(weeks=5, hours=1), COPENHAGEN)) == 5
    assert weeks_before(SINCE, SINCE + timedelta(minutes=119), LONG_AGO, COPENHAGEN) == []


@pytest.mark.parametrize(
    ("counts", "silent"),
    [
        ([10, 12, 40, 11], True),
        ([10, 12, 40, 9], False),  # one week was poor, too
        ([90, 90, 90], False),  # too few weeks: no usual yet
        ([], False),
    ],
)
def test_the_poorest_week_decides(counts: list[int], silent: bool) -> None:
    found = silence(SINCE, UNTIL, counts, 10)
    assert (found is not None) is silent
    if found is not None:
        assert (found.weeks, found.fewest) == (len(counts), min(counts))


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis'


@given(MOMENTS, st.timedeltas(timedelta(hours=2), timedelta(days=40)), st.integers(0, 60))
def test_there_are_windows_whatever_the_clock_does(since: datetime, span: timedelta, weeks: int) -> None:
    first = since - timedelta(weeks=weeks, hours=2)
    windows = weeks_before(since, since + span, first, COPENHAGEN)
    assert len(windows) == min(weeks, MOST_WEEKS)
    for window in windows:
        assert abs((window.end - window.start) - span) <= timedelta(hours=1)


def test_four_weeks_are_wanted() -> None:
    assert FEWEST_WEEKS == 4
