"""The leaf task `report`: when a run is red, and what its message says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.sdk.exceptions import AirflowFailException

from operators.report_run_operator import ReportRunOperator
from pakhus.flows.alerts import message_of
from pakhus.flows.report import RunReport
from pakhus.ledger import alerts, runs, stops
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.reasons import Verdict
from tests.operators.run import Task, context


@pytest.fixture(autouse=True)
def ledger(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """The ledger that the operator finds behind the connection."""
    url = urlsplit(fresh_ledger_url)
    facts = {"host": url.hostname, "port": url.port, "login": url.username, "password": url.password}
    fields = {"conn_type": "postgres", "schema": url.path.removeprefix("/"), **facts}
    monkeypatch.setenv("AIRFLOW_CONN_PAKHUS_LEDGER", json.dumps(fields))
    opened = Ledger(fresh_ledger_url)
    yield opened
    opened.close()


def stored(ledger: Ledger) -> runs.Run:
    with ledger.begin() as tx:
        run = runs.find(tx, "nordlys__orders", "manual__1")
    assert run is not None
    return run


def raised(ledger: Ledger) -> list[alerts.Alert]:
    with ledger.begin() as tx:
        found = [alerts.claim(tx, alert_id) for alert_id in alerts.unsent(tx)]
    return [alert for alert in found if alert is not None]


def failure(text: str, code: str = "remote_unavailable", subject: str = "") -> dict[str, str]:
    return {"code": code, "text": text, "subject": subject}


def counted(*verdicts: Verdict, seen: int = 0) -> dict[str, object]:
    report = RunReport("orders", "nordlys", seen=seen)
    for verdict in verdicts:
        report.add(verdict)
    return report.as_dict()


def report_of(task: Task) -> Any:
    operator = ReportRunOperator(task_id="report", flow="orders", scope="nordlys", reading="observe", working="reserve")
    return operator.execute(context(task))


def run_of(
    *chunks: Mapping[str, object], observed: Mapping[str, object] | None = None, states: dict[str, str] | None = None
) -> Task:
    task = Task("report", states=states or {"observe": "success", "reserve_0": "success"})
    task.pushed[("reserve", "return_value")] = list(chunks)
    if observed is not None:
        task.pushed[("observe", "report")] = [observed]
    return task


HELD = Verdict.of("sku_missing", line="7")
DONE = Verdict.of("transferred")


def test_adds_the_chunks_up_and_is_green_with_held_skipped_and_waiting_documents(ledger: Ledger) -> None:
    told = report_of(
        run_of(
            counted(DONE, HELD, seen=2),
            counted(DONE, Verdict.of("outcome_unknown", step="create_order"), seen=2),
            observed=counted(Verdict.of("state_not_listed", state="pending"), seen=9),
        )
    )
    assert told["codes"] == {"transferred": 2, "sku_missing": 1, "outcome_unknown": 1, "state_not_listed": 1}
    assert stored(ledger) == runs.Run("9 seen · 1 waiting · 1 skipped · 1 held · 2 done", "")
    assert raised(ledger) == []


def test_counts_an_order_that_was_read_and_worked_on_once() -> None:
    """What `observe` hands on stands in its own count; without such a count that of the chunks holds."""
    assert report_of(run_of(counted(DONE, DONE, seen=2), observed=counted(seen=3)))["seen"] == 3
    assert report_of(run_of(counted(DONE, seen=2), counted(DONE, seen=1)))["seen"] == 3


def test_a_red_run_stands_in_the_ledger_with_one_alert_of_its_first_cause(ledger: Ledger) -> None:
    denied = Verdict.of("access_denied", system="Rackbeat", problem="401", connection="rackbeat__main")
    down = Verdict.of("remote_unavailable", system="Rackbeat", problem="no answer")
    for _ in range(2):  # a report that is made again is no second run
        with pytest.raises(AirflowFailException):
            report_of(run_of(counted(down, denied, seen=2)))
    (alert,) = raised(ledger)
    assert (alert.scope, alert.flow, alert.code, alert.subject) == (
        "nordlys",
        "orders",
        "access_denied",
        "rackbeat__main",
    )
    assert (alert.dag_id, alert.run_id, alert.count) == ("nordlys__orders", "manual__1", 1)
    assert alert.text == f"{denied.message()} | {down.message()}"
    assert stored(ledger) == runs.Run("2 seen · 2 waiting", alert.text)


def test_a_cleared_run_that_is_green_now_has_no_cause_left(ledger: Ledger) -> None:
    with pytest.raises(AirflowFailException):
        report_of(run_of(counted(Verdict.of("configuration", problem="the layout is gone"), seen=1)))
    report_of(run_of(counted(DONE, seen=1)))
    assert stored(ledger) == runs.Run("1 seen · 1 done", "")


def test_says_who_stopped_the_flow_and_stays_green(ledger: Ledger) -> None:
    task = run_of(states={"observe": "skipped", "reserve": "skipped"})
    task.pushed["observe", "stopped"] = ["stopped by anna since 2026-11-21 10:00 UTC: stocktaking"]
    report_of(task)
    assert stored(ledger).note == "0 seen · stopped by anna since 2026-11-21 10:00 UTC: stocktaking"
    report = RunReport("orders", "nordlys", seen=2, stopped="stopped by anna since 2026-11-21 10:01 UTC: a fire")
    report.add(DONE)
    report.add(Verdict.of("stopped_by_person", cause="a fire"))
    report_of(run_of(report.as_dict()))  # in the middle of a chunk
    assert stored(ledger).note == "2 seen · 1 waiting · 1 done · stopped by anna since 2026-11-21 10:01 UTC: a fire"


def test_is_green_when_nothing_was_due() -> None:
    task = run_of(observed=counted(seen=1), states={"observe": "success", "reserve": "skipped"})
    assert report_of(task)["codes"] == {}


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.of("access_denied", system="Rackbeat", problem="401", connection="rackbeat__main"),
        Verdict.of("configuration", problem="the layout is gone"),
        Verdict.of("remote_unavailable", problem="no answer"),
        Verdict.of("internal_error", problem="KeyError"),
        Verdict.of("order_unreadable", problem="total: is missing"),
    ],
    ids=lambda verdict: verdict.code,
)
def test_is_red_with_the_cause_and_the_counts_when_somebody_must_act(verdict: Verdict) -> None:
    with pytest.raises(AirflowFailException) as red:
        report_of(run_of(counted(DONE, verdict, seen=2)))
    text = str(red.value)
    assert text.startswith("nordlys orders: ")
    assert verdict.text() in text
    assert text.endswith(f"(2 seen · {count_text(verdict)})")


def count_text(verdict: Verdict) -> str:
    counts = {verdict.status.value: 1, "done": 1}
    order = ("waiting", "held", "failed", "done")
    return " · ".join(f"{counts[name]} {name}" for name in order if name in counts)


def test_is_red_when_most_documents_were_held() -> None:
    with pytest.raises(AirflowFailException, match=r"6 of 10 documents were held: something general is wrong\."):
        report_of(run_of(counted(*[HELD] * 6, *[DONE] * 4, seen=10)))


def test_is_red_with_the_failed_task_s_own_message() -> None:
    task = run_of(states={"observe": "failed", "reserve": "upstream_failed"})
    task.pushed[("observe", "failure")] = [failure("WooCommerce answered 401. Renew the key")]
    with pytest.raises(AirflowFailException) as red:
        report_of(task)
    assert str(red.value) == "nordlys orders: WooCommerce answered 401. Renew the key (0 seen)"


def test_says_the_same_trouble_of_many_chunks_once() -> None:
    task = run_of(states={"observe": "success", "reserve_0": "failed", "reserve_1": "failed"})
    task.pushed[("reserve", "failure")] = [failure("the ledger is away")] * 2
    with pytest.raises(AirflowFailException, match=r"^nordlys orders: the ledger is away \(0 seen\)$"):
        report_of(task)


def test_names_a_task_that_was_killed_and_could_leave_no_message() -> None:
    task = run_of(counted(DONE, seen=1), states={"observe": "success", "reserve_0": "success", "reserve_1": "failed"})
    with pytest.raises(AirflowFailException, match="task reserve_1 failed: see its log; the next run goes on"):
        report_of(task)


def test_a_message_left_by_an_earlier_try_that_then_succeeded_does_not_make_the_run_red() -> None:
    task = run_of(counted(DONE, seen=1))
    task.pushed[("reserve", "failure")] = [failure("was away for a moment")]
    assert report_of(task)["codes"] == {"transferred": 1}


def test_is_red_when_the_work_was_not_run_at_all() -> None:
    with pytest.raises(AirflowFailException, match="task reserve was not run"):
        report_of(run_of(states={"observe": "success", "reserve": "upstream_failed"}))


def stop_by_itself(ledger: Ledger) -> None:
    refusal = stops.Refusal("access_denied", "Rackbeat refused our key", "access_denied", "rackbeat__main", "orders")
    with ledger.begin() as tx:
        stops.record(tx, "nordlys", "orders", refusal)


def test_a_run_of_a_flow_that_has_stopped_itself_is_red_though_it_did_nothing(ledger: Ledger) -> None:
    stop_by_itself(ledger)
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=r"The flow has stopped itself .*Rackbeat refused our key"):
            report_of(run_of(counted()))
    [alert] = raised(ledger)
    assert (alert.code, alert.subject) == ("access_denied", "rackbeat__main")


def test_a_run_that_lets_the_flow_go_on_says_so_to_those_who_were_alarmed(ledger: Ledger) -> None:
    stop_by_itself(ledger)
    with pytest.raises(AirflowFailException):
        report_of(run_of(counted()))
    [alert] = raised(ledger)
    with ledger.begin() as tx:
        alerts.note_told(tx, alert, "mail smtp_default")
        alerts.end_sending(tx, alert, sent=True)
    run = replace(ledger, run=RunIdentity("nordlys__orders", "manual__1", "reserve", 0, 1))
    with run.begin() as tx:
        stops.lift(tx, "nordlys", "orders", "a document went through; it had stopped itself at 02:10")
    for _ in range(2):  # a report that is made again tells nobody twice
        told = report_of(run_of(counted(DONE, seen=1)))
    assert "goes on: a document went through" in told["remark"]
    [over] = raised(ledger)
    message = message_of(over, "http://airflow")
    assert message.subject.startswith("Pakhus nordlys orders: Goes on: a document went through")
    assert "Who acts: nobody: what waited is on its way." in message.text()


def test_nobody_is_told_that_a_flow_goes_on_who_was_not_told_that_it_had_stopped(ledger: Ledger) -> None:
    stop_by_itself(ledger)
    run = replace(ledger, run=RunIdentity("nordlys__orders", "manual__1", "reserve", 0, 1))
    with run.begin() as tx:
        stops.lift(tx, "nordlys", "orders", "a document went through")
    assert "goes on" in report_of(run_of(counted(DONE, seen=1)))["remark"]
    assert raised(ledger) == []
