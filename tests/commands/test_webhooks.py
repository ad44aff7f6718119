"""Webhooks as `apply` registers them in a shop, and as `check` finds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pakhus.__main__ import main
from pakhus.clients.http import Call
from pakhus.clients.woocommerce import WooCommerceClient, WooCommerceSettings
from pakhus.clients.woocommerce_api import V3, write
from pakhus.connections import ConnectionFacts
from pakhus.probes.findings import Findings
from pakhus.probes.webhooks import probe_webhooks
from pakhus.settings import load_shop
from tests.apps.hooked import SECRET, include_with_webhooks
from tests.commands.systems import Systems, running

Run = Callable[..., tuple[int, str]]
ADDRESS = "http://127.0.0.1:9/airflow/"
CALLED = "http://127.0.0.1:9/airflow/pakhus/hooks/nordlys"
EXPECTED = [
    ("order.created", "active", CALLED),
    ("order.deleted", "active", CALLED),
    ("order.updated", "active", CALLED),
]


@pytest.fixture
def systems() -> Iterator[Systems]:
    with running() as systems:
        yield systems


@pytest.fixture
def run(
    systems: Systems,
    ledger_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command with these extras in the shop's connection, where no Airflow is; its exit code and output."""
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_webhooks(tmp_path / "include", ADDRESS)))
    monkeypatch.setenv("PAKHUS_LEDGER_URL", ledger_url)

    def run(command: str, **extra: str) -> tuple[int, str]:
        for conn_id, fields in systems.connections.items():
            whole = {**fields, "extra": extra} if conn_id == "woocommerce__nordlys" else fields
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(whole))
        code = main([command])
        text = capsys.readouterr().out
        assert not any(len(secret) > 5 and secret in text for secret in extra.values())
        return code, text

    return run


def client_of(systems: Systems) -> WooCommerceClient:
    fields = systems.connections["woocommerce__nordlys"]
    return WooCommerceClient.from_settings(
        WooCommerceSettings("nordlys", fields["host"], fields["login"], fields["password"])
    )


def webhooks(systems: Systems) -> Any:
    return client_of(systems).send(Call("GET", f"{V3}/webhooks", [("per_page", "100")])).json()


def registered(systems: Systems) -> list[tuple[str, str, str]]:
    return sorted((row["topic"], row["status"], row["delivery_url"]) for row in webhooks(systems))


def test_apply_registers_once_and_check_is_content(run: Run, systems: Systems) -> None:
    _, text = run("apply", webhook_secret=SECRET)
    assert "Webhooks of nordlys: 3 of 3 webhooks active." in text
    assert registered(systems) == EXPECTED
    ids = [row["id"] for row in webhooks(systems)]
    run("apply", webhook_secret=SECRET)
    assert [row["id"] for row in webhooks(systems)] == ids
    code, text = run("check", webhook_secret=SECRET)
    assert code == 0, text
    assert "3 webhooks" in text


def test_check_names_what_is_missing_and_registers_nothing(run: Run, systems: Systems) -> None:
    code, text = run("check", webhook_secret=SECRET)
    assert code == 1
    for topic in ("order.created", "order.updated", "order.deleted"):
        assert f"webhook {topic} is not registered in the shop" in text
    assert "the operator: Run `python -m pakhus apply`." in text
    assert webhooks(systems) == []


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, "Airflow connection woocommerce__nordlys, extra webhook_secret: is missing; put what `openssl rand"),
        ({"webhook_secret": "short1"}, "extra webhook_secret: must be at least 24 letters and digits"),
        ({"webhook_secret": "with-signs-and-long-enough"}, "extra webhook_secret: must be at least 24 letters"),
        ({"webhook_secret": SECRET, "webhook_secret_before": "x"}, "extra webhook_secret_before: must be at least"),
    ],
)
def test_a_missing_or_weak_secret_is_named_with_how_to_make_one(
    run: Run, systems: Systems, extra: dict[str, str], expected: str
) -> None:
    for command in ("apply", "check"):
        code, text = run(command, **extra)
        assert code == 1
        assert expected in text
    assert webhooks(systems) == []


def test_a_webhook_that_the_shop_switched_off_is_found_and_made_anew(run: Run, systems: Systems) -> None:
    run("apply", webhook_secret=SECRET)
    [wrong] = [row for row in webhooks(systems) if row["topic"] == "order.updated"]
    client_of(systems).send(write("PUT", f"/webhooks/{wrong['id']}", {"status": "disabled"}))
    code, text = run("check", webhook_secret=SECRET)
    assert code == 1
    assert "webhook order.updated was switched off by the shop after failures in a row" in text
    _, text = run("apply", webhook_secret=SECRET)
    assert "Webhooks of nordlys: 3 of 3 webhooks active · order.updated was made anew." in text
    assert registered(systems) == EXPECTED
    assert wrong["id"] not in [row["id"] for row in webhooks(systems)]


def test_a_shop_that_believes_to_be_elsewhere_is_found_out(run: Run, systems: Systems) -> None:
    """Over https only its webhooks tell; over http nothing works until home_url is right."""
    run("apply", webhook_secret=SECRET)
    shop = load_shop("nordlys")
    connection = ConnectionFacts(
        shop.connection, host=systems.servers["nordlys"].url, login="a", password="b", extra={"webhook_secret": SECRET}
    )
    findings = Findings(shop.connection)
    probe_webhooks(client_of(systems), findings, shop, connection, "https://elsewhere.example")
    [finding] = findings.found
    assert finding.problem.startswith("the shop believes to be at https://elsewhere.example, and its webhooks say so")
    assert "extra home_url of the Airflow connection woocommerce__nordlys" in finding.action
