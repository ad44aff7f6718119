"""What the probe learns of a WooCommerce shop, and what it tells the operator."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from pakhus.clients.woocommerce_probe import _timezone
from pakhus.formats.woocommerce_fields import Fields
from tests.clients.scripted_shop import Asked, Reply, Script, in_turn
from tests.clients.woocommerce_bench import DENIED, NO_ROUTE, Bench, plain
from tests.clients.woocommerce_recordings import recorded_body

OpenBench = Callable[[Script], Bench]
D = Decimal


ANSWERS = {
    "/wp-json/": "index-root",
    "/wp-json/wc/v3/system_status": "system-status-slim",
    "/wp-json/wc/v3/data/currencies/current": "data-currencies-current",
    "/wp-json/wc/v3/settings/tax": "settings-tax",
    "/wp-json/wc/v3/orders/statuses": "order-statuses",
    "/wp-json/wc/v3/payment_gateways": "payment-gateways-list",
    "/wp-json/wc/v3/orders": "orders-list-include",
    "/wp-json/wc/v3/orders/batch": "products-batch-empty",
}


def whole_shop(at_home: str, **instead: Reply) -> Script:
    """A recorded shop; `instead` answers by the last part of the path."""

    def script(asked: Asked) -> Reply:
        name = asked.path.rstrip("/").rsplit("/", 1)[1].replace("-", "_")
        if name in instead:
            return instead[name]
        body = plain(recorded_body(ANSWERS[asked.path]))
        return Reply({**body, "home": at_home} if asked.path == "/wp-json/" else body)

    return script


def test_learns_the_shop_and_changes_nothing(bench: OpenBench) -> None:
    at = bench(in_turn(Reply()))
    at.shop.script = whole_shop(at.shop.url)
    facts = at.client.probe()
    assert facts.problems == ()
    assert (facts.platform, facts.version, facts.currency) == ("woocommerce", "11.0.1", "DKK")
    assert (facts.timezone, facts.identity) == ("Europe/Copenhagen", at.shop.url)
    assert (facts.prices_include_vat, facts.vat_rounded_at_subtotal) == (True, False)
    assert facts.states["on-hold"] == "On hold"
    gateways = recorded_body("payment-gateways-list")
    assert facts.payment_methods == {row["id"]: row["title"] for row in gateways if row["enabled"]}
    assert facts.payment_methods["bacs"] == "Bankoverførsel"
    assert at.written() == [("POST", "/orders/batch", {})], "an empty batch does nothing"


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("system_status", "the version: "),
        ("current", "the currency: "),
        ("tax", "tax settings: "),
        ("payment_gateways", "payment methods: "),
        ("orders", "orders: "),
        ("batch", "writing: "),
    ],
)
def test_tells_each_missing_right_and_goes_on(bench: OpenBench, part: str, problem: str) -> None:
    at = bench(in_turn(Reply()))
    at.shop.script = whole_shop(at.shop.url, **{part: DENIED})
    facts = at.client.probe()
    (told,) = facts.problems
    assert told.startswith(problem)
    assert facts.states


def test_does_not_know_the_rounding_it_may_not_read(bench: OpenBench) -> None:
    at = bench(in_turn(Reply()))
    at.shop.script = whole_shop(at.shop.url, tax=DENIED)
    assert at.client.probe().vat_rounded_at_subtotal is None


def test_tells_plain_permalinks_and_a_switched_off_plugin(bench: OpenBench) -> None:
    facts = bench(in_turn(Reply(b"<html>not found</html>", 404))).client.probe()
    assert all("permalinks" in problem for problem in facts.problems[:1])
    at = bench(in_turn(Reply()))
    index = {**plain(recorded_body("index-root")), "home": at.shop.url, "namespaces": ["wp/v2"]}
    at.shop.script = lambda asked: Reply(index) if asked.path == "/wp-json/" else NO_ROUTE
    assert "switch the plugin on" in " ".join(at.client.probe().problems)


def test_tells_when_the_shop_signs_for_another_address(bench: OpenBench) -> None:
    at = bench(in_turn(Reply()))
    at.shop.script = whole_shop("http://shop.example")
    (told,) = at.client.probe().problems
    assert "home_url" in told


def test_tells_a_state_of_the_settings_that_the_shop_has_not(bench: OpenBench) -> None:
    at = bench(in_turn(Reply()))
    at.shop.script = whole_shop(at.shop.url, orders=Reply(recorded_body("error-orders-status-bad"), 400))
    (told,) = at.client.probe().problems
    assert "status" in told


@pytest.mark.parametrize(
    ("offset", "zone"), [(1, "UTC+1"), (Decimal("5.5"), "UTC+5.5"), (-3, "UTC-3"), (0, "UTC+0"), ("", "")]
)
def test_a_zone_without_a_name_is_told_by_its_distance_from_utc(offset: object, zone: str) -> None:
    assert _timezone(Fields({"timezone_string": "", "gmt_offset": offset})) == zone
