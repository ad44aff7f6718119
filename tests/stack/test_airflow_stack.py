"""A real Airflow as `make demo` starts it: runs, backfills, comes back after a kill, opens no door."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from stack import ROOT, processes
from stack.airflow import Stack
from stack.rest import AirflowApi, AirflowError
from stack.runner import AlreadyRunningError
from stack.waiting import TimedOutError, wait_until

pytestmark = pytest.mark.airflow
BACK_WITHIN_S = 300

PARCELS = """
import time
import pendulum
from airflow.sdk import DAG, BaseHook, task
from airflow.timetables.interval import CronDataIntervalTimetable

with DAG(
    "parcels",
    schedule=CronDataIntervalTimetable("@daily", timezone="Europe/Copenhagen"),
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Copenhagen"),
    catchup=False,
):

    @task(pool="dock", retries=0)
    def weigh(dag_run=None, data_interval_start=None):
        time.sleep((dag_run.conf or {}).get("seconds", 0))
        depot = BaseHook.get_connection("depot")
        ledger = BaseHook.get_connection("pakhus_ledger")
        if depot.host == "closed":
            raise ValueError("the depot is closed")
        return [depot.host, depot.extra_dejson["dock"], ledger.schema, str(data_interval_start)]

    weigh()
"""


@pytest.fixture(scope="module")
def airflow_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An Airflow for this module alone, which kills what it consists of. Fails at the end if a process outlives it."""
    directory = tmp_path_factory.mktemp("airflow")
    dags = directory / "dags"
    dags.mkdir()
    stack = Stack(directory / "stack", dags=dags, everyone_is_admin=True, durable=False)
    try:
        stack.start()
        yield stack
    finally:
        stack.remove()


@pytest.fixture(scope="module")
def api(airflow_stack: Stack) -> AirflowApi:
    """The stack's API, with the DAG `parcels` and what it needs in place."""
    (airflow_stack.dags / "parcels.py").write_text(PARCELS)
    api = airflow_stack.api
    api.put_pool("dock", 2)
    api.put_pool("dock", 3)
    api.put_connection("depot", "http", host="closed", extra={"dock": 7})
    api.put_connection("depot", "http", host="ærø.example", extra={"dock": 7})
    api.wait_for_dags(["parcels"])
    api.unpause("parcels")
    return api


def test_a_run_by_hand_finds_pool_connection_and_ledger(api: AirflowApi) -> None:
    run_id = api.trigger("parcels")
    assert api.wait_for_run("parcels", run_id)["run_type"] == "manual"
    (task,) = api.task_instances("parcels", run_id)
    assert (task["pool"], api.request("GET", "/pools/dock")["slots"]) == ("dock", 3)
    value = api.request("GET", f"/dags/parcels/dagRuns/{run_id}/taskInstances/weigh/xcomEntries/return_value")["value"]
    assert value[:3] == ["ærø.example", 7, "ledger"]


def test_an_explicit_run_id_is_taken_once(api: AirflowApi) -> None:
    api.wait_for_run("parcels", api.trigger("parcels", run_id="delivery-1"))
    with pytest.raises(AirflowError) as refused:
        api.trigger("parcels", run_id="delivery-1")
    assert refused.value.status == 409


def test_backfills_days(api: AirflowApi) -> None:
    first, last = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 5))
    runs = api.wait_for_backfill(api.backfill("parcels", first, last, max_active_runs=3))
    assert [(run["run_type"], run["state"]) for run in runs] == [("backfill", "success")] * 3


def test_a_failed_run_is_raised_with_its_log(api: AirflowApi) -> None:
    api.put_connection("depot", "http", host="closed", extra={"dock": 7})
    try:
        with pytest.raises(AirflowError, match=r"parcels .*: failed, expected success\n(.*\n)*.*the depot is closed"):
            api.wait_for_run("parcels", api.trigger("parcels"))
    finally:
        api.put_connection("depot", "http", host="ærø.example", extra={"dock": 7})


def test_a_file_that_does_not_import_is_raised_with_its_trace(airflow_stack: Stack, api: AirflowApi) -> None:
    broken = airflow_stack.dags / "broken.py"
    broken.write_text("from airflow.sdk import DAG\nraise RuntimeError('no such shop')")
    with pytest.raises(AirflowError, match=r"broken.py:\n(.*\n)*.*no such shop"):
        api.wait_for_dags(["broken"])
    broken.unlink()
    wait_until(lambda: not api.request("GET", "/importErrors")["import_errors"], "the error to go", 60)


def test_the_scheduler_comes_back_after_a_kill_and_runs_again_what_it_was_running(
    airflow_stack: Stack, api: AirflowApi
) -> None:
    run_id = api.trigger("parcels", {"seconds": 5})
    wait_until(lambda: _states(api, run_id) == ["running"], "the task to run", 30)
    killed = airflow_stack.runner.pid("scheduler")
    assert killed is not None
    tasks = processes.named(pid for pid in airflow_stack.runner.alive() if os.getsid(pid) == killed)
    assert len(tasks) > 2
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: airflow_stack.runner.pid("scheduler") not in (killed, None), "another scheduler", 15)
    assert processes.still_alive(tasks) == []
    api.wait_for_run("parcels", run_id, within_s=180)  # the dead one is believed dead after a minute


@pytest.mark.timeout(600)
def test_everything_comes_back_after_the_database_was_killed(airflow_stack: Stack, api: AirflowApi) -> None:
    """Within half a minute, but for a scheduler that waits for a task, which is killed after two (`Component.sick`)."""
    killed = airflow_stack.runner.pid("postgresql")
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: airflow_stack.runner.pid("postgresql") not in (killed, None), "another server", 15)
    wait_until(airflow_stack.cluster.answers, "its answer", 20)
    try:
        api.wait_for_run("parcels", api.trigger("parcels"), within_s=BACK_WITHIN_S)
    except TimedOutError as error:
        pytest.fail(f"{error}; {api.health()}\n{airflow_stack.runner.last_lines('scheduler')}")


def test_listens_on_loopback_only(airflow_stack: Stack) -> None:
    listening = {address for pid in airflow_stack.runner.alive() for address in _listening(pid)}
    assert f"0100007F:{airflow_stack.port:04X}" in listening
    assert {address.partition(":")[0] for address in listening} == {"0100007F"}


def test_the_ledger_has_its_tables(airflow_stack: Stack) -> None:
    engine = create_engine(airflow_stack.ledger_url)
    assert "alembic_version" in inspect(engine).get_table_names()
    assert len(inspect(engine).get_table_names()) > 5
    engine.dispose()


def test_a_second_stack_in_the_same_place_is_refused_and_harms_nothing(airflow_stack: Stack) -> None:
    names = ("postgresql", "api-server", "scheduler")
    before = [airflow_stack.runner.pid(name) for name in names]
    second = Stack(airflow_stack.directory, fresh=True)
    with pytest.raises(AlreadyRunningError):
        second.start()
    second.remove()
    assert [airflow_stack.runner.pid(name) for name in names] == before
    wait_until(lambda: airflow_stack.api.health().get("scheduler") == "healthy", "the scheduler's next beat", 60)


def test_airflow_does_not_execute_our_packages_by_bare_name() -> None:
    from airflow._shared.module_loading.file_discovery import find_path_from_directory

    found = {Path(path) for path in find_path_from_directory(ROOT / "plugins", ".airflowignore", "glob")}
    python = {path.relative_to(ROOT / "plugins").parts[0] for path in found if path.suffix == ".py"}
    assert python.isdisjoint({"hooks", "operators", "pakhus"})


def _states(api: AirflowApi, run_id: str) -> list[str]:
    return [task["state"] for task in api.task_instances("parcels", run_id)]


def _listening(pid: int) -> list[str]:
    """Local addresses (hexadecimal, as in /proc/net/tcp) on which a process listens, of both address families."""
    sockets = {target[8:-1] for target in _descriptors(pid) if target.startswith("socket:[")}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in sockets]


def _descriptors(pid: int) -> Iterator[str]:
    """What a process has open; Airflow hides some of its processes from other programs of the same user."""
    with suppress(PermissionError, FileNotFoundError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                yield str(descriptor.readlink())


def test_a_script_runs_our_commands_in_its_environment_and_only_its_owner_may_read_it(airflow_stack: Stack) -> None:
    script = airflow_stack.write_command()
    assert script.stat().st_mode & 0o777 == 0o700
    done = subprocess.run(
        [script, "apply"], check=False, capture_output=True, text=True, timeout=120, env={"PATH": os.environ["PATH"]}
    )
    assert "Pools: made" in done.stdout or "nothing to make" in done.stdout, done.stdout + done.stderr
    assert "Ledger: " in done.stdout
