"""The payouts on the Transfers page: what they tell, and who may say what a line is."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from apps.transfers_page.access import require_reader, require_sender
from apps.transfers_page.app import transfers_app
from apps.transfers_page.ledger_reader import LedgerReader
from pakhus.ledger.connection import Ledger
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, balance, pay, paying
from tests.flows.test_payout_decisions import GIFT_CARDS, LINE, STRANGE, include_with_account
from tests.flows.test_payouts import PAID, SALES, WHOLE, file, reason, row, settling
from tests.flows.world import World, world

OWN = {"X-Pakhus-Page": "order"}


@pytest.fixture
def at(fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three orders, invoiced and paid by card; the account's settings are where the page finds them."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_account(tmp_path)))
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        yield changed


def page(at: World, *, sender: bool = True) -> TestClient:
    app = transfers_app(LedgerReader(lambda: at.ledger.url), lambda: Ledger(at.ledger.url))
    app.dependency_overrides[require_reader] = lambda: None
    if sender:
        app.dependency_overrides[require_sender] = lambda: "anna"
    return TestClient(app)


def told(at: World) -> Any:
    return page(at).get("/data/payouts").json()


def say(at: World, said: dict[str, Any], line: int = LINE, **more: Any) -> Any:
    document = told(at)["payouts"][0]["standing"]["id"]
    return page(at, **more).post(f"/data/decide/{document}/lines/{line}", json=said, headers=OWN)


def test_tells_what_stands_on_clearing_and_where_payouts_stand(at):
    settling(at).run([file(*WHOLE[:2], row("payout", "p1", "-757.85"))])
    found = told(at)
    (clearing,) = found["clearing"]
    assert (clearing["account"], Decimal(clearing["amount"]), clearing["count"]) == (5825, Decimal("197.50"), 1)
    (payout,) = found["payouts"]
    assert (payout["batch"], Decimal(payout["net"]), payout["lines"]) == ("PO-1-DKK", Decimal("757.85"), [])
    assert (payout["standing"]["reason"], payout["standing"]["remote_id"]) == ("payout_journaled", "2026-50001")


def test_tells_the_lines_that_wait_with_what_they_may_pay(at):
    twice = [*SALES, row("capture", "x1", "423.00", order="60"), row("payout", "p1", "-1375.49")]
    settling(at).run([file(*twice)])
    (payout,) = told(at)["payouts"]
    assert payout["is_open"]
    lines = {line["number"]: line for line in payout["lines"]}
    assert lines[LINE]["outcome"] == "already_settled"
    assert [one["key"] for one in lines[LINE]["candidates"]] == ["nordlys-60-payment1"]


def test_what_a_person_says_is_carried_out_by_the_next_run_and_stays_to_be_read(at):
    settling(at).run([file(*STRANGE)])
    answer = say(at, {"say": "post", "account": GIFT_CARDS, "note": "gift card"})
    assert (answer.status_code, answer.json()["note"]) == (200, "The next run posts it there.")
    settling(at).run([])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (reason(at), balance(at, 5825), balance(at, GIFT_CARDS)) == ("payout_journaled", 0, -100)
    (payout,) = told(at)["payouts"]
    ((said,),) = [line["said"] for line in payout["lines"]]
    assert (said["by"], said["action"], said["account"], said["note"]) == ("anna", "post", GIFT_CARDS, "gift card")
    assert not payout["is_open"]


def test_a_file_that_contradicts_is_taken_by_a_button(at):
    settling(at).run([file(*WHOLE[:2], row("payout", "p1", "-757.85")), file(*WHOLE, name="kort (1).csv")])
    assert reason(at) == "payout_contradicted"
    (found,) = [one for one in told(at)["payouts"] if one["standing"]["kind"] == "settlement_file"]
    assert found["answers"] == ["take", "ignore"]
    answer = page(at).post(f"/data/decide/{found['standing']['id']}", json={"answer": "take"}, headers=OWN)
    assert answer.status_code == 200, answer.json()
    settling(at).run([])
    (payout,) = told(at)["payouts"]
    assert (payout["standing"]["reason"], Decimal(payout["net"])) == ("payout_journaled", Decimal("952.49"))


NONSENSE = [
    ({"say": "burn"}, 422),
    ({"say": "post", "account": -1}, 422),
    ({"say": "wait", "more": 1}, 422),
    ({"say": "post"}, 409),
    ({"say": "ignore"}, 409),
    ({"say": "link", "document": "nordlys-1-payment1"}, 409),
]


def test_refuses_what_means_nothing(at):
    settling(at).run([file(*STRANGE)])
    assert [say(at, said).status_code for said, _ in NONSENSE] == [status for _, status in NONSENSE]
    assert reason(at) == "payout_unmatched"


def test_only_who_may_trigger_runs_says_anything_and_only_from_the_page(at):
    settling(at).run([file(*STRANGE)])
    assert say(at, {"say": "wait"}, sender=False).status_code == 401
    document = told(at)["payouts"][0]["standing"]["id"]
    assert page(at).post(f"/data/decide/{document}/lines/{LINE}", json={"say": "wait"}).status_code == 403
    assert page(at).post("/data/decide/999999", json={"answer": "take"}, headers=OWN).status_code == 404
