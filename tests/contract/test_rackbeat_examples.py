"""The Rackbeat stand-in against the contract's example bodies. Unknown extra members (``unlisted``) are allowed: the
stand-in adds them on purpose.

| endpoint                                     | example answer                     | held against it                |
| -------------------------------------------- | ---------------------------------- | ------------------------------ |
| GET /self                                    | self                               | every value                    |
| GET /locations                               | locations                          | every value                    |
| GET /products/{n}, POST /products            | product                            | every value; members and types |
| GET /products                                | product_list_page                  | members and types              |
| GET /products/{n}/locations                  | product_locations                  | every value                    |
| GET /products/{n}/prices                     | currency_prices                    | members and types              |
| GET /product-groups/{n}                      | product_group                      | every value                    |
| POST, GET /customers, GET /customers/{n}     | customer, customer_list_page       | every value; members and types |
| GET /customers/{n}/contacts                  | customer_contacts                  | every value                    |
| POST /orders, POST /orders/{n}/book          | order_response_unbooked / _booked  | every value                    |
| GET /orders                                  | order_list_page                    | members and types              |
| PUT /orders/{n}/fields, .../lines/{id}       | (requests only)                    | accepted                       |
| POST /orders/{n}/create-shipment             | order_shipment_create_response     | every value                    |
| POST .../mark-shipped, GET /order-shipments  | order_shipment_list_page           | every value                    |
| POST /orders/{n}/convert-to-invoice          | convert_to_invoice_response        | every value                    |
| GET /customer-invoices/{n}                   | customer_invoice                   | every value                    |
| POST /inventory-adjustments                  | inventory_adjustment_response      | every value                    |
| POST /webhooks                               | webhook_create_response            | members and types              |
| any error                                    | errors                             | every value                    |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contract.example_bodies import differences, example, read, rehosted
from tests.contract.rackbeat_account import ORIGIN, Account

UNLISTED = frozenset({"unlisted"})


@pytest.fixture
def account() -> Iterator[Account]:
    running = Account()
    yield running
    running.close()


def here(account: Account, name: str) -> Any:
    """An example answer with its addresses moved to the stand-in."""
    return rehosted(example("rackbeat", name), ORIGIN, f"{account.server.url}/api")


def unlike(
    account: Account, name: str, seen: Any, *, values: bool = True, extra: frozenset[str] = UNLISTED
) -> list[str]:
    """What differs, apart from times of change: the examples show the same moment for all."""
    found = differences(here(account, name), seen, values=values, extra=extra)
    return [text for text in found if ".updated_at:" not in text and ".created_at:" not in text]


def at(account: Account, *moment: int) -> None:
    account.clock.set(datetime(*moment, tzinfo=UTC))  # type: ignore[misc, arg-type]


def test_account_answers_as_the_example(account):
    assert unlike(account, "self", account.get("/self")) == []


def test_locations_answer_as_the_example(account):
    expected, seen = here(account, "locations"), account.get("/locations")
    assert differences(expected, seen, extra=UNLISTED) == []


PRODUCT_EXTRA = UNLISTED | {"toplevel_parent_id", "nest_list", "created_at", "updated_at"}
PRODUCT_EXTRA |= {"has_inventory", "is_sellable", "should_spread_cost"}


def test_product_answers_as_the_example(account):
    account.booked_order(lines=[{"item_id": "CUP-BLUE", "quantity": 5}])
    assert unlike(account, "product", account.get("/products/CUP-BLUE"), extra=PRODUCT_EXTRA) == []


def test_product_list_answers_as_the_example(account):
    del account.server.standin.state.products["A/B #1"]
    reply = account.call("GET", "/products", params={"limit": 3})
    assert reply.status_code == 206
    found = unlike(account, "product_list_page", read(reply.text), values=False, extra=PRODUCT_EXTRA)
    # The example gives a service a size and no location.
    assert [text for text in found if ".products[2].physical" not in text] == []


def test_created_product_has_the_members_of_the_example(account):
    del account.server.standin.state.products["CUP-BLUE"]
    account.server.standin.state.stock.clear()
    reply = account.post_example("/products", "product_create_request")
    assert reply.status_code == 201
    found = unlike(account, "product", read(reply.text), values=False, extra=PRODUCT_EXTRA)
    assert found == [".product.description: null expected, string seen"]


def test_stock_per_location_answers_as_the_example(account):
    account.booked_order(lines=[{"item_id": "CUP-BLUE", "quantity": 5}])
    assert unlike(account, "product_locations", account.get("/products/CUP-BLUE/locations")) == []
    single = account.get("/products/CUP-BLUE/locations/110")["product_location"]
    assert (single["stock_quantity"], single["available_quantity"]) == (40, 35)


def test_prices_and_group_answer_as_the_example(account):
    seen = account.get("/products/CUP-BLUE/prices")
    assert unlike(account, "currency_prices", seen, values=False) == []
    assert seen["currency_prices"][0]["sales_price"] == 80
    assert unlike(account, "product_group", account.get("/product-groups/1")) == []


def test_customer_answers_as_the_example(account):
    del account.server.standin.state.customers[20017]
    account.server.standin.state.next_numbers["customer"] = 20017
    reply = account.post_example("/customers", "customer_create_request")
    assert reply.status_code == 201
    assert unlike(account, "customer", read(reply.text)) == []
    assert unlike(account, "customer", account.get("/customers/20017")) == []
    page = account.call("GET", "/customers", params={"search": "mette@"})
    assert page.status_code == 206
    assert unlike(account, "customer_list_page", read(page.text)) == []


def test_contacts_answer_as_the_example(account):
    (contact,) = example("rackbeat", "customer_contacts")["customer_contacts"]
    account.do("/customers/20017/contacts", contact)
    assert unlike(account, "customer_contacts", account.get("/customers/20017/contacts")) == []


def test_order_runs_through_its_life_as_in_the_examples(account):
    created = account.post_example("/orders", "order_create_request")
    assert created.status_code == 201
    assert unlike(account, "order_response_unbooked", read(created.text)) == []
    at(account, 2026, 3, 2, 8, 20)
    booked = account.post_example("/orders/1021/book", "order_book_request")
    assert unlike(account, "order_response_booked", read(booked.text)) == []
    page = account.call("GET", "/orders", params={"limit": 1})
    assert page.status_code == 206
    assert list(read(page.text)) == ["orders", "total", "pages", "limit", "page"]
    assert unlike(account, "order_list_page", read(page.text), values=False) == []
    at(account, 2026, 3, 3, 12, 5)
    shipment = account.do("/orders/1021/create-shipment")
    assert unlike(account, "order_shipment_create_response", shipment) == []
    shipped = account.post_example("/orders/shipments/3301/mark-shipped", "order_shipment_mark_shipped_request")
    assert shipped.status_code == 200
    assert unlike(account, "order_shipment_list_page", account.get("/order-shipments", order_number=1021)) == []
    converted = account.call("POST", "/orders/1021/convert-to-invoice?book=true")
    assert read(converted.text) == example("rackbeat", "convert_to_invoice_response")


def test_invoice_answers_as_the_example(account):
    account.post_example("/orders", "order_create_request")
    account.do("/orders/1021/book")
    at(account, 2026, 3, 3, 12, 5)
    account.do("/orders/1021/convert-to-invoice?book=true")
    found = unlike(
        account, "customer_invoice", account.get("/customer-invoices/5501"), extra=UNLISTED | {"quantity_shipped"}
    )
    # An invoice's lines have ids of their own in the example; the contract only says "as order lines".
    assert [text for text in found if ".id:" not in text] == []
    page = account.get("/customer-invoices", order_number=1021)
    assert page["total"] == 1
    assert account.get("/customer-invoices", order_number=1022)["total"] == 0


def test_custom_field_and_line_update_requests_are_accepted(account):
    account.post_example("/orders", "order_create_request")
    assert account.post_example("/orders/1021/fields", "order_fields_request", "PUT").status_code == 200
    assert account.get("/orders", **{"field_eq[7]": "ww-8841"})["total"] == 1
    assert account.get("/orders", **{"field_eq[7]": "ww-884"})["total"] == 0
    line = account.post_example("/orders/1021/lines/7001", "order_line_update_request", "PUT")
    assert read(line.text)["order_line"]["name"] == "Blue cup, gift wrapped"


def test_adjustment_answers_as_the_example(account):
    account.server.act({"action": "set_stock", "item": "CUP-BLUE", "location": 110, "quantity": 7})
    reply = account.post_example("/inventory-adjustments", "inventory_adjustment_request")
    assert reply.status_code == 201
    assert unlike(account, "inventory_adjustment_response", read(reply.text)) == []


def test_webhook_answers_as_the_example(account):
    reply = account.post_example("/webhooks", "webhook_create_request")
    seen = read(reply.text)
    assert reply.status_code == 201
    assert unlike(account, "webhook_create_response", seen, values=False) == []
    assert len(seen["webhook"]["token"]) == 32
    assert seen["webhook"]["created_at"] == "2026-03-02 09:15:00"


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("404", "GET", "/orders/4711", None),
        ("403", "DELETE", "/products/CUP-RED", None),
        (
            "422_validation",
            "POST",
            "/orders",
            {"customer_id": 4711, "lines": [{"item_id": "GONE", "quantity": 1}]},
        ),
        (
            "422_no_change_adjustment",
            "POST",
            "/inventory-adjustments",
            {"item_id": "CUP-BLUE", "adjustment_type": "quantity", "quantity": 40, "location": 110},
        ),
        ("422_not_filterable", "GET", "/orders?simple_filter[is_booked]=true", None),
        ("422_order_booked", "POST", "/orders/1021/lines", {"item_id": "SHIPPING", "quantity": 1}),
    ],
)
def test_refusals_have_the_bodies_of_the_examples(account, name, method, path, body):
    account.booked_order(lines=[{"item_id": "CUP-RED", "quantity": 1}])
    reply = account.call(method, path, body)
    expected = example("rackbeat", "errors")[name]
    assert reply.status_code == expected["status"]
    found = differences(expected["body"], read(reply.text), values=name != "422_validation")
    assert found == []


@pytest.mark.parametrize(("name", "retry_after"), [("429_with_retry_after", True), ("429_bare", False)])
def test_limiter_answers_as_the_examples(account, name, retry_after):
    account.server.configure({"retry_after": retry_after, "rate_limit": 2, "rate_window_s": 12})
    replies = [account.call("GET", "/self") for _ in range(3)]
    expected = example("rackbeat", "errors")[name]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["1", "0", "0"]
    assert read(replies[2].text) == expected["body"]
    assert ("Retry-After" in replies[2].headers) == retry_after
    account.server.advance(12)
    assert account.call("GET", "/self").status_code == 200


def test_refuses_without_the_token(account):
    for headers in (
        {"Authorization": None},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "rackbeat-test-token"},
    ):
        reply = account.call("GET", "/self", headers=headers)
        assert reply.status_code == 401
        assert reply.headers["Content-Type"] == "application/json"
        assert read(reply.text) == example("rackbeat", "errors")["401"]["body"]
