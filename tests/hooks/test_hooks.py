"""Hooks: an Airflow connection in, a client out; and what the Test button says."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk import BaseHook

from hooks.connection_facts import ConnectionMissingError
from hooks.economic_hook import EconomicHook
from hooks.ledger_hook import LedgerHook
from hooks.rackbeat_hook import RackbeatHook
from hooks.woocommerce_hook import WooCommerceHook
from pakhus.connections import ConnectionFacts, ledger_url
from pakhus.errors import ConfigurationError
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.schema import documents
from standin.registry import create, default_seed
from standin.server import StandinServer

Connect = Callable[..., None]

SHOP_KEYS = {"consumer_key": "ck_" + "h" * 40, "consumer_secret": "cs_" + "h" * 40}
TOKEN = str(default_seed("rackbeat")["credentials"]["token"])
ACCOUNTS_KEYS = default_seed("economic")["credentials"]
SECRETS = (*SHOP_KEYS.values(), TOKEN, *map(str, ACCOUNTS_KEYS.values()))
HOOKS = {"woocommerce__nordlys": WooCommerceHook, "rackbeat__main": RackbeatHook, "economic__main": EconomicHook}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set a connection the way an environment does; Airflow remembers none of another test."""

    def connect(conn_id: str, **fields: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    return connect


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, StandinServer]]:
    """The three systems, by connection."""
    seeds = {
        "woocommerce": {"shop": "second", "credentials": SHOP_KEYS},
        "rackbeat": default_seed("rackbeat"),
        "economic": default_seed("economic"),
    }
    running = {name: StandinServer(create(name, name, seed, {})).start() for name, seed in seeds.items()}
    yield {conn_id: running[conn_id.partition("__")[0]] for conn_id in HOOKS}
    for server in running.values():
        server.stop()


def fields_of(conn_id: str, url: str) -> dict[str, Any]:
    """The right connection to a stand-in."""
    match conn_id:
        case "woocommerce__nordlys":
            keys = {"login": SHOP_KEYS["consumer_key"], "password": SHOP_KEYS["consumer_secret"]}
            return {"conn_type": "woocommerce", "host": url, **keys}
        case "rackbeat__main":
            return {"conn_type": "rackbeat", "host": f"{url}/api", "password": TOKEN}
        case _:
            extra = {"app_secret_token": ACCOUNTS_KEYS["app_secret_token"]}
            password = ACCOUNTS_KEYS["agreement_grant_token"]
            return {"conn_type": "economic", "host": url, "password": password, "extra": extra}


@pytest.mark.parametrize(
    ("conn_id", "says"),
    [
        ("woocommerce__nordlys", "WooCommerce "),
        ("rackbeat__main", "Rackbeat account "),
        ("economic__main", "e-conomic agreement "),
    ],
)
def test_a_right_connection_is_named_by_what_it_leads_to(
    connect: Connect, servers: dict[str, StandinServer], conn_id: str, says: str
) -> None:
    connect(conn_id, **fields_of(conn_id, servers[conn_id].url))
    well, text = HOOKS[conn_id](conn_id).test_connection()
    assert (well, text.startswith(says)) == (True, True), text
    assert len(text) > len(says)


@pytest.mark.parametrize(
    ("conn_id", "wrong", "says"),
    [
        (
            "woocommerce__nordlys",
            {"password": "cs_wrong_secret"},
            "Check consumer key, secret and the key's permissions",
        ),
        ("woocommerce__nordlys", {"login": "ck_wrong_key"}, "Consumer key is invalid"),
        ("rackbeat__main", {"password": "wrong-token"}, "Renew the API key in the Airflow connection"),
        ("economic__main", {"password": "wrong-grant"}, "renew the grant token in the Airflow connection"),
    ],
)
def test_a_wrong_key_says_what_to_renew_and_never_the_key(
    connect: Connect, servers: dict[str, StandinServer], conn_id: str, wrong: dict[str, str], says: str
) -> None:
    connect(conn_id, **{**fields_of(conn_id, servers[conn_id].url), **wrong})
    well, text = HOOKS[conn_id](conn_id).test_connection()
    assert not well
    assert says in text
    assert not [secret for secret in (*SECRETS, *wrong.values()) if secret in text]


@pytest.mark.parametrize("conn_id", HOOKS)
def test_a_dead_server_says_where_to_look(connect: Connect, conn_id: str) -> None:
    connect(conn_id, **fields_of(conn_id, f"http://127.0.0.1:{closed_port()}"))
    well, text = HOOKS[conn_id](conn_id).test_connection()
    assert not well
    assert "Connection refused" in text
    assert "See whether" in text
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("conn_id", ["rackbeat__main", "economic__main"])
def test_the_address_of_another_system_is_told_from_a_dead_one(
    connect: Connect, servers: dict[str, StandinServer], conn_id: str
) -> None:
    connect(conn_id, **fields_of(conn_id, servers["woocommerce__nordlys"].url))
    well, text = HOOKS[conn_id](conn_id).test_connection()
    assert not well
    assert text


@pytest.mark.parametrize(("conn_id", "hook"), HOOKS.items())
def test_a_missing_connection_says_how_to_make_it(conn_id: str, hook: type[Any]) -> None:
    well, text = hook(conn_id).test_connection()
    assert not well
    assert f"there is no Airflow connection {conn_id}: create it (type {conn_id.partition('__')[0]};" in text
    assert f"AIRFLOW_CONN_{conn_id.upper()}" in text


@pytest.mark.parametrize(
    ("conn_id", "left_out", "says"),
    [
        ("woocommerce__nordlys", "login", "login: is empty; put the consumer key there"),
        ("woocommerce__nordlys", "host", "host: is empty; put the address there"),
        ("rackbeat__main", "password", "password: is empty; put the API key there"),
        ("economic__main", "extra", "extra app_secret_token: is missing; put the app's secret token there"),
    ],
)
def test_an_incomplete_connection_names_the_field(connect: Connect, conn_id: str, left_out: str, says: str) -> None:
    fields = fields_of(conn_id, "http://127.0.0.1:1")
    del fields[left_out]
    connect(conn_id, **fields)
    well, text = HOOKS[conn_id](conn_id).test_connection()
    assert not well
    assert f"Airflow connection {conn_id}, {says}" in text


@pytest.mark.parametrize("hook", [*HOOKS.values(), LedgerHook])
def test_constructing_a_hook_looks_nothing_up(hook: type[BaseHook], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a hook is made while DAG files are parsed: it must not look anything up")

    monkeypatch.setattr(BaseHook, "get_connection", refuse)
    made = hook("some_connection")  # type: ignore[call-arg]
    with pytest.raises(AssertionError):
        made.ledger(RunIdentity()) if isinstance(made, LedgerHook) else made.client()  # type: ignore[attr-defined]


def test_clients_take_their_budget_from_the_ledger_under_the_connections_name(
    connect: Connect, servers: dict[str, StandinServer], ledger_url: str
) -> None:
    connect("rackbeat__main", **fields_of("rackbeat__main", servers["rackbeat__main"].url))
    ledger = Ledger(ledger_url)
    client = RackbeatHook("rackbeat__main").client(ledger)
    client.account()
    with ledger.begin() as tx:
        buckets = tx.connection.exec_driver_sql("select * from budgets").mappings().all()
    ledger.close()
    assert ["rackbeat__main" in map(str, row.values()) for row in buckets] == [True]


def test_the_ledger_hook_reaches_the_ledger_with_a_password_of_any_signs(
    connect: Connect, fresh_ledger_url: str
) -> None:
    """Airflow's own URI would need parsing back; signs such as @ / % ? must survive."""
    who, _, where = fresh_ledger_url.partition("://")[2].rpartition("@")
    login, password = who.split(":", 1)
    address, database = where.split("/", 1)
    host, port = address.split(":")
    fields = {"host": host, "port": int(port), "login": login, "password": password, "schema": database}
    connect("pakhus_ledger", conn_type="postgres", **fields)
    ledger = LedgerHook().ledger(RunIdentity("nordlys__orders", "run", "reserve", 3, 1))
    with ledger.begin() as tx:
        assert tx.connection.execute(documents.select()).all() == []
        assert tx.run.map_index == 3
    ledger.close()
    connect("pakhus_ledger", conn_type="postgres", **{**fields, "password": "p@ss/w%rd?#: æ"})
    made = LedgerHook().ledger(RunIdentity()).url
    assert made == ledger_url(ConnectionFacts("pakhus_ledger", **{**fields, "password": "p@ss/w%rd?#: æ"}))


def test_a_ledger_connection_without_database_names_the_field(connect: Connect) -> None:
    connect("pakhus_ledger", conn_type="postgres", host="127.0.0.1", login="pakhus")
    with pytest.raises(ConfigurationError, match="pakhus_ledger, schema: is empty; the ledger is a"):
        LedgerHook().ledger(RunIdentity())


def test_a_missing_ledger_connection_is_named() -> None:
    with pytest.raises(ConnectionMissingError, match="there is no Airflow connection pakhus_ledger"):
        LedgerHook().ledger(RunIdentity())


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
