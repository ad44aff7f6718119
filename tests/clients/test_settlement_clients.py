"""Clients of payment providers read all pages, and what they return is what the readers take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pakhus.clients import (
    epay_settlements,
    klarna_settlements,
    paypal_settlements,
    stripe_settlements,
    woopayments_settlements,
)
from pakhus.clients.epay_settlements import EpaySettlements
from pakhus.clients.http import Limits
from pakhus.clients.klarna_settlements import KlarnaSettlements
from pakhus.clients.paypal_settlements import PaypalSettlements
from pakhus.clients.settlement_api import ProviderSettings, RenewedToken, SettlementClient
from pakhus.clients.stripe_settlements import StripeSettlements
from pakhus.clients.vipps_mobilepay_settlements import VippsMobilepaySettlements
from pakhus.clients.woocommerce_api import WooCommerceApi, WooCommerceSettings
from pakhus.clients.woopayments_settlements import WoopaymentsSettlements
from pakhus.errors import AccessDeniedError, ConfigurationError, RateLimitedError, TransientError
from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.readers import read
from pakhus.rules.settlement_balance import balance_problems
from tests.clients.scripted_shop import Asked, Reply, ScriptedShop, serving

FIXTURES = Path(__file__).parents[1] / "fixtures" / "settlements"
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
ONCE = Limits(connect_s=2, read_s=5, deadline_s=10, tries=1)
SECRET = "sk_very_secret"


def fixture(reader: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((FIXTURES / f"{reader}.json").read_text(encoding="utf-8"))
    return said


def part(rows: list[Any], asked: Asked, size: str, offset: str) -> tuple[list[Any], bool]:
    """A page of rows, by how many and from where."""
    count, first = int(asked.query[size]), int(asked.query.get(offset) or 0)
    return rows[first : first + count], first + count < len(rows)


def stripe(asked: Asked) -> Reply:
    said = fixture("stripe")
    if asked.path.startswith("/v1/payouts/"):
        return Reply(said["payout"])
    rows = [said["payout"]] if asked.path == "/v1/payouts" else said["balance_transactions"]
    if asked.path == "/v1/payouts":
        rows = [*rows, {**said["payout"], "id": "po_manual", "automatic": False}]
    after = asked.query.get("starting_after")
    first = [row["id"] for row in rows].index(after) + 1 if after else 0
    count = int(asked.query["limit"])
    return Reply({"data": rows[first : first + count], "has_more": first + count < len(rows)})


def klarna(asked: Asked) -> Reply:
    said = fixture("klarna")
    if asked.path.endswith("/payouts/PAYOUT7001"):
        return Reply(said["payout"])
    name = "payouts" if asked.path.endswith("/payouts") else "transactions"
    rows = [said["payout"]] if name == "payouts" else said["transactions"]
    return Reply({name: part(rows, asked, "size", "offset")[0], "pagination": {"count": 1}})


def epay(asked: Asked) -> Reply:
    said = fixture("epay")
    if asked.path.endswith("/PAYOUT7001"):
        return Reply({"settlementTransfer": said["transfer"]})
    wrapped, rows = ("settlementTransaction", said["transactions"])
    if asked.path.endswith("/transfers"):
        wrapped, rows = "settlementTransfer", [said["transfer"], {**said["transfer"], "postingDate": "2026-10-31"}]
    page, more = part(rows, asked, "perPage", "offset")
    following = str(int(asked.query.get("offset") or 0) + len(page)) if more else None
    return Reply({"items": [{wrapped: row} for row in page], "hasMore": more, "nextOffset": following})


def paypal(asked: Asked) -> Reply:
    said = fixture("paypal_search")
    if asked.path == "/v1/oauth2/token":
        assert asked.headers["Authorization"].startswith("Basic ")
        assert asked.body == b"grant_type=client_credentials"
        return Reply({"access_token": "t1", "expires_in": 3600})
    assert asked.headers["Authorization"] == "Bearer t1"
    size, number = int(asked.query["page_size"]), int(asked.query["page"])
    rows = said["transaction_details"]
    page = rows[(number - 1) * size : number * size]
    pages = -(-len(rows) // size)
    return Reply({"account_number": said["account_number"], "transaction_details": page, "total_pages": pages})


def vipps(asked: Asked) -> Reply:
    said = fixture("vipps_mobilepay")
    if asked.path == "/settlement/v1/ledgers":
        return Reply({"items": [{"ledgerId": "302321", "currency": "DKK"}, {"ledgerId": "302322", "currency": "DKK"}]})
    if asked.path == "/accesstoken/get":
        assert (asked.headers["client_id"], asked.headers["client_secret"]) == ("id", SECRET)
        return Reply({"access_token": "t1", "expires_in": "3600"})
    assert asked.headers["Ocp-Apim-Subscription-Key"] == "sub"
    topic, day = asked.path.split("/")[-3], asked.path.split("/")[-1]
    before = {**said["funds"][-1], "balanceBefore": 190186, "ledgerDate": "2026-11-01", "reference": "EARLIER"}
    rows = [row for row in [before, *said["funds"]] if row["ledgerDate"] == day] if topic == "funds" else []
    first = int(asked.query.get("cursor") or 0)
    return Reply({"items": rows[first : first + 2], "cursor": str(first + 2) if first + 2 < len(rows) else ""})


def woopayments(asked: Asked) -> Reply:
    said = fixture("woopayments")
    if asked.path.endswith("/deposits/PAYOUT7001"):
        return Reply(said["deposit"])
    number = int(asked.query["page"])
    if asked.path.endswith("/deposits"):
        rows = [{**said["deposit"], "id": "po_2", "status": "pending"}, said["deposit"]]
        size = int(asked.query["pagesize"])
        return Reply({"data": rows[(number - 1) * size : number * size], "total_count": 2})
    size = int(asked.query["per_page"])
    return Reply(said["transactions"][(number - 1) * size : number * size])


def settings(url: str) -> ProviderSettings:
    return ProviderSettings(url, SECRET, name="name", limits=ONCE)


def ledger(url: str) -> ProviderSettings:
    return ProviderSettings(url, f"id:{SECRET}", name="302321", subscription_key="sub", limits=ONCE)


def shop(url: str) -> WooCommerceApi:
    return WooCommerceApi(
        WooCommerceSettings(shop="nordlys", base_url=url, consumer_key="ck", consumer_secret="cs", limits=ONCE)
    )


CLIENTS: Mapping[str, tuple[Callable[[Asked], Reply], Callable[[str], SettlementClient]]] = {
    "stripe": (stripe, lambda url: StripeSettlements(settings(url))),
    "klarna": (klarna, lambda url: KlarnaSettlements(settings(url))),
    "epay": (epay, lambda url: EpaySettlements(settings(url))),
    "paypal_search": (paypal, lambda url: PaypalSettlements(settings(url))),
    "vipps_mobilepay": (vipps, lambda url: VippsMobilepaySettlements(ledger(url))),
    "woopayments": (woopayments, lambda url: WoopaymentsSettlements(shop(url))),
}
KNOWN = {"paypal_search": "2026-11-02", "vipps_mobilepay": "2026-11-01_2026-11-30"}


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (
        epay_settlements,
        klarna_settlements,
        paypal_settlements,
        stripe_settlements,
        woopayments_settlements,
    ):
        monkeypatch.setattr(module, "_PAGE", 2)


@contextmanager
def client(
    reader: str, script: Callable[[Asked], Reply] | None = None
) -> Iterator[tuple[SettlementClient, ScriptedShop]]:
    answers, make = CLIENTS[reader]
    with serving(script or answers) as server:
        yield make(server.url), server


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("reader", CLIENTS)
def test_all_pages_are_read_and_their_settlement_is_the_worked_payout(reader: str) -> None:
    with client(reader) as (provider, server):
        known = KNOWN.get(reader, "PAYOUT7001")
        assert known in provider.payouts(FIRST, LAST).ready
        content = provider.settlement(known)
        again = provider.settlement(known)
    assert content == again
    [batch] = read(reader, Source(content, "main"))
    assert balance_problems(batch) == []
    assert [str(line.net) for line in batch.lines if line.kind == "payout"] == ["-1901.86"]
    assert all(asked.method == "GET" or "token" in asked.path for asked in server.asked)
    tokens = [asked for asked in server.asked if "token" in asked.path]
    assert len(tokens) <= 1


PROBED = {
    "stripe": "Stripe, payouts and transactions can be read",
    "klarna": "Klarna, merchant ",
    "epay": "ePay, transfers can be read",
    "paypal_search": "PayPal account ",
    "vipps_mobilepay": "Vipps MobilePay ledger 302321",
    "woopayments": "WooPayments, deposits can be read",
}


@pytest.mark.parametrize("reader", CLIENTS)
def test_a_probe_says_where_the_connection_leads(reader: str) -> None:
    with client(reader) as (provider, server):
        assert provider.probe().startswith(PROBED[reader])
    assert all(asked.method == "GET" or "token" in asked.path for asked in server.asked)


@pytest.mark.parametrize("reader", CLIENTS)
def test_a_probe_needs_every_right_that_the_payouts_need(reader: str) -> None:
    """Each address that is read for a settlement and its list is refused in turn: the probe must notice."""
    answers, _ = CLIENTS[reader]
    probed = _asked(reader, lambda provider: provider.probe())
    for address in probed:

        def script(asked: Asked, refused: str = address) -> Reply:
            return Reply({"message": "no"}, 403) if _address(asked) == refused else answers(asked)

        with client(reader, script) as (provider, _), pytest.raises(AccessDeniedError):
            provider.probe()
    lists = {"stripe": {"/v1/payouts", "/v1/balance_transactions"}}
    assert lists.get(reader, set()) <= probed


def _asked(reader: str, ask: Callable[[SettlementClient], object]) -> set[str]:
    with client(reader) as (provider, server):
        ask(provider)
    return {_address(asked) for asked in server.asked if "token" not in asked.path}


def _address(asked: Asked) -> str:
    return asked.path


def test_a_ledger_that_the_keys_may_not_read_is_told_with_those_that_they_may() -> None:
    with serving(vipps) as server:
        settings = ProviderSettings(server.url, f"id:{SECRET}", name="9", subscription_key="sub", limits=ONCE)
        with pytest.raises(ConfigurationError, match="may not read ledger 9, but 302321, 302322"):
            VippsMobilepaySettlements(settings).probe()


def test_a_test_mode_key_says_so() -> None:
    def script(asked: Asked) -> Reply:
        rows = stripe(asked).body
        assert isinstance(rows, dict)
        return Reply({**rows, "data": [{**row, "livemode": False} for row in rows["data"]]})

    with client("stripe", script) as (provider, _):
        assert "test mode" in provider.probe()


@pytest.mark.parametrize("reader", ["stripe", "paypal_search", "vipps_mobilepay", "klarna", "epay", "woopayments"])
def test_nothing_of_a_person_is_kept(reader: str) -> None:
    """Whatever a provider tells besides what the reader needs is left out."""
    answers, _ = CLIENTS[reader]

    def script(asked: Asked) -> Reply:
        reply = answers(asked)
        return reply if "token" in asked.path else Reply(_with_person(reply.body), reply.status)

    known = KNOWN.get(reader, "PAYOUT7001")
    with client(reader, script) as (provider, _):
        content = provider.settlement(known)
    assert b"Lise" not in content
    assert balance_problems(read(reader, Source(content, "main"))[0]) == []


def _with_person(value: Any) -> Any:
    """An answer in which each movement tells a person's name, too; small objects in it are amounts and the like."""
    if isinstance(value, dict):
        person = {"customer_name": "Lise"} if len(value) > 6 and "sale_amount" not in value else {}
        return {name: _with_person(inner) for name, inner in value.items()} | person
    return [_with_person(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.usefixtures("short_pages")
def test_payouts_that_are_not_itemised_or_not_of_these_days_are_left_out() -> None:
    for reader in ("stripe", "epay", "woopayments"):
        with client(reader) as (provider, _):
            assert provider.payouts(FIRST, LAST).ready == ["PAYOUT7001"]


@pytest.mark.parametrize("reader", [name for name in CLIENTS if name != "woopayments"])
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({}, 401), AccessDeniedError),
        (Reply({}, 429, {"Retry-After": "30"}), RateLimitedError),
        (Reply({}, 503), TransientError),
        (Reply(b"<html>proxy</html>"), TransientError),
        (Reply([]), TransientError),
    ],
)
def test_an_answer_that_is_none_says_who_must_act(reader: str, reply: Reply, error: type[Exception]) -> None:
    with client(reader, lambda _: reply) as (provider, _), pytest.raises(error) as raised:
        provider.settlement(KNOWN.get(reader, "PAYOUT7001"))
    assert SECRET not in str(raised.value)


def test_a_list_that_never_ends_is_an_error() -> None:
    same = Reply({"data": [{"id": "po_1"}], "has_more": True})
    with client("stripe", lambda _: same) as (provider, _), pytest.raises(TransientError, match="does not end"):
        provider.payouts(FIRST, LAST)


def test_an_open_ledger_date_is_read_later() -> None:
    def script(asked: Asked) -> Reply:
        return vipps(asked) if "token" in asked.path else Reply({"items": [], "tryLater": True})

    with client("vipps_mobilepay", script) as (provider, _), pytest.raises(TransientError, match="still open"):
        provider.settlement("2026-11-01_2026-11-02")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": "", "expires_in": 3600},
        {"access_token": "t1", "expires_in": "soon"},
        {"access_token": None},
    ],
)
def test_an_answer_without_a_usable_token_is_tried_again_later(answer: dict[str, Any]) -> None:
    with pytest.raises(TransientError, match="has no token"):
        RenewedToken("PayPal").value(lambda: answer)


def test_a_token_is_asked_for_once_while_it_lasts_and_anew_when_it_ends_within_a_minute() -> None:
    asked: list[str] = []

    def ask(lasts_s: str) -> dict[str, Any]:
        asked.append(lasts_s)
        return {"access_token": f"t{len(asked)}", "expires_in": lasts_s}

    long, short = RenewedToken("PayPal"), RenewedToken("PayPal")
    assert [long.value(lambda: ask("3600")) for _ in range(2)] == ["t1", "t1"]
    assert [short.value(lambda: ask("59")) for _ in range(2)] == ["t2", "t3"]
