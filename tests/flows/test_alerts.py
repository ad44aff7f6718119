"""Alerts as people read them, to whom they go, and that nobody gets one twice."""

from dataclasses import replace
from datetime import UTC, datetime
from smtplib import SMTPDataError

import pytest
from sqlalchemy import select

from pakhus.flows.alerts import (
    Channel,
    MailChannel,
    Message,
    SlackChannel,
    WebhookChannel,
    cause_of_silence,
    channels_of,
    message_of,
    send,
)
from pakhus.ledger import alerts, runs
from pakhus.ledger.alerts import Alert, Cause
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.schema import alerts as rows
from pakhus.settings import AlertsSettings

URL = "https://airflow.vestbjerg.example/"
MAIL = MailChannel("smtp_default", None, ("drift@nordlys.example",))
SLACK = SlackChannel("slack_default")
ALERT = Alert(
    id=7,
    scope="nordlys",
    flow="orders",
    code="access_denied",
    subject="rackbeat__main",
    text="Rackbeat refused our key: 401 <none>. Renew the key in the Airflow connection rackbeat__main.",
    dag_id="nordlys__orders",
    run_id="scheduled__2026-11-21T10:00:00+00:00",
    raised_at=datetime(2026, 11, 21, 10, 1, tzinfo=UTC),
    last_seen_at=datetime(2026, 11, 21, 10, 1, tzinfo=UTC),
    count=1,
    told=(),
    resolved_at=None,
    sending_until=datetime(2026, 11, 21, 10, 6, tzinfo=UTC),
)


def test_a_message_says_what_is_wrong_who_acts_what_to_do_and_where_the_run_is() -> None:
    message = message_of(ALERT, URL)
    assert message.subject == "Pakhus nordlys orders: Rackbeat refused our key: 401 <none>"
    link = "https://airflow.vestbjerg.example/dags/nordlys__orders/runs/scheduled__2026-11-21T10%3A00%3A00%2B00%3A00"
    assert message.text().splitlines() == [
        ALERT.text,
        "",
        "Who acts: whoever operates Pakhus",
        "Since: 2026-11-21 10:01 UTC",
        f"Run: {link}",
        "What to do: docs/runbooks/reasons.md, access_denied",
        "",
        "The flow has stopped itself. Each run tries a document or two, and goes on when one goes through.",
        "You are told this once, and again after a day if it lasts. A green run of the flow ends it.",
    ]
    assert f'<a href="{link}">{link}</a>' in message.html()
    assert "401 &lt;none&gt;" in message.html()
    assert (message.facts["link"], message.facts["acts"], message.facts["runs"]) == (link, "operator", 1)


def test_a_reminder_and_an_alert_that_is_over_say_so() -> None:
    later = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    reminder = message_of(replace(ALERT, count=40, last_seen_at=later), URL)
    assert reminder.subject.endswith("(again)")
    assert "Since: 2026-11-21 10:01 UTC, in 40 runs, last at 11:30" in reminder.text()
    over = message_of(replace(ALERT, resolved_at=later), URL)
    assert over.text().endswith("It is over: a run was green at 2026-11-22 11:30 UTC.")


@pytest.mark.parametrize("code", ["settlement_unreadable", "payout_unbalanced", "internal_error", "mostly_held"])
def test_what_waits_for_a_person_is_not_over_when_the_next_run_is_green(code: str) -> None:
    """A held document makes one run red, and later ones green."""
    later = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    over = message_of(replace(ALERT, code=code, resolved_at=later), URL).text()
    assert "It is over" not in over
    assert over.endswith("Runs are green again since 2026-11-22 11:30 UTC, but what is told here waits for somebody.")
    assert "A green run of the flow ends it" not in message_of(replace(ALERT, code=code), URL).text()


def test_a_subject_is_one_short_line_whatever_the_cause_says() -> None:
    subject = message_of(replace(ALERT, text="first\nsecond " + "x" * 500), URL).subject
    assert subject.startswith("Pakhus nordlys orders: first second xxx")
    assert len(subject) < 160
    assert "\n" not in subject


def test_two_shops_of_one_agreement_are_told_once_per_address() -> None:
    first = AlertsSettings(mail_to=("a@x.example", "b@x.example"), slack_connection="slack_default")
    second = AlertsSettings(
        mail_to=("B@x.example", "c@x.example"), slack_connection="slack_default", webhook_connection="ops"
    )
    other_sender = AlertsSettings(mail_to=("a@x.example", "d@x.example"), mail_from="pakhus@y.example")
    assert channels_of([first, second, other_sender]) == (
        MailChannel("smtp_default", None, ("a@x.example", "b@x.example", "c@x.example")),
        MailChannel("smtp_default", "pakhus@y.example", ("d@x.example",)),
        SLACK,
        WebhookChannel("ops"),
    )
    assert channels_of([AlertsSettings()]) == ()


def test_what_is_known_of_a_run_without_a_report() -> None:
    assert cause_of_silence(timed_out=True).code == "run_timed_out"
    assert cause_of_silence(timed_out=False).code == "run_failed"


class Channels:
    """Takes messages, or raises what it was told to for a channel."""

    def __init__(self) -> None:
        self.errors: dict[Channel, Exception] = {}
        self.told: list[Channel] = []

    def __call__(self, channel: Channel, message: Message) -> None:
        assert message.subject
        if channel in self.errors:
            raise self.errors[channel]
        self.told.append(channel)


@pytest.fixture
def raised(fresh_ledger_url: str) -> tuple[Ledger, int]:
    ledger = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1"))
    with ledger.begin() as tx:
        return ledger, runs.note_failed(tx, "nordlys", "orders", Cause("run_failed", "It failed."))


def problems(ledger: Ledger) -> list[str]:
    with ledger.begin() as tx:
        return alerts.problems(tx, "nordlys", "orders")


def test_each_channel_is_told_once(raised: tuple[Ledger, int]) -> None:
    (ledger, alert_id), channels = raised, Channels()
    for _ in range(3):
        assert send(ledger, alert_id, [MAIL, SLACK], channels, URL) == []
    assert channels.told == [MAIL, SLACK]


def test_a_channel_that_fails_keeps_nobody_else_from_being_told_and_is_tried_again(raised: tuple[Ledger, int]) -> None:
    (ledger, alert_id), channels = raised, Channels()
    channels.errors[MAIL] = SMTPDataError(550, "drift@nordlys.example is unknown; token=xoxb-secret")
    (problem,) = send(ledger, alert_id, [MAIL, SLACK], channels, URL)
    assert problem == "mail smtp_default: SMTPDataError 550"  # no address, no secret
    assert problems(ledger) == [problem]
    del channels.errors[MAIL]
    assert send(ledger, alert_id, [MAIL, SLACK], channels, URL) == []
    assert channels.told == [SLACK, MAIL]
    assert problems(ledger) == []


def test_people_of_one_connection_who_are_told_later_are_told(raised: tuple[Ledger, int]) -> None:
    """Two shops of an agreement, one mail server: the people of one sleep while those of the other are told."""
    (ledger, alert_id), channels = raised, Channels()
    awake = replace(MAIL, to=("drift@nordlys.example",))
    both = replace(MAIL, to=("drift@nordlys.example", "drift@fjordliv.example"))
    send(ledger, alert_id, [awake], channels, URL, later=True)
    for _ in range(2):
        send(ledger, alert_id, [both], channels, URL)
    assert channels.told == [awake, replace(MAIL, to=("drift@fjordliv.example",))]
    with ledger.begin() as tx:
        told = tx.connection.execute(select(rows.c.told)).scalar_one()
    assert len(told) == 2
    assert "@" not in "".join(told)  # whom it was, nobody can read


def test_what_an_earlier_version_has_told_is_not_told_again(raised: tuple[Ledger, int]) -> None:
    (ledger, alert_id), channels = raised, Channels()
    with ledger.begin() as tx:
        alert = alerts.claim(tx, alert_id)
        assert alert is not None
        alerts.note_told(tx, alert, MAIL.name)
        alerts.end_sending(tx, alert, sent=False)
    send(ledger, alert_id, [MAIL, SLACK], channels, URL)
    assert channels.told == [SLACK]


def test_an_alert_that_nobody_is_named_for_waits_for_somebody(raised: tuple[Ledger, int]) -> None:
    (ledger, alert_id), channels = raised, Channels()
    assert send(ledger, alert_id, [], channels, URL) == []
    assert send(ledger, alert_id, [MAIL], channels, URL) == []
    assert channels.told == [MAIL]


def test_who_sends_while_another_does_sends_nothing(raised: tuple[Ledger, int]) -> None:
    (ledger, alert_id), channels = raised, Channels()

    def slow(channel: Channel, message: Message) -> None:
        assert send(ledger, alert_id, [MAIL, SLACK], channels, URL) == []  # the other, in the middle of it
        channels(channel, message)

    send(ledger, alert_id, [MAIL, SLACK], slow, URL)
    assert channels.told == [MAIL, SLACK]
