"""Airflow 3.3 with PostgreSQL and the ledger as local processes: settings, order of starting, stopping.

What Airflow is set to everywhere comes from deploy/airflow.env; here stands what is true of this machine only:
addresses on loopback, explicit keys, the folders of this checkout, and files that are looked at more often.
"""

import base64
import json
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from pakhus.ledger.migrate import migrate
from stack import ROOT
from stack.celery_workers import CeleryWorkers
from stack.postgres import Cluster
from stack.rest import AirflowApi
from stack.runner import Component, Runner, Step
from stack.waiting import Say, free_port, quiet

METADATA = "airflow"
LEDGER = "ledger"
ADMIN = "admin"
SETTINGS = ROOT / "deploy" / "airflow.env"
NOT_INHERITED = ("AIRFLOW", "PYTHON", "PG", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class StackError(Exception):
    """The stack did not stop as it must: some process is still alive."""


class Stack:
    """Everything that a demo or a test of the whole needs, in one directory; use as a context manager.

    ``extra`` components (stand-ins) start before Airflow and get its environment. ``everyone_is_admin`` needs no
    log-in, for tests; else one user `ADMIN` with a password made for this directory. ``settings`` are more environment
    variables for Airflow. ``workers``: so many Celery workers and Redis run the tasks, as in docker-compose.yaml, in
    place of the scheduler's own processes. ``fresh`` forgets what an earlier start left here. `remove` deletes the
    directory, `stop` leaves it for the next start.
    """

    def __init__(
        self,
        directory: Path,
        *,
        dags: Path = ROOT / "dags",
        plugins: Path = ROOT / "plugins",
        extra: Sequence[Component] = (),
        everyone_is_admin: bool = False,
        durable: bool = True,
        fresh: bool = False,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        workers: int = 0,
        say: Say = quiet,
    ) -> None:
        self.directory = directory.resolve()
        self.home = self.directory / "airflow"
        self.cluster = Cluster(self.directory / "postgresql", durable=durable)
        self.runner = Runner(self.directory / "run", say)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.user = None if everyone_is_admin else ADMIN
        self.dags = dags
        self.celery = CeleryWorkers(self.directory / "celery", workers) if workers else None
        self._plugins = plugins
        self._extra = extra
        self._settings = dict(settings or {})
        self._fresh = fresh
        self._ours = False
        self._say = say

    def __enter__(self) -> "Stack":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def keys(self) -> dict[str, str]:
        """The secrets of this directory, made at the first start. Triggers cannot be read with another Fernet key."""
        file = self.directory / "keys.json"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(json.dumps(_new_keys()))
        keys: dict[str, str] = json.loads(file.read_text())
        return keys

    @property
    def password(self) -> str | None:
        """The password of `ADMIN`; None where everyone is an administrator."""
        return self.keys["password"] if self.user else None

    @property
    def ledger_url(self) -> str:
        """The ledger's SQLAlchemy URL; known once the stack has started."""
        return self.cluster.url(LEDGER)

    @property
    def api(self) -> AirflowApi:
        """A new client of the REST API; it ends its waiting when a component has failed for good."""
        return AirflowApi(self.url, self.user, self.password, check=self.runner.check)

    def start(self) -> None:
        """Start everything in order, each after the one before answers."""
        self.runner.open()
        self._ours = True
        if self._fresh:
            self._forget(self.runner.directory)
        self.home.mkdir(parents=True, exist_ok=True)
        self._say("starting PostgreSQL")
        self.cluster.prepare()
        self.runner.start(self.cluster.component())
        self._create_databases()
        environment = self.environment()
        self._say("creating Airflow's tables")
        self.runner.run(Step("migrate", _airflow("db", "migrate"), environment))
        extra = [self.celery.broker(), *self._extra] if self.celery else self._extra
        for component in extra:
            self._say(f"starting {component.name}")
            self.runner.start(replace(component, env={**environment, **component.env}))
        self._start_airflow(environment)

    def stop(self) -> None:
        """Stop everything; raises StackError with the pids of processes that did not end."""
        left = self.runner.stop()
        if left:
            raise StackError(f"still alive: {', '.join(map(str, left))}")

    def remove(self, *, keep_logs: bool = False) -> None:
        """Stop everything and delete the directory, or all of it but the logs; never one that another stack holds."""
        self.stop()
        if not self._ours:
            return
        self._forget(self.home, self.runner.directory)
        if not keep_logs:
            shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def logs(self) -> Path:
        """Where each component's output goes."""
        return self.runner.logs

    def environment(self) -> dict[str, str]:
        """The environment of every Airflow process; for tests that call Airflow's own command, too."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        return {
            **inherited,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONN_PAKHUS_LEDGER": self._ledger_connection(),
            **self._core_settings(),
            **self._access_settings(),
            **self._settings,
        }

    def write_command(self) -> Path:
        """Write a script that runs `python -m pakhus` in this Airflow's environment, its secrets included."""
        script, outside = self.directory / "pakhus", os.environ
        own = {
            name: value
            for name, value in self.environment().items()
            if outside.get(name) != value or name.startswith("PAKHUS_")
        }
        lines = ["#!/bin/sh", "# Made anew at each start. Holds secrets: only its owner may read it."]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(own.items())]
        lines.append(f'exec {shlex.quote(sys.executable)} -m pakhus "$@"')
        script.touch(mode=0o700)
        script.chmod(0o700)
        script.write_text("\n".join(lines) + "\n")
        return script

    def _forget(self, *kept: Path) -> None:
        """Delete what is in the directory but for some of it, the database first: its data may be elsewhere."""
        self.cluster.remove()
        for path in self.directory.iterdir():
            if path in kept:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _core_settings(self) -> dict[str, str]:
        return {
            **shared_settings(),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self._plugins),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.cluster.url(METADATA, driver="psycopg2"),
            # Who writes a DAG file wants to see it at once: a changed file is not bound to the other interval, at which
            # all are parsed again, for what they read (a shop's settings). Every 5 s that would take a whole core.
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
            **(self.celery.settings() if self.celery else {}),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
        }

    def _access_settings(self) -> dict[str, str]:
        keys = self.keys
        settings = {
            "AIRFLOW__CORE__FERNET_KEY": keys["fernet"],
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": keys["api"],
            "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt"],
        }
        if self.user is None:
            return {**settings, "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True"}
        passwords = self.directory / "passwords.json"
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({self.user: keys["password"]}))
        return {
            **settings,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{self.user}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        }

    def _ledger_connection(self) -> str:
        """The ledger as an Airflow connection, by environment: it is there before Airflow's own database is."""
        return json.dumps(
            {
                "conn_type": "postgres",
                "host": "127.0.0.1",
                "port": self.cluster.port,
                "login": "pakhus",
                "password": self.cluster.password,
                "schema": LEDGER,
            }
        )

    def _create_databases(self) -> None:
        for name in (METADATA, LEDGER):
            if not self.cluster.has_database(name):
                self.cluster.create_database(name)
        migrate(self.ledger_url)

    def _start_airflow(self, environment: Mapping[str, str]) -> None:
        """Start the API server first: tasks that begin before it answers have failed without having run."""
        self._say("starting Airflow's API server")
        self.runner.start(self._component("api-server", _airflow("api-server"), environment, "metadatabase"))
        if self.celery:
            self._say(f"starting {self.celery.count} Celery workers")
            for worker in self.celery.workers(environment):
                self.runner.start(worker)
        self._say("starting Airflow's DAG processor, triggerer and scheduler")
        self.runner.start(Component("dag-processor", _airflow("dag-processor"), environment))
        # Their log servers would listen on every interface; the API server reads the same files from disk.
        self.runner.start(Component("triggerer", _airflow("triggerer", "--skip-serve-logs"), environment))
        scheduler = self._component(
            "scheduler",
            _airflow("scheduler", "--skip-serve-logs"),
            environment,
            "scheduler",
            "dag_processor",
            "triggerer",
        )
        # That lost its database waits for its running tasks before it ends, however long they take, without a sign of
        # life and without taking up others. Celery's does not wait.
        self.runner.start(replace(scheduler, sick=self._says_unhealthy("scheduler")))

    def _component(self, name: str, argv: list[str], environment: Mapping[str, str], *healthy: str) -> Component:
        """A component of Airflow that is ready when Airflow's health report calls these parts healthy."""
        api = AirflowApi(self.url)

        def ready() -> bool:
            health = api.health()
            return all(health.get(part) == "healthy" for part in healthy)

        return Component(name, argv, environment, ready)

    def _says_unhealthy(self, part: str) -> Callable[[], bool]:
        """Whether Airflow's health report calls a part unhealthy; without a report nothing is known."""
        api = AirflowApi(self.url)
        return lambda: api.health(timeout_s=2).get(part) == "unhealthy"


def shared_settings() -> dict[str, str]:
    """What Airflow is set to wherever Pakhus runs, by environment variable."""
    lines = [line.strip() for line in SETTINGS.read_text().splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _airflow(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


def _new_keys() -> dict[str, str]:
    return {
        "fernet": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "jwt": secrets.token_urlsafe(48),
        "api": secrets.token_urlsafe(48),
        "password": secrets.token_urlsafe(9),
    }
