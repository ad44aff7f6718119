"""Webhooks of the WooCommerce stand-in: pinged, late, merged, signed, never repeated, disabled after seven failures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from standin.clock import Clock
from standin.server import StandinServer
from standin.woocommerce import WooCommerceStandin, create
from standin.woocommerce.recordings import recording
from tests.contract.woocommerce_worlds import KEYS, Json, at, shop_as_of

SECRET = "hemmelighed"
AUTH = ("ck_rw", "cs_rw")


@dataclass
class Received:
    """One POST as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        body: Json = json.loads(self.body)
        return body


@dataclass
class Listener:
    """A server that keeps what it gets and answers ``status``."""

    status: int = 200
    received: list[Received] = field(default_factory=list)

    def start(self) -> str:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                listener.received.append(Received(self.path, headers, body))
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/erp"

    def deliveries(self) -> list[Received]:
        return [got for got in self.received if "x-wc-webhook-topic" in got.headers]

    def topics(self) -> list[tuple[str, int]]:
        return [(got.headers["x-wc-webhook-topic"], got.json.get("id", 0)) for got in self.deliveries()]


@dataclass
class Scene:
    """A running shop with manual deliveries, and somebody who listens."""

    server: StandinServer
    shop: WooCommerceStandin
    listener: Listener
    url: str

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = requests.request(method, f"{self.server.url}/wp-json/wc/v3{path}", json=body, auth=AUTH, timeout=10)
        assert answer.status_code < 400, answer.text
        result: Json = answer.json()
        return result

    def register(self, topic: str, **members: Any) -> int:
        body = {"topic": topic, "delivery_url": self.url, "secret": SECRET, "name": "w", **members}
        number: int = self.call("POST", "/webhooks", body)["id"]
        return number

    def order(self) -> int:
        line = {"product_id": 10, "quantity": 1}
        number: int = self.call("POST", "/orders", {"status": "processing", "line_items": [line]})["id"]
        return number

    def run_queue(self) -> None:
        self.server.act({"action": "run_webhooks"})
        self.shop.settle_webhooks()


@pytest.fixture
def scene() -> Iterator[Scene]:
    listener = Listener()
    url = listener.start()
    seed = shop_as_of(credentials={"keys": KEYS})
    shop = create("hooked", seed, {"behind_tls": True, "webhook_delivery": "manual"}, Clock(at("18:00:00")))
    with StandinServer(shop) as server:
        yield Scene(server, shop, listener, url)
    listener.server.shutdown()
    listener.server.server_close()


def test_pings_unsigned_while_the_webhook_is_made(scene: Scene) -> None:
    number = scene.register("order.created")
    (ping,) = scene.listener.received
    assert ping.body == f"webhook_id={number}".encode()
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not [name for name in ping.headers if name.startswith("x-wc-")]
    recorded = recording("webhook-delivery-ping")["request"]
    assert ping.headers["user-agent"] == dict(recorded["headers"])["User-Agent"]


def test_repeats_a_failed_ping_until_it_is_answered(scene: Scene) -> None:
    scene.listener.status = 500
    scene.register("order.updated")
    scene.listener.status = 200
    for _ in range(2):
        scene.call("PUT", "/orders/68", {})
        scene.run_queue()
    pings = [got for got in scene.listener.received if got.body.startswith(b"webhook_id=")]
    assert len(pings) == 2


def test_signs_the_bytes_and_names_the_topic(scene: Scene) -> None:
    scene.register("order.created")
    number = scene.order()
    scene.run_queue()
    (got,) = scene.listener.deliveries()
    made = base64.b64encode(hmac.new(SECRET.encode(), got.body, hashlib.sha256).digest()).decode()
    assert got.headers["x-wc-webhook-signature"] == made
    assert got.json == scene.call("GET", f"/orders/{number}")
    recorded = {name.lower() for name, _ in recording("webhook-delivery-order-created")["request"]["headers"]}
    assert recorded - set(got.headers) - {"accept-encoding"} == set()
    assert b"\\u00d8" in scene_body_of(scene, number)


def scene_body_of(scene: Scene, number: int) -> bytes:
    """The delivery of an order with a Danish letter in it: unicode and slashes are escaped."""
    scene.register("order.updated")
    scene.call("PUT", f"/orders/{number}", {"customer_note": "Østergade 1/2"})
    scene.run_queue()
    body = scene.listener.deliveries()[-1].body
    assert b"1\\/2" in body
    return body


def test_tells_a_new_order_twice_and_an_edited_one_once(scene: Scene) -> None:
    scene.register("order.created")
    scene.register("order.updated")
    number = scene.order()
    scene.run_queue()
    assert scene.listener.topics() == [("order.created", number), ("order.updated", number)]
    for note in ("1", "2", "3", "4"):
        scene.call("PUT", f"/orders/{number}", {"customer_note": note})
    scene.run_queue()
    assert scene.listener.topics()[2:] == [("order.updated", number)]
    assert scene.listener.deliveries()[-1].json["customer_note"] == "4"


def test_gives_two_deliveries_of_one_second_the_same_id(scene: Scene) -> None:
    scene.register("order.created")
    scene.order()
    scene.order()
    scene.run_queue()
    first, second = scene.listener.deliveries()
    assert first.json["id"] != second.json["id"]
    assert first.headers["x-wc-webhook-delivery-id"] == second.headers["x-wc-webhook-delivery-id"]
    scene.server.advance(1)
    scene.order()
    scene.run_queue()
    third = scene.listener.deliveries()[-1]
    assert third.headers["x-wc-webhook-delivery-id"] != first.headers["x-wc-webhook-delivery-id"]


def test_delivers_an_error_for_an_order_that_is_gone(scene: Scene) -> None:
    scene.register("order.created")
    number = scene.order()
    requests.delete(f"{scene.server.url}/wp-json/wc/v3/orders/{number}?force=true", auth=AUTH, timeout=5)
    scene.run_queue()
    assert (
        scene.listener.deliveries()[0].json == recording("webhook-delivery-order-created-but-gone")["request"]["body"]
    )


def test_tells_of_the_bin_by_id_only_and_of_deletion_nothing(scene: Scene) -> None:
    scene.register("order.deleted")
    binned, deleted = scene.order(), scene.order()
    scene.call("DELETE", f"/orders/{binned}")
    scene.call("DELETE", f"/orders/{deleted}?force=true")
    scene.run_queue()
    assert [got.json for got in scene.listener.deliveries()] == [{"id": binned}]


@pytest.mark.parametrize("body", [{"amount": "1.00", "api_refund": False}])
def test_tells_of_a_refund_as_an_updated_order(scene: Scene, body: Json) -> None:
    scene.register("order.updated")
    scene.call("POST", "/orders/60/refunds", body)
    scene.call("POST", "/orders/61/notes", {"note": "ingen webhook"})
    scene.run_queue()
    assert scene.listener.topics() == [("order.updated", 60)]


def test_tells_of_sold_and_written_products_and_of_the_variation_itself(scene: Scene) -> None:
    scene.register("product.updated")
    scene.order()
    scene.call("POST", "/products/batch", {"update": [{"id": 11, "stock_quantity": 5}]})
    scene.call("PUT", "/products/48/variations/50", {"stock_quantity": 12})
    scene.run_queue()
    assert [number for _, number in scene.listener.topics()] == [10, 11, 50]
    assert scene.listener.deliveries()[-1].json["parent_id"] == 48


def test_sends_only_the_argument_for_an_action_topic(scene: Scene) -> None:
    scene.register("action.woocommerce_order_status_completed")
    scene.call("PUT", "/orders/68", {"status": "completed"})
    scene.run_queue()
    assert [got.json for got in scene.listener.deliveries()] == [
        {"action": "woocommerce_order_status_completed", "arg": 68}
    ]


def test_never_repeats_a_failed_delivery(scene: Scene) -> None:
    scene.register("order.updated")
    scene.listener.status = 500
    scene.call("PUT", "/orders/68", {})
    scene.run_queue()
    scene.listener.status = 200
    scene.run_queue()
    assert len(scene.listener.deliveries()) == 1


def _fail(scene: Scene, times: int) -> None:
    scene.listener.status = 500
    for _ in range(times):
        scene.call("PUT", "/orders/68", {})
        scene.run_queue()


def test_disables_at_the_seventh_failure_and_at_once_after_switching_on(scene: Scene) -> None:
    number = scene.register("order.updated")
    _fail(scene, 6)
    assert scene.call("GET", f"/webhooks/{number}")["status"] == "active"
    _fail(scene, 1)
    disabled = scene.call("GET", f"/webhooks/{number}")
    assert sorted(disabled) == sorted(recording("webhook-get-disabled")["response"]["body"])
    assert (disabled["status"], len(scene.listener.deliveries())) == ("disabled", 7)
    assert scene.call("PUT", f"/webhooks/{number}", {"status": "active"})["status"] == "active"
    _fail(scene, 1)
    assert scene.call("GET", f"/webhooks/{number}")["status"] == "disabled"


@pytest.mark.parametrize("status", [200, 302])
def test_forgets_failures_after_one_success(scene: Scene, status: int) -> None:
    number = scene.register("order.updated")
    _fail(scene, 6)
    scene.listener.status = status
    scene.call("PUT", "/orders/68", {})
    scene.run_queue()
    _fail(scene, 6)
    assert scene.call("GET", f"/webhooks/{number}")["status"] == "active"


def test_still_sends_what_waited_when_it_was_paused(scene: Scene) -> None:
    number = scene.register("order.updated")
    scene.call("PUT", "/orders/68", {})
    scene.call("PUT", f"/webhooks/{number}", {"status": "paused"})
    scene.call("PUT", "/orders/69", {})
    scene.run_queue()
    assert scene.listener.topics() == [("order.updated", 68)]


def test_waits_by_the_clock_and_for_a_visitor(scene: Scene) -> None:
    scene.register("order.updated")
    scene.server.configure({"webhook_delivery": "visits", "webhook_delay_s": 60})
    scene.call("PUT", "/orders/68", {})
    scene.server.advance(59)
    scene.call("GET", "/orders/68")
    scene.shop.settle_webhooks()
    assert scene.listener.deliveries() == []
    scene.server.advance(1)
    scene.shop.settle_webhooks()
    assert scene.listener.deliveries() == []
    scene.call("GET", "/orders/68")
    end = time.monotonic() + 5
    while not scene.listener.deliveries() and time.monotonic() < end:
        time.sleep(0.01)  # the queue runs after the answer went out
    assert scene.listener.topics() == [("order.updated", 68)]


def test_reaches_no_private_address_under_wordpress_own_rule(scene: Scene) -> None:
    scene.server.configure({"safe_requests_only": True})
    scene.register("order.updated")
    scene.call("PUT", "/orders/68", {})
    scene.run_queue()
    assert scene.listener.received == []
    assert scene.shop.settle_webhooks()[-1]["status"] is None
