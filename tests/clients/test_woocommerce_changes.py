"""Reading changes loses no order, however orders move while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pakhus.clients.woocommerce_api import ListPage
from pakhus.clients.woocommerce_changes import (
    OVERLAP,
    UNSETTLED,
    ChangedRows,
    ChangesCursor,
    changed_rows,
    from_gmt,
    gmt,
)
from pakhus.errors import ConfigurationError, TransientError

START = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
PAGE_SIZE = 3


@dataclass
class Shop:
    """Orders by id with their time of change, listed as WooCommerce lists them; `events` happen before each request."""

    now: datetime = START
    orders: dict[int, datetime] = field(default_factory=dict)
    events: Iterator[Callable[[Shop], None]] = field(default_factory=lambda: iter(()))
    requests: list[tuple[datetime, int]] = field(default_factory=list)
    counts: bool = True

    def fetch(self, after: datetime, number: int) -> ListPage:
        for event in self.events:
            event(self)
            break
        self.requests.append((after, number))
        found = sorted((moment, order_id) for order_id, moment in self.orders.items() if moment > after)
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        pages = -(-len(found) // PAGE_SIZE) if shown else 0
        return ListPage(
            rows=tuple({"id": order_id, "date_modified_gmt": gmt(moment)} for moment, order_id in shown),
            total=(len(found) if shown else 0) if self.counts else None,
            total_pages=pages if self.counts else None,
            shop_time=self.now,
            read_at=self.now,
        )

    def read(self, mark: datetime) -> list[ChangedRows]:
        return list(changed_rows(self.fetch, mark, PAGE_SIZE))


def ids(pages: list[ChangedRows]) -> list[int]:
    return [row["id"] for page in pages for row in page.rows]


def ago(seconds: float) -> datetime:
    return START - timedelta(seconds=seconds)


def test_asks_once_when_nothing_changed() -> None:
    shop = Shop()
    assert shop.read(ago(600)) == []
    assert shop.requests == [(ago(600) - OVERLAP, 1)]


def test_moves_the_mark_to_the_last_row_and_asks_from_a_second_before_it() -> None:
    shop = Shop(orders={number: ago(100 - number) for number in range(1, 5)})
    pages = shop.read(ago(300))
    assert ids(pages) == [1, 2, 3, 4]
    assert [page.mark for page in pages] == [ago(97), ago(96)]
    assert shop.requests == [(ago(390), 1), (ago(98), 1)]


def test_gives_again_what_changed_shortly_before_the_mark() -> None:
    shop = Shop(orders={1: ago(200), 2: ago(120)})
    assert ids(shop.read(ago(100))) == [2]


def test_finds_the_order_that_page_numbers_lose() -> None:
    """The recorded race: an order of page 1 changes between the pages and pulls another one onto page 1."""

    def touch_first(shop: Shop) -> None:
        shop.orders[1] = shop.now - UNSETTLED

    shop = Shop(orders={number: ago(100 - number) for number in range(1, 7)})
    shop.events = iter([lambda _: None, touch_first])
    assert set(ids(shop.read(ago(300)))) == {1, 2, 3, 4, 5, 6}
    assert ids(shop.read(ago(300))).count(1) == 1


def test_leaves_rows_of_the_last_seconds_for_the_next_reading() -> None:
    shop = Shop(orders={1: ago(6), 2: ago(5), 3: ago(4)})
    pages = shop.read(ago(60))
    assert ids(pages) == [1, 2]
    assert pages[-1].mark == ago(5)
    shop.now = START + timedelta(seconds=10)
    assert 3 in ids(shop.read(pages[-1].mark))


def test_leaves_what_changes_during_a_long_reading_for_the_next() -> None:
    """Else the mark would run ahead, and a writer that was late before the reading's end would be left behind."""

    def slowly(shop: Shop) -> None:
        shop.now += timedelta(seconds=200)
        shop.orders[9] = START + timedelta(seconds=100)
        shop.orders[8] = START - timedelta(seconds=50)  # committed now, stamped long before: behind the reading

    shop = Shop(orders={number: ago(40 - number) for number in range(1, 5)})
    shop.events = iter([lambda _: None, slowly])
    pages = shop.read(ago(60))
    assert ids(pages) == [1, 2, 3, 4]
    assert set(ids(shop.read(pages[-1].mark))) == {1, 2, 3, 4, 8, 9}


@pytest.mark.edge(85)
def test_measures_youth_by_the_shops_clock_alone() -> None:
    """Here the shop's clock is years from ours; `Shop.now` is what its Date header says."""
    shop = Shop(now=START - timedelta(days=4000))
    shop.orders = {1: shop.now - timedelta(seconds=30), 2: shop.now - timedelta(seconds=2)}
    assert ids(shop.read(shop.now - timedelta(days=1))) == [1]


def test_takes_everything_from_a_server_without_a_clock() -> None:
    shop = Shop(orders={1: ago(6), 2: ago(0)})
    pages = list(
        changed_rows(
            lambda after, number: ListPage(**{**_facts(shop.fetch(after, number)), "shop_time": None}),
            ago(60),
            PAGE_SIZE,
        )
    )
    assert ids(pages) == [1, 2]
    assert pages[-1].mark == ago(0)


def _facts(page: ListPage) -> dict[str, object]:
    return {name: getattr(page, name) for name in ("rows", "total", "total_pages", "shop_time", "read_at")}


def test_delivers_an_order_stamped_in_the_future_without_moving_past_it() -> None:
    shop = Shop(orders={1: ago(30), 2: START + timedelta(days=300)})
    pages = shop.read(ago(60))
    assert ids(pages) == [1, 2]
    assert pages[-1].mark == ago(30)


@pytest.mark.parametrize("counts", [True, False])
def test_pages_through_a_second_that_fills_pages(counts: bool) -> None:
    shop = Shop(orders=dict.fromkeys(range(1, 11), ago(50)) | {11: ago(40)}, counts=counts)
    pages = shop.read(ago(60))
    assert sorted(ids(pages)) == list(range(1, 12))
    assert pages[-1].mark == ago(40)


def test_reads_a_full_second_again_when_an_order_leaves_it() -> None:
    def touch_first(shop: Shop) -> None:
        shop.orders[1] = ago(20)

    shop = Shop(orders=dict.fromkeys(range(1, 11), ago(50)))
    shop.events = iter([lambda _: None, lambda _: None, touch_first])
    assert set(ids(shop.read(ago(60)))) == set(range(1, 11))


def test_gives_up_on_a_second_that_does_not_hold_still() -> None:
    def churn() -> Iterator[Callable[[Shop], None]]:
        for number in range(1, 1000):
            yield lambda shop, number=number: shop.orders.update({number: ago(20), 1000 + number: ago(50)})

    shop = Shop(orders=dict.fromkeys(range(1, 11), ago(50)), events=churn())
    with pytest.raises(TransientError, match="do not hold still"):
        shop.read(ago(60))


def test_refuses_a_shop_that_ignores_the_filter() -> None:
    shop = Shop(orders={1: ago(5000)})
    with pytest.raises(ConfigurationError, match="modified_after"):
        list(changed_rows(lambda _, number: shop.fetch(ago(9999), number), ago(60), PAGE_SIZE))


def test_refuses_a_shop_that_does_not_sort() -> None:
    def unsorted(after: datetime, number: int) -> ListPage:
        page = shop.fetch(after, number)
        return ListPage(page.rows[::-1], page.total, page.total_pages, page.shop_time, page.read_at)

    shop = Shop(orders={1: ago(50), 2: ago(40)})
    with pytest.raises(ConfigurationError, match="sort"):
        list(changed_rows(unsorted, ago(60), PAGE_SIZE))


def test_refuses_a_shop_that_counts_orders_it_does_not_show() -> None:
    page = ListPage((), 4, 2, START, START)
    with pytest.raises(ConfigurationError, match="shows none"):
        list(changed_rows(lambda *_: page, ago(60), PAGE_SIZE))


def test_reads_on_behind_a_short_page_whose_rows_are_hidden() -> None:
    first = ListPage(
        ({"id": 1, "date_modified_gmt": gmt(ago(50))}, {"id": 2, "date_modified_gmt": gmt(ago(49))}), 4, 2, START, START
    )
    rest = ListPage(({"id": 4, "date_modified_gmt": gmt(ago(40))},), 1, 1, START, START)
    pages = list(changed_rows(lambda after, _: first if after < ago(60) else rest, ago(60), PAGE_SIZE))
    assert ids(pages) == [1, 2, 4]


def test_lets_one_order_without_a_time_not_stop_the_others() -> None:
    rows = ({"id": 1, "date_modified_gmt": gmt(ago(50))}, {"id": 2, "date_modified_gmt": None})
    pages = list(changed_rows(lambda *_: ListPage(rows, 2, 1, START, START), ago(60), PAGE_SIZE))
    assert ids(pages) == [1, 2]


def test_writes_times_without_zone_in_gmt() -> None:
    assert gmt(datetime.fromisoformat("2026-07-01T14:00:00.750+02:00")) == "2026-07-01T12:00:00"
    assert from_gmt("2026-07-01T12:00:00") == datetime(2026, 7, 1, 12, tzinfo=UTC)


CURSOR = ChangesCursor(ago(10), ("pending", "trash"), ago(3000), ago(4000))


def test_keeps_a_cursor_as_text() -> None:
    assert ChangesCursor.from_text(CURSOR.to_text()) == CURSOR


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"mark":"x"}', '{"mark":1,"states":[],"states_at":2}'])
def test_refuses_a_cursor_that_is_not_ours(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cursor"):
        ChangesCursor.from_text(text)


@pytest.mark.parametrize(("age_s", "due"), [(3599, False), (3601, True), (-7200, True)])
def test_renews_states_hourly(age_s: int, due: bool) -> None:
    assert CURSOR.needs_states(CURSOR.states_at + timedelta(seconds=age_s)) is due


def test_goes_back_when_a_state_turns_up_that_was_not_asked_for() -> None:
    renewed = CURSOR.with_states(("pending", "shipped", "trash"), START)
    assert (renewed.mark, renewed.states_mark) == (ago(4000), ago(4000))
    assert renewed.with_states(("pending", "trash"), START).mark == ago(4000)


def test_goes_on_when_the_states_are_the_same() -> None:
    renewed = CURSOR.with_states(("trash", "pending"), START)
    assert (renewed.mark, renewed.states_mark, renewed.states_at) == (ago(10), ago(10), START)


# What may happen in a shop between two requests.
EVENT = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 8)),
    st.tuples(st.just("place"), st.integers(1, 4)),
    st.tuples(st.just("touch"), st.integers(0, 30)),
    st.tuples(st.just("commit late"), st.integers(1, 80)),
    st.tuples(st.just("touch many"), st.integers(2, 12)),
)


def _happen(shop: Shop, event: tuple[str, int]) -> None:
    kind, number = event
    known = sorted(shop.orders)
    if kind == "wait":
        shop.now += timedelta(seconds=number)
    elif kind == "place":
        shop.orders |= dict.fromkeys(range(len(known) + 1, len(known) + 1 + number), shop.now)
    elif kind == "touch" and known:
        shop.orders[known[number % len(known)]] = shop.now
    elif kind == "commit late":  # stamped when its request began, visible now
        shop.orders[len(known) + 1] = shop.now - timedelta(seconds=number)
    elif kind == "touch many":
        shop.orders |= dict.fromkeys(known[:number], shop.now)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    events=st.lists(st.lists(EVENT, max_size=3), max_size=40),
    stops=st.lists(st.none() | st.integers(1, 3), min_size=1, max_size=6),
)
def test_loses_no_order_however_they_move(events: list[list[tuple[str, int]]], stops: list[int | None]) -> None:
    """Several readings while orders are placed, changed and committed late; some die after a page was stored."""
    shop = Shop(orders={number: START - timedelta(seconds=100 - number // 4) for number in range(1, 9)})

    def batch(happening: list[tuple[str, int]]) -> Callable[[Shop], None]:
        return lambda shop: [_happen(shop, event) for event in happening] and None

    shop.events = map(batch, events)
    stored: set[tuple[int, str]] = set()
    mark = START - timedelta(seconds=1000)
    for stop in [*stops, None, None]:
        with suppress(TransientError):  # a list that will not hold still is read another time
            for number, page in enumerate(changed_rows(shop.fetch, mark, PAGE_SIZE), start=1):
                stored |= {(row["id"], row["date_modified_gmt"]) for row in page.rows}
                assert mark <= page.mark <= shop.now - UNSETTLED
                mark = page.mark
                if number == stop:
                    break
        shop.now += timedelta(seconds=3)
    for happening in shop.events:
        happening(shop)
    shop.now += timedelta(seconds=60)
    for page in changed_rows(shop.fetch, mark, PAGE_SIZE):
        stored |= {(row["id"], row["date_modified_gmt"]) for row in page.rows}
    missed = {(order_id, gmt(moment)) for order_id, moment in shop.orders.items()} - stored
    assert not missed
