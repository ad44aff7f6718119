"""The DAGs that ask about payouts: for each account that wants it, thin, and safe to press anything on."""

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from stack import ROOT
from tests.settings.test_accounts import KORT, write

pytestmark = pytest.mark.airflow


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "accounts").mkdir()
    monkeypatch.setenv("PAKHUS_INCLUDE", str(tmp_path))
    return tmp_path


def bag(flow: str) -> DagBag:
    found = DagBag(dag_folder=ROOT / "dags" / f"{flow}.py")
    assert found.import_errors == {}
    return found


def test_an_account_has_a_dag_that_asks_and_one_run_of_another_for_each_question(include: Path) -> None:
    write(include)
    (questions,) = bag("payout_questions").dags.values()
    assert (questions.dag_id, questions.max_active_runs) == ("kort__payout_questions", 1)
    assert questions.timetable.expression == "*/30 * * * *"  # type: ignore[attr-defined]
    assert questions.get_task("ask").partial_kwargs["trigger_dag_id"] == "kort__payout_decisions"  # type: ignore[attr-defined]
    (decisions,) = bag("payout_decisions").dags.values()
    assert (decisions.dag_id, decisions.schedule) == ("kort__payout_decisions", None)
    assert set(decisions.params) == {"document", "line"}
    ask = decisions.get_task("ask")
    assert sorted(ask.serialized_params) == ["account", "note"]  # type: ignore[attr-defined]
    assert {task.task_id for task in decisions.leaves} == {"report"}
    for dag in (questions, decisions):
        assert {task.pool for task in dag.tasks if task.task_id != "report"} == {"economic__main"}
        assert "When a run is red" in str(dag.doc_md)
        assert "safe at any time" in str(dag.doc_md)


def test_an_answer_can_start_the_accounts_payouts(include: Path) -> None:
    write(include)
    (payouts,) = bag("payouts").dags.values()
    assert "operator_triggered" in {kind.value for kind in payouts.allowed_run_types}


def test_an_account_that_does_not_want_it_is_not_asked_about(include: Path) -> None:
    write(include, KORT + "decisions: {enabled: false}\n")
    assert [bag(flow).dags for flow in ("payout_questions", "payout_decisions")] == [{}, {}]
