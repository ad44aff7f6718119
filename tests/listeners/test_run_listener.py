"""The listener in the scheduler: it sets notes, keeps the ledger up to date, and never holds anything up."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from listeners import run_listener
from listeners.run_ending import settled
from listeners.run_listener import RunListener
from pakhus.ledger import alerts, runs
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Ledger, RunIdentity

CAUSE = Cause("access_denied", "Rackbeat refused our key.")


@dataclass
class Note:
    """As Airflow keeps a note: `user_id` is that of the person who wrote it."""

    content: str
    user_id: str | None = None


@dataclass
class Dag:
    tags: set[str] = field(default_factory=lambda: {"pakhus", "orders"})


@dataclass
class DagRun:
    """What the listener uses of a run; setting `note` makes the row, as in Airflow."""

    dag_id: str = "nordlys__orders"
    run_id: str = "run_1"
    dag: Dag | None = field(default_factory=Dag)
    dag_run_note: Note | None = None

    @property
    def note(self) -> str:
        return "" if self.dag_run_note is None else self.dag_run_note.content

    @note.setter
    def note(self, text: str) -> None:
        self.dag_run_note = Note(text)


@pytest.fixture
def ledger(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    connect(monkeypatch, fresh_ledger_url)
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1"))
    yield opened
    opened.close()


def connect(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    parts = urlsplit(url)
    facts = {"host": parts.hostname, "port": parts.port, "login": parts.username, "password": parts.password}
    fields = {"conn_type": "postgres", "schema": parts.path.removeprefix("/"), **facts}
    monkeypatch.setenv("AIRFLOW_CONN_PAKHUS_LEDGER", json.dumps(fields))


def report(ledger: Ledger, cause: Cause | None = None) -> None:
    with ledger.begin() as tx:
        runs.report(tx, "nordlys", "orders", note="3 seen · 3 done", codes={}, cause=cause)


def open_alerts(ledger: Ledger) -> int:
    with ledger.begin() as tx:
        found = [alerts.claim(tx, alert_id) for alert_id in alerts.unsent(tx)]
    return len([alert for alert in found if alert is not None and alert.resolved_at is None])


def test_notes_what_a_green_run_did_and_ends_the_flows_alerts(ledger: Ledger) -> None:
    report(ledger, CAUSE)
    report(ledger)
    run = DagRun()
    RunListener().on_dag_run_success(run, "success")
    assert run.note == "3 seen · 3 done"
    assert open_alerts(ledger) == 0


def test_notes_counts_and_cause_of_a_red_run(ledger: Ledger) -> None:
    report(ledger, CAUSE)
    run = DagRun()
    RunListener().on_dag_run_failed(run, "task_failure")
    assert run.note == "3 seen · 3 done\n\nRackbeat refused our key."
    assert open_alerts(ledger) == 1


def test_sees_to_the_alert_of_a_run_that_left_no_report(ledger: Ledger) -> None:
    run = DagRun()
    RunListener().on_dag_run_failed(run, "timed_out")
    assert "took longer than it may" in run.note
    assert open_alerts(ledger) == 1


@pytest.mark.parametrize("state", ["success", "failed"])
def test_what_a_person_sets_by_hand_raises_and_ends_nothing(ledger: Ledger, state: str) -> None:
    report(ledger, CAUSE)
    other = DagRun(run_id="run_2")
    listener, words = RunListener(), f"Dag Run's state was manually set to `{state}`."
    (listener.on_dag_run_success if state == "success" else listener.on_dag_run_failed)(other, words)
    assert other.note == ""
    assert open_alerts(ledger) == 1


def test_says_in_the_note_that_an_alert_could_not_be_sent(ledger: Ledger) -> None:
    report(ledger, CAUSE)
    with ledger.begin() as tx:
        (alert_id,) = alerts.unsent(tx)
        alert = alerts.claim(tx, alert_id)
        assert alert is not None
        alerts.end_sending(tx, alert, sent=False, problem="mail smtp_default: ConnectionRefusedError")
        assert settled(tx, "task_failure", failed=True).endswith(
            "Alert not sent: mail smtp_default: ConnectionRefusedError"
        )


def test_renews_its_own_note_and_leaves_one_that_a_person_wrote(ledger: Ledger) -> None:
    report(ledger)
    ours, theirs = DagRun(dag_run_note=Note("old")), DagRun(dag_run_note=Note("looked at it", "anna"))
    for run in (ours, theirs):
        RunListener().on_dag_run_success(run, "success")
    assert (ours.note, theirs.note) == ("3 seen · 3 done", "looked at it")


def test_a_note_is_never_longer_than_airflows_column(ledger: Ledger) -> None:
    report(ledger, Cause("configuration", "x" * 5000))
    run = DagRun()
    RunListener().on_dag_run_failed(run, "task_failure")
    assert len(run.note) == 1000


@pytest.mark.parametrize("dag", [None, Dag(tags=set())], ids=["unknown", "of somebody else"])
def test_leaves_runs_that_are_not_ours_alone(ledger: Ledger, dag: Dag | None) -> None:
    report(ledger)
    run = DagRun(dag=dag)
    RunListener().on_dag_run_success(run, "success")
    assert run.note == ""


def test_the_scheduler_goes_on_when_the_ledger_is_away_and_asks_no_more_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch, "postgresql://pakhus:x@127.0.0.1:1/ledger")
    listener, run = RunListener(), DagRun()
    listener.on_dag_run_failed(run, "task_failure")
    began = time.monotonic()
    for _ in range(50):
        listener.on_dag_run_failed(run, "task_failure")
    assert time.monotonic() - began < 0.5
    assert run.note == ""


def test_the_scheduler_waits_no_longer_than_a_moment_for_a_ledger_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_listener, "_WAIT_S", 0.2)
    monkeypatch.setattr(run_listener, "_settle", lambda *_: time.sleep(2))
    began = time.monotonic()
    RunListener().on_dag_run_success(DagRun(), "success")
    assert time.monotonic() - began < 1.5


def test_nothing_that_is_wrong_with_a_run_reaches_the_scheduler() -> None:
    RunListener().on_dag_run_success(object(), "success")
    RunListener().on_dag_run_failed(DagRun(dag_id="odd"), "task_failure")
