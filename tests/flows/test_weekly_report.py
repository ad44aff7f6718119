"""The weekly report: once a week for those who want it, day by day, with what is left to do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from pakhus.flows.alerts import message_of, wishing_for
from pakhus.flows.self_stopping import IN_A_ROW
from pakhus.flows.weekly import WEEKLY_REPORT, Week, last_due, weekly_text, write_weekly_reports
from pakhus.ledger import alerts, proofs, sources, stops
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.schema import alerts as rows
from pakhus.ledger.schema import documents, settlements
from pakhus.ledger.sources import Showing
from pakhus.ledger.stops import Refusal
from pakhus.settings import AlertsSettings
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, pay, paying
from tests.flows.test_payouts import PAID, WHOLE, file, settling
from tests.flows.world import World, world
from tests.ledger.clocks import MovableClock

WANTS = AlertsSettings(mail_to=("a@x.example",), weekly_at="mon 07:30")
COPENHAGEN = ZoneInfo(WANTS.timezone)
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)  # eight o'clock in Copenhagen


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)


@pytest.fixture
def ledger(fresh_ledger_url: str, clock: MovableClock) -> Iterator[Ledger]:
    opened = Ledger(fresh_ledger_url, RunIdentity("pakhus__alive", "run_1", "send_and_ping", 0, 1), clock)
    yield opened
    opened.close()


def written(ledger: Ledger, section: AlertsSettings = WANTS) -> list[str]:
    with ledger.begin() as tx:
        return write_weekly_reports(tx, {"nordlys": section})


def order(ledger: Ledger, number: str, at: datetime, gross: str, currency: str = "DKK") -> None:
    placed = {"read_at": at, "placed_at": at, "gross": Decimal(gross), "currency": currency}
    showing = Showing("nordlys", "order", number, number.encode(), number=number, **placed)
    with ledger.begin() as tx:
        sources.record(tx, showing)


def text_of(ledger: Ledger) -> list[str]:
    with ledger.begin() as tx:
        return weekly_text(tx, "nordlys", Week.before(MONDAY.astimezone(COPENHAGEN))).splitlines()


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23T06:30:00", "2026-11-23T06:30:00"),
        ("2026-11-23T06:29:59", "2026-11-16T06:30:00"),
        ("2026-11-29T22:00:00", "2026-11-23T06:30:00"),
        ("2026-10-26T06:30:00", "2026-10-26T06:30:00"),  # winter time since yesterday
        ("2026-10-25T12:00:00", "2026-10-19T05:30:00"),
    ],
)
def test_a_report_is_due_at_its_hour_of_the_week_and_until_it_is_written(now: str, due: str) -> None:
    found = last_due(datetime.fromisoformat(now).replace(tzinfo=UTC), WANTS)
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_each_week_is_told_once_and_only_to_those_who_want_it(ledger: Ledger, clock: MovableClock) -> None:
    assert written(ledger) == []  # nothing is known of the shop yet
    order(ledger, "1", MONDAY - timedelta(days=3), "100.00")
    assert written(ledger, AlertsSettings(mail_to=("b@x.example",))) == []
    assert [written(ledger), written(ledger)] == [["nordlys"], []]
    silent = AlertsSettings(mail_to=("b@x.example",))
    assert wishing_for(WEEKLY_REPORT, [silent, WANTS]) == [WANTS]
    with ledger.begin() as tx:
        found = tx.connection.execute(select(rows.c.id).where(rows.c.code == WEEKLY_REPORT).order_by(rows.c.id))
        alert = alerts.claim(tx, found.scalars().all()[0])
    assert alert is not None
    message = message_of(alert, "http://airflow")
    assert message.subject.startswith("Pakhus nordlys week: Week 47, 2026-11-16 to 2026-11-22: 1 ordered (100")
    assert "Who acts: nobody: this is a report." in message.lines
    assert message.lines[-1] == ""  # no word of an alarm
    clock.forward(days=6)
    assert written(ledger) == []
    clock.forward(days=1)
    assert written(ledger) == ["nordlys"]


def test_a_day_is_the_peoples_own_and_each_currency_stands_apart(ledger: Ledger) -> None:
    order(ledger, "1", datetime(2026, 11, 15, 23, 30, tzinfo=UTC), "100.00")  # Monday in Copenhagen
    order(ledger, "2", datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "1234.50")
    order(ledger, "3", datetime(2026, 11, 22, 22, 30, tzinfo=UTC), "20.00", "EUR")
    order(ledger, "4", datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "999.00")  # the next Monday
    with ledger.begin() as tx:
        proofs.save(tx, "nordlys", date(2026, 11, 16), "proven", figures={}, differences=[])
        proofs.save(tx, "nordlys", date(2026, 11, 22), "differs", figures={}, differences=[])
    head, first, *_, last, note = text_of(ledger)
    assert head == ("Week 47, 2026-11-16 to 2026-11-22: 3 ordered (1,334.50 DKK + 20.00 EUR), 0 booked, 0 paid out.")
    assert first == "- mon 2026-11-16: 1 ordered (100.00 DKK), 0 booked, 0 paid out, proven"
    assert last == "- sun 2026-11-22: 2 ordered (1,234.50 DKK + 20.00 EUR), 0 booked, 0 paid out, differs"
    assert note.startswith("Orders stand on the day they were placed")
    assert "- tue 2026-11-17: 0 ordered, 0 booked, 0 paid out, not looked at" in text_of(ledger)


def test_flows_that_stopped_themselves_that_week_are_told(ledger: Ledger, clock: MovableClock) -> None:
    for back in (8, 6, 5):
        clock.moment = MONDAY - timedelta(days=back)
        with ledger.begin() as tx:
            stops.record(tx, "nordlys", "orders", Refusal("access_denied", f"refused {IN_A_ROW}", "access_denied"))
            stops.lift(tx, "nordlys", "orders", "well again")
    assert "- orders had stopped itself 2 times" in text_of(ledger)


@pytest.fixture
def paid(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders, invoiced, paid by card, and paid out."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        settling(changed).run([file(*WHOLE)])
        yield changed


def test_what_was_booked_and_paid_out_stands_on_its_day(paid: World) -> None:
    with paid.ledger.begin() as tx:
        tx.connection.execute(
            update(documents).where(documents.c.kind == "invoice").values(document_date=date(2026, 11, 17))
        )
        tx.connection.execute(update(settlements).values(paid_on=date(2026, 11, 20)))
    lines = text_of(paid.ledger)
    assert "3 booked (966.50 DKK), 3 paid out (966.50 DKK)." in lines[0]
    assert lines[2].endswith("0 ordered, 3 booked (966.50 DKK), 0 paid out, not looked at")
    assert lines[5].endswith("0 ordered, 0 booked, 3 paid out (966.50 DKK), not looked at")
    with paid.ledger.begin() as tx:
        tx.connection.execute(update(settlements).values(posted_at=None))
    assert "0 paid out" in text_of(paid.ledger)[0]  # nothing is sure before its voucher is made
