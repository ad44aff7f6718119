"""The shared fixtures of tests/conftest.py."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from stack import ROOT
from stack.postgres import Cluster
from stack.waiting import wait_until
from tests.ledgers import Ledgers

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


ALERT = """\
insert into alerts (scope, flow, code, text, raised_at, last_seen_at)
select 'nordlys', 'orders', n, 'text', now(), now() from generate_series(1, {}) n returning id
"""


def test_a_ledger_is_used_again_without_what_was_in_it(postgres: Cluster, ledger_template: str) -> None:
    ledgers = Ledgers(postgres, ledger_template, secrets.token_hex(4))
    first = ledgers.take()
    engine = create_engine(postgres.url(first))
    with engine.begin() as connection:
        numbers = list(connection.execute(text(ALERT.format(2))).scalars())
    ledgers.give_back(first)  # somebody is still connected
    for _ in range(2):  # the connection was ended; a new one finds no such database
        with pytest.raises(OperationalError), engine.begin() as connection:
            connection.execute(text(ALERT.format(1)))
    second = ledgers.take()
    assert second != first
    again = create_engine(postgres.url(second))
    with again.begin() as connection:
        assert connection.execute(text("select count(*) from alerts")).scalar_one() == 0
        assert connection.execute(text(ALERT.format(1))).scalar_one() == numbers[0]
    again.dispose()
    postgres.drop_database(second)


@pytest.mark.parametrize(
    "change",
    [
        "create table mine ()",
        "alter table alerts add column mine text",
        "alter table alerts alter column flow drop not null",
        "create index mine on alerts (flow)",
        "update alembic_version set version_num = '0001'",
        ALERT.format(6000),
    ],
)
def test_a_ledger_that_emptying_does_not_mend_is_dropped(postgres: Cluster, ledger_template: str, change: str) -> None:
    ledgers = Ledgers(postgres, ledger_template, secrets.token_hex(4))
    name = ledgers.take()
    engine = create_engine(postgres.url(name))
    with engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    before = databases(postgres)
    ledgers.give_back(name)
    assert databases(postgres) == before - {name}


def databases(postgres: Cluster) -> set[str]:
    engine = create_engine(postgres.url("postgres"))
    with engine.connect() as connection:
        found = set(connection.execute(text("select datname from pg_database")).scalars())
    engine.dispose()
    return found


def _first_path(output: Path) -> str:
    return next((line for line in output.read_text().splitlines() if line.startswith("/")), "")
