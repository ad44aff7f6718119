"""Whether a shop has had no order for longer than it usually has none, by its own weeks before. Pure.

A night or a Sunday without orders is no news. So the time since the last order is laid over the same hours of the same
weekdays in the weeks before: the shop is silent when each of those weeks had plenty of orders in them. The week with
the fewest decides, so that neither a campaign nor a shop that grows makes an alarm. Source: domain guide 17.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pakhus.model import Window

NO_ORDERS = "no_orders"
"""The code of what is told of it."""

FEWEST_WEEKS = 4
"""A shop with fewer weeks to compare with has no usual yet: it is new, or has just been connected."""

MOST_WEEKS = 8
# However busy a shop is: an hour may be missing from a day, and a shop may be closed for a while to be mended.
_SHORTEST = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Silence:
    """No order since `since`, seen at `until`; in the same hours of `weeks` weeks there were at least `fewest` each."""

    since: datetime
    until: datetime
    weeks: int
    fewest: int


def weeks_before(since: datetime, until: datetime, first: datetime, zone: ZoneInfo) -> list[Window]:
    """Return the same hours by the shop's own clock in up to eight weeks before, none of which began before `first`.

    None for a time that is too short to be told of.
    """
    if until - since < _SHORTEST:
        return []
    found = []
    for week in range(1, MOST_WEEKS + 1):
        begins, ends = (_weeks_back(moment, week, zone) for moment in (since, until))
        if begins < first:
            break
        found.append(Window(begins, ends))
    return found


def silence(since: datetime, until: datetime, counts: Sequence[int], enough: int) -> Silence | None:
    """Return the silence when each of the weeks had `enough` orders or more; None when it may be as usual."""
    if len(counts) < FEWEST_WEEKS or min(counts) < enough:
        return None
    return Silence(since, until, len(counts), min(counts))


def _weeks_back(moment: datetime, weeks: int, zone: ZoneInfo) -> datetime:
    """So many weeks before by the wall clock: ten o'clock stays ten o'clock, whatever summer time does."""
    return (moment.astimezone(zone) - timedelta(weeks=weeks)).astimezone(UTC)
