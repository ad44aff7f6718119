"""The DAG files as Airflow parses them: which DAGs there are, and what every task of them is given."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from notifiers.alert_notifier import AlertNotifier
from operators.shop_operator import WhoActsRetryPolicy
from pakhus.settings import load_all
from pakhus.settings.pools import pools_of
from stack import ROOT

pytestmark = pytest.mark.airflow

FLOWS = ("orders", "fulfilment", "invoices")  # a DAG per shop
SHARED = ("stock",)  # a DAG per agreement
AROUND = ("audit", "questions", "decisions")  # a DAG per shop: test_audit_and_decisions.py
BY_HAND = ("initial_sync", "skus", "start")  # a DAG per shop, run by hand only
INSTALLATION = ("alive", "stop_switch")  # one DAG each, tested where they are
# Tested where one wants them: test_near_real_time.py, test_payouts.py, test_products.py
IF_WANTED = ("webhooks", "payouts", "payout_questions", "payout_decisions", "products")
TAGS = {"pakhus", *FLOWS, *SHARED, "nordlys", "fjordliv", "main"}
FOR_EVER = "default_pool"  # Airflow's own: it cannot be deleted


@pytest.fixture(scope="module")
def bag() -> DagBag:
    """The project's own DAG files with its own settings."""
    return DagBag(dag_folder=ROOT / "dags")


def live(bag: DagBag) -> Iterator[Any]:
    """The DAGs of the live flows."""
    for dag in bag.dags.values():
        if dag.dag_id.partition("__")[2] in (*FLOWS, *SHARED):
            yield dag


def tasks(bag: DagBag) -> Iterator[tuple[str, Any]]:
    for dag in live(bag):
        for task in dag.tasks:
            yield f"{dag.dag_id}.{task.task_id}", task


def test_every_file_imports(bag: DagBag) -> None:
    assert bag.import_errors == {}


def test_each_shop_has_one_dag_per_flow_agreements_share_theirs_and_there_are_no_others(bag: DagBag) -> None:
    own = {f"{shop.shop}__{flow}" for shop in load_all() for flow in (*FLOWS, *AROUND, *BY_HAND)}
    shared = {f"{shop.rackbeat}__{flow}" for shop in load_all() for flow in SHARED}
    assert set(bag.dags) == own | shared | {f"pakhus__{name}" for name in INSTALLATION}


def test_a_dag_per_flow_file() -> None:
    files = {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert files == {*FLOWS, *SHARED, *AROUND, *BY_HAND, *IF_WANTED, *INSTALLATION}


def test_each_task_runs_in_a_pool_that_apply_makes(bag: DagBag) -> None:
    made = {pool.name for pool in pools_of(load_all())}
    pools = {name: task.pool for name, task in tasks(bag)}
    assert {name for name, pool in pools.items() if pool == FOR_EVER} == {f"{dag.dag_id}.report" for dag in live(bag)}
    assert set(pools.values()) == made | {FOR_EVER}


@pytest.mark.parametrize(
    ("flow", "task", "system"), [("orders", "reserve", "rackbeat"), ("invoices", "book", "economic")]
)
def test_tasks_that_write_share_the_pool_of_the_agreement(bag: DagBag, flow: str, task: str, system: str) -> None:
    pools = {bag.dags[f"{shop.shop}__{flow}"].get_task(task).pool for shop in load_all()}
    assert pools == {f"{system}__main"}


def test_each_task_is_tried_again_by_who_must_act_the_mapped_ones_too(bag: DagBag) -> None:
    """A mapped operator takes nothing from its constructor's defaults."""
    mapped = []
    for name, task in tasks(bag):
        assert (name, task.retries, task.retry_delay) == (name, 3, timedelta(seconds=30))
        assert isinstance(task.retry_policy, WhoActsRetryPolicy), name
        mapped += [task.task_id] if task.is_mapped else []
    assert sorted(mapped) == ["book", "book", "reserve", "reserve", "tell", "tell"]


def test_mapped_tasks_are_called_after_their_chunk(bag: DagBag) -> None:
    templates = {name: task.partial_kwargs["map_index_template"] for name, task in tasks(bag) if task.is_mapped}
    assert set(templates.values()) == {"{{ chunk }}"}


def test_a_run_ends_with_its_report_whatever_happened_before(bag: DagBag) -> None:
    for dag in live(bag):
        (leaf,) = dag.leaves
        assert (leaf.task_id, leaf.trigger_rule.value) == ("report", "all_done")
        assert leaf.upstream_task_ids == {task.task_id for task in dag.tasks} - {"report"}


def test_live_dags_run_one_at_a_time_do_not_catch_up_and_refuse_backfills(bag: DagBag) -> None:
    """A backfill of `orders` would reserve stock for goods long shipped."""
    for dag in live(bag):
        assert (dag.max_active_runs, dag.catchup) == (1, False)
        assert {kind.value for kind in dag.allowed_run_types} - {"operator_triggered"} == {"scheduled", "manual"}


def test_schedules_are_the_settings_in_the_shops_time_zone(bag: DagBag) -> None:
    for shop in load_all():
        for flow, section in (("orders", shop.orders), ("fulfilment", shop.fulfilment), ("invoices", shop.invoices)):
            timetable = bag.dags[f"{shop.shop}__{flow}"].timetable
            assert timetable.expression == section.schedule  # type: ignore[attr-defined]
            assert str(timetable.timezone) == shop.timezone  # type: ignore[attr-defined]


def test_an_agreement_s_stock_is_read_in_its_own_pool_and_pushed_in_that_of_each_shop(bag: DagBag) -> None:
    dag = bag.dags["main__stock"]
    assert {task.task_id: task.pool for task in dag.tasks if task.task_id != "report"} == {
        "read": "rackbeat__main",
        "see_nordlys": "woocommerce__nordlys",
        "see_fjordliv": "woocommerce__fjordliv",
        "push_nordlys": "woocommerce__nordlys",
        "push_fjordliv": "woocommerce__fjordliv",
    }
    (timetable,) = dag.timetable.timetables  # type: ignore[attr-defined]
    assert (timetable.expression, str(timetable.timezone)) == ("*/10 * * * *", "Europe/Copenhagen")


def test_shipments_are_read_in_the_agreements_pool_and_told_in_the_shops(bag: DagBag) -> None:
    for shop in load_all():
        dag = bag.dags[f"{shop.shop}__fulfilment"]
        assert {task.task_id: task.pool for task in dag.tasks if task.task_id != "report"} == {
            "read": "rackbeat__main",
            "tell": f"woocommerce__{shop.shop}",
        }
        assert dag.params["compare"] is False


def test_tags_come_from_a_closed_list(bag: DagBag) -> None:
    for dag in live(bag):
        scope, _, flow = dag.dag_id.partition("__")
        assert dag.tags >= {"pakhus", flow, scope}
        assert dag.tags <= TAGS


def test_each_dag_tells_what_to_do_when_it_is_red(bag: DagBag) -> None:
    for dag in live(bag):
        assert "When a run is red" in str(dag.doc_md)
        assert "safe at any time" in str(dag.doc_md)


def test_each_run_says_which_asset_it_brought_up_to_date(bag: DagBag) -> None:
    outlets = {name: [asset.name for asset in task.outlets] for name, task in tasks(bag) if task.task_id == "report"}
    assert outlets == {f"{dag.dag_id}.report": [_asset(dag.dag_id)] for dag in live(bag)}


def _asset(dag_id: str) -> str:
    shop, _, flow = dag_id.partition("__")
    return f"pakhus_{flow}_{shop}"


def test_each_dag_tells_those_on_duty_when_a_run_is_red(bag: DagBag) -> None:
    """On the DAG, not on tasks: a killed task calls nothing, and one that is tried again would tell each time."""
    for dag in bag.dags.values():
        (alert,) = dag.on_failure_callback if isinstance(dag.on_failure_callback, list) else [dag.on_failure_callback]
        assert isinstance(alert, AlertNotifier)
        assert f"{alert.scope}__{alert.flow}" == dag.dag_id
        assert [task.task_id for task in dag.tasks if task.on_failure_callback] == []


def test_the_dags_serialise_as_the_dag_processor_stores_them(bag: DagBag) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    for dag in bag.dags.values():
        text = str(DagSerialization.to_dict(dag))
        assert "airflow_conn" not in text.lower()
        assert Path(str(dag.fileloc)).parent == ROOT / "dags"


def test_the_first_transfer_is_begun_by_a_person_and_previews_unless_told_otherwise(bag: DagBag) -> None:
    for shop in load_all():
        dag = bag.dags[f"{shop.shop}__initial_sync"]
        assert (dag.schedule, {kind.value for kind in dag.allowed_run_types}) == (None, {"manual"})
        assert (dag.params["preview"], dag.params["stock"]) == (True, True)
        assert dag.get_task("sync").pool == "rackbeat__main"
        assert dag.task_ids == ["sync", "report"]
