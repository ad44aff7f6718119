"""A ledger behind its connection, a mail server, and the far ends of the other channels."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pakhus.ledger.connection import Ledger, RunIdentity
from standin.clock import Clock
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.notifiers.receiver import Received, receiver
from tests.settings.folders import SHOP, write_folder

AlertsOf = Callable[[str], None]


@pytest.fixture
def ledger(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    url = urlsplit(fresh_ledger_url)
    facts = {"host": url.hostname, "port": url.port, "login": url.username, "password": url.password}
    fields = {"conn_type": "postgres", "schema": url.path.removeprefix("/"), **facts}
    monkeypatch.setenv("AIRFLOW_CONN_PAKHUS_LEDGER", json.dumps(fields))
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1"))
    yield opened
    opened.close()


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandinServer]:
    """A mail server behind the connection smtp_default."""
    with StandinServer(create("mail", "mail", default_seed("mail"), {}, Clock())) as server:
        smtp = server.dump()["smtp"]
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "pakhus@vestbjerg.example"}
        fields = {"conn_type": "smtp", "host": smtp["host"], "port": smtp["port"], "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(fields))
        yield server


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """A server behind the connections slack_default, ops_webhook and pakhus_alive."""
    with receiver() as received:
        slack = {"conn_type": "slackwebhook", "host": received.url, "password": "T0/B0/secret"}
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(slack))
        monkeypatch.setenv(
            "AIRFLOW_CONN_OPS_WEBHOOK", json.dumps({"conn_type": "http", "host": f"{received.url}/in/secret"})
        )
        monkeypatch.setenv(
            "AIRFLOW_CONN_PAKHUS_ALIVE", json.dumps({"conn_type": "http", "host": f"{received.url}/ping/secret"})
        )
        yield received


@pytest.fixture
def alerts_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AlertsOf:
    """Write the section `alerts` of the shop nordlys, as YAML."""

    def write(section: str) -> None:
        folder = write_folder(tmp_path, {"nordlys": f"{SHOP}{section}"})
        monkeypatch.setenv("PAKHUS_INCLUDE", str(folder))

    return write
