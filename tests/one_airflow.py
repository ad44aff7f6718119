"""One running Airflow for modules that can share it: it starts in half a minute of two cores, is emptied in seconds."""

import shutil
from pathlib import Path

from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi, AirflowError
from stack.waiting import wait_until
from tests.ledgers import empty

EMPTY_WITHIN_S = 120
DEFAULT_POOL = "default_pool"


class OneAirflow:
    """An Airflow with the project's plugins and no log-in, its DAGs and settings in folders of its own."""

    def __init__(self, directory: Path) -> None:
        self._dags = directory / "dags"
        self._include = directory / "include"
        # A changed DAG file is seen all the same; to look at all of them each minute takes a tenth of a core.
        seldom = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600"}
        settings = {"PAKHUS_INCLUDE": str(self._include), **seldom}
        self._dags.mkdir()
        self._directory = directory / "stack"
        self.stack = Stack(self._directory, dags=self._dags, everyone_is_admin=True, durable=False, settings=settings)

    def start(self) -> None:
        """Start it, empty."""
        self._lay_settings()
        try:
            self.stack.start()
        except BaseException:
            self.stack.remove(keep_logs=True)
            raise

    def empty(self) -> None:
        """Take away what a module has left: DAGs with their runs, connections, pools, settings, the ledger's rows."""
        api = self.stack.api
        for file in self._dags.iterdir():
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        _end_runs(api)
        wait_until(lambda: not any(map(_works, self.stack.runner.alive())), "tasks to end", EMPTY_WITHIN_S)
        wait_until(lambda: not api.dag_ids(), "the DAGs to go with their files", EMPTY_WITHIN_S)
        for dag in api.request("GET", "/dags", limit=100, exclude_stale="false")["dags"]:
            wait_until(lambda dag=dag: _deleted(api, dag["dag_id"]), f"{dag['dag_id']} to be deleted", EMPTY_WITHIN_S)
        _delete_all(api, "connections", "connection_id")
        _delete_all(api, "variables", "key")
        _delete_all(api, "pools", "name")
        self._lay_settings()
        empty(self.stack.ledger_url)

    def remove(self) -> None:
        """Stop it and delete its files; fails if a process outlives it."""
        self.stack.remove()

    def _lay_settings(self) -> None:
        shutil.rmtree(self._include, ignore_errors=True)
        shutil.copytree(ROOT / "include", self._include)


def _works(pid: int) -> bool:
    """Whether a process runs a task, by the title that Airflow gives it."""
    try:
        title = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").strip("\0 ")
    except OSError:  # it has ended
        return False
    return title.startswith("airflow worker -- ") and not title.endswith("<idle>")


def _end_runs(api: AirflowApi) -> None:
    for state in ("queued", "running"):
        for run in api.runs(state=state):
            path = f"/dags/{run['dag_id']}/dagRuns/{run['dag_run_id'].replace('+', '%2B')}"
            api.request("PATCH", path, {"state": "failed"})


def _deleted(api: AirflowApi, dag: str) -> bool:
    """Delete a DAG with its runs; Airflow refuses while a task of it runs."""
    try:
        api.request("DELETE", f"/dags/{dag}")
    except AirflowError as error:
        if error.status == 409:
            return False
        if error.status != 404:
            raise
    return True


def _delete_all(api: AirflowApi, collection: str, name: str) -> None:
    for row in api.request("GET", f"/{collection}", limit=100)[collection]:
        if row[name] != DEFAULT_POOL:
            api.request("DELETE", f"/{collection}/{row[name]}")
