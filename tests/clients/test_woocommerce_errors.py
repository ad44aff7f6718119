"""What each answer of a shop means: recorded ones, and those of proxies and firewalls in front of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from pakhus.clients.http import Answer, Call
from pakhus.clients.woocommerce_errors import InvalidParameterError, error_of, plain_text, shop_time
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    DataError,
    NotFoundError,
    RateLimitedError,
    RemoteError,
    TransientError,
)
from tests.clients.woocommerce_recordings import recorded_answer

HTML = b"<!DOCTYPE html><html><body>nginx</body></html>"
READ = Call("GET", "/wc/v3/orders")
WRITE = Call("PUT", "/wc/v3/orders/59")
NOON = "Sat, 21 Nov 2026 12:00:00 GMT"


def answer(status: int, body: object = None, *, call: Call = READ, headers: dict[str, str] | None = None) -> Answer:
    is_json = not isinstance(body, bytes)
    content_type = "application/json; charset=UTF-8" if is_json else "text/html"
    content = json.dumps(body).encode() if is_json else body
    assert isinstance(content, bytes)
    return Answer(status, CaseInsensitiveDict({"Content-Type": content_type, **(headers or {})}), content, call)


def error(status: int, body: object = None, **facts: object) -> RemoteError:
    found = error_of(answer(status, body, **facts))  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("error-401-no-auth", AccessDeniedError, "woocommerce_rest_cannot_view"),
        ("error-401-bad-key", AccessDeniedError, "woocommerce_rest_cannot_view"),
        ("error-401-bad-secret", AccessDeniedError, "woocommerce_rest_authentication_error"),
        ("error-401-read-key-writes", AccessDeniedError, "woocommerce_rest_authentication_error"),
        ("error-401-rest-route", AccessDeniedError, "woocommerce_rest_cannot_view"),
        ("error-401-oauth-bad-signature", AccessDeniedError, "woocommerce_rest_authentication_error"),
        ("error-403-user-without-rights", AccessDeniedError, "woocommerce_rest_cannot_view"),
        ("products-batch-customer-user", AccessDeniedError, "woocommerce_rest_cannot_batch"),
        ("error-404-order", NotFoundError, "woocommerce_rest_shop_order_invalid_id"),
        ("error-put-order-404", NotFoundError, "woocommerce_rest_shop_order_invalid_id"),
        ("error-put-product-404", NotFoundError, "woocommerce_rest_product_invalid_id"),
        ("error-variation-wrong-parent", NotFoundError, "woocommerce_rest_product_variation_invalid_id"),
        ("error-404-route", ConfigurationError, "rest_no_route"),
        ("server-woocommerce-off-404", ConfigurationError, "rest_no_route"),
        ("error-method-not-allowed", ConfigurationError, "rest_no_route"),
        ("error-orders-status-bad", InvalidParameterError, "rest_invalid_param"),
        ("error-orders-per-page-101", InvalidParameterError, "rest_invalid_param"),
        ("error-order-put-bad-status", DataError, "rest_invalid_param"),
        ("error-400-malformed-json", DataError, "rest_invalid_json"),
        ("error-webhook-create-no-url", DataError, "rest_missing_callback_param"),
        ("error-product-duplicate-sku", DataError, "product_invalid_sku"),
        ("error-products-batch-101", DataError, "woocommerce_rest_request_entity_too_large"),
        ("error-refund-too-much", DataError, "woocommerce_rest_cannot_create_order_refund"),
        ("old892-error-refund-too-much", DataError, "woocommerce_rest_cannot_create_order_refund"),
        ("webhook-delete-error-no-force", DataError, "woocommerce_rest_trash_not_supported"),
        ("server-php-fatal-500", TransientError, "internal_server_error"),
        ("server-database-down-500", TransientError, "wp_die"),
        ("server-database-down-500-html", TransientError, ""),
        ("server-php-fatal-500-accept-any", TransientError, ""),
        ("server-maintenance-503", RateLimitedError, "wp_die"),
        ("server-maintenance-503-html", RateLimitedError, ""),
    ],
)
def test_tells_who_must_act_from_a_recorded_answer(name: str, kind: type[RemoteError], code: str) -> None:
    found = error_of(recorded_answer(name))
    assert type(found) is kind
    assert found.code == code


@pytest.mark.parametrize("name", ["orders-list-default", "orders-list-page-beyond", "products-batch-mixed"])
def test_takes_a_successful_answer_for_what_it_is(name: str) -> None:
    assert error_of(recorded_answer(name)) is None


def test_names_the_parameter_a_list_does_not_take() -> None:
    found = error_of(recorded_answer("error-orders-status-bad"))
    assert isinstance(found, InvalidParameterError)
    assert set(found.parameters) == {"status"}
    assert "status[0] is not one of" in str(found)


def test_names_the_fields_a_write_was_refused_for() -> None:
    found = error_of(recorded_answer("error-400-invalid-email"))
    assert isinstance(found, DataError)
    assert found.fields == {"billing": "Invalid email address."}


def test_names_the_missing_arguments() -> None:
    found = error_of(recorded_answer("error-webhook-create-no-url"))
    assert isinstance(found, DataError)
    assert found.fields == {"delivery_url": "missing"}


@pytest.mark.parametrize("name", ["server-woocommerce-off-404", "error-404-namespace"])
def test_says_what_to_do_when_there_is_no_route(name: str) -> None:
    text = str(error_of(recorded_answer(name)))
    assert "WooCommerce plugin is switched on" in text
    assert "permalinks" in text


def test_takes_a_web_servers_own_404_for_plain_permalinks() -> None:
    found = error(404, HTML)
    assert isinstance(found, ConfigurationError)
    assert "permalinks" in str(found)


@pytest.mark.parametrize(
    "name", ["server-php-fatal-500", "server-php-fatal-500-accept-any", "server-database-down-500-html"]
)
def test_lets_no_trace_path_or_markup_into_texts(name: str) -> None:
    found = error_of(recorded_answer(name))
    assert found is not None
    told = f"{found} {found.excerpt}"
    for secret in ("Stack trace", "/srv/", ".php", "<", "wp-content"):
        assert secret not in told


def test_cuts_paths_and_traces_from_a_plugins_message() -> None:
    message = "<p>Uncaught Error: boom in /srv/shop/x.php:1\nStack trace:\n#0 /srv/y.php(3): z()</p>"
    assert plain_text(message) == "Uncaught Error: boom"


@pytest.mark.parametrize("status", [408, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526])
def test_retries_what_a_server_in_front_of_the_shop_answers(status: int) -> None:
    found = error(status, HTML)
    assert type(found) is TransientError
    assert not found.maybe_done


@pytest.mark.parametrize("status", [500, 502, 503, 524])
def test_does_not_know_what_became_of_a_write_that_a_proxy_lost(status: int) -> None:
    found = error(status, HTML, call=WRITE, headers={"Retry-After": "5"})
    assert type(found) is TransientError
    assert found.maybe_done


def test_knows_that_an_updating_shop_did_nothing() -> None:
    found = error(503, {"code": "wp_die", "message": "Briefly unavailable"}, call=WRITE, headers={"Retry-After": "5"})
    assert isinstance(found, RateLimitedError)
    assert not found.maybe_done


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        ("7", 7),
        ("600", 60),
        ("99999999999999999999", 60),
        ("Sat, 21 Nov 2026 12:00:20 GMT", 20),
        ("Sat, 21 Nov 2026 13:00:00 GMT", 60),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("soon", 15),
    ],
)
def test_waits_as_told_by_the_shops_own_clock_but_not_for_ever(told: str, wait_s: int) -> None:
    found = error(503, HTML, headers={"Retry-After": told, "Date": NOON})
    assert isinstance(found, RateLimitedError)
    assert found.retry_after == timedelta(seconds=wait_s)


@pytest.mark.parametrize(("headers", "wait_s"), [({"Retry-After": "3"}, 3), ({}, 15)])
def test_waits_when_the_host_limits_the_rate(headers: dict[str, str], wait_s: int) -> None:
    found = error(429, HTML, call=WRITE, headers=headers)
    assert isinstance(found, RateLimitedError)
    assert found.retry_after == timedelta(seconds=wait_s)


def test_tells_a_firewall_from_a_missing_right() -> None:
    assert type(error(403, HTML)) is TransientError
    assert type(error(403, {"code": "woocommerce_rest_cannot_view", "message": "no"})) is AccessDeniedError


def test_tells_a_web_servers_password_from_a_wrong_key() -> None:
    found = error(401, HTML)
    assert isinstance(found, AccessDeniedError)
    assert "password of its own" in str(found)


@pytest.mark.parametrize(("call", "maybe_done"), [(READ, False), (WRITE, True)])
def test_takes_a_page_with_status_200_for_trouble(call: Call, maybe_done: bool) -> None:
    found = error(200, HTML, call=call)
    assert type(found) is TransientError
    assert found.maybe_done is maybe_done


def test_takes_json_under_a_wrong_content_type() -> None:
    assert error_of(Answer(200, CaseInsensitiveDict({"Content-Type": "text/html"}), b"[]", READ)) is None


def test_reads_the_servers_time() -> None:
    moment = shop_time({"Date": NOON})
    assert moment is not None
    assert moment.isoformat() == "2026-11-21T12:00:00+00:00"
    assert shop_time({}) is None
    assert shop_time({"Date": "now"}) is None
