"""The shared fixtures of tests/conftest.py."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from stack import ROOT
from stack.waiting import wait_until

WAITING = """
import time
def test_waits(postgres):
    print(postgres.data, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_tests_that_are_ended_by_a_signal_leave_no_database(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "test_waiting.py").write_text(WAITING)
    # In the background of a shell, and under nohup, we may have been told to ignore the signal.
    argv = [
        "env",
        "--default-signal",
        sys.executable,
        "-m",
        "pytest",
        "-s",
        "-q",
        "-p",
        "tests.conftest",
        "-c",
        os.devnull,
        str(tmp_path),
    ]
    output = tmp_path / "output"
    with output.open("w") as file:
        run = subprocess.Popen(
            argv, cwd=ROOT, stdout=file, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"}
        )
    data = Path(wait_until(lambda: _first_path(output), "the database", 30))
    assert (data / "PG_VERSION").exists()
    run.send_signal(number)
    run.wait(timeout=30)
    assert not data.exists()
    assert not [path for path in Path(tempfile.gettempdir()).glob("pakhus-data-*") if path in data.parents]


def test_each_test_may_have_a_ledger_of_its_own(ledger_url: str, fresh_ledger_url: str) -> None:
    assert ledger_url != fresh_ledger_url
    names = []
    for url in (ledger_url, fresh_ledger_url):
        engine = create_engine(url)
        names.append(sorted(inspect(engine).get_table_names()))
        with engine.begin() as connection:
            connection.execute(text("create table mine ()"))
        engine.dispose()
    assert names[0] == names[1]
    assert "alembic_version" in names[0]


def _first_path(output: Path) -> str:
    return next((line for line in output.read_text().splitlines() if line.startswith("/")), "")
