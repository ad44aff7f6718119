"""A running Airflow: a decision answered, days proven by backfill, and nothing written twice whatever is cleared."""

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from pakhus.ledger.schema import decisions, documents, proven_days
from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi
from stack.waiting import wait_until
from tests.failures.people import assert_discreet
from tests.failures.trouble import booked_references, reserved_headings
from tests.flows.world import World, world

pytestmark = pytest.mark.airflow

SHOP = "havblik"
ORDERS, INVOICES, AUDIT = (f"{SHOP}__{flow}" for flow in ("orders", "invoices", "audit"))
QUESTIONS, DECISIONS = f"{SHOP}__questions", f"{SHOP}__decisions"
CONNECTIONS = (f"woocommerce__{SHOP}", f"rackbeat__{SHOP}", f"economic__{SHOP}")
RUN_WITHIN_S = 400  # on a busy machine; a run of four tasks takes a few seconds otherwise
# Airflow loses a task that is answered in the moment in which it begins to wait.
PARKED_S = 2
NEVER = "0 0 29 2 *"
COPENHAGEN = ZoneInfo("Europe/Copenhagen")

SETTINGS = """\
shop: {shop}
platform: woocommerce
mapping: standard
rackbeat: {shop}
economic: {shop}
start_from: {start}
orders: {{schedule: "{never}"}}
fulfilment: {{schedule: "{never}"}}
invoices: {{mode: auto, auto_after: 0, schedule: "{never}"}}
decisions: {{schedule: "{never}"}}
"""


@pytest.fixture(scope="module")
def havblik(airflow_stack: Stack) -> Iterator[World]:
    """A shop of its own, with agreements of its own: what other tests left in the shared ledger is another shop's."""
    include = Path(airflow_stack.environment()["PAKHUS_INCLUDE"])
    start = (datetime.now(COPENHAGEN) - timedelta(minutes=1)).isoformat(timespec="seconds")
    file = include / "shops" / f"{SHOP}.yaml"
    file.write_text(SETTINGS.format(shop=SHOP, start=start, never=NEVER))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAKHUS_INCLUDE", str(include))
        with world(airflow_stack.ledger_url, shop=SHOP, seed=[("shop", "recorded")]) as running:
            yield running
    file.unlink()


@pytest.fixture(scope="module")
def api(airflow_stack: Stack, havblik: World) -> Iterator[AirflowApi]:
    """The running Airflow with the shop's DAGs, connections and pools."""
    for file in (ROOT / "dags").glob("*.py"):
        shutil.copy(file, airflow_stack.dags)
    api = airflow_stack.api
    shop, warehouse, accounts = (havblik.seeds[name]["credentials"] for name in ("woocommerce", "rackbeat", "economic"))
    fields: tuple[dict[str, Any], ...] = (
        {
            "host": havblik.shop_server.url,
            "login": shop["consumer_key"],
            "password": shop["consumer_secret"],
        },
        {"host": f"{havblik.warehouse_server.url}/api", "password": warehouse["token"]},
        {
            "host": havblik.accounts_server.url,
            "password": accounts["agreement_grant_token"],
            "extra": {"app_secret_token": accounts["app_secret_token"]},
        },
    )
    for conn_id, what in zip(CONNECTIONS, fields, strict=True):
        api.put_connection(conn_id, conn_id.partition("__")[0], **what)
        api.put_pool(conn_id, 2)
    used = [ORDERS, INVOICES, AUDIT, QUESTIONS, DECISIONS]
    api.wait_for_dags(used, RUN_WITHIN_S)
    for dag in used:
        api.unpause(dag)
    yield api
    for dag in used:
        api.pause(dag)


def run(api: AirflowApi, dag: str, conf: dict[str, object] | None = None) -> str:
    run_id = api.trigger(dag, conf)
    api.wait_for_run(dag, run_id, RUN_WITHIN_S)
    return run_id


def shipped_order(havblik: World) -> str:
    """Somebody buys a thing and gets it; the order's id."""
    bought = havblik.act(action="place_order", items=[{"sku": "NH-1018", "quantity": 1}], payment_method="cod")
    havblik.act(action="set_status", order=bought["order"], status="completed")
    havblik.shop_server.clock.advance(10)  # the shop leaves the youngest orders alone
    return str(bought["order"])


def reason(havblik: World, key: str) -> str:
    with havblik.ledger.begin() as tx:
        return str(tx.connection.execute(select(documents.c.reason).where(documents.c.key == key)).scalar_one())


def waiting_task(api: AirflowApi, run_id: str) -> bool:
    return any(task["state"] == "awaiting_input" for task in api.task_instances(DECISIONS, run_id))


def asked(api: AirflowApi, key: str) -> str:
    """Look for questions and wait until the one about a document waits for its answer; its run."""
    run(api, QUESTIONS)
    found = [row["dag_run_id"] for row in api.runs(DECISIONS) if row["dag_run_id"].startswith(f"{key}__")]
    assert len(found) == 1, found
    wait_until(lambda: waiting_task(api, found[0]), "the question to wait for its answer", RUN_WITHIN_S)
    time.sleep(PARKED_S)
    return str(found[0])


def hitl(run_id: str) -> str:
    return f"/dags/{DECISIONS}/dagRuns/{run_id.replace('+', '%2B')}/taskInstances/ask/-1/hitlDetails"


def bar(havblik: World, *, barred: bool) -> None:
    havblik.accounts_server.act({"action": "bar", "product": "NH-1018", "barred": barred})


def truth(havblik: World) -> tuple[list[str], list[str], list[Any]]:
    """What stands in the systems under our keys, each once, and the doubles that they saw."""
    headings, references = sorted(reserved_headings(havblik)), sorted(booked_references(havblik))
    doubles = [server.counters()["doubles"] for server in havblik.servers if server.counters()["doubles"]]
    return headings, references, doubles


def clear(api: AirflowApi, dag: str, run_id: str, *tasks: str) -> None:
    """Clear tasks of a run, without what follows them."""
    body = {"dry_run": False, "dag_run_id": run_id, "task_ids": list(tasks), "only_failed": False}
    api.request("POST", f"/dags/{dag}/clearTaskInstances", {**body, "reset_dag_runs": True})


def mark(api: AirflowApi, dag: str, run_id: str, task: str, state: str = "success") -> None:
    path = f"/dags/{dag}/dagRuns/{run_id.replace('+', '%2B')}/taskInstances/{task}"
    api.request("PATCH", path, {"new_state": state})


@pytest.mark.timeout(1200)
def test_a_decision_is_asked_once_answered_over_rest_and_its_document_sent_again(
    api: AirflowApi, havblik: World
) -> None:
    order = shipped_order(havblik)
    key = f"{SHOP}-{order}-invoice"
    bar(havblik, barred=True)
    run(api, ORDERS)
    run(api, INVOICES)
    assert reason(havblik, key) == "product_barred"
    run_id = asked(api, key)
    run(api, QUESTIONS)
    assert sum(row["dag_run_id"].startswith(f"{key}__") for row in api.runs(DECISIONS)) == 1
    question = api.request("GET", hitl(run_id))
    assert question["options"] == ["again", "ignore"]
    assert f"Order {order}, invoice: NH-1018 is barred in e-conomic." in question["subject"]
    assert_discreet(havblik, question["subject"], question["body"])
    bar(havblik, barred=False)
    api.request("PATCH", hitl(run_id), {"chosen_options": ["again"], "params_input": {}})
    api.wait_for_run(DECISIONS, run_id, RUN_WITHIN_S)
    sending = [row["dag_run_id"] for row in api.runs(INVOICES) if row["dag_run_id"].startswith(f"again__{key}__")]
    assert len(sending) == 1
    api.wait_for_run(INVOICES, sending[0], RUN_WITHIN_S)
    assert reason(havblik, key) == "transferred"
    assert booked_references(havblik).count(key) == 1
    with havblik.ledger.begin() as tx:
        query = select(decisions.c.answer, decisions.c.answered_by).where(decisions.c.run_id == run_id)
        answer, by = tx.connection.execute(query).one()
    assert answer == "again"
    assert by not in ("", "somebody")


def proven(havblik: World) -> dict[date, str]:
    with havblik.ledger.begin() as tx:
        rows = tx.connection.execute(select(proven_days).where(proven_days.c.scope == SHOP)).all()
    return {row.day: row.status for row in rows}


def midnight(days_ago: int) -> datetime:
    today = datetime.now(COPENHAGEN).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days_ago)


@pytest.mark.timeout(1200)
def test_seven_days_are_proven_by_a_backfill_over_rest_and_by_the_command_line(
    airflow_stack: Stack, api: AirflowApi, havblik: World
) -> None:
    havblik.reset_counters()
    backfill = api.backfill(AUDIT, midnight(10), midnight(4), max_active_runs=2)
    runs = api.wait_for_backfill(backfill, RUN_WITHIN_S)
    days = [midnight(number).date() for number in range(10, 3, -1)]
    assert len(runs) == 7
    assert {day: status for day, status in proven(havblik).items() if day in days} == dict.fromkeys(days, "proven")
    assert havblik.writes() == 0
    completed = f"/backfills/{backfill}"
    wait_until(lambda: api.request("GET", completed)["completed_at"], "Airflow to close the backfill", 90)
    argv = ["backfill", "create", "--dag-id", AUDIT, "--max-active-runs", "2", "--reprocess-behavior", "completed"]
    dates = ["--from-date", midnight(4).isoformat(), "--to-date", midnight(4).isoformat()]
    before = api.runs(AUDIT, run_type="backfill")
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *argv, *dates],
        env=airflow_stack.environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [again] = [row for row in before if datetime.fromisoformat(row["logical_date"]) == midnight(4)]
    wait_until(lambda: api.run(AUDIT, again["dag_run_id"])["end_date"] != again["end_date"], "the second proof", 60)
    api.wait_for_run(AUDIT, again["dag_run_id"], RUN_WITHIN_S)
    assert len(api.runs(AUDIT, run_type="backfill")) == 7


def newest(api: AirflowApi) -> dict[str, str]:
    """The newest green run of each DAG of the shop, whichever DAGs there are."""
    found: dict[str, str] = {}
    for dag in sorted(name for name in api.dag_ids() if name.startswith(f"{SHOP}__")):
        green = [row for row in api.runs(dag) if row["state"] == "success"]
        worked = [
            row for row in green if any(task["map_index"] >= 0 for task in api.task_instances(dag, row["dag_run_id"]))
        ]
        if green:
            found[dag] = (worked or green)[0]["dag_run_id"]
    return found


@pytest.mark.timeout(1800)
def test_clearing_re_running_marking_success_and_backfilling_anything_at_any_time_is_safe(
    api: AirflowApi, havblik: World
) -> None:
    order = shipped_order(havblik)
    run(api, ORDERS)
    run(api, INVOICES)
    run(api, AUDIT)
    before = truth(havblik)
    assert f"{SHOP}-{order}-invoice" in before[1]
    assert not before[2]
    havblik.reset_counters()

    _clear_each_task(api)
    for dag in (ORDERS, INVOICES, AUDIT):
        run(api, dag)
    assert (truth(havblik), havblik.writes()) == (before, 0)

    late = shipped_order(havblik)
    run(api, ORDERS)
    _mark_a_working_task_as_done(api, havblik)
    held = _mark_a_question_as_answered(api, havblik)
    backfill = api.backfill(AUDIT, midnight(12), midnight(11), max_active_runs=2)
    api.wait_for_backfill(backfill, RUN_WITHIN_S)

    bar(havblik, barred=False)
    for hours in (0.2, 25, 0.2):  # a killed task's lease, the time for late effects, the daily look at what is held
        havblik.forward(hours=hours)
        havblik.run()
    headings, references, doubles = truth(havblik)
    assert [reason(havblik, f"{SHOP}-{one}-invoice") for one in (late, held)] == ["transferred"] * 2
    assert not doubles
    assert {key for key, count in Counter([*headings, *references]).items() if count > 1} == set()
    assert set(references) == {*before[1], *(f"{SHOP}-{one}-invoice" for one in (late, held))}
    assert set(before[0]) <= set(headings)


def _clear_each_task(api: AirflowApi) -> None:
    """Clear each task of a run of every DAG, one after the other, the DAGs side by side."""
    runs = newest(api)
    assert {ORDERS, INVOICES, AUDIT, QUESTIONS, DECISIONS} <= set(runs)
    tasks = {dag: sorted({task["task_id"] for task in api.task_instances(dag, run_id)}) for dag, run_id in runs.items()}
    for number in range(max(map(len, tasks.values()))):
        cleared = {dag: names[number] for dag, names in tasks.items() if number < len(names)}
        for dag, name in cleared.items():
            clear(api, dag, runs[dag], name)
        for dag in cleared:
            wait_until(lambda dag=dag: api.run(dag, runs[dag])["state"] in ("success", "failed"), dag, RUN_WITHIN_S)
            api.wait_for_run(dag, runs[dag], RUN_WITHIN_S)


def _mark_a_working_task_as_done(api: AirflowApi, havblik: World) -> None:
    """Somebody marks the task that books as done in the middle of its work: Airflow kills it."""
    havblik.accounts_server.configure({"latency_ms": 3000})
    run_id = api.trigger(INVOICES)
    path = f"/dags/{INVOICES}/dagRuns/{run_id.replace('+', '%2B')}/taskInstances/book/0"

    def works() -> bool:
        tasks = api.task_instances(INVOICES, run_id)
        return any(task["task_id"] == "book" and task["state"] == "running" for task in tasks)

    wait_until(works, "the booking to begin", RUN_WITHIN_S)
    api.request("PATCH", path, {"new_state": "success"})
    havblik.accounts_server.configure({"latency_ms": 0})
    api.wait_for_run(INVOICES, run_id, RUN_WITHIN_S)


def _mark_a_question_as_answered(api: AirflowApi, havblik: World) -> str:
    """Somebody marks the task that waits for a person as done: the document stays held, nothing is sent."""
    order = shipped_order(havblik)
    key = f"{SHOP}-{order}-invoice"
    bar(havblik, barred=True)
    run(api, ORDERS)
    run(api, INVOICES)
    run_id = asked(api, key)
    mark(api, DECISIONS, run_id, "ask")
    api.wait_for_run(DECISIONS, run_id, RUN_WITHIN_S)
    assert reason(havblik, key) == "product_barred"
    return order
