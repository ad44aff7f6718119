"""Lists, webhooks, lag and faults of the Rackbeat stand-in (contract 1.3, 1.4, 10)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from tests.contract.example_bodies import example, read
from tests.contract.rackbeat_account import Account


@pytest.fixture
def account() -> Iterator[Account]:
    running = Account()
    yield running
    running.close()


def headings(account: Account, **params: Any) -> list[str]:
    return [order["heading"] for order in account.get("/orders", **params)["orders"]]


# --- lists -----------------------------------------------------------------------------------------------------------


def test_pages_are_cut_capped_and_empty_at_the_end(account):
    for number in range(5):
        account.order(f"o{number}")
    pages = [account.get("/orders", limit=2, page=page) for page in (1, 2, 3, 4)]
    assert [len(page["orders"]) for page in pages] == [2, 2, 1, 0]
    assert {(page["total"], page["pages"], page["limit"]) for page in pages} == {(5, 3, 2)}
    assert account.get("/orders", limit=5000)["limit"] == 1000
    assert account.get("/orders")["limit"] == 20
    assert account.call("GET", "/orders", params={"page": "two"}).status_code == 400


def test_newest_orders_come_first_when_asked_for(account):
    for number in range(3):
        account.order(f"o{number}")
        account.clock.advance(1)
    assert headings(account) == ["o0", "o1", "o2"]
    assert headings(account, order_by="created_at", order_direction="DESC") == ["o2", "o1", "o0"]
    assert headings(account, order_by="number", order_direction="DESC", limit=1) == ["o2"]
    assert account.call("GET", "/orders", params={"order_by": "heading"}).status_code == 422
    account.server.configure({"default_order": "newest_first"})
    assert headings(account) == ["o2", "o1", "o0"]


@pytest.mark.parametrize(("switch", "found"), [("honoured", ["booked"]), ("ignored", ["open", "booked"])])
def test_plain_flags_filter_or_are_ignored_by_switch(account, switch, found):
    account.order("open")
    account.booked_order("booked")
    account.server.configure({"plain_flags": switch})
    assert headings(account, is_booked="true") == found


def test_filters_by_search_customer_and_simple_filter(account):
    account.order("shop-1-order")
    account.order("shop-2-order", customer_id=20018)
    assert headings(account, search="SHOP-2") == ["shop-2-order"]
    assert headings(account, search="shop-") == ["shop-1-order", "shop-2-order"]
    assert headings(account, customer_number=20018) == ["shop-2-order"]
    assert headings(account, **{"simple_filter[number]": 1021}) == ["shop-1-order"]
    assert headings(account, no_such_parameter="x") == ["shop-1-order", "shop-2-order"]
    assert account.call("GET", "/orders", params={"simple_filter[heading]": "x"}).status_code == 422
    assert account.get("/customers", **{"simple_filter[ean]": "x"})["total"] == 0


def test_date_filters_work_on_invoices_and_by_switch_elsewhere(account):
    number = account.booked_order("first")
    account.do(f"/orders/{number}/convert-to-invoice")
    later = {"updated_at_from": "2026-03-02 09:15:01"}
    assert account.get("/customer-invoices", **later)["total"] == 0
    assert account.get("/customer-invoices", date_from="2026-03-02", date_to="2026-03-02")["total"] == 1
    assert headings(account, **later) == ["first"]
    account.server.configure({"date_filters": "everywhere"})
    assert headings(account, **later) == []
    assert headings(account, updated_at_to="2026-03-02 09:15:00") == ["first"]


def test_selects_fields_with_nested_brackets(account):
    number = account.order()
    wanted = "number,lines(child_id,quantity,item(barcode)),customer(name),nonsense"
    expected = {
        "number": number,
        "lines": [
            {"child_id": "CUP-BLUE", "quantity": 2, "item": {"barcode": "5701234567890"}},
            {"child_id": "SHIPPING", "quantity": 1, "item": {"barcode": None}},
        ],
        "customer": {"name": "Mette Prøve"},
    }
    assert account.get("/orders", fields=wanted)["orders"] == [expected]
    assert account.get(f"/orders/{number}", fields=wanted)["order"] == expected
    assert account.call("GET", "/orders", params={"fields": "lines(id"}).status_code == 400


def test_lists_lag_behind_single_reads(account):
    account.server.configure({"list_lag_s": 30})
    number = account.order("new")
    assert headings(account) == []
    assert account.get(f"/orders/{number}")["order"]["heading"] == "new"
    account.server.advance(29)
    assert headings(account, search="new") == []
    account.server.advance(1)
    assert headings(account, search="new") == ["new"]


def test_times_are_local_with_offset_and_numbers_are_short(account):
    account.clock.advance(86400 * 60)  # summer time by then
    number = account.order()
    text = account.call("GET", f"/orders/{number}").text
    assert '"created_at":"2026-05-01T10:15:00+02:00"' in text
    assert '"line_price":80,' in text
    assert '"line_price":39.2,' in text


def test_reference_collections_answer(account):
    for name in ("product-groups", "payment-terms", "layouts", "units", "customer-groups", "employees", "locations"):
        page = account.get(f"/{name}")
        key = name.replace("-", "_")
        assert next(iter(page)) == key
        for row in page[key]:
            assert account.get(f"/{name}/{row['number']}")
    assert account.get("/currencies")["currencies"][0]["code"] == "DKK"
    assert [row["id"] for row in account.get("/fields", **{"for": "order"})["fields"]] == [7]
    assert account.get("/items/CUP-BLUE")["item"]["type"] == "product"
    assert account.get("/items", is_sellable="false")["total"] == 0


def test_wrong_method_and_wrong_path(account):
    assert account.call("DELETE", "/self").status_code == 405
    assert account.call("GET", "/nothing").status_code == 404
    assert account.call("GET", "/orders/abc").status_code == 404
    assert account.call("POST", "/orders", b"{").status_code == 400


# --- faults ----------------------------------------------------------------------------------------------------------


def test_lost_answer_leaves_an_order_that_is_found_by_its_heading(account):
    account.server.faults.set([{"kind": "answer_lost", "method": "POST", "path_regex": "/orders$"}])
    with pytest.raises(requests.ConnectionError):
        account.order("shop-1-order")
    assert headings(account, order_by="created_at", order_direction="DESC") == ["shop-1-order"]


def test_late_commit_appears_only_after_its_delay(account):
    account.server.faults.set([{"kind": "late_commit", "number": 1, "hold_s": 0, "delay_s": 90}])
    with pytest.raises(requests.ConnectionError):
        account.order("shop-1-order")
    assert headings(account) == []
    account.server.advance(90)
    (order,) = account.get("/orders")["orders"]
    assert (order["heading"], order["created_at"]) == ("shop-1-order", "2026-03-02T09:16:30+01:00")


def test_injected_rate_limit_carries_the_limiter_headers(account):
    account.server.faults.set([{"kind": "rate_limited_seconds", "number": 1, "retry_after_s": 3}])
    reply = account.call("GET", "/self")
    assert (reply.status_code, reply.headers["Retry-After"], reply.headers["X-RateLimit-Remaining"]) == (429, "3", "0")


def test_snapshot_restores_orders_stock_and_numbers(account):
    state = account.server.snapshot()
    first = account.booked_order("a")
    account.server.restore(state)
    assert account.server.counters()["records"]["orders"] == 0
    assert account.quantities() == (42, 0, 42)
    assert account.booked_order("b") == first
    account.server.reset()
    assert headings(account) == []


# --- webhooks --------------------------------------------------------------------------------------------------------


class Receiver:
    """Takes webhook deliveries and answers with the next of ``statuses``, then 200."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append({"path": self.path, "headers": self.headers, "body": json.loads(body)})
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def subscribe(account: Account, receiver: Receiver, *events: str) -> dict[str, str]:
    """Tokens by event."""
    account.server.configure({"webhook_gaps_s": [0.02, 0.02]})
    bodies = [{"event": event, "url": f"{receiver.url}/{event}"} for event in events]
    return {body["event"]: account.do("/webhooks", body)["webhook"]["token"] for body in bodies}


def settled(account: Account) -> list[dict[str, Any]]:
    account.server.standin.webhooks.settle()
    log: list[dict[str, Any]] = account.server.standin.webhooks.log()
    return log


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("order.created", "webhook_delivery_order_created"),
        ("order.shipped", "webhook_delivery_order_shipped"),
        ("product.updated", "webhook_delivery_product_updated"),
        ("inventory.changed", "webhook_delivery_inventory_changed"),
    ],
)
def test_delivery_looks_as_in_the_example(account, receiver, event, name):
    token = subscribe(account, receiver, event)[event]
    number = account.booked_order()
    account.server.act({"action": "ship", "order": number})
    account.do("/products/CUP-BLUE", {"min_stock": 6}, "PUT")
    settled(account)
    expected = example("rackbeat", name)
    (taken,) = receiver.taken
    assert taken["body"] == expected["body"]
    for header, value in expected["headers"].items():
        assert taken["headers"][header] == (token if header.endswith("Token") else value)


def test_same_event_and_url_updates_and_gives_no_second_token(account, receiver):
    body = {"event": "order.created", "url": receiver.url}
    first = account.call("POST", "/webhooks", body)
    again = account.call("POST", "/webhooks", body | {"is_active": False})
    assert (first.status_code, again.status_code) == (201, 200)
    assert "token" not in read(again.text)["webhook"]
    assert read(again.text)["webhook"]["id"] == read(first.text)["webhook"]["id"]
    assert account.get("/webhooks")["total"] == 1
    account.order()
    assert settled(account) == []


def test_unknown_event_and_bad_url_are_refused(account):
    assert "event" in account.errors("POST", "/webhooks", {"event": "order.cancelled", "url": "https://x.test"})
    assert "url" in account.errors("POST", "/webhooks", {"event": "order.created", "url": "ftp://x.test"})


def test_suppressed_writes_send_nothing(account, receiver):
    subscribe(account, receiver, "order.created")
    account.order("a", suppress_webhooks=True)
    account.call(
        "POST",
        "/orders?suppress_webhooks=true",
        {"customer_id": 20017, "lines": [{"item_id": "SHIPPING", "quantity": 1}]},
    )
    assert settled(account) == []
    account.order("c")
    assert len(settled(account)) == 1


def test_failed_delivery_is_tried_again_and_given_up(account, receiver):
    subscribe(account, receiver, "order.created")
    receiver.statuses = [500, 503, 200]
    account.order("a")
    assert [row["status"] for row in settled(account)] == [500, 503, 200]
    receiver.statuses = [500] * 3
    account.order("b")
    assert [(row["attempt"], row["status"]) for row in settled(account)][3:] == [(1, 500), (2, 500), (3, 500)]


def test_deliveries_can_be_doubled_and_reordered(account, receiver):
    subscribe(account, receiver, "order.shipped", "inventory.changed")
    account.server.configure({"webhook_duplicates": 1, "webhook_reversed": True})
    account.server.act({"action": "ship", "order": account.booked_order()})
    settled(account)
    events = [taken["headers"]["Rackbeat-Webhook-Event"] for taken in receiver.taken]
    assert events == ["order.shipped", "order.shipped", "inventory.changed", "inventory.changed"]


def test_deleted_subscription_gets_nothing(account, receiver):
    subscribe(account, receiver, "order.created")
    assert account.call("DELETE", "/webhooks/204").status_code == 200
    assert account.call("DELETE", "/webhooks/204").status_code == 404
    account.order()
    assert settled(account) == []
