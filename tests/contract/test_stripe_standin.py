"""The Stripe stand-in answers as Stripe's API reference says, and what it pays out is what it was told to charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.readers import read
from pakhus.provider_connections import settlement_client
from pakhus.rules.settlement_balance import balance_problems
from pakhus.settlements import Batch
from standin.clock import Clock
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.clients.stripe_account import connection

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = str(default_seed("stripe")["credentials"]["api_key"])


@pytest.fixture
def stripe() -> Iterator[StandinServer]:
    with StandinServer(create("stripe", "stripe", default_seed("stripe"), {"arrival_days": 0}, Clock(NOON))) as server:
        yield server


def get(stripe: StandinServer, path: str, key: str | None = KEY, **query: str) -> tuple[int, Any]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    params = {name.replace("__", "[") + "]" if "__" in name else name: value for name, value in query.items()}
    answer = requests.get(f"{stripe.url}{path}", headers=headers, params=params, timeout=5)
    assert answer.headers["Request-Id"].startswith("req_")
    return answer.status_code, answer.json()


def act(stripe: StandinServer, action: str, **members: Any) -> Any:
    return stripe.act({"action": action, **members})


def batch(stripe: StandinServer, payout: str) -> Batch:
    content = settlement_client("stripe", connection(stripe.url, KEY)).settlement(payout)
    (found,) = read("stripe", Source(content, "card"))
    assert balance_problems(found) == []
    return found


def lines(found: Batch) -> list[tuple[str, str, str]]:
    return [(line.kind.value, f"{line.gross:.2f}", f"{line.fee:.2f}") for line in found.lines]


# --- the wire --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "says"),
    [(None, "You did not provide an API key"), ("rk_test_wrong", "Invalid API Key provided: rk_test_*")],
)
def test_a_missing_or_wrong_key_is_401(stripe, key, says):
    status, body = get(stripe, "/v1/payouts", key)
    assert (status, body["error"]["type"]) == (401, "invalid_request_error")
    assert body["error"]["message"].startswith(says)


@pytest.mark.parametrize(
    ("path", "right"), [("/v1/payouts", "payouts"), ("/v1/balance_transactions", "balance"), ("/v1/balance", "balance")]
)
def test_a_key_reads_only_what_it_has_a_right_for(stripe, path, right):
    act(stripe, "set_rights", rights=[one for one in ("balance", "payouts", "charges") if one != right])
    status, body = get(stripe, path)
    assert status == 403
    assert "does not have the required permissions for this endpoint" in body["error"]["message"]
    assert KEY not in body["error"]["message"]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/v1/payouts", {"page": "2"}, "parameter_unknown"),
        ("/v1/payouts", {"payout": "po_1"}, "parameter_unknown"),
        ("/v1/balance_transactions", {"arrival_date__gte": "1"}, "parameter_unknown"),
        ("/v1/payouts", {"limit": "0"}, "parameter_invalid_integer"),
        ("/v1/payouts", {"limit": "101"}, "parameter_invalid_integer"),
        ("/v1/payouts", {"arrival_date__gte": "2026-01-01"}, "parameter_invalid_integer"),
        ("/v1/payouts", {"starting_after": "po_none"}, "resource_missing"),
        ("/v1/balance_transactions", {"payout": "po_none"}, "resource_missing"),
    ],
)
def test_what_the_api_does_not_have_is_400(stripe, path, query, code):
    status, body = get(stripe, path, **query)
    assert (status, body["error"]["code"]) == (400, code)


def test_unknown_objects_addresses_and_expansions_are_refused(stripe):
    assert get(stripe, "/v1/payouts/po_none")[0] == 404
    assert get(stripe, "/v1/payout")[1]["error"]["message"] == "Unrecognized request URL (GET: /v1/payout)."
    status, body = get(stripe, "/v1/balance_transactions", expand__="data.charge")
    assert (status, body["error"]["message"]) == (400, "This property cannot be expanded (charge).")


def test_pages_go_newest_first_by_the_last_id_both_ways(stripe):
    names = [act(stripe, "charge", amount=1000 + number)["transaction"] for number in range(5)]
    seen, after = [], {}
    for _ in range(3):
        _, body = get(stripe, "/v1/balance_transactions", limit="2", **after)
        seen += [row["id"] for row in body["data"]]
        after = {"starting_after": seen[-1]}
    assert (seen, body["has_more"], body["object"]) == (names[::-1], False, "list")
    _, body = get(stripe, "/v1/balance_transactions", limit="2", ending_before=names[0])
    assert ([row["id"] for row in body["data"]], body["has_more"]) == (names[2:0:-1], True)


def test_the_rate_limit_answers_429(stripe):
    stripe.configure({"rate_limit_per_s": 1})
    get(stripe, "/v1/payouts")
    assert [get(stripe, "/v1/payouts")[0] for _ in range(3)] == [429] * 3


def test_transactions_of_a_payout_by_hand_are_refused(stripe):
    act(stripe, "charge", amount=50000)
    by_hand = act(stripe, "pay_out", amount=10000)["payout"]
    assert get(stripe, f"/v1/payouts/{by_hand}")[1]["reconciliation_status"] == "not_applicable"
    status, body = get(stripe, "/v1/balance_transactions", payout=by_hand)
    assert (status, body["error"]["param"]) == (400, "payout")


# --- money -----------------------------------------------------------------------------------------------------------


def test_a_payout_pays_charges_less_fees_and_refunds(stripe):
    first = act(stripe, "charge", amount=49900, order_id="1001", description="nordlys - Order 1001")
    act(stripe, "charge", amount=25487, order_id="1002")
    act(stripe, "refund", charge=first["charge"], amount=7196)
    payout = act(stripe, "pay_out")
    found = batch(stripe, payout["payout"])
    assert sorted(lines(found)) == [
        ("capture", "254.87", "-5.62"),
        ("capture", "499.00", "-9.29"),
        ("payout", f"-{Decimal(payout['amount']) / 100:.2f}", "0.00"),
        ("refund", "-71.96", "0.00"),
    ]
    assert payout["amount"] == 49900 - 929 + 25487 - 562 - 7196
    refund = next(line for line in found.lines if line.kind == "refund")
    assert (refund.parent_id, refund.text) == (first["charge"], "REFUND FOR CHARGE (nordlys - Order 1001)")
    assert act(stripe, "pay_out")["payout"] is None


def test_a_debt_is_carried_to_the_next_payout(stripe):
    charged = act(stripe, "charge", amount=10000)
    act(stripe, "pay_out")
    act(stripe, "refund", charge=charged["charge"])
    assert act(stripe, "pay_out")["payout"] is None
    act(stripe, "charge", amount=30000)
    found = batch(stripe, act(stripe, "pay_out")["payout"])
    assert [kind for kind, _, _ in sorted(lines(found))] == ["capture", "payout", "refund"]


def test_a_debt_is_taken_from_the_bank_where_that_is_agreed(stripe):
    stripe.configure({"negative": "debit"})
    charged = act(stripe, "charge", amount=10000)
    act(stripe, "pay_out")
    act(stripe, "refund", charge=charged["charge"])
    payout = act(stripe, "pay_out")
    assert payout["amount"] == -10000
    batch(stripe, payout["payout"])


def test_a_payout_that_the_bank_sends_back_is_a_line_of_the_next(stripe):
    act(stripe, "charge", amount=10000)
    failed = act(stripe, "pay_out")["payout"]
    act(stripe, "fail_payout", payout=failed)
    assert get(stripe, f"/v1/payouts/{failed}")[1]["status"] == "failed"
    assert len(batch(stripe, failed).lines) == 2
    again = batch(stripe, act(stripe, "pay_out")["payout"])
    assert sorted(lines(again)) == [("payout", "-96.70", "0.00"), ("payout_failed", "96.70", "0.00")]


def test_disputes_reserve_and_fees_are_lines(stripe):
    charged = act(stripe, "charge", amount=80000)
    disputed = act(stripe, "dispute", charge=charged["charge"], fee=11000)["dispute"]
    act(stripe, "charge", amount=300000)
    act(stripe, "adjust", kind="reserve_transaction", amount=-5000)
    act(stripe, "adjust", kind="reserve_transaction", amount=2000)
    act(stripe, "adjust", kind="stripe_fee", amount=-900, text="Radar")
    act(stripe, "win_dispute", dispute=disputed)
    found = batch(stripe, act(stripe, "pay_out")["payout"])
    assert {kind for kind, _, _ in lines(found)} == {
        "capture",
        "chargeback",
        "chargeback_reversal",
        "fee",
        "payout",
        "reserve_hold",
        "reserve_release",
    }


def test_a_charge_in_another_currency_is_converted(stripe):
    with pytest.raises(ValueError, match="nothing says what eur is worth"):
        act(stripe, "charge", amount=10000, currency="eur")
    stripe.configure({"rates": {"eur": "7.4302"}})
    act(stripe, "charge", amount=10000, currency="eur")
    found = batch(stripe, act(stripe, "pay_out")["payout"])
    (capture,) = [line for line in found.lines if line.kind == "capture"]
    assert (f"{capture.gross:.2f}", capture.exchange_rate) == ("743.02", Decimal("7.4302"))
    assert capture.transaction is not None
    assert (capture.transaction.amount, capture.transaction.currency) == (Decimal(100), "EUR")


def test_what_is_not_available_yet_waits(stripe):
    stripe.configure({"available_days": 3})
    act(stripe, "charge", amount=10000)
    assert act(stripe, "pay_out")["payout"] is None
    stripe.advance(timedelta(days=3).total_seconds())
    assert act(stripe, "pay_out")["payout"] is not None


def test_payouts_of_a_schedule_are_made_at_midnight_and_arrive_later(stripe):
    stripe.configure({"schedule": "daily", "arrival_days": 2})
    act(stripe, "charge", amount=10000)
    assert get(stripe, "/v1/payouts")[1]["data"] == []
    stripe.advance(timedelta(hours=13).total_seconds())
    (payout,) = get(stripe, "/v1/payouts")[1]["data"]
    assert (payout["status"], payout["created"]) == ("in_transit", int(datetime(2026, 3, 3, tzinfo=UTC).timestamp()))
    stripe.advance(timedelta(days=2).total_seconds())
    assert get(stripe, "/v1/payouts", status="paid")[1]["data"][0]["id"] == payout["id"]


def test_lines_are_listed_when_stripe_has_itemised(stripe):
    stripe.configure({"itemised_after_s": 600})
    act(stripe, "charge", amount=10000)
    payout = act(stripe, "pay_out")["payout"]
    assert get(stripe, "/v1/balance_transactions", payout=payout)[1]["data"] == []
    assert get(stripe, f"/v1/payouts/{payout}")[1]["reconciliation_status"] == "in_progress"
    stripe.advance(600)
    assert len(get(stripe, "/v1/balance_transactions", payout=payout)[1]["data"]) == 2


def test_a_snapshot_brings_back_what_was(stripe):
    act(stripe, "charge", amount=10000)
    kept = stripe.snapshot()
    act(stripe, "pay_out")
    stripe.restore(kept)
    assert stripe.counters()["records"] == {
        "charges": 1,
        "refunds": 0,
        "disputes": 0,
        "transactions": 1,
        "payouts": 0,
    }


# --- what shops charged ----------------------------------------------------------------------------------------------


def test_a_shops_gateway_charges_completed_orders_and_their_refunds_once(stripe):
    shop = create("woocommerce", "fjordliv", {"shop": "second"}, {}, stripe.clock)
    with StandinServer(shop) as running:
        orders = _orders(running)
        methods = sorted({order["payment_method"] for order in orders.values()})
        act(stripe, "connect_shop", shop="fjordliv", url=running.url, methods=methods)
        placed = next(str(number) for number, order in orders.items() if order["status"] == "processing")
        first = act(stripe, "collect")
        assert act(stripe, "collect") == {"charged": 0, "refunded": 0}
        running.act({"action": "set_status", "order": int(placed), "status": "completed"})
        assert act(stripe, "collect") == {"charged": 1, "refunded": 0}
        running.act({"action": "refund", "order": int(placed)})
        assert act(stripe, "collect") == {"charged": 0, "refunded": 1}
        taken = [order for order in _orders(running).values() if order["status"] in ("completed", "refunded")]
        charged = sum(charge["amount"] for charge in stripe.dump()["charges"].values())
        assert charged == sum(int(Decimal(str(order["total"])) * 100) for order in taken)
        assert first["charged"] == len(taken) - 1
    assert stripe.counters()["doubles"] == []


def test_only_shops_of_this_machine_are_read(stripe):
    with pytest.raises(ValueError, match="only shops of this machine"):
        act(stripe, "connect_shop", shop="x", url="http://shop.example", methods=[])


def _orders(running: StandinServer) -> Mapping[str, Any]:
    found: Any = running.dump()
    return {str(order["id"]): order for order in found["orders"]}
