"""The DAGs around the live flows: the audit of days, questions, and people's decisions."""

from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from operators.shop_operator import WhoActsRetryPolicy
from pakhus.flows.decisions import MOST_OPEN
from pakhus.settings import load_all
from pakhus.settings.pools import pools_of
from stack import ROOT

pytestmark = pytest.mark.airflow

FLOWS = ("audit", "questions", "decisions")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    bag = DagBag(dag_folder=ROOT / "dags")
    assert not bag.import_errors
    return bag


@pytest.mark.parametrize("flow", FLOWS)
def test_each_shop_has_it_tells_what_to_do_and_ends_with_its_report(bag: DagBag, flow: str) -> None:
    made = {pool.name for pool in pools_of(load_all())}
    for shop in load_all():
        dag = bag.dags[f"{shop.shop}__{flow}"]
        assert dag.tags == {"pakhus", flow, shop.shop}
        assert "When a run is red" in str(dag.doc_md)
        assert "safe at any time" in str(dag.doc_md)
        (leaf,) = dag.leaves
        assert (leaf.task_id, leaf.trigger_rule.value) == ("report", "all_done")
        assert leaf.upstream_task_ids == {task.task_id for task in dag.tasks} - {"report"}
        assert {task.pool for task in dag.tasks if task is not leaf} <= made
        for task in dag.tasks:
            assert isinstance(task.retry_policy, WhoActsRetryPolicy), task.task_id


def test_an_audit_run_is_one_day_of_the_shop_and_may_be_backfilled(bag: DagBag) -> None:
    for shop in load_all():
        parsed = bag.dags[f"{shop.shop}__audit"]
        assert {kind.value for kind in parsed.allowed_run_types} == {"scheduled", "manual", "backfill"}
        dag: Any = DagSerialization.from_dict(DagSerialization.to_dict(parsed))  # as the scheduler has it
        infos = dag.iter_dagrun_infos_between(
            datetime(2026, 10, 23, 22, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)
        )
        spans = [(info.data_interval.end - info.data_interval.start).total_seconds() / 3600 for info in infos]
        assert spans == [24, 25, 24]  # the night when the clocks go back


def test_as_many_questions_may_wait_as_are_asked(bag: DagBag) -> None:
    for shop in load_all():
        dag = bag.dags[f"{shop.shop}__decisions"]
        assert dag.max_active_runs == MOST_OPEN
        assert {kind.value for kind in dag.allowed_run_types} == {"operator_triggered", "manual"}
        assert bag.dags[f"{shop.shop}__questions"].max_active_runs == 1


def test_what_a_person_answers_can_start_the_live_flows(bag: DagBag) -> None:
    for flow in ("orders", "invoices", "fulfilment"):
        allowed = {kind.value for kind in bag.dags[f"nordlys__{flow}"].allowed_run_types}
        assert "operator_triggered" in allowed
        assert "backfill" not in allowed
