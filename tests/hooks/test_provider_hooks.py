"""Hooks of payment providers: a connection in, a client out; and what the Test button says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk import BaseHook

from hooks.provider_hook import EpayHook, KlarnaHook, PaypalHook, ProviderHook, StripeHook, VippsMobilepayHook
from pakhus.connection_forms import provider_info
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.clients.scripted_shop import Asked, Reply, serving
from tests.clients.test_settlement_clients import SECRET, epay, klarna, paypal, stripe, vipps
from tests.hooks.test_hooks import Connect, closed_port, connect

__all__ = ["connect"]  # the fixture

KEY = str(default_seed("stripe")["credentials"]["api_key"])
VIPPS = {"ledger_id": "302321", "subscription_key_secret": "sub"}
PROVIDERS: dict[type[ProviderHook], tuple[Any, dict[str, Any], str]] = {
    StripeHook: (stripe, {"password": SECRET}, "Stripe, payouts and transactions can be read"),
    KlarnaHook: (klarna, {"login": "name", "password": SECRET}, "Klarna, "),
    VippsMobilepayHook: (vipps, {"login": "id", "password": SECRET, "extra": VIPPS}, "Vipps MobilePay ledger 302321"),
    PaypalHook: (paypal, {"login": "name", "password": SECRET}, "PayPal account "),
    EpayHook: (epay, {"password": SECRET}, "ePay, "),
}
LACKING: list[tuple[type[ProviderHook], str, str]] = [
    (StripeHook, "password", "password: is empty; put the restricted API key there"),
    (KlarnaHook, "login", "login: is empty; put the API username there"),
    (PaypalHook, "password", "password: is empty; put the client secret there"),
    (VippsMobilepayHook, "extra", "extra ledger_id: is missing"),
]


@pytest.fixture
def server() -> Iterator[StandinServer]:
    with StandinServer(create("stripe", "stripe", default_seed("stripe"))) as running:
        yield running


@pytest.mark.parametrize("hook", PROVIDERS)
def test_the_button_reads_from_each_provider(connect: Connect, hook: type[ProviderHook]) -> None:
    script, fields, says = PROVIDERS[hook]
    with serving(script) as running:
        connect(f"{hook.provider}__kort", conn_type=hook.provider, host=running.url, **fields)
        well, text = hook(f"{hook.provider}__kort").test_connection()
    assert (well, text[: len(says)]) == (True, says), text


@pytest.mark.parametrize("hook", PROVIDERS)
def test_a_refused_key_is_told_without_the_key(connect: Connect, hook: type[ProviderHook]) -> None:
    _, fields, _ = PROVIDERS[hook]

    def refuse(asked: Asked) -> Reply:
        del asked
        return Reply({"message": "no"}, 401)

    with serving(refuse) as running:
        connect(f"{hook.provider}__kort", conn_type=hook.provider, host=running.url, **fields)
        well, text = hook(f"{hook.provider}__kort").test_connection()
    assert not well
    assert "renew the key in the Airflow connection" in text
    assert SECRET not in text


@pytest.mark.parametrize("hook", PROVIDERS)
def test_a_dead_provider_says_where_to_look(connect: Connect, hook: type[ProviderHook]) -> None:
    _, fields, _ = PROVIDERS[hook]
    connect(f"{hook.provider}__kort", host=f"http://127.0.0.1:{closed_port()}", **fields)
    well, text = hook(f"{hook.provider}__kort").test_connection()
    assert not well
    assert "See whether the address in the connection is right" in text


@pytest.mark.parametrize(("hook", "left_out", "says"), LACKING)
def test_an_incomplete_connection_names_the_field(
    connect: Connect, hook: type[ProviderHook], left_out: str, says: str
) -> None:
    fields = {**PROVIDERS[hook][1], "host": "http://127.0.0.1:1"}
    del fields[left_out]
    connect(f"{hook.provider}__kort", **fields)
    well, text = hook(f"{hook.provider}__kort").test_connection()
    assert not well
    assert f"Airflow connection {hook.provider}__kort, {says}" in text


def test_a_restricted_key_that_lacks_a_right_is_told(connect: Connect, server: StandinServer) -> None:
    connect("stripe__kort", host=server.url, password=KEY)
    assert StripeHook("stripe__kort").test_connection()[0]
    for right in ("balance", "payouts"):
        server.act({"action": "set_rights", "rights": [right]})
        well, text = StripeHook("stripe__kort").test_connection()
        assert not well
        assert "check its rights" in text
        assert KEY not in text


def test_a_shops_own_connection_leads_to_woopayments(connect: Connect) -> None:
    def shop(asked: Asked) -> Reply:
        assert asked.path.endswith("/wc/v3/payments/deposits")
        return Reply({"data": [], "total_count": 0})

    with serving(shop) as running:
        connect("woocommerce__nordlys", conn_type="woocommerce", host=running.url, login="ck", password="cs")
        well, text = ProviderHook("woocommerce__nordlys", "woopayments").test_connection()
    assert (well, text) == (True, "WooPayments, no deposit yet")


def test_constructing_a_hook_looks_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a hook is made while DAG files are parsed: it must not look anything up")

    monkeypatch.setattr(BaseHook, "get_connection", refuse)
    for hook in PROVIDERS:
        made = hook("some_connection")
        with pytest.raises(AssertionError):
            made.client()


def test_every_form_of_a_provider_has_its_hook() -> None:
    forms = {form["connection-type"]: form for form in provider_info()["connection-types"]}
    for hook in PROVIDERS:
        form = forms[hook.provider]
        assert form["hook-class-name"] == f"hooks.provider_hook.{hook.__name__}"
        assert json.dumps(form)
