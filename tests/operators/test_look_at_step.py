"""The first start as tasks: a step that holds is done, one that misses something is skipped and says what."""

import json
from collections.abc import Iterator

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from operators.look_at_step_operator import LookAtStepOperator
from operators.report_run_operator import ReportRunOperator
from pakhus.flows.report import RunReport
from pakhus.probes.first_start import CONNECTED, DRAFTING, NAMES, SYNCED
from stack import ROOT
from tests.flows.test_initial_sync import empty_warehouse
from tests.flows.world import World
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with empty_warehouse(fresh_ledger_url) as running:
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        for conn_id, fields in connections_of(running).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        yield running


def look(step: str, task: Task) -> None:
    task.task_id = step
    LookAtStepOperator(task_id=step.replace(" ", "_"), step=step, shop="nordlys").execute(context(task))


def test_a_step_that_holds_is_done_and_says_so(nordlys: World) -> None:
    task = Task(dag_id="nordlys__start")
    look(CONNECTED, task)
    report = RunReport.from_dict(task.pushed[CONNECTED, "report"][0])
    assert report.note() == "connected: holds"
    assert nordlys.settings.shop == "nordlys"


@pytest.mark.parametrize(
    ("step", "told"),
    [(SYNCED, "python -m pakhus initial_sync --shop nordlys --preview"), (DRAFTING, "nordlys__orders has not run yet")],
)
def test_a_step_that_misses_something_is_skipped_and_says_what(nordlys: World, step: str, told: str) -> None:
    task = Task(dag_id="nordlys__start")
    with pytest.raises(AirflowSkipException, match="missing"):
        look(step, task)
    assert told in RunReport.from_dict(task.pushed[step, "report"][0]).note()
    assert nordlys.writes() == 0


def test_a_missing_connection_is_a_missing_step_and_no_failure(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_ECONOMIC__MAIN")
    task = Task(dag_id="nordlys__start")
    with pytest.raises(AirflowSkipException, match="there is no Airflow connection economic__main"):
        look(CONNECTED, task)
    assert nordlys.settings.economic == "main"


def test_the_run_s_note_has_all_steps_and_is_green(nordlys: World) -> None:
    task = Task(dag_id="nordlys__start")
    look(CONNECTED, task)
    with pytest.raises(AirflowSkipException):
        look(SYNCED, task)
    task.task_id, task.states = "report", {CONNECTED: "success", SYNCED: "skipped"}
    reporting = ReportRunOperator(task_id="report", flow="start", scope="nordlys", reading=list(NAMES), working=[])
    total = RunReport.from_dict(reporting.execute(context(task)))
    assert total.note().startswith("connected: holds · **initial sync: missing**")
