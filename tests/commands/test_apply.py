"""`python -m pakhus apply`: makes what is missing, says so, and does nothing the second time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from pakhus.__main__ import main
from pakhus.commands import airflow_command, apply, check
from pakhus.commands.airflow_command import AirflowCommand, AirflowCommandError, airflow_here
from pakhus.settings import load_all
from pakhus.settings.pools import pools_json, pools_of
from stack import ROOT
from stack.airflow import Stack
from stack.postgres import Cluster

# What Airflow 3.3.2 prints, with a log line before it as some installations have.
AIRFLOW = """\
import json, sys
from pathlib import Path
state = Path(__file__).with_name("state.json")
known = json.loads(state.read_text())
match sys.argv[1:]:
    case ["pools", "list", "--output", "json"]:
        print("2026-11-21T19:42:55.987491Z [info     ] setting up plugins [airflow.plugins]")
        row = {"description": "", "include_deferred": "False", "team_name": None}
        print(json.dumps([{"pool": name, "slots": str(slots), **row} for name, slots in known["pools"].items()]))
    case ["pools", "import", file]:
        for name, pool in json.loads(Path(file).read_text()).items():
            known["pools"][name] = pool["slots"]
        state.write_text(json.dumps(known))
        print("Uploaded pool(s)")
    case ["connections", "export", "-", "--file-format", "json"]:
        print(json.dumps(known["connections"], indent=2))
        print("1 Connections successfully exported.", file=sys.stderr)
    case other:
        sys.exit(f"unknown command {other}")
"""
CONNECTIONS = {
    "woocommerce__nordlys": {"host": "https://nordlys.example", "login": "ck", "password": "cs"},
    "woocommerce__fjordliv": {"host": "https://fjordliv.example", "login": "ck", "password": "cs"},
    "rackbeat__main": {"password": "token"},
    "economic__main": {"password": "grant", "extra": '{"app_secret_token": "app"}'},
}


class Installation:
    """An Airflow of a few lines, whose pools and connections a test sets and sees."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state.json"
        self.program = folder / "airflow.py"
        self.program.write_text(AIRFLOW)
        self.write({"default_pool": 128}, CONNECTIONS)

    def write(self, pools: dict[str, int], connections: dict[str, dict[str, str]]) -> None:
        self.state.write_text(json.dumps({"pools": pools, "connections": connections}))

    @property
    def pools(self) -> dict[str, int]:
        pools: dict[str, int] = json.loads(self.state.read_text())["pools"]
        return pools

    @property
    def command(self) -> AirflowCommand:
        return AirflowCommand([sys.executable, str(self.program)])


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    made = Installation(tmp_path)
    monkeypatch.setattr(apply, "airflow_here", lambda: made.command)
    monkeypatch.setattr(check, "airflow_here", lambda: made.command)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
    monkeypatch.delenv("PAKHUS_LEDGER_URL", raising=False)
    return made


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def empty_database(postgres: Cluster) -> str:
    name = "apply_test"
    postgres.drop_database(name)
    return postgres.create_database(name)


def test_makes_pools_and_tables_once(
    run: Run, installation: Installation, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", empty_database)
    code, text = run("apply")
    assert code == 0, text
    assert "Pools: made economic__main, rackbeat__main, woocommerce__fjordliv, woocommerce__nordlys" in text
    assert "Ledger: brought from an empty database to " in text
    assert text.rstrip().endswith("Everything is there.")
    assert installation.pools == {
        "default_pool": 128,
        "economic__main": 4,
        "rackbeat__main": 4,
        "woocommerce__fjordliv": 2,
        "woocommerce__nordlys": 2,
    }
    engine = create_engine(empty_database)
    assert "attempts" in inspect(engine).get_table_names()
    engine.dispose()
    code, text = run("apply")
    assert code == 0
    assert "Pools: nothing to make; 4 are needed." in text
    assert "Ledger: nothing to change" in text


def test_leaves_a_pool_alone_that_somebody_has_resized(
    run: Run, installation: Installation, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", ledger_url)
    installation.write({"rackbeat__main": 1}, CONNECTIONS)
    code, text = run("apply")
    assert code == 0, text
    assert installation.pools["rackbeat__main"] == 1
    assert "pool rackbeat__main has 1 slots; 4 is usual. Left as it is." in text
    assert "made economic__main, woocommerce__fjordliv, woocommerce__nordlys" in text


def test_names_missing_and_broken_connections(
    run: Run, installation: Installation, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", ledger_url)
    monkeypatch.setenv(
        "AIRFLOW_CONN_WOOCOMMERCE__FJORDLIV", '{"host": "https://x.example", "login": "a", "password": "b"}'
    )
    left = {name: fields for name, fields in CONNECTIONS.items() if name.endswith("__main")}
    installation.write({}, {**left, "economic__main": {"password": "grant"}})
    code, text = run("apply")
    assert code == 1
    assert "there is no Airflow connection woocommerce__nordlys" in text
    assert "Airflow connection economic__main, extra app_secret_token: is missing" in text
    assert "fjordliv" not in text.partition("are needed.")[2]  # from the environment
    assert text.rstrip().endswith("Something is left to do.")


def test_finds_the_ledger_by_its_airflow_connection(
    run: Run, installation: Installation, postgres: Cluster, ledger_url: str
) -> None:
    database = ledger_url.rpartition("/")[2]
    ledger = {"host": "127.0.0.1", "port": str(postgres.port), "login": "pakhus", "schema": database}
    installation.write({}, {**CONNECTIONS, "pakhus_ledger": {**ledger, "password": postgres.password}})
    code, text = run("apply")
    assert code == 0, text
    assert "Ledger: nothing to change" in text


def test_says_where_to_name_the_ledger(run: Run, installation: Installation) -> None:
    code, text = run("apply")
    assert code == 1
    assert "nothing says where the ledger is" in text
    assert "Create the Airflow connection pakhus_ledger" in text


def test_a_dead_database_is_a_finding_without_its_password(
    run: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", "postgresql+psycopg://pakhus:geheim@127.0.0.1:1/ledger")
    code, text = run("apply")
    assert code == 1
    assert "the ledger's database cannot be used: " in text
    assert "geheim" not in text
    assert installation.pools["rackbeat__main"] == 4  # one trouble does not keep the rest from being made


def test_makes_what_it_can_where_airflow_fails(
    run: Run, installation: Installation, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", ledger_url)
    installation.program.write_text("import sys; sys.exit('the database is not migrated')")
    code, text = run("apply")
    assert code == 1
    assert "`airflow pools list` ended with code 1: the database is not migrated" in text
    assert "Ledger: nothing to change" in text


def test_check_names_pools_that_are_missing(run: Run, installation: Installation) -> None:
    """A task whose pool is missing waits for ever, without a word."""
    local = {name: {**fields, "host": "http://127.0.0.1:1"} for name, fields in CONNECTIONS.items()}
    installation.write({"economic__main": 4, "woocommerce__nordlys": 2, "woocommerce__fjordliv": 2}, local)
    code, text = run("check")
    assert code == 1
    assert "Airflow has no pool rackbeat__main: tasks that run in it would wait for ever, without a word" in text
    assert "the operator: Run `python -m pakhus apply`." in text
    assert "no pool economic__main" not in text
    for name in CONNECTIONS:  # they came from Airflow's own database
        assert f"there is no Airflow connection {name}" not in text


def test_there_is_no_airflow_where_none_is_set_up() -> None:
    assert airflow_here({}) is None
    found = airflow_here({"AIRFLOW_HOME": "/somewhere"})
    assert found is not None
    assert found.argv == [sys.executable, "-m", "airflow"]


def test_without_airflow_nothing_is_made_and_the_operator_is_told(
    run: Run, installation: Installation, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "airflow_here", lambda: None)
    monkeypatch.setenv("PAKHUS_LEDGER_URL", ledger_url)
    code, text = run("apply")
    assert code == 1
    assert "there is no Airflow here: no pool was made" in text
    assert installation.pools == {"default_pool": 128}


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("print('no rows')", "printed no JSON"),
        ("print('[broken')", "printed no JSON"),
        ("import sys; print('cause', file=sys.stderr); sys.exit(3)", "ended with code 3: cause"),
        ("import time; time.sleep(60)", "gave no answer in 0.5 s"),
    ],
)
def test_tells_how_airflows_command_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, expected: str
) -> None:
    monkeypatch.setattr(airflow_command, "_TIMEOUT_S", 0.5 if "sleep" in program else 30)
    file = tmp_path / "airflow.py"
    file.write_text(program)
    with pytest.raises(AirflowCommandError, match=expected):
        AirflowCommand([sys.executable, str(file)]).pools()


def test_tells_that_airflows_command_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AirflowCommandError, match="cannot be run: No such file"):
        AirflowCommand([str(tmp_path / "nowhere")]).pools()


@pytest.mark.airflow
def test_in_a_real_airflow(emptied_airflow: Stack) -> None:
    """The command lines, files and answers above are those of Airflow itself."""
    environment = {
        **emptied_airflow.environment(),
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in CONNECTIONS.items()},
        "PAKHUS_INCLUDE": str(ROOT / "include"),
    }
    del environment["AIRFLOW_CONN_RACKBEAT__MAIN"]
    emptied_airflow.api.put_connection("rackbeat__main", "rackbeat", password="token-of-rackbeat")
    emptied_airflow.api.put_pool("economic__main", 1)

    def pakhus(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pakhus", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)

    first, second = pakhus("apply"), pakhus("apply")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Pools: made rackbeat__main, woocommerce__fjordliv, woocommerce__nordlys; 4 are needed." in first.stdout
    assert "pool economic__main has 1 slots; 4 is usual. Left as it is." in first.stdout
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Pools: nothing to make" in second.stdout
    listed = emptied_airflow.api.request("GET", "/pools")["pools"]
    slots = {pool["name"]: pool["slots"] for pool in listed if "__" in pool["name"]}
    wanted = pools_json(pools_of(load_all(ROOT / "include")))
    assert slots == {name: pool["slots"] for name, pool in wanted.items()} | {"economic__main": 1}
