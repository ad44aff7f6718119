"""Reading what changed without losing an order (contract section 5).

A list that is paged by number while orders move in it loses some. So the list is sorted by `date_modified` and always
read from its first page, starting where the last page ended; only within one second are page numbers used, and then
until two readings agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.woocommerce_api import ListPage
from pakhus.clients.woocommerce_errors import SYSTEM
from pakhus.errors import ConfigurationError, TransientError

SECOND = timedelta(seconds=1)
# date_modified is stamped before the request that wrote it has ended: a row may appear this late.
OVERLAP = timedelta(seconds=90)
# Younger rows may still be in the making (section 5, half-made orders). By the shop's own clock, never by ours.
UNSETTLED = timedelta(seconds=5)
# A stamp further ahead than this is not young but wrong: delivered, but nothing is moved past it.
WRONG_CLOCK = timedelta(seconds=60)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # WooCommerce is younger
STATES_LAST = timedelta(hours=1)
_READINGS_OF_ONE_SECOND = 10
_PAGES_OF_A_RUN = 100_000


@dataclass(frozen=True, slots=True)
class ChangesCursor:
    """How far changes have been read: everything modified up to `mark` is vouched for, in the states named.

    `states_at` is when the states were read, by our clock; `states_mark` is the mark of that moment: when a new state
    turns up later, orders may have been in it, unseen, since then.
    """

    mark: datetime
    states: tuple[str, ...]
    states_at: datetime
    states_mark: datetime

    def to_text(self) -> str:
        return json.dumps(
            {
                "mark": gmt(self.mark),
                "states": list(self.states),
                "states_at": gmt(self.states_at),
                "states_mark": gmt(self.states_mark),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> ChangesCursor:
        """ConfigurationError when the text is not one of ours: reading from anywhere else could lose orders."""
        try:
            stored = json.loads(text)
            moments = (from_gmt(stored[name]) for name in ("mark", "states_at", "states_mark"))
            mark, states_at, states_mark = moments
            states = tuple(str(state) for state in stored["states"])
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(f"{SYSTEM}: the stored cursor {text!r} cannot be read", system=SYSTEM) from error
        return cls(mark, states, states_at, states_mark)

    def needs_states(self, now: datetime) -> bool:
        """Whether the states were read too long ago (or, by a clock set back, in the future)."""
        return abs(now - self.states_at) > STATES_LAST

    def with_states(self, states: Sequence[str], now: datetime) -> ChangesCursor:
        """Take newly read states; a state not asked for before moves the mark back to where it may have begun."""
        fresh = set(states) - set(self.states)
        mark = min(self.mark, self.states_mark) if fresh else self.mark
        return replace(self, mark=mark, states=tuple(states), states_at=now, states_mark=mark)


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """Rows of one page, and the mark that holds once they are stored. `young` are the ids of those left for later."""

    rows: tuple[Mapping[str, Any], ...]
    mark: datetime
    read_at: datetime
    young: frozenset[str] = frozenset()


Fetch = Callable[[datetime, int], ListPage]
"""Reads one page of the orders modified after a time (exclusive), oldest change first, then by id."""


def changed_rows(fetch: Fetch, mark: datetime, page_size: int) -> Iterator[ChangedRows]:
    """Yield what was modified after `mark`, and again what was modified up to 90 seconds before it.

    Rows too young to be complete when the reading began are left for the next one, however long this one takes: else
    a late writer could appear behind us, further back than the next reading's overlap. One reading gives an order
    again only when it changed again; the repeated ones from before `mark` are the caller's to compare, since a late
    writer may have completed them.
    """
    after, delivered = mark - OVERLAP, frozenset[str]()
    began: datetime | None = None
    for _ in range(_PAGES_OF_A_RUN):
        page = fetch(after, 1)
        if page.total and not page.rows:
            raise ConfigurationError(
                f"{SYSTEM}: the shop counts {page.total} changed orders but shows none to this key", system=SYSTEM
            )
        moments = _modification_times(page, after)
        began = began or page.shop_time
        settled = _settled(page, moments, began)
        fresh = tuple(row for row in settled.rows if str(row["id"]) not in delivered)
        mark = max(mark, settled.mark)
        if fresh or settled.young:
            yield ChangedRows(fresh, mark, page.read_at, settled.young)
        if settled.young or not page.has_more(1, page_size):
            return
        if moments[0] == moments[-1]:
            already = {str(row["id"]) for row in page.rows}
            yield from _rest_of_second(fetch, moments[0], already, mark)
            after, delivered = moments[-1], frozenset()
        else:
            after = moments[-1] - SECOND
            pairs = zip(page.rows, moments, strict=True)
            delivered = frozenset(str(row["id"]) for row, moment in pairs if moment == moments[-1])
    raise TransientError(f"{SYSTEM}: orders change faster than they can be read", system=SYSTEM)


@dataclass(frozen=True, slots=True)
class _Settled:
    rows: tuple[Mapping[str, Any], ...]
    mark: datetime
    young: frozenset[str]


def _settled(page: ListPage, moments: Sequence[datetime], began: datetime | None) -> _Settled:
    """Tell the rows that may be taken from those that are too young, and how far the mark may move.

    `began` is the shop's time at the first request of this reading.
    """
    if page.shop_time is None or began is None:  # nothing to measure by: the overlap reads half-made rows again
        return _Settled(page.rows, moments[-1] if moments else BEGINNING, frozenset())
    youngest, latest = began - UNSETTLED, page.shop_time + WRONG_CLOCK
    pairs = list(zip(page.rows, moments, strict=True))
    return _Settled(
        tuple(row for row, moment in pairs if moment <= youngest or moment > latest),
        max((moment for moment in moments if moment <= youngest), default=BEGINNING),
        frozenset(str(row["id"]) for row, moment in pairs if youngest < moment <= latest),
    )


def _rest_of_second(fetch: Fetch, second: datetime, delivered: set[str], mark: datetime) -> Iterator[ChangedRows]:
    """Yield the other rows of a second that fills whole pages, by page number, until two readings name the same rows.

    An order that changes meanwhile leaves the second and pulls another one from the next page to one already read.
    Whoever was missed so shows in the reading after; equal readings prove that nobody left.
    """
    previous: set[str] | None = None
    for _ in range(_READINGS_OF_ONE_SECOND):
        named: set[str] = set()
        for page in _pages_of_second(fetch, second):
            named.update(str(row["id"]) for row in page.rows)
            fresh = tuple(row for row in page.rows if str(row["id"]) not in delivered)
            delivered.update(str(row["id"]) for row in fresh)
            if fresh:
                yield ChangedRows(fresh, mark, page.read_at)
        if named == previous:
            return
        previous = named
    raise TransientError(f"{SYSTEM}: the orders modified at {gmt(second)} do not hold still", system=SYSTEM)


def _pages_of_second(fetch: Fetch, second: datetime) -> Iterator[ListPage]:
    def records(number: int) -> Page:
        page = fetch(second - SECOND, number)
        moments = _modification_times(page, second - SECOND)
        pairs = zip(page.rows, moments, strict=True)
        kept = tuple(row for row, moment in pairs if moment == second)
        return Page([replace(page, rows=kept)] if page.rows else [], page.total_pages)

    for pages in numbered_pages(records, identity=lambda page: [row["id"] for row in page.rows] or object()):
        page = pages[0]
        if not page.rows:
            return
        yield page


def _modification_times(page: ListPage, after: datetime) -> list[datetime]:
    """Return the rows' `date_modified_gmt`, after checking that the shop answered what was asked."""
    moments: list[datetime] = []
    for row in page.rows:
        if not row.get("id"):
            raise TransientError(f"{SYSTEM}: a row of the list of orders has no id", system=SYSTEM)
        try:
            moments.append(from_gmt(str(row.get("date_modified_gmt"))))
        except (
            ValueError
        ):  # one order without a readable time must not stop the shop: it stands where its neighbour does
            moments.append(moments[-1] if moments else after + SECOND)
    if any(moment <= after for moment in moments):
        raise ConfigurationError(
            f"{SYSTEM}: the shop does not keep to modified_after; changes cannot be read. Update WooCommerce (5.8 or "
            "newer) or switch off the plugin that changes its list of orders",
            system=SYSTEM,
        )
    if moments != sorted(moments):
        raise ConfigurationError(
            f"{SYSTEM}: the shop does not sort by the time of change; changes cannot be read. Switch off the plugin "
            "that changes the order of its list",
            system=SYSTEM,
        )
    return moments


def gmt(moment: datetime) -> str:
    """Write a time as the list wants it with `dates_are_gmt=true`: GMT, whole seconds, no zone (with a zone the shop
    would shift it by its own offset)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def from_gmt(text: str) -> datetime:
    """Read a `…_gmt` field, which carries no zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
