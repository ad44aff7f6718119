"""Lines of payouts in Airflow's Required Actions: who is asked what, and what an answer does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

from operators import ask_person_operator
from operators.answer_about_payout_operator import AnswerAboutPayoutOperator
from operators.ask_about_payout_operator import AskAboutPayoutOperator
from operators.ask_person_operator import QUESTION, RESPONSE
from operators.list_payout_questions_operator import ListPayoutQuestionsOperator
from pakhus.flows.payout_decisions import Said, Say, decide_line
from pakhus.ledger import documents as document_rows
from pakhus.ledger import settlement_answers, settlements
from tests.failures.people import assert_discreet
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, pay, paying
from tests.flows.test_payout_decisions import include_with_account
from tests.flows.test_payouts import KORT, PAID, SALES, file, reason, row, settling
from tests.flows.world import World, world
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of

KEY = "kort-PO-1-DKK-payout"
LATE = "capture;x60;2027-01-02;423.00;0.00;N-77777;PO-1;2026-11-25"
ROWS = [LATE, *SALES[1:], row("capture", "x1", "100.00", order="9001"), row("payout", "p1", "-1058.62")]


@pytest.fixture
def at(fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A payout with two lines that no document is sure of: line 1 has the amount of an order, line 4 nobody knows."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        at = paying(running, CARD)
        at.observe()
        at.book()
        pay(at)
        settling(at).run([file(*ROWS)])
        assert reason(at) == "payout_unmatched"
        at.time.forward = timedelta(0)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_account(tmp_path)))
        for conn_id, fields in connections_of(at).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        yield at


def listed(at: World) -> list[dict[str, Any]]:
    task = Task("list_questions", dag_id="kort__payout_questions")
    operator = ListPayoutQuestionsOperator(task_id="list_questions", account="kort")
    found: list[dict[str, Any]] = operator.execute({**context(task), "params": {}, "run_id": task.run_id})
    return found


def told(task: Task, line: int | None) -> Any:
    return {**context(task), "params": {"document": KEY, "line": line, "account": None, "note": ""}, "run_id": "run"}


def asking(monkeypatch: pytest.MonkeyPatch) -> tuple[AskAboutPayoutOperator, list[dict[str, Any]]]:
    shown: list[dict[str, Any]] = []

    def wait(operator: AskAboutPayoutOperator, run: Any) -> None:
        del run
        form = sorted(operator.serialized_params)
        shown.append({"subject": operator.subject, "body": operator.body, "options": operator.options, "form": form})
        raise TaskAwaitingInput(method_name="execute_complete")

    monkeypatch.setattr(ask_person_operator.HITLOperator, "execute", wait)
    return AskAboutPayoutOperator(task_id="ask", account="kort"), shown


def event(option: str, *, account: int | None = None, note: str = "") -> dict[str, Any]:
    user = {"id": "1", "name": "anna"}
    when = datetime(2026, 11, 30, tzinfo=UTC)
    given = {"account": account, "note": note}
    return {"chosen_options": [option], "params_input": given, "responded_at": when, "responded_by_user": user}


def answered(at: World, line: int, option: str, **form: Any) -> list[dict[str, str]]:
    """Somebody answers the question about a line; the runs that are started."""
    del at
    task = Task("answer", dag_id="kort__payout_decisions")
    task.pushed["ask", QUESTION] = [{"document": KEY, "line": line}]
    task.pushed["ask", RESPONSE] = [{"answer": option, "by": "anna", **form}]
    operator = AnswerAboutPayoutOperator(task_id="answer", account="kort", asking="ask")
    found: list[dict[str, str]] = operator.execute({**context(task), "run_id": f"{KEY}__{line}__0"})
    return found


def said(at: World) -> list[tuple[str, str]]:
    with at.ledger.begin() as tx:
        document = document_rows.find(tx, KEY)
        assert document is not None
        stored = settlements.of_document(tx, document.id)
        assert stored is not None
        return [(one.action, one.by) for one in settlement_answers.all_of(tx, stored.id)]


def test_each_line_is_a_question_that_is_named_after_it_and_asked_once(at: World) -> None:
    runs = listed(at)
    assert [run["trigger_run_id"] for run in runs] == [f"{KEY}__1__0", f"{KEY}__4__0"]
    assert [run["conf"] for run in runs] == [{"document": KEY, "line": line} for line in (1, 4)]
    assert listed(at) == runs  # Airflow skips runs that are there
    decide_line(at.ledger, KORT, KEY, 4, Said(Say.WAIT), "bo")
    assert [run["conf"]["line"] for run in listed(at)] == [1]


def test_person_is_offered_the_documents_that_a_line_may_pay_and_a_form(
    at: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, shown = asking(monkeypatch)
    for line in (1, 4):
        with pytest.raises(TaskAwaitingInput):
            operator.execute(told(Task("ask"), line))
    assert shown[0]["options"] == ["link nordlys-60-payment1", "post", "ignore", "wait"]
    assert "order 60, 423.00 DKK open" in shown[0]["body"]
    assert shown[1]["options"] == ["post", "ignore", "wait"]
    assert shown[0]["form"] == ["account", "note"]
    assert_discreet(at, json.dumps(shown, ensure_ascii=False))


def test_line_of_which_somebody_has_spoken_meanwhile_is_not_asked_about(
    at: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, shown = asking(monkeypatch)
    decide_line(at.ledger, KORT, KEY, 4, Said(Say.POST, account=5826), "bo")
    for line in (4, 7, None):
        with pytest.raises(AirflowSkipException, match="nothing to ask"):
            operator.execute(told(Task("ask"), line))
    assert shown == []
    with pytest.raises(TaskAwaitingInput):  # the other line is, though the payout is due meanwhile
        operator.execute(told(Task("ask"), 1))


@pytest.mark.parametrize(("option", "form"), [("post", {}), ("ignore", {"note": " "}), ("post", {"account": -1})])
def test_answer_that_lacks_its_account_or_note_is_asked_for_again(
    at: World, monkeypatch: pytest.MonkeyPatch, option: str, form: dict[str, Any]
) -> None:
    operator, shown = asking(monkeypatch)
    task = Task("ask")
    with pytest.raises(TaskAwaitingInput):
        operator.execute_complete(told(task, 4), event(option, **form))
    assert (len(shown), task.pushed.get(("ask", RESPONSE))) == (1, None)


def test_whole_answer_is_handed_on_with_who_gave_it(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, shown = asking(monkeypatch)
    task = Task("ask")
    operator.execute_complete(told(task, 4), event("post", account=5826))
    assert task.pushed["ask", RESPONSE] == [{"answer": "post", "account": 5826, "note": "", "by": "anna"}]
    assert shown == []


def test_answers_take_effect_and_the_last_one_starts_the_run_that_enters_the_payout(at: World) -> None:
    assert answered(at, 4, "post", account=5826, note="") == []
    [run] = answered(at, 1, "link nordlys-60-payment1", account=None, note="")
    assert run["trigger_dag_id"] == "kort__payouts"
    assert said(at) == [("post", "anna"), ("link", "anna")]
    settling(at).run([])
    assert reason(at) == "payout_journaled"
    assert answered(at, 4, "post", account=5826, note="") == []  # cleared and run again: it is entered
    assert said(at) == [("post", "anna"), ("link", "anna")]


def test_line_whose_document_another_has_paid_meanwhile_is_asked_about_again(at: World) -> None:
    answered(at, 4, "post", account=5826, note="")
    answered(at, 1, "link nordlys-60-payment1", account=None, note="")
    other = [row("capture", "t60", "423.00", order="60", batch="PO-2"), row("payout", "p2", "-423.00", batch="PO-2")]
    with at.ledger.begin() as tx:
        tx.connection.exec_driver_sql("update clearing_items set settled_amount = amount where order_number = '60'")
    settling(at).run([file(*other, name="next.csv")])
    assert [run["trigger_run_id"] for run in listed(at) if run["conf"]["document"] == KEY] == [f"{KEY}__1__1"]


def test_account_that_the_accounts_refuse_is_asked_for_again(at: World) -> None:
    answered(at, 4, "post", account=2990, note="")
    answered(at, 1, "link nordlys-60-payment1", account=None, note="")
    settling(at).run([])
    assert reason(at) == "refused"
    assert [run["trigger_run_id"] for run in listed(at)] == [f"{KEY}__4__1"]
    answered(at, 4, "post", account=5826, note="")
    settling(at).run([])
    assert reason(at) == "payout_journaled"
