"""deploy/databases.sql on a real server: two databases, two roles, no way from one to the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy import create_engine, inspect

from pakhus.ledger.migrate import migrate
from stack import ROOT
from stack.postgres import Cluster, programs, reachable_place, server_account

PASSWORDS = {"PAKHUS_AIRFLOW_DATABASE_PASSWORD": "a-3$ecret'", "PAKHUS_LEDGER_DATABASE_PASSWORD": 'l-3$ecret"'}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server of its own: roles are of the whole server."""
    cluster = Cluster(tmp_path_factory.mktemp("postgresql"), durable=False)
    try:
        cluster.start()
        done = set_up(cluster, PASSWORDS)
        assert done.returncode == 0, done.stderr
        yield cluster
    finally:
        cluster.remove()


def set_up(server: Cluster, passwords: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the file as the image does: by psql, as the server's first user."""
    psql = programs(server_account()) / "psql"
    command = [psql, "-X", server.url("postgres").replace("+psycopg", ""), "-f", ROOT / "deploy" / "databases.sql"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PAKHUS"))}
    return subprocess.run(command, env={**clean, **passwords}, capture_output=True, text=True, check=False)


def connect(server: Cluster, role: str, database: str) -> psycopg.Connection:
    password = PASSWORDS[f"PAKHUS_{role.upper()}_DATABASE_PASSWORD"]
    return psycopg.connect(host="127.0.0.1", port=server.port, user=role, password=password, dbname=database)


@pytest.mark.parametrize("role", ["airflow", "ledger"])
def test_each_role_makes_tables_in_its_own_database(server: Cluster, role: str) -> None:
    with connect(server, role, role) as connection:
        connection.execute("create table of_mine (id int)")
        connection.execute("drop table of_mine")


@pytest.mark.parametrize(
    ("role", "database"),
    [("airflow", "ledger"), ("ledger", "airflow"), ("ledger", "postgres"), ("airflow", "template1")],
)
def test_no_role_gets_into_another_database(server: Cluster, role: str, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(server, role, database)


@pytest.mark.parametrize("role", ["airflow", "ledger"])
def test_no_role_makes_roles_or_databases(server: Cluster, role: str) -> None:
    with connect(server, role, role) as connection:
        connection.autocommit = True
        for statement in ("create role more", "create database more"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_ledgers_role_may_do_all_that_its_migrations_want(server: Cluster) -> None:
    url = f"postgresql+psycopg://ledger:l-3%24ecret%22@127.0.0.1:{server.port}/ledger"
    migrate(url)
    engine = create_engine(url)
    assert "documents" in inspect(engine).get_table_names()
    engine.dispose()


def test_makes_nothing_without_passwords(tmp_path: Path) -> None:
    with Cluster(tmp_path / "postgresql", durable=False) as cluster:
        try:
            assert set_up(cluster, {}).returncode != 0
            assert not cluster.has_database("ledger")
        finally:
            cluster.remove()


def test_a_server_can_be_made_with_the_compositions_options() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    options = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    account = server_account()
    place = Path(tempfile.mkdtemp(dir=reachable_place()))
    try:
        place.chmod(0o700)
        if account:
            shutil.chown(place, account)
        command = [programs(account) / "initdb", "-D", place / "data", "--no-sync", *options]
        done = subprocess.run(command, cwd="/", user=account, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(place)
    assert done.returncode == 0, done.stderr
