"""Deliveries verified, webhooks registered and repaired."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.webshop import Hint
from pakhus.clients.woocommerce import WooCommerceClient, WooCommerceSettings
from pakhus.errors import AccessDeniedError, ConfigurationError
from tests.clients.scripted_shop import Asked, Reply, Script
from tests.clients.woocommerce_bench import Bench
from tests.clients.woocommerce_recordings import recording

OpenBench = Callable[[Script], Bench]
D = Decimal
CALLBACK = "https://pakhus.example/inbox/nordlys"
SECRET = "letters0and1digits"


RECORDED_SHOP = dict(recording("webhook-delivery-order-created")["request"]["headers"])["X-WC-Webhook-Source"]


def client_of(*addresses: str) -> WooCommerceClient:
    """A client of the shop at the first address, which believes to be at the second."""
    home_url = addresses[1] if len(addresses) > 1 else ""
    return WooCommerceClient.from_settings(WooCommerceSettings("nordlys", addresses[0], "ck", "cs", home_url=home_url))


def delivery(name: str) -> tuple[dict[str, str], bytes, str]:
    content = recording(name)
    secret = content["signature_check"]["throwaway_secret_of_this_recording"]
    return dict(content["request"]["headers"]), base64.b64decode(content["request"]["body_base64"]), secret


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("webhook-delivery-order-created", Hint("order", "315")),
        ("webhook-delivery-order-deleted", Hint("order", "321")),
        ("webhook-delivery-order-created-but-gone", None),
        ("webhook-delivery-action-topic", None),
    ],
)
def test_reads_recorded_deliveries(name: str, hint: Hint | None) -> None:
    headers, body, secret = delivery(name)
    client = client_of(RECORDED_SHOP)
    assert client.read_hint(headers, body, [secret]) == hint
    assert client.read_hint({name.lower(): value for name, value in headers.items()}, body, ["new", secret]) == hint


def test_takes_the_unsigned_ping_for_nothing() -> None:
    content = recording("webhook-delivery-ping")["request"]
    client = client_of(RECORDED_SHOP)
    assert client.read_hint(dict(content["headers"]), base64.b64decode(content["body_base64"]), ["s"]) is None


@pytest.mark.parametrize("forged", ["other secret", "changed body", "no signature", "odd signature", "no secret"])
def test_refuses_a_forged_delivery(forged: str) -> None:
    headers, body, secret = delivery("webhook-delivery-order-created")
    secrets = {"other secret": ["wrong"], "no secret": [""]}.get(forged, [secret])
    if forged == "changed body":
        body = body.replace(b"315", b"316", 1)
    if forged in ("no signature", "odd signature"):
        headers["X-WC-Webhook-Signature"] = "" if forged == "no signature" else "æøå"
    with pytest.raises(AccessDeniedError, match="signature"):
        client_of(RECORDED_SHOP).read_hint(headers, body, secrets)


def test_refuses_an_empty_secret_even_when_it_signed() -> None:
    body = b'{"id": 1}'
    signature = base64.b64encode(hmac.digest(b"", body, hashlib.sha256)).decode()
    headers = {
        "X-WC-Webhook-Signature": signature,
        "X-WC-Webhook-Resource": "order",
        "X-WC-Webhook-Source": RECORDED_SHOP,
    }
    with pytest.raises(AccessDeniedError, match="signature"):
        client_of(RECORDED_SHOP).read_hint(headers, body, ["", ""])


@pytest.mark.parametrize("source", ["https://copy.example/", "https://shop.example/other/", "", "https://[", "x"])
def test_refuses_a_copy_of_the_shop_that_has_its_secret_too(source: str) -> None:
    headers, body, secret = delivery("webhook-delivery-order-created")
    with pytest.raises(AccessDeniedError, match="another shop"):
        client_of("https://shop.example").read_hint({**headers, "X-WC-Webhook-Source": source}, body, [secret])


@pytest.mark.parametrize(
    ("addresses", "source"),
    [
        (["https://shop.example"], "https://shop.example/"),
        (["https://shop.example"], "http://www.Shop.example:80/"),
        (["https://www.shop.example:443/dk/"], "https://shop.example/dk/"),
        (["http://10.0.0.5:8080", "https://shop.example"], "https://shop.example/"),
    ],
)
def test_knows_its_shop_behind_proxies_and_redirects(addresses: list[str], source: str) -> None:
    headers, body, secret = delivery("webhook-delivery-order-created")
    assert client_of(*addresses).read_hint({**headers, "X-WC-Webhook-Source": source}, body, [secret])


class Registrations:
    """The shop's webhooks."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.next_id = 1

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "POST":
            row = {"id": self.next_id, **{name: text for name, text in asked.json().items() if name != "secret"}}
            self.next_id += 1
            self.rows.append(row)
            return Reply(row, 201)
        if asked.method == "DELETE":
            assert asked.query["force"] == "true"
            self.rows = [row for row in self.rows if row["id"] != int(asked.path.rsplit("/", 1)[1])]
            return Reply({})
        return Reply(self.rows, headers={"X-WP-TotalPages": "1", "X-WP-Total": str(len(self.rows))})


def test_registers_webhooks_once(bench: OpenBench) -> None:
    shop = Registrations()
    at = bench(shop)
    first = at.client.ensure_webhooks(CALLBACK, SECRET)
    assert [(state.topic, state.active, state.repaired) for state in first] == [
        ("order.created", True, False),
        ("order.updated", True, False),
        ("order.deleted", True, False),
    ]
    assert {asked.json()["secret"] for asked in at.shop.asked if asked.method == "POST"} == {SECRET}
    at.shop.asked.clear()
    assert at.client.ensure_webhooks(CALLBACK, SECRET) == first
    assert [asked.method for asked in at.shop.asked] == ["GET"]
    assert not any(SECRET in row["name"] for row in shop.rows)


def test_makes_a_disabled_webhook_anew(bench: OpenBench) -> None:
    shop = Registrations()
    at = bench(shop)
    at.client.ensure_webhooks(CALLBACK, SECRET)
    shop.rows[1]["status"] = "disabled"
    states = at.client.ensure_webhooks(CALLBACK, SECRET)
    assert [(state.active, state.repaired) for state in states] == [(True, False), (True, True), (True, False)]
    assert sorted(row["id"] for row in shop.rows) == [1, 3, 4]
    assert not [asked for asked in at.shop.asked if asked.method == "PUT"], "its counter would stay at six"


def test_makes_webhooks_anew_for_a_new_secret(bench: OpenBench) -> None:
    shop = Registrations()
    at = bench(shop)
    at.client.ensure_webhooks(CALLBACK, SECRET)
    states = at.client.ensure_webhooks(CALLBACK, "another0secret1of2letters")
    assert all(state.repaired for state in states)
    assert sorted(row["id"] for row in shop.rows) == [4, 5, 6]


def test_removes_a_double_and_leaves_others_webhooks_and_paused_ones(bench: OpenBench) -> None:
    shop = Registrations()
    at = bench(shop)
    at.client.ensure_webhooks(CALLBACK, SECRET)
    shop.rows[2]["status"] = "paused"
    shop.rows += [{**shop.rows[0], "id": 20}, {**shop.rows[0], "id": 21, "delivery_url": "https://erp.example"}]
    states = at.client.ensure_webhooks(CALLBACK, SECRET)
    assert sorted(row["id"] for row in shop.rows) == [1, 2, 3, 21]
    assert [state.active for state in states] == [True, True, False]


def test_looks_at_the_webhooks_and_changes_nothing(bench: OpenBench) -> None:
    shop = Registrations()
    at = bench(shop)
    missing = at.client.webhooks(CALLBACK, SECRET)
    assert {(state.problem, state.id, state.active) for state in missing} == {
        ("is not registered in the shop", "", False)
    }
    at.client.ensure_webhooks(CALLBACK, SECRET)
    shop.rows[0]["status"] = "disabled"
    shop.rows[1]["status"] = "paused"
    shop.rows[2]["name"] = "Pakhus order.deleted of another secret"
    shop.rows.append({**shop.rows[0], "id": 20, "status": "active", "delivery_url": "https://old.example/x"})
    shop.rows.append({**shop.rows[0], "id": 21, "name": "ERP", "delivery_url": "https://erp.example"})
    at.shop.asked.clear()
    assert [(state.topic, state.problem) for state in at.client.webhooks(CALLBACK, SECRET)] == [
        ("order.created", "was switched off by the shop after failures in a row"),
        ("order.updated", "was paused by somebody in the shop"),
        ("order.deleted", "has an older secret"),
        ("order.created", "of Pakhus leads to another address, https://old.example/x"),
    ]
    assert [asked.method for asked in at.shop.asked] == ["GET"]


@pytest.mark.parametrize("secret", ["", "short1", "with-signs&entities;of16"])
def test_refuses_a_secret_the_shop_would_sign_otherwise_with(bench: OpenBench, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="letters and digits"):
        bench(Registrations()).client.ensure_webhooks(CALLBACK, secret)
