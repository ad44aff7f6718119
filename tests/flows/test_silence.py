"""A shop that has gone silent: told once, ended by the next order; and all that is no silence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from pakhus.errors import PakhusError
from pakhus.flows.alerts import message_of, told_now
from pakhus.flows.observation import READ_UNTIL
from pakhus.flows.silence import tell_silence
from pakhus.ledger import alerts, cursors, sources
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.schema import alerts as rows
from pakhus.ledger.sources import Showing
from pakhus.rules.silence import NO_ORDERS
from pakhus.settings import AlertsSettings
from tests.failures.trouble import wrong_key
from tests.flows.shipped_orders import only
from tests.flows.test_people_and_races import place
from tests.flows.world import world
from tests.ledger.clocks import MovableClock

PEOPLE = AlertsSettings(mail_to=("a@x.example",), silence_after=10)
OPEN = datetime(2026, 6, 1, 8, tzinfo=UTC)  # a Monday


class Shop:
    """A shop that sells two an hour from 8 to 18 on weekdays, and a ledger that has read it from its first day on."""

    def __init__(self, ledger: Ledger, clock: MovableClock) -> None:
        self.ledger, self.clock, self.number = ledger, clock, 0
        self.clock.moment = OPEN

    def sell(self, day: datetime, hours: int = 10, each: int = 2) -> None:
        for order in range(hours * each):
            self.order(day + timedelta(hours=order / each))

    def order(self, at: datetime) -> None:
        self.number += 1
        name = str(self.number)
        showing = Showing("nordlys", "order", name, name.encode(), read_at=at, number=name, placed_at=at)
        with self.ledger.begin() as tx:
            sources.record(tx, showing)

    def sell_weeks(self, weeks: int) -> datetime:
        """Whole weeks up to a Friday; the Monday after them at 8."""
        for day in range(weeks * 7):
            if day % 7 < 5:
                self.sell(OPEN + timedelta(days=day))
        return OPEN + timedelta(weeks=weeks)

    def is_read(self, at: datetime) -> None:
        """A run of the flow orders has read everything up to now."""
        self.clock.moment = at
        with self.ledger.begin() as tx:
            cursors.note(tx, "nordlys", READ_UNTIL, at.isoformat())

    def looked_at(self, section: AlertsSettings = PEOPLE) -> list[str]:
        with self.ledger.begin() as tx:
            return tell_silence(tx, {"nordlys": section})

    def told(self) -> list[tuple[int, bool]]:
        """How often each alert of silence was seen, and whether it is over."""
        with self.ledger.begin() as tx:
            found = tx.connection.execute(select(rows).where(rows.c.code == NO_ORDERS).order_by(rows.c.id)).mappings()
            return [(row["count"], row["resolved_at"] is not None) for row in found]


@pytest.fixture
def shop(fresh_ledger_url: str) -> Iterator[Shop]:
    clock = MovableClock()
    ledger = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1", "report", 0, 1), clock)
    yield Shop(ledger, clock)
    ledger.close()


def test_silence_on_a_working_day_is_told_once_and_ended_by_the_next_order(shop: Shop) -> None:
    monday = shop.sell_weeks(5)
    shop.order(monday)
    shop.is_read(monday + timedelta(hours=4, minutes=30))
    assert shop.looked_at() == []  # nine in the same hours
    shop.is_read(monday + timedelta(hours=5, minutes=10))
    assert shop.looked_at() == ["nordlys"]
    assert shop.looked_at() == ["nordlys"]
    assert shop.told() == [(2, False)]
    with shop.ledger.begin() as tx:
        alert = alerts.claim(tx, alerts.unsent(tx)[0])
    assert alert is not None
    message = message_of(alert, "http://airflow")
    assert message.subject == "Pakhus nordlys silence: No order since 2026-07-06 10:00, for 5 hours (again)"
    assert "at least 11 in each of the last 5 weeks" in message.lines[0]
    assert "Who acts: the merchant" in message.lines
    assert message.lines[-1] == "You are told this once, and again after a day if it lasts. The next order ends it."
    shop.order(monday + timedelta(hours=5, minutes=11))
    shop.is_read(monday + timedelta(hours=5, minutes=15))
    assert shop.looked_at() == []
    assert shop.told() == [(2, True)]


def test_a_night_and_a_weekend_are_no_news(shop: Shop) -> None:
    monday = shop.sell_weeks(6)
    shop.is_read(monday - timedelta(minutes=1))  # since Friday evening
    assert shop.looked_at() == []


@pytest.mark.parametrize("weeks", [1, 3])
def test_a_new_shop_has_no_usual(shop: Shop, weeks: int) -> None:
    monday = shop.sell_weeks(weeks)
    shop.is_read(monday + timedelta(days=3))
    assert shop.looked_at() == []


def test_a_shop_that_is_read_since_yesterday_has_none_either_whatever_it_sold_before(shop: Shop) -> None:
    shop.clock.moment = OPEN + timedelta(weeks=8, days=-1)  # its history comes with the first reading, or an import
    monday = shop.sell_weeks(8)
    shop.is_read(monday + timedelta(days=2))
    assert shop.looked_at() == []


def test_one_poor_week_and_the_switch_keep_it_quiet(shop: Shop) -> None:
    monday = shop.sell_weeks(5)
    shop.is_read(monday + timedelta(days=1))
    assert shop.looked_at(PEOPLE.model_copy(update={"silence_after": 0})) == []
    assert shop.looked_at(PEOPLE.model_copy(update={"silence_after": 40})) == []
    assert shop.looked_at() == ["nordlys"]


def test_while_orders_are_not_read_nobody_knows(shop: Shop) -> None:
    monday = shop.sell_weeks(5)
    shop.clock.moment = monday + timedelta(days=2)
    assert shop.looked_at() == []  # never read
    shop.order(monday)
    shop.is_read(monday + timedelta(minutes=5))
    shop.clock.moment = monday + timedelta(days=2)
    assert shop.looked_at() == []  # not read since


def test_silence_can_wait_until_the_quiet_hours_are_over() -> None:
    section = PEOPLE.model_copy(update={"quiet_hours": "22:00-07:00"})
    night = datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert told_now([section], NO_ORDERS, night) == []
    assert told_now([section], NO_ORDERS, night + timedelta(hours=8)) == [section]


def test_ending_silence_ends_nothing_else(shop: Shop) -> None:
    with shop.ledger.begin() as tx:
        alerts.raise_or_count(tx, "nordlys", alerts.SETTINGS, Cause("settings_wrong", "wrong"))
        alerts.raise_or_count(tx, "nordlys", "silence", Cause(NO_ORDERS, "none"))
        assert alerts.end(tx, "nordlys", "silence") == 1
        open_ones = tx.connection.execute(select(rows.c.code).where(rows.c.resolved_at.is_(None))).scalars().all()
    assert open_ones == ["settings_wrong"]


def test_only_a_reading_that_came_to_its_end_says_how_far_orders_are_known(fresh_ledger_url: str) -> None:
    def read_until() -> datetime:
        with nordlys.ledger.begin() as tx:
            mark = cursors.read(tx, "nordlys", READ_UNTIL)
        assert mark is not None
        return datetime.fromisoformat(mark)

    with world(fresh_ledger_url, seed=only()) as nordlys:
        place(nordlys)
        nordlys.observe()
        first = read_until()
        nordlys.forward(hours=2)
        nordlys.observe()  # nothing is new
        second = read_until()
        assert second - first >= timedelta(hours=2)
        place(nordlys)
        with wrong_key(nordlys, "woocommerce", consumer_secret="cs_wrong"), pytest.raises(PakhusError):
            nordlys.observe()
        assert read_until() == second
