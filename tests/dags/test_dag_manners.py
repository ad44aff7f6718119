"""What every DAG owes those who look after it, whatever its flow: what to do, how to find it, what it may do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from notifiers.alert_notifier import AlertNotifier
from pakhus.settings import INSTALLATION, load_all
from pakhus.settings.pools import pools_of
from stack import ROOT
from tests.settings.test_accounts import write

pytestmark = pytest.mark.airflow

RUNBOOK = re.compile(r"docs/runbooks/[a-z_]+\.md")
AIRFLOWS_OWN_POOL = "default_pool"


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    """All DAGs there can be: every flow is on in every shop, and there is an account at a payment provider."""
    folder = tmp_path_factory.mktemp("settings") / "include"
    shutil.copytree(ROOT / "include", folder)
    for file in (folder / "shops").glob("*.yaml"):
        shop = yaml.safe_load(file.read_text(encoding="utf-8"))
        shop["webhooks"] = {"enabled": True, "address": "https://pakhus.example.dk"}
        shop.setdefault("stock", {})["enabled"] = True
        shop["products"] = {"master": "shop"}
        file.write_text(yaml.safe_dump(shop), encoding="utf-8")
    (folder / "accounts").mkdir()
    write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAKHUS_INCLUDE", str(folder))
        bag = DagBag(dag_folder=ROOT / "dags")
        assert bag.import_errors == {}
        yield list(bag.dags.values())


def flow_of(dag: Any) -> str:
    return str(dag.dag_id.rpartition("__")[2])


def test_every_file_of_flows_is_there(dags: list[Any]) -> None:
    assert {flow_of(dag) for dag in dags} == {file.stem for file in (ROOT / "dags").glob("*.py")}


def test_says_what_it_does_and_what_to_do_when_it_is_red(dags: list[Any]) -> None:
    for dag in dags:
        text = str(dag.doc_md)
        assert re.match(r"[A-Z][a-z ]+: ", text), f"{dag.dag_id} does not begin with its name and what it does"
        assert "When a run is red" in text, dag.dag_id
        assert re.search(r"Clearing, re-running.* is safe at any time", text), dag.dag_id


def test_runbooks_it_points_to_exist(dags: list[Any]) -> None:
    named = {name for dag in dags for name in RUNBOOK.findall(str(dag.doc_md))}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_is_found_by_its_flow_and_by_its_shop(dags: list[Any]) -> None:
    for dag in dags:
        scope = dag.dag_id.rpartition("__")[0]
        wanted = {"pakhus", flow_of(dag), *([] if scope == INSTALLATION else [scope])}
        assert wanted <= dag.tags, dag.dag_id


def test_says_which_kinds_of_runs_it_takes_and_only_the_audit_takes_backfills(dags: list[Any]) -> None:
    for dag in dags:
        assert dag.allowed_run_types, dag.dag_id
        kinds = {getattr(kind, "value", kind) for kind in dag.allowed_run_types}
        assert ("backfill" in kinds) == (flow_of(dag) == "audit"), dag.dag_id


def test_does_not_catch_up_and_alerts_once_per_run(dags: list[Any]) -> None:
    for dag in dags:
        assert not dag.catchup, dag.dag_id
        callbacks = dag.on_failure_callback if isinstance(dag.on_failure_callback, list) else [dag.on_failure_callback]
        assert [type(callback) for callback in callbacks] == [AlertNotifier], dag.dag_id
        assert not any(task.on_failure_callback for task in dag.tasks), dag.dag_id


def test_tasks_are_tried_again_in_pools_that_apply_makes(dags: list[Any]) -> None:
    made = {pool.name for pool in pools_of(load_all())} | {AIRFLOWS_OWN_POOL}
    for dag in dags:
        for task in dag.tasks:
            assert task.retries >= 2, f"{dag.dag_id}.{task.task_id}"
            assert task.pool in made, f"{dag.dag_id}.{task.task_id}"


def test_ends_with_its_report(dags: list[Any]) -> None:
    for dag in dags:
        if not dag.dag_id.startswith(f"{INSTALLATION}__"):
            assert [leaf.task_id for leaf in dag.leaves] == ["report"], dag.dag_id


def test_what_a_person_fills_in_has_a_title_and_a_choice_or_a_description(dags: list[Any]) -> None:
    for dag in dags:
        for name in dag.params:
            param = dag.params.get_param(name)
            assert param.schema.get("title"), f"{dag.dag_id}: {name}"
            assert param.description or param.schema.get("enum"), f"{dag.dag_id}: {name}"
