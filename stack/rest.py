"""What demo and tests ask of a running Airflow, over its REST API: a command-line call would import Airflow, 2-10 s."""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

from stack.waiting import TimedOutError, loopback_session, wait_until

FINISHED = ("success", "failed")
TIMEOUT_S = 60.0


class AirflowError(Exception):
    """Airflow refused a request (then with its status), a DAG file does not import, or a run failed."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AirflowApi:
    """The REST API of one Airflow, version 3.3, as an administrator."""

    def __init__(
        self,
        url: str,
        user: str | None = None,
        password: str | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Without user and password everyone is taken as an administrator. ``check`` may raise to end a waiting."""
        self.url = url
        self._login = {"username": user, "password": password} if user else None
        self._check = check
        self._session = loopback_session()

    def request(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """Send a request to /api/v2 and return the JSON of the answer; raises AirflowError from status 400 on."""
        response = self._send(method, path, body, query)
        if response.status_code == 401:  # none yet, or older than a day
            self._session.headers["Authorization"] = f"Bearer {self._token()}"
            response = self._send(method, path, body, query)
        if response.status_code >= 400:
            raise AirflowError(f"{method} {path}: {response.status_code} {response.text[:2000]}", response.status_code)
        return response.json() if response.content else None

    def health(self, timeout_s: float = 5) -> dict[str, str]:
        """The state of each component, as "healthy" or not; empty while the API server does not answer."""
        try:
            answer = self._session.get(f"{self.url}/api/v2/monitor/health", timeout=timeout_s).json()
        except (requests.RequestException, ValueError):
            return {}
        return {name: str(part.get("status")) for name, part in answer.items() if part}

    def wait_for_dags(self, dag_ids: Collection[str], within_s: float = 60) -> None:
        """Wait until these DAGs are listed; raises AirflowError at the first import error of any file."""
        missing = set(dag_ids)

        def all_listed() -> bool:
            self.raise_import_errors()
            missing.difference_update(self.dag_ids())
            return not missing

        try:
            self._wait(all_listed, "DAGs", within_s)
        except TimedOutError as error:
            raise TimedOutError(f"{error}; missing: {', '.join(sorted(missing))}") from None

    def wait_for_flows(self, flows: Collection[str], within_s: float = 120) -> frozenset[str]:
        """Wait until each flow has its DAGs, which are called `<scope>__<flow>`, and return the ids of all DAGs.

        A file's DAGs are listed all at once. Raises AirflowError at the first import error of any file.
        """
        missing = set(flows)

        def all_listed() -> frozenset[str]:
            self.raise_import_errors()
            found = self.dag_ids()
            missing.intersection_update(missing - {dag.rpartition("__")[2] for dag in found})
            return frozenset() if missing else frozenset(found)

        try:
            listed: frozenset[str] = self._wait(all_listed, "flows", within_s)
        except TimedOutError as error:
            raise TimedOutError(f"{error}; without a DAG: {', '.join(sorted(missing))}") from None
        return listed

    def dag_ids(self) -> set[str]:
        """The ids of all DAGs that Airflow lists."""
        found: set[str] = set()
        while True:
            page = self.request("GET", "/dags", limit=100, offset=len(found), order_by="dag_id")
            found |= {dag["dag_id"] for dag in page["dags"]}
            if not page["dags"] or len(found) >= page["total_entries"]:
                return found

    def raise_import_errors(self) -> None:
        """Raise AirflowError with the traces of DAG files that do not import."""
        errors = self.request("GET", "/importErrors")["import_errors"]
        if errors:
            raise AirflowError("\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors))

    def put_connection(self, connection_id: str, conn_type: str, **fields: object) -> None:
        """Create a connection or replace it. Fields: host, port, login, password, schema, description, extra (dict)."""
        extra = fields.pop("extra", None)
        body = {"connection_id": connection_id, "conn_type": conn_type, **fields}
        if extra is not None:
            body["extra"] = json.dumps(extra)
        self._put("/connections", connection_id, body)

    def put_pool(self, name: str, slots: int, description: str = "") -> None:
        """Create a pool or change its size."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        self._put("/pools", name, body)

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run a DAG."""
        self.request("PATCH", f"/dags/{quote(dag_id)}", {"is_paused": False})

    def pause(self, dag_id: str) -> None:
        """Keep the scheduler from starting a DAG."""
        self.request("PATCH", f"/dags/{quote(dag_id)}", {"is_paused": True})

    def trigger(self, dag_id: str, conf: Mapping[str, object] | None = None, run_id: str | None = None) -> str:
        """Start a run by hand and return its id; an id that exists is refused with 409."""
        body: dict[str, object] = {"logical_date": None, "conf": dict(conf or {})}
        if run_id:
            body["dag_run_id"] = run_id
        return str(self.request("POST", f"/dags/{quote(dag_id)}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A run as Airflow describes it: state, run_type, note, dates."""
        answer: dict[str, Any] = self.request("GET", _run_path(dag_id, run_id))
        return answer

    def runs(self, dag_id: str = "~", **query: object) -> list[dict[str, Any]]:
        """The latest hundred runs, newest first, of one DAG or of all (``~``)."""
        query = {"order_by": "-run_after", "limit": 100, **query}
        page = self.request("GET", f"/dags/{quote(dag_id, safe='~')}/dagRuns", **query)
        found: list[dict[str, Any]] = page["dag_runs"]
        return found

    def wait_for_run(self, dag_id: str, run_id: str, within_s: float = 60, state: str = "success") -> dict[str, Any]:
        """Wait until a run has ended; raises AirflowError, with the logs of its failed tasks, unless as ``state``."""
        ended: dict[str, Any] = self._wait(lambda: _if_ended(self.run(dag_id, run_id)), f"{dag_id} {run_id}", within_s)
        if ended["state"] != state:
            logs = self.failed_task_logs(dag_id, run_id)
            raise AirflowError(f"{dag_id} {run_id}: {ended['state']}, expected {state}\n{logs}")
        return ended

    def backfill(self, dag_id: str, from_date: datetime, to_date: datetime, **options: object) -> int:
        """Create a backfill and return its id; options as in the API: max_active_runs, run_backwards, dag_run_conf …"""
        dates = {"from_date": from_date.isoformat(), "to_date": to_date.isoformat()}
        return int(self.request("POST", "/backfills", {"dag_id": dag_id, **dates, **options})["id"])

    def wait_for_backfill(self, backfill_id: int, within_s: float = 120) -> list[dict[str, Any]]:
        """Wait until the runs of a backfill have ended and return them; raises AirflowError when one failed.

        The runs are all there once the backfill is; Airflow notes their completion only every half minute.
        """
        backfill = self.request("GET", f"/backfills/{backfill_id}")
        runs = [run for run in self.runs(backfill["dag_id"], run_type="backfill") if _within(run, backfill)]
        return [self.wait_for_run(run["dag_id"], run["dag_run_id"], within_s) for run in runs]

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run, mapped ones each."""
        page = self.request("GET", f"{_run_path(dag_id, run_id)}/taskInstances", limit=100)
        found: list[dict[str, Any]] = page["task_instances"]
        return found

    def failed_task_logs(self, dag_id: str, run_id: str) -> str:
        """The log of the last try of each task that failed."""
        failed = [task for task in self.task_instances(dag_id, run_id) if task["state"] == "failed"]
        return "\n".join(self.task_log(task) for task in failed)

    def task_log(self, task: Mapping[str, Any]) -> str:
        """The log of the last try of a task instance as `task_instances` gives it."""
        title = f"--- {task['dag_id']} {task['task_id']}[{task['map_index']}] try {task['try_number']}"
        path = f"{_run_path(task['dag_id'], task['dag_run_id'])}/taskInstances/{quote(task['task_id'])}/logs"
        answer = self.request("GET", f"{path}/{task['try_number']}", map_index=task["map_index"], full_content="true")
        return "\n".join([title, *(_log_line(entry) for entry in answer["content"])])

    def _put(self, collection: str, name: str, body: Mapping[str, object]) -> None:
        try:
            self.request("POST", collection, body)
        except AirflowError as error:
            if error.status != 409:
                raise
            self.request("PATCH", f"{collection}/{quote(name)}", body)

    def _wait(self, found: Callable[[], Any], what: str, within_s: float) -> Any:
        """Wait for an answer; an API server that is being restarted counts as none."""

        def ask() -> Any:
            with suppress(requests.ConnectionError, requests.Timeout):
                return found()
            return None

        return wait_until(ask, what, within_s, every_s=0.2, check=self._check)

    def _send(self, method: str, path: str, body: object, query: Mapping[str, object]) -> requests.Response:
        url = f"{self.url}/api/v2{path}"
        return self._session.request(method, url, json=body, params=dict(query), timeout=TIMEOUT_S)  # type: ignore[arg-type]

    def _token(self) -> str:
        method = "POST" if self._login else "GET"
        response = self._session.request(method, f"{self.url}/auth/token", json=self._login, timeout=TIMEOUT_S)
        if response.status_code >= 400:
            raise AirflowError(f"log-in refused: {response.status_code} {response.text[:500]}")
        return str(response.json()["access_token"])


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"


def _if_ended(run: dict[str, Any]) -> dict[str, Any] | None:
    return run if run["state"] in FINISHED else None


def _within(run: dict[str, Any], backfill: dict[str, Any]) -> bool:
    """Whether a run lies in the dates of a backfill; a run does not name the backfill that made it."""
    first, at, last = (
        datetime.fromisoformat(text) for text in (backfill["from_date"], run["logical_date"], backfill["to_date"])
    )
    return first <= at <= last


def _log_line(entry: object) -> str:
    """One line of a log entry, which is plain text or a structure with time, level and event."""
    if not isinstance(entry, dict):
        return str(entry)
    errors = [_error_line(error) for error in entry.get("error_detail") or []]
    return " ".join(str(part) for part in (entry.get("timestamp"), entry.get("level"), entry["event"], *errors) if part)


def _error_line(error: Mapping[str, Any]) -> str:
    """What was raised and where, without the frames between."""
    frame = (error.get("frames") or [{}])[-1]
    return f"{error.get('exc_type')}: {error.get('exc_value')} ({frame.get('filename')}:{frame.get('lineno')})"
