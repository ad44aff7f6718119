"""Operators of audit and decisions: which day a run is about, what is handed on, and what an answer does."""

import json
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

from operators import ask_person_operator
from operators.answer_decision_operator import AnswerDecisionOperator
from operators.ask_person_operator import QUESTION, RESPONSE, AskPersonOperator
from operators.find_leftovers_operator import FindLeftoversOperator
from operators.import_orders_operator import ImportOrdersOperator
from operators.list_questions_operator import ListQuestionsOperator
from operators.prove_day_operator import ProveDayOperator, ProveDaysAgainOperator
from operators.sweep_orders_operator import SweepOrdersOperator, day_of_run
from pakhus.errors import ConfigurationError
from pakhus.ledger import stops
from tests.failures.people import assert_discreet
from tests.flows.test_decisions import starting_now
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.world import World, world
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of


@pytest.fixture(scope="module")
def held(ledger_url: str) -> Iterator[tuple[World, str]]:
    """A shop with one order, whose invoice is held; its key. Time is the database's own, as in operators."""
    with world(ledger_url) as running:
        running.settings = starting_now(running)
        order = place(running, payment_method="quickpay")
        ship(running, order)
        running.time.forward = timedelta(0)
        running.observe()
        running.book()
        key = f"nordlys-{order}-invoice"
        assert row(running, key).reason == "payment_method_unmapped"
        yield running, key


@pytest.fixture(autouse=True)
def connections(held: tuple[World, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for conn_id, fields in connections_of(held[0]).items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))


def told(task: Task, *, run_type: str = "scheduled", **params: Any) -> Any:
    return {
        **context(task),
        "params": params,
        "dag_run": SimpleNamespace(run_type=run_type),
        "run_id": task.run_id,
    }


# --- audit -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "day"),
    [("2026-03-28T23:00:00+00:00", date(2026, 3, 29)), ("2026-10-24T22:00:00+00:00", date(2026, 10, 25))],
)
def test_run_is_about_the_local_day_of_its_interval(held: tuple[World, str], begins: str, day: date) -> None:
    run = {**told(Task()), "data_interval_start": pendulum.parse(begins)}
    assert day_of_run(run, held[0].ledger, held[0].settings) == day


def test_day_that_was_asked_for_counts_more_and_none_means_yesterday(held: tuple[World, str]) -> None:
    shop, _ = held
    run = {**told(Task(), day="2026-11-20"), "data_interval_start": pendulum.parse("2026-03-28T23:00:00+00:00")}
    assert day_of_run(run, shop.ledger, shop.settings) == date(2026, 11, 20)
    local = shop.ledger.now().astimezone(pendulum.timezone("Europe/Copenhagen")).date()
    assert day_of_run(told(Task(), day=None), shop.ledger, shop.settings) == local - timedelta(days=1)
    with pytest.raises(ConfigurationError, match="write it like 2026-11-21"):
        day_of_run(told(Task(), day="yesterday"), shop.ledger, shop.settings)


def test_a_day_is_swept_and_proven_and_nothing_of_a_person_is_handed_on(held: tuple[World, str]) -> None:
    shop, _ = held
    today = shop.ledger.now().astimezone(pendulum.timezone("Europe/Copenhagen")).date().isoformat()
    sweeping, proving = Task("sweep", dag_id="nordlys__audit"), Task("prove", dag_id="nordlys__audit")
    SweepOrdersOperator(task_id="sweep", shop="nordlys").execute(told(sweeping, day=today))
    [swept] = sweeping.pushed["sweep", "report"]
    assert swept["seen"] >= 1
    report = ProveDayOperator(task_id="prove", shop="nordlys").execute(told(proving, day=today))
    assert report["headline"].endswith(" · open")
    assert not report["codes"]
    assert_discreet(shop, json.dumps([swept, report], ensure_ascii=False))


def test_nothing_is_imported_unless_a_run_asks_for_it() -> None:
    operator = ImportOrdersOperator(task_id="import_orders", shop="nordlys")
    with pytest.raises(AirflowSkipException):
        operator.work(told(Task()))


def test_a_dry_run_of_an_import_counts_the_day_and_hands_on_nothing_of_a_person(held: tuple[World, str]) -> None:
    world, _ = held
    operator = ImportOrdersOperator(task_id="import_orders", shop="nordlys")
    day = world.ledger.now().astimezone(ZoneInfo("Europe/Copenhagen")).date()
    before = world.writes()
    report = operator.work(told(Task(dag_id="nordlys__audit"), import_mode="dry_run", day=day.isoformat()))
    assert report["headline"].startswith("import dry_run: ")
    assert world.writes() == before
    assert_discreet(world, json.dumps(report))


def test_earlier_days_are_left_alone_in_a_backfill_and_when_a_day_was_asked_for() -> None:
    again = ProveDaysAgainOperator(task_id="prove_again", shop="nordlys")
    for run in (told(Task(), run_type="backfill"), told(Task(), day="2026-11-20")):
        with pytest.raises(AirflowSkipException, match="own day"):
            again.execute(run)


def test_leftovers_are_looked_for_in_the_nights_own_run_and_told_without_a_person(held: tuple[World, str]) -> None:
    finder = FindLeftoversOperator(task_id="find_leftovers", shop="nordlys")
    for run in (told(Task(), run_type="backfill"), told(Task(), day="2026-11-20")):
        with pytest.raises(AirflowSkipException, match="own run"):
            finder.execute(run)
    report = finder.execute(told(Task("find_leftovers", dag_id="nordlys__audit")))
    assert (report["headline"], report["codes"]) == ("", {})
    assert_discreet(held[0], json.dumps(report))


# --- decisions -------------------------------------------------------------------------------------------------------


def test_a_question_is_a_run_named_after_document_and_hold_and_none_while_decisions_are_stopped(
    held: tuple[World, str],
) -> None:
    shop, key = held
    task = Task("list_questions", dag_id="nordlys__questions")
    [run] = ListQuestionsOperator(task_id="list_questions", shop="nordlys").execute(told(task))
    since = row(shop, key).since.astimezone(UTC).isoformat()
    assert run == {"trigger_run_id": f"{key}__{since}", "conf": {"document": key, "since": since}}
    assert task.pushed["list_questions", "report"][0]["headline"] == "1 to ask"
    with shop.ledger.begin() as tx:
        stops.stop(tx, "nordlys", "decisions", stopped_by="anna", cause="holiday")
    try:
        assert ListQuestionsOperator(task_id="list_questions", shop="nordlys").execute(told(task)) == []
    finally:
        with shop.ledger.begin() as tx:
            stops.resume(tx, "nordlys", "decisions")


def asking(monkeypatch: pytest.MonkeyPatch) -> tuple[AskPersonOperator, list[dict[str, Any]]]:
    """The operator that asks, and what it tells Airflow to show."""
    shown: list[dict[str, Any]] = []

    def wait(operator: AskPersonOperator, run: Any) -> None:
        del run
        shown.append({"subject": operator.subject, "body": operator.body, "options": operator.options})
        raise TaskAwaitingInput(method_name="execute_complete")

    monkeypatch.setattr(ask_person_operator.HITLOperator, "execute", wait)
    return AskPersonOperator(task_id="ask", shop="nordlys"), shown


def test_person_is_asked_with_the_answers_that_the_document_allows_and_again_when_the_hour_is_over(
    held: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, key = held
    operator, shown = asking(monkeypatch)
    task = Task("ask", dag_id="nordlys__decisions")
    for ask in (
        operator.execute,
        lambda run: operator.execute_complete(run, {"error": "late", "error_type": "timeout"}),
    ):
        with pytest.raises(TaskAwaitingInput):
            ask(told(task, document=key, since=None))
    assert [one["options"] for one in shown] == [["again", "ignore"]] * 2
    assert_discreet(shop, json.dumps(shown, ensure_ascii=False))
    since = row(shop, key).since.astimezone(UTC).isoformat()
    assert task.pushed["ask", QUESTION] == [{"document": key, "since": since}] * 2


@pytest.mark.parametrize("since", [None, "2026-11-01T10:00:00+00:00"])
def test_moot_question_is_not_asked(
    held: tuple[World, str], monkeypatch: pytest.MonkeyPatch, since: str | None
) -> None:
    operator, shown = asking(monkeypatch)
    key = held[1] if since else "nordlys-1-invoice"
    with pytest.raises(AirflowSkipException, match="nothing to ask"):
        operator.execute(told(Task("ask"), document=key, since=since))
    assert not shown


def test_time_without_zone_is_refused(held: tuple[World, str]) -> None:
    with pytest.raises(ConfigurationError, match="no time with a zone"):
        AskPersonOperator(task_id="ask", shop="nordlys").execute(told(Task(), document=held[1], since="2026-11-01"))


def answering(key: str, since: str, answer: str) -> Task:
    task = Task("answer", dag_id="nordlys__decisions")
    task.pushed["ask", QUESTION] = [{"document": key, "since": since}]
    task.pushed["ask", RESPONSE] = [{"answer": answer, "by": "anna"}]
    return task


def test_answer_takes_effect_once_and_names_the_flow_to_run(held: tuple[World, str]) -> None:
    shop, key = held
    since = row(shop, key).since.astimezone(UTC).isoformat()
    operator = AnswerDecisionOperator(task_id="answer", shop="nordlys", asking="ask")
    run = {"trigger_dag_id": "nordlys__invoices", "trigger_run_id": f"again__{key}__{since}"}
    assert operator.execute(context(answering(key, since, "again"))) == [run]
    assert row(shop, key).status == "due"
    cleared = answering(key, since, "again")
    assert operator.execute(context(cleared)) == []
    assert cleared.pushed["answer", "report"][0]["headline"] == "moved on before the answer"


def test_marking_the_question_as_done_decides_nothing() -> None:
    operator = AnswerDecisionOperator(task_id="answer", shop="nordlys", asking="ask")
    with pytest.raises(AirflowSkipException, match="stays held"):
        operator.execute(context(Task("answer")))
