"""The daily digest and quiet hours: who is told what, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from pakhus.flows.alerts import is_quiet, message_of, told_now, wishing_for
from pakhus.flows.digest import DAILY_DIGEST, write_digests
from pakhus.ledger import alerts
from pakhus.ledger.alerts import Alert
from pakhus.ledger.schema import alerts as rows
from pakhus.settings import AlertsSettings
from tests.flows.world import World

SILENT = AlertsSettings(mail_to=("a@x.example",))
WANTS = AlertsSettings(mail_to=("b@x.example",), digest_at="00:00", quiet_hours="22:00-07:00")


def written(world: World, section: AlertsSettings = WANTS) -> list[str]:
    with world.ledger.begin() as tx:
        return write_digests(tx, {"nordlys": section})


def digest(world: World) -> Alert:
    with world.ledger.begin() as tx:
        found = tx.connection.execute(select(rows.c.id).where(rows.c.code == DAILY_DIGEST)).scalars().all()
        alert = alerts.claim(tx, found[-1])
    assert alert is not None
    return alert


def test_a_digest_says_once_a_day_what_is_held_why_and_over_how_much(nordlys: World) -> None:
    assert written(nordlys) == []  # nothing waits
    nordlys.run()
    assert written(nordlys, SILENT) == []
    assert written(nordlys) == ["nordlys"]
    assert written(nordlys) == []
    message = message_of(digest(nordlys), "http://airflow")
    assert message.subject.startswith("Pakhus nordlys digest: ")
    assert message.subject.endswith("wait for people")
    assert message.lines[0] == "2 documents wait for people."
    assert message.lines[1].startswith("- orders: 1 product_deleted, 398.00 DKK, the oldest since 20")
    assert message.lines[1].endswith("who acts: merchant")
    assert "kunde" not in message.text()  # nobody's name
    nordlys.forward(days=1)
    assert written(nordlys) == ["nordlys"]


def test_a_digest_waits_for_its_hour(nordlys: World) -> None:
    nordlys.run()
    now = nordlys.ledger.now().astimezone()
    late = AlertsSettings(digest_at="23:59", timezone="Pacific/Kiritimati" if now.hour == 23 else "UTC")
    assert written(nordlys, late) == []


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ("22:00-07:00", "2026-11-21T21:30:00", True),  # half past ten in Copenhagen
        ("22:00-07:00", "2026-11-21T20:30:00", False),
        ("22:00-07:00", "2026-11-21T05:59:00", True),
        ("22:00-07:00", "2026-11-21T06:00:00", False),
        ("12:00-13:00", "2026-11-21T11:15:00", True),
        ("12:00-13:00", "2026-11-21T12:00:00", False),
    ],
)
def test_quiet_hours_are_of_the_shops_own_zone_and_may_go_over_midnight(hours: str, at: str, quiet: bool) -> None:
    section = AlertsSettings(quiet_hours=hours)
    assert is_quiet(section, datetime.fromisoformat(at).replace(tzinfo=UTC)) is quiet


def test_who_wishes_for_a_report_and_sleeps_is_told_later() -> None:
    other = WANTS.model_copy(update={"quiet_hours": None})
    night = datetime(2026, 11, 21, 2, tzinfo=UTC)
    wishing = wishing_for(DAILY_DIGEST, [SILENT, WANTS, other])
    assert wishing == [WANTS, other]
    assert told_now(wishing, DAILY_DIGEST, night) == [other]
    assert wishing_for("access_denied", [SILENT, WANTS]) == [SILENT, WANTS]


def test_in_quiet_hours_only_those_are_told_who_have_none_unless_it_cannot_wait() -> None:
    night = datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert told_now([SILENT, WANTS], "remote_unavailable", night) == [SILENT]
    assert told_now([SILENT, WANTS], "access_denied", night) == [SILENT, WANTS]
    assert told_now([WANTS], DAILY_DIGEST, night + timedelta(hours=8)) == [WANTS]
