"""Months and days of the shop, and the sums of the sheet."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pakhus.rules.month_end import by_day, month_of, month_window, next_month

ZONE = "Europe/Copenhagen"


def test_a_month_ends_where_the_next_begins_in_the_shops_time() -> None:
    december, january = month_window(date(2026, 12, 1), ZONE), month_window(date(2027, 1, 1), ZONE)
    assert december.end == january.start == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)


def test_an_order_after_midnight_of_the_shop_is_the_next_days() -> None:
    late, later = datetime(2026, 7, 1, 21, 59, tzinfo=UTC), datetime(2026, 7, 1, 22, 0, tzinfo=UTC)
    found = by_day([(late, "DKK", Decimal(10), Decimal(2)), (later, "DKK", Decimal(5), Decimal(1))], ZONE)
    assert [(one.day.day, one.count, one.gross) for one in found] == [(1, 1, Decimal(10)), (2, 1, Decimal(5))]


@pytest.mark.parametrize("text", ["2026", "2026-13", "november", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        month_of(text)
