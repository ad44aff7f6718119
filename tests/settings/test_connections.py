"""Connections: what Airflow would read of a text is what we read, and what clients get of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from pakhus.connections import (
    ConnectionFacts,
    connection_from_text,
    connections_from_environment,
    connections_from_file,
    economic_settings,
    find_ledger_url,
    ledger_url,
    rackbeat_settings,
    woocommerce_settings,
)
from pakhus.errors import ConfigurationError
from pakhus.settings import load_shop
from stack import ROOT


def facts(**values: Any) -> ConnectionFacts:
    return ConnectionFacts("woocommerce__nordlys", **values)


SHOP = {"host": "https://shop.example", "login": "ck_1", "password": "cs_1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"host": ', "its JSON is broken at character"),
        ('{"port": "eighty"}', "port: must be a number"),
        ('{"extra": "geheim"}', "extra: must be a JSON object"),
        ('{"extra": ["geheim"]}', "extra: must be a JSON object"),
        ("geheim", "is neither JSON nor a URI"),
        ("woocommerce://shop.example:geheim/", "is neither JSON nor a URI"),
        ("economic://?__extra__=geheim", "extra: must be a JSON object"),
    ],
)
def test_refuses_a_connection_and_names_it_without_its_secrets(text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected) as caught:
        connection_from_text("economic__main", text)
    assert "economic__main" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_reads_the_environment_by_lower_case_id() -> None:
    found = connections_from_environment(
        {
            "AIRFLOW_CONN_RACKBEAT__MAIN": '{"password": "t"}',
            "AIRFLOW_CONN_": "x://y",
            "AIRFLOW_CONN_EMPTY": "",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "PATH": "/bin",
        }
    )
    assert set(found) == {"rackbeat__main"}
    assert found["rackbeat__main"].password == "t"


def test_reads_a_file_as_airflow_exports_it(tmp_path: Path) -> None:
    file = tmp_path / "connections.json"
    row = {"conn_type": "rackbeat", "description": None, "login": None, "password": "t", "host": None, "port": None}
    file.write_text(json.dumps({"rackbeat__main": {**row, "schema": None, "extra": None}, "other": "x://y:z@h"}))
    found = connections_from_file(file)
    assert found["rackbeat__main"] == ConnectionFacts("rackbeat__main", conn_type="rackbeat", password="t")
    assert found["other"].host == "h"


@pytest.mark.parametrize("content", ["[", "[1]", '{"a": 1}'])
def test_refuses_a_file_that_holds_no_connections(tmp_path: Path, content: str) -> None:
    file = tmp_path / "connections.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError):
        connections_from_file(file)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read as JSON"):
        connections_from_file(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"host": "https://shop.example"}, "https://shop.example"),
        ({"host": " https://shop.example/butik/ "}, "https://shop.example/butik"),
        ({"host": "shop.example"}, "https://shop.example"),
        ({"host": "shop.example/butik", "port": 8443}, "https://shop.example:8443/butik"),
        ({"host": "shop.example:8443", "schema": "http"}, "http://shop.example:8443"),
        ({"host": "127.0.0.1", "port": 80, "schema": "HTTP"}, "http://127.0.0.1:80"),
        ({"host": "[::1]", "port": 80, "schema": "http"}, "http://[::1]:80"),
        ({"host": "::1", "port": 80, "schema": "http"}, "http://[::1]:80"),
        ({"host": "https://shop.example", "port": 8443}, "https://shop.example:8443"),
        ({"host": "https://shop.example:8443", "port": 8443}, "https://shop.example:8443"),
        ({"host": "https://shop.example", "extra": {"path": "/butik/dk/"}}, "https://shop.example/butik/dk"),
        ({"host": "https://shop.example/a", "extra": {"path": "b"}}, "https://shop.example/a/b"),
    ],
)
def test_makes_one_address_of_host_schema_port_and_path(fields: dict[str, Any], expected: str) -> None:
    assert woocommerce_settings(facts(**{**SHOP, **fields})).base_url == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"host": ""}, "host: is empty; put the address there"),
        ({"login": " "}, "login: is empty; put the consumer key there"),
        ({"password": ""}, "password: is empty; put the consumer secret there"),
        ({"host": "ftp://shop.example"}, "host: must be like"),
        ({"host": "https://ck_1:cs_1@shop.example"}, "host: must be like"),
        ({"host": "https://shop.example?consumer_key=ck_1"}, "host: must be like"),
        ({"host": "https://"}, "host: must be like"),
        ({"host": "https://shop.example:x"}, "host: is no address"),
        ({"schema": "butik"}, "schema: must be http or https"),
        ({"schema": "http"}, "schema: is http, but the host says https"),
        ({"host": "https://shop.example:8443", "port": 443}, "port: is 443, but the host says 8443"),
        ({"extra": {"path": 5}}, "extra path: must be a text"),
        ({"extra": {"verify": "/no/such/file.pem"}}, "extra verify: is '/no/such/file.pem'; write true, false"),
        ({"extra": {"verify": "maybe"}}, "extra verify: is 'maybe'"),
    ],
)
def test_names_connection_and_field_of_what_is_wrong(fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError, match="Airflow connection woocommerce__nordlys, ") as caught:
        woocommerce_settings(facts(**{**SHOP, **fields}))
    assert expected in str(caught.value)
    assert "cs_1" not in str(caught.value)


@pytest.mark.parametrize(
    ("verify", "expected"),
    [(None, True), (True, True), ("true", True), ("", True), (False, False), ("False", False), (" false ", False)],
)
def test_checks_certificates_unless_told_otherwise(verify: object, expected: bool) -> None:
    extra = {} if verify is None else {"verify": verify}
    assert woocommerce_settings(facts(**SHOP, extra=extra)).verify is expected


def test_takes_a_ca_file_that_exists(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("certificate")
    settings = rackbeat_settings(facts(password="t", extra={"verify": str(file)}))
    assert settings.verify == str(file)


def test_a_shops_client_knows_what_the_shops_files_say() -> None:
    shop = load_shop("nordlys", ROOT / "include")
    settings = woocommerce_settings(facts(**SHOP, extra={"home_url": "https://public.example"}), shop)
    assert settings.shop == "nordlys"
    assert settings.start_from == shop.start_from
    assert settings.attribute_map["_billing_ean"] == "ean"
    assert set(settings.extra_states) == {"processing", "completed"}
    assert settings.home_url == "https://public.example"


def test_a_shop_can_be_tested_without_its_files() -> None:
    assert woocommerce_settings(facts(**SHOP)).shop == "nordlys"


def test_rackbeat_and_economic_have_addresses_of_their_own() -> None:
    assert rackbeat_settings(facts(password="t")).base_url == "https://app.rackbeat.com/api"
    settings = economic_settings(facts(password="grant", extra={"app_secret_token": "app"}))
    assert settings.base_url == "https://restapi.e-conomic.com"
    assert (settings.app_secret_token, settings.agreement_grant_token) == ("app", "grant")


@pytest.mark.parametrize(
    ("read", "fields", "expected"),
    [
        (rackbeat_settings, {}, "password: is empty; put the API key there"),
        (economic_settings, {"password": "grant"}, "extra app_secret_token: is missing"),
        (economic_settings, {"extra": {"app_secret_token": "app"}}, "password: is empty; put the agreement's grant"),
        (economic_settings, {"password": "grant", "extra": {"app_secret_token": 1}}, "must be a text"),
    ],
)
def test_names_the_key_that_is_missing(read: Any, fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        read(facts(**fields))


def test_shows_no_secret_of_a_connection() -> None:
    shown = repr(facts(**SHOP, extra={"app_secret_token": "geheim"}))
    assert "cs_1" not in shown
    assert "geheim" not in shown


def test_the_ledgers_url_survives_a_password_of_any_characters() -> None:
    password = "p@ss:w/ord %æ"
    url = ledger_url(
        ConnectionFacts(
            "pakhus_ledger",
            host="127.0.0.1",
            port=5433,
            login="pakhus",
            password=password,
            schema="ledger",
            extra={"sslmode": "require"},
        )
    )
    parsed = make_url(url)
    assert (parsed.drivername, parsed.host, parsed.port) == ("postgresql+psycopg", "127.0.0.1", 5433)
    assert (parsed.username, parsed.password, parsed.database) == ("pakhus", password, "ledger")
    assert dict(parsed.query) == {"sslmode": "require"}


def test_finds_the_ledger_by_variable_before_connection() -> None:
    connections = {"pakhus_ledger": ConnectionFacts("pakhus_ledger", host="h", login="l", schema="s")}
    assert find_ledger_url(connections, {}) == "postgresql+psycopg://l@h/s"
    assert find_ledger_url(connections, {"PAKHUS_LEDGER_URL": "postgres://a@b/c"}) == "postgresql+psycopg://a@b/c"
    assert find_ledger_url({"pakhus_ledger": replace(connections["pakhus_ledger"], host="::1")}, {}) == (
        "postgresql+psycopg://l@[::1]/s"
    )
    assert find_ledger_url({}, {}) is None


@pytest.mark.parametrize("missing", ["host", "login", "schema"])
def test_refuses_a_ledger_connection_that_names_no_database(missing: str) -> None:
    fields = {"host": "h", "login": "l", "schema": "s", missing: ""}
    with pytest.raises(ConfigurationError, match=f"pakhus_ledger, {missing}: is empty"):
        ledger_url(ConnectionFacts("pakhus_ledger", **fields))  # type: ignore[arg-type]
