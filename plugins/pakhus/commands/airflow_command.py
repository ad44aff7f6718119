"""Airflow asked by its own command line, as a process of its own: no module of Airflow is imported here."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pakhus.connections import ConnectionFacts, connections_from_object
from pakhus.errors import ConfigurationError
from pakhus.settings.pools import Pool, pools_json

# Set in every Airflow process; without one of them Airflow's command would make itself a home of its own.
_INSTALLED = ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
_TIMEOUT_S = 180  # a call takes 2 to 10 s, more on a busy machine
_SHOWN_LINES = 5


class AirflowCommandError(ConfigurationError):
    """The operator must act: Airflow's command failed."""


@dataclass(frozen=True, slots=True)
class AirflowCommand:
    """Airflow's command line. `argv` is how it begins."""

    argv: Sequence[str]

    def pools(self) -> dict[str, int]:
        """Return the slots of the pools that there are, by name."""
        rows = self._json("pools", "list", "--output", "json")
        return {str(row["pool"]): int(row["slots"]) for row in rows}

    def import_pools(self, pools: Iterable[Pool]) -> None:
        """Create these pools; one that is there already would be overwritten."""
        with tempfile.TemporaryDirectory(prefix="pakhus-") as folder:
            file = Path(folder) / "pools.json"
            file.write_text(json.dumps(pools_json(pools)), encoding="utf-8")
            self._run("pools", "import", str(file))

    def connections(self) -> dict[str, ConnectionFacts]:
        """Return the connections in Airflow's own database; they come through a pipe and touch no file."""
        return connections_from_object(self._json("connections", "export", "-", "--file-format", "json"), "Airflow")

    def _json(self, *arguments: str) -> Any:
        text = self._run(*arguments)
        lines = text.splitlines(keepends=True)
        # Log lines may come first.
        starts = [number for number, line in enumerate(lines) if line.startswith(("[", "{"))]
        try:
            return json.loads("".join(lines[starts[0] :]))
        except (IndexError, ValueError):
            raise AirflowCommandError(f"`airflow {' '.join(arguments)}` printed no JSON") from None

    def _run(self, *arguments: str) -> str:
        asked = f"`airflow {' '.join(arguments[:2])}`"
        try:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                [*self.argv, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
            )
        except OSError as error:
            raise AirflowCommandError(f"{asked} cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise AirflowCommandError(f"{asked} gave no answer in {_TIMEOUT_S} s") from None
        if done.returncode:
            last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
            raise AirflowCommandError(f"{asked} ended with code {done.returncode}: {last}")
        return done.stdout


def airflow_here(environment: Mapping[str, str] = os.environ) -> AirflowCommand | None:
    """Return the Airflow of this installation; None where none is installed or set up."""
    if not any(environment.get(name) for name in _INSTALLED) or importlib.util.find_spec("airflow") is None:
        return None
    return AirflowCommand([sys.executable, "-m", "airflow"])
