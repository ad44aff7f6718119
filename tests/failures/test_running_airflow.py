"""The failures as a running Airflow shows them: a red run says what to do; the next one, or a cleared one, heals."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi, AirflowError
from stack.waiting import wait_until
from tests.failures.people import assert_discreet
from tests.failures.trouble import booked_references, reserved_headings
from tests.flows.world import World, world
from tests.operators.test_shop_operators import connections_of

pytestmark = pytest.mark.airflow

ORDERS, INVOICES = "nordlys__orders", "nordlys__invoices"
START, SKUS = "nordlys__start", "nordlys__skus"
POOLS = ("woocommerce__nordlys", "rackbeat__main", "economic__main")
PATIENCE_S = 6  # a task whose pool is there starts within a second
RUN_WITHIN_S = 120


@pytest.fixture(scope="module")
def nordlys(emptied_airflow: Stack) -> Iterator[World]:
    """The shop's systems, on the ledger that the running Airflow uses."""
    with world(emptied_airflow.ledger_url) as running:
        yield running


@pytest.fixture(scope="module")
def api(emptied_airflow: Stack, nordlys: World) -> Iterator[AirflowApi]:
    """The running Airflow with our DAGs and connections; pools are missing."""
    for file in (ROOT / "dags").glob("*.py"):
        shutil.copy(file, emptied_airflow.dags)
    api = emptied_airflow.api
    for conn_id in POOLS:
        connect(api, nordlys, conn_id)
    api.wait_for_dags([ORDERS, INVOICES, START, SKUS])
    for dag in (ORDERS, INVOICES):
        api.unpause(dag)
    yield api
    for dag in (ORDERS, INVOICES):
        api.pause(dag)


def connect(api: AirflowApi, world: World, conn_id: str, **changes: Any) -> None:
    """Put a connection of the shop into Airflow, as a person does in the user interface."""
    fields = {**connections_of(world)[conn_id], **changes}
    api.put_connection(conn_id, conn_id.partition("__")[0], **fields)


def pakhus(stack: Stack, command: str) -> tuple[int, str]:
    """Run our command line where Airflow runs."""
    environment = {**stack.environment(), "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}
    argv = [sys.executable, "-m", "pakhus", command]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def run(api: AirflowApi, dag: str, state: str = "success") -> str:
    run_id = api.trigger(dag)
    api.wait_for_run(dag, run_id, RUN_WITHIN_S, state)
    return run_id


def states(api: AirflowApi, dag: str, run_id: str) -> dict[str, str]:
    return {task["task_id"]: str(task["state"]) for task in api.task_instances(dag, run_id)}


def test_a_missing_pool_is_named_by_check_made_by_apply_and_then_the_run_goes_on(
    emptied_airflow: Stack, api: AirflowApi, nordlys: World
) -> None:
    run_id = api.trigger(ORDERS)
    time.sleep(PATIENCE_S)
    assert "success" not in states(api, ORDERS, run_id).values()  # it waits, without a word
    assert nordlys.shop_server.counters()["requests"] == 0
    code, text = pakhus(emptied_airflow, "check")
    assert code != 0
    for pool in POOLS:
        assert f"Airflow has no pool {pool}: tasks that run in it would wait for ever, without a word" in text
    assert "Run `python -m pakhus apply`." in text
    assert_discreet(nordlys, text)
    code, text = pakhus(emptied_airflow, "apply")
    assert "Pools: made economic__main, rackbeat__main, woocommerce__fjordliv, woocommerce__nordlys" in text, text
    api.wait_for_run(ORDERS, run_id, RUN_WITHIN_S)
    assert reserved_headings(nordlys)
    run(api, INVOICES)
    assert booked_references(nordlys)


def test_a_wrong_key_makes_the_run_red_with_what_to_do_and_the_next_run_heals(api: AirflowApi, nordlys: World) -> None:
    order = nordlys.act(action="place_order", items=[{"sku": "NH-1000", "quantity": 1}], payment_method="cod")["order"]
    nordlys.shop_server.clock.advance(10)  # the shop leaves the youngest orders alone
    before = reserved_headings(nordlys)
    connect(api, nordlys, "rackbeat__main", password="mistyped-token")
    red = run(api, ORDERS, "failed")
    assert states(api, ORDERS, red) == {"observe": "success", "reserve": "success", "report": "failed"}
    text = api.failed_task_logs(ORDERS, red)
    assert "nordlys orders: Rackbeat refused our key: " in text
    assert "Renew the API key in the Airflow connection" in text
    assert "mistyped-token" not in text
    assert_discreet(nordlys, text)
    assert reserved_headings(nordlys) == before
    connect(api, nordlys, "rackbeat__main")
    run(api, ORDERS)
    assert sorted(reserved_headings(nordlys)) == sorted([*before, f"nordlys-{order}-order"])


def test_a_wrong_shop_key_fails_at_once_and_the_report_says_which_connection_to_mend(
    api: AirflowApi, nordlys: World
) -> None:
    connect(api, nordlys, "woocommerce__nordlys", password="cs_mistyped")
    red = run(api, ORDERS, "failed")
    connect(api, nordlys, "woocommerce__nordlys")
    assert states(api, ORDERS, red) == {"observe": "failed", "reserve": "upstream_failed", "report": "failed"}
    tries = {task["task_id"]: task["try_number"] for task in api.task_instances(ORDERS, red)}
    assert tries["observe"] == 1  # no retry: only a person can mend it
    text = api.failed_task_logs(ORDERS, red)
    assert (
        "Renew the key in the Airflow connection woocommerce__nordlys; nothing is lost, the next run goes on." in text
    )
    assert "cs_mistyped" not in text
    assert_discreet(nordlys, text)
    clear(api, ORDERS, red, "observe")  # a cleared run heals as well
    assert set(states(api, ORDERS, red).values()) <= {"success", "skipped"}


def clear(api: AirflowApi, dag: str, run_id: str, task: str) -> None:
    """Clear a task and what follows it, as in the user interface, and wait until the run has ended again."""
    body = {
        "dry_run": False,
        "dag_run_id": run_id,
        "task_ids": [task],
        "only_failed": False,
        "include_downstream": True,
        "reset_dag_runs": True,
    }
    api.request("POST", f"/dags/{dag}/clearTaskInstances", body)
    wait_until(lambda: api.run(dag, run_id)["state"] in ("queued", "running"), "the run to begin again", 20)
    api.wait_for_run(dag, run_id, RUN_WITHIN_S)


@pytest.mark.parametrize(("dag", "task"), [(ORDERS, "reserve"), (INVOICES, "book")])
def test_clearing_a_task_that_has_written_writes_nothing_twice(
    api: AirflowApi, nordlys: World, dag: str, task: str
) -> None:
    worked = next(row for row in reversed(api.runs(dag)) if states(api, dag, row["dag_run_id"]).get(task) == "success")
    before = (sorted(reserved_headings(nordlys)), sorted(booked_references(nordlys)))
    assert all(before)
    nordlys.reset_counters()
    clear(api, dag, worked["dag_run_id"], task)
    assert states(api, dag, worked["dag_run_id"])[task] == "success"
    assert nordlys.writes() == 0
    assert (sorted(reserved_headings(nordlys)), sorted(booked_references(nordlys))) == before


def test_a_backfill_of_a_live_dag_is_refused(api: AirflowApi) -> None:
    dates = {"from_date": "2026-11-01T00:00:00+01:00", "to_date": "2026-11-03T00:00:00+01:00"}
    for dag in (ORDERS, INVOICES):
        with pytest.raises(AirflowError, match="does not allow backfill runs") as refused:
            api.request("POST", "/backfills", {"dag_id": dag, **dates})
        assert refused.value.status == 400


def trigger_in_the_browser(api: AirflowApi, dag: str) -> str:
    """As the form of the user interface does, which fills in a logical date."""
    body = {"logical_date": datetime.now(UTC).isoformat(), "conf": {}}
    return str(api.request("POST", f"/dags/{dag}/dagRuns", body)["dag_run_id"])


def test_the_notes_of_first_start_and_sku_report_say_what_is_missing_and_what_comes_next(api: AirflowApi) -> None:
    api.put_pool("woocommerce__nordlys", 2)
    runs = {}
    for dag in (START, SKUS):
        api.unpause(dag)
        runs[dag] = trigger_in_the_browser(api, dag)
    notes = {}
    for dag, run_id in runs.items():
        api.wait_for_run(dag, run_id, RUN_WITHIN_S)
        notes[dag] = wait_until(lambda dag=dag, run_id=run_id: api.run(dag, run_id)["note"], f"the note of {dag}", 20)
        api.pause(dag)
    assert notes[SKUS].startswith("41 products: 2 missing, 1 too_long · not compared with fjordliv")
    path = f"/dags/{SKUS}/dagRuns/{quote(runs[SKUS])}/taskInstances/report_skus/xcomEntries/table"
    assert "| too_long | LEVERANDOER-2026-EFTERAAR-KOLLEKTION-0001-BLAA | " in api.request("GET", path)["value"]
    assert "connected: holds · mapped: holds · initial sync: holds · **dry run: missing**, " in notes[START]
    assert "Next: python -m pakhus trial nordlys " in notes[START]
    steps = states(api, START, runs[START])
    assert [steps[name] for name in ("connected", "mapped", "initial_sync")] == ["success"] * 3
    assert [steps[name] for name in ("dry_run", "draft", "auto")] == ["skipped"] * 3
    [skipped] = [task for task in api.task_instances(START, runs[START]) if task["task_id"] == "dry_run"]
    assert "are not approved by the bookkeeper" in api.task_log(skipped)
