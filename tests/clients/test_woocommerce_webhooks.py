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
from pakhus.errors import AccessDeniedError, ConfigurationError
from tests.clients.scripted_shop import Asked, Reply, Script, in_turn
from tests.clients.woocommerce_bench import Bench
from tests.clients.woocommerce_recordings import recording

OpenBench = Callable[[Script], Bench]
D = Decimal
CALLBACK = "https://pakhus.example/inbox/nordlys"
SECRET = "letters0and1digits"


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
def test_reads_recorded_deliveries(bench: OpenBench, name: str, hint: Hint | None) -> None:
    headers, body, secret = delivery(name)
    client = bench(in_turn(Reply())).client
    assert client.read_hint(headers, body, [secret]) == hint
    assert client.read_hint({name.lower(): value for name, value in headers.items()}, body, ["new", secret]) == hint


def test_takes_the_unsigned_ping_for_nothing(bench: OpenBench) -> None:
    content = recording("webhook-delivery-ping")["request"]
    client = bench(in_turn(Reply())).client
    assert client.read_hint(dict(content["headers"]), base64.b64decode(content["body_base64"]), ["s"]) is None


@pytest.mark.parametrize("forged", ["other secret", "changed body", "no signature", "odd signature", "no secret"])
def test_refuses_a_forged_delivery(bench: OpenBench, forged: str) -> None:
    headers, body, secret = delivery("webhook-delivery-order-created")
    secrets = {"other secret": ["wrong"], "no secret": [""]}.get(forged, [secret])
    if forged == "changed body":
        body = body.replace(b"315", b"316", 1)
    if forged in ("no signature", "odd signature"):
        headers["X-WC-Webhook-Signature"] = "" if forged == "no signature" else "æøå"
    with pytest.raises(AccessDeniedError, match="signature"):
        bench(in_turn(Reply())).client.read_hint(headers, body, secrets)


def test_refuses_an_empty_secret_even_when_it_signed(bench: OpenBench) -> None:
    body = b'{"id": 1}'
    signature = base64.b64encode(hmac.digest(b"", body, hashlib.sha256)).decode()
    headers = {"X-WC-Webhook-Signature": signature, "X-WC-Webhook-Resource": "order"}
    with pytest.raises(AccessDeniedError):
        bench(in_turn(Reply())).client.read_hint(headers, body, ["", ""])


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


@pytest.mark.parametrize("secret", ["", "short1", "with-signs&entities;of16"])
def test_refuses_a_secret_the_shop_would_sign_otherwise_with(bench: OpenBench, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="letters and digits"):
        bench(Registrations()).client.ensure_webhooks(CALLBACK, secret)
