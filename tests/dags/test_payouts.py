"""The DAG of a provider account: there when the account has a file, red with what is wrong when that is wrong."""

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from operators.flow_shops import BROKEN
from stack import ROOT
from tests.settings.test_accounts import KORT, write

pytestmark = pytest.mark.airflow


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "accounts").mkdir()
    monkeypatch.setenv("PAKHUS_INCLUDE", str(tmp_path))
    return tmp_path


def bag() -> DagBag:
    found = DagBag(dag_folder=ROOT / "dags" / "payouts.py")
    assert found.import_errors == {}
    return found


def test_an_account_has_a_dag_that_runs_alone_in_the_pool_of_its_agreement(include):
    write(include)
    (dag,) = bag().dags.values()
    assert (dag.dag_id, dag.max_active_runs, dag.catchup) == ("kort__payouts", 1, False)
    assert dag.timetable.expression == "15 6 * * *"
    assert dag.get_task("settle").pool == "economic__main"
    (leaf,) = dag.leaves
    assert (leaf.task_id, leaf.trigger_rule.value) == ("report", "all_done")


def test_an_account_with_a_wrong_file_has_a_dag_that_says_so_and_harms_no_other(include):
    write(include)
    write(include, KORT.replace("journal: 5\n", "").replace("account: kort", "account: klarna"), "klarna")
    dags = bag().dags
    assert set(dags) == {"kort__payouts", "klarna__payouts"}
    assert BROKEN in dags["klarna__payouts"].tags
    assert "journal: is missing" in dags["klarna__payouts"].tasks[0].problem


def test_without_accounts_there_is_no_dag(tmp_path, monkeypatch):
    monkeypatch.setenv("PAKHUS_INCLUDE", str(tmp_path))
    assert bag().dags == {}
