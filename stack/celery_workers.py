"""Celery with Redis and workers as local processes, set as docker-compose.yaml sets them.

Redis is Debian's (stack/debian-packages.sh --deployment lists it). A worker gets what a worker's container gets: it has
neither the address of Airflow's database nor the key that signs the tokens of tasks.
"""

import secrets
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import redis
from celery import Celery

from stack.runner import Component
from stack.waiting import free_port

QUEUE_DATABASE, RESULT_DATABASE = 0, 1
KEPT_FROM_WORKERS = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__API_AUTH__JWT_SECRET")


class NoRedisError(Exception):
    """Redis is not installed."""


class CeleryWorkers:
    """Redis and ``count`` workers in one directory."""

    def __init__(self, directory: Path, count: int) -> None:
        self.directory = directory
        self.count = count
        self.port = free_port()
        self._password = secrets.token_urlsafe(24)

    def url(self, database: int) -> str:
        """The URL of one of Redis' databases."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/{database}"

    def settings(self) -> dict[str, str]:
        """The environment variables that make Airflow run its tasks here."""
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": self.url(QUEUE_DATABASE),
            "AIRFLOW__CELERY__RESULT_BACKEND": self.url(RESULT_DATABASE),
        }

    def broker(self) -> Component:
        """Redis; the workers are stopped before it is. Raises NoRedisError where it is not installed."""
        program = shutil.which("redis-server")
        if program is None:
            raise NoRedisError("redis-server is not installed; on Debian: apt-get install redis-server")
        self.directory.mkdir(parents=True, exist_ok=True)
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "requirepass": self._password,
            "dir": str(self.directory),
            "appendonly": "yes",
        }
        argv = [program, *(part for name, value in options.items() for part in (f"--{name}", value))]
        return Component("redis", argv, ready=self._answers, ready_within_s=20, foundation=True)

    def workers(self, environment: Mapping[str, str]) -> list[Component]:
        """The workers, each with its own name; ``environment`` is that of Airflow's processes."""
        return [self._worker(f"worker-{number}", environment) for number in range(1, self.count + 1)]

    def busy_with(self, task: str) -> list[str]:
        """The workers that run a task of this id right now."""
        active = Celery(broker=self.url(QUEUE_DATABASE)).control.inspect(timeout=1).active() or {}
        named = f'"task_id":"{task}"'
        return [
            node.partition("@")[0]
            for node, tasks in active.items()
            if any(named in str(each["args"]).replace(" ", "") for each in tasks)
        ]

    def _worker(self, name: str, environment: Mapping[str, str]) -> Component:
        env = {key: value for key, value in environment.items() if key not in KEPT_FROM_WORKERS}
        pid_file = self.directory / f"{name}.pid"
        # Its log server would listen on every interface; the API server reads the same files from disk.
        argv = [sys.executable, "-m", "airflow", "celery", "worker", "--without-gossip", "--skip-serve-logs"]
        argv += ["--celery-hostname", f"{name}@%h", "--pid", str(pid_file)]
        return Component(name, argv, env, ready=lambda: self._has_worker(name))

    def _has_worker(self, name: str) -> bool:
        """Ask it over the broker, as the health check of its container does."""
        node = f"{name}@{socket.gethostname()}"
        return bool(Celery(broker=self.url(QUEUE_DATABASE)).control.ping(destination=[node], timeout=1))

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(QUEUE_DATABASE), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
