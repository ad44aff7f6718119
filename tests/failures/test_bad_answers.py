"""Answers that are none: 429 in storms, pages of proxies, errors in HTML. Nothing is taken for done that is not."""

from datetime import timedelta
from typing import Any

import pytest

from operators.failure_texts import failure_text
from pakhus.errors import AccessDeniedError, RateLimitedError, RemoteError, TransientError
from pakhus.flows.self_stopping import IN_A_ROW
from pakhus.reasons import Status
from tests.failures.people import assert_discreet
from tests.failures.test_wrong_keys import DUE_RESERVATIONS, INVOICED, RESERVED
from tests.failures.trouble import (
    behind_a_page,
    booked_references,
    codes,
    reserved_headings,
    rows,
    told,
    transfer_everything,
)
from tests.flows.world import World

ALWAYS: dict[str, Any] = {"number": 1, "times": None}


@pytest.mark.parametrize("kind", ["rate_limited_seconds", "rate_limited_date"])
def test_a_storm_of_429_is_waited_for_as_told_without_hammering_and_without_alarm(nordlys: World, kind: str) -> None:
    nordlys.observe()
    nordlys.warehouse_server.faults.set([{"kind": kind, **ALWAYS, "retry_after_s": 60}])
    stormy = nordlys.reserve()
    assert stormy.codes == {"rate_limited": DUE_RESERVATIONS - 2, "product_deleted": 1, "sku_too_long": 1}
    assert stormy.alarms() == []
    assert nordlys.warehouse_server.counters()["requests"] == DUE_RESERVATIONS - 2  # each asked once
    for row in rows(nordlys, "orders").values():
        if row.reason == "rate_limited":
            assert timedelta(seconds=50) < row.due_at - row.updated_at <= timedelta(seconds=61)
    assert nordlys.reserve().seen == 0
    nordlys.warehouse_server.faults.clear()
    nordlys.forward(seconds=62)
    assert nordlys.reserve().by_status() == {Status.DONE: RESERVED}
    assert len(set(reserved_headings(nordlys))) == len(reserved_headings(nordlys)) == RESERVED


def test_a_short_storm_is_sat_out_within_the_call(nordlys: World) -> None:
    nordlys.observe()
    nordlys.accounts_server.faults.set([{"kind": "rate_limited_seconds", "number": 3, "times": 2, "retry_after_s": 1}])
    assert nordlys.book().by_status()[Status.DONE] == INVOICED


def test_a_shop_that_asks_us_to_wait_says_how_long(nordlys: World) -> None:
    nordlys.shop_server.faults.set([{"kind": "rate_limited_seconds", **ALWAYS, "retry_after_s": 45}])
    with pytest.raises(RateLimitedError) as limited:
        nordlys.observe()
    assert limited.value.retry_after == timedelta(seconds=45)  # the retry policy passes it on to Airflow
    assert "Nothing to do: it is tried again later." in failure_text(limited.value, "nordlys")


@pytest.mark.parametrize("kind", ["error_502_html", "error_500", "cut_json"])
def test_a_failing_warehouse_makes_documents_wait_and_is_found_out_about_later(
    nordlys: World, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    nordlys.observe()
    nordlys.warehouse_server.faults.set([{"kind": kind, **ALWAYS}])
    failed = nordlys.reserve()
    assert Status.DONE not in failed.by_status()
    assert failed.codes["remote_unavailable"] in (IN_A_ROW, IN_A_ROW + 1)  # then the flow stops itself; two at a time
    assert failed.codes["not_reached"] >= RESERVED - IN_A_ROW - 1
    assert_discreet(nordlys, told(nordlys, failed), caplog.text)
    assert "<html" not in told(nordlys, failed).lower()
    nordlys.warehouse_server.faults.clear()
    nordlys.forward(minutes=4)  # the outcomes were unknown: they are looked up late
    nordlys.reserve()
    nordlys.forward(minutes=4)
    nordlys.reserve()
    assert len(set(reserved_headings(nordlys))) == len(reserved_headings(nordlys)) == RESERVED
    assert list(codes(nordlys, "orders").values()).count("remote_unavailable") == 0


@pytest.mark.parametrize(("system", "flow"), [("rackbeat", "orders"), ("economic", "invoices")])
def test_a_proxys_page_with_status_200_is_no_success(nordlys: World, system: str, flow: str) -> None:
    nordlys.observe()
    with behind_a_page(nordlys, system):
        report = nordlys.reserve() if flow == "orders" else nordlys.book()
        assert Status.DONE not in report.by_status()
        assert len(report.alarms()) == 1
        problems = {row.reason_parameters.get("problem", "") for row in rows(nordlys, flow).values()} - {""}
        assert problems
        assert all("status 200, but the body is not JSON" in problem for problem in problems)
        assert "<h1>" not in told(nordlys, report) + "".join(problems)
    transfer_everything(nordlys)
    assert len(set(reserved_headings(nordlys))) == len(reserved_headings(nordlys)) == RESERVED
    assert len(set(booked_references(nordlys))) == len(booked_references(nordlys)) == INVOICED


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (200, TransientError, "see whether the system is up"),
        (401, AccessDeniedError, "the web server in front of the shop wants a password of its own"),
        (403, TransientError, "the shop, or a server in front of it, has failed"),
        (502, TransientError, "the shop, or a server in front of it, has failed"),
    ],
)
def test_a_page_in_front_of_the_shop_says_where_to_look(
    nordlys: World, status: int, error: type[RemoteError], says: str
) -> None:
    with behind_a_page(nordlys, "woocommerce", status), pytest.raises(error) as failed:
        nordlys.observe()
    text = failure_text(failed.value, "nordlys")
    assert text.startswith("WooCommerce GET /wc/v3/orders")
    assert says in text
    assert "<" not in text
    transfer_everything(nordlys)
    assert (len(reserved_headings(nordlys)), len(booked_references(nordlys))) == (RESERVED, INVOICED)
