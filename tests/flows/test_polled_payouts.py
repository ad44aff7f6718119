"""What a shop's buyers paid is paid out by the provider and polled: clearing ends at 0.00, exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.errors import AccessDeniedError
from pakhus.ledger.schema import documents, settlements
from tests.flows.polled import OWED, Polled, polled
from tests.flows.test_payments import balance, waiting
from tests.flows.test_payouts import PAID, payouts, standing


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[Polled]:
    with polled(fresh_ledger_url) as running:
        yield running


def booked(at: Polled) -> tuple[Decimal, Decimal, Decimal]:
    """Clearing, fee and bank after the bookkeeper has booked the journal."""
    at.world.accounts_server.act({"action": "book_journal", "journal": 5})
    clearing, fee, bank = (balance(at.world, account) for account in (5825, 7220, 5829))
    return clearing, fee, bank


def reasons(at: Polled) -> list[str]:
    return [code for code, _ in payouts(at.world).values()]


def test_what_was_captured_is_paid_out_and_clearing_is_empty(at):
    at.capture_all()
    paid = at.act("pay_out")
    report = at.settle()
    assert (reasons(at), report.alarms()) == (["payout_journaled"], [])
    fees = OWED - Decimal(paid["amount"]) / 100
    assert booked(at) == (0, fees, OWED - fees)
    assert standing(at.world) == []
    assert report.headline.endswith("clearing 5825: 0.00")
    at.world.reset_counters()
    at.settle()
    assert at.world.writes() == 0


def test_nothing_is_asked_twice_in_a_run_and_nothing_is_written_at_the_provider(at):
    at.capture_all()
    at.act("pay_out")
    at.stripe.reset_counters()
    at.settle()
    asked = at.stripe.requests()
    assert [row["method"] for row in asked] == ["GET"] * 3
    assert len({row["path"] for row in asked}) == 3


@pytest.mark.edge(61)
def test_a_debt_is_carried_to_the_payout_that_pays_it(at):
    """The refund comes in a week without sales: no payout, then one that both are in."""
    first = at.capture("60", PAID["60"])
    at.act("pay_out")
    at.settle()
    at.act("refund", charge=first["charge"], amount=2300)
    assert at.act("pay_out")["payout"] is None
    at.settle()
    at.capture("63", PAID["63"])
    at.capture("93", PAID["93"])
    at.act("pay_out")
    at.settle()
    held = payouts(at.world)
    assert [code for code, _ in held.values()] == ["payout_journaled", "payout_unmatched"]
    told = list(held.values())[1][1]
    assert (told["count"], "refund -23.00" in told["problem"]) == ("1", True)


@pytest.mark.edge(62)
def test_a_payout_that_failed_at_the_bank_is_taken_back_by_the_next(at):
    at.capture_all()
    failed = at.act("pay_out")
    at.settle()
    at.act("fail_payout", payout=failed["payout"])
    at.settle()
    assert reasons(at) == ["payout_journaled"]
    again = at.act("pay_out")
    at.settle()
    assert reasons(at) == ["payout_journaled"] * 2  # the bank shows that it came back and went out again
    assert again["amount"] == failed["amount"]
    assert booked(at)[2] == Decimal(failed["amount"]) / 100


def test_a_correction_after_it_was_entered_is_one_alarm_and_changes_nothing(at):
    at.capture_all()
    at.act("pay_out")
    at.settle()
    line = next(row["id"] for row in at.stripe.dump()["transactions"].values() if row["amount"] == 42300)
    at.act("amend", transaction=line, amount=42200)
    at.world.reset_counters()
    (alarm,) = at.settle().alarms()
    assert "otherwise than it was entered" in alarm
    assert at.world.writes() == 0
    assert at.settle().alarms() == []


def test_a_correction_before_it_was_entered_is_what_counts(at):
    at.capture("60", "424.00")
    at.act("pay_out")
    at.settle()
    assert reasons(at) == ["payout_unmatched"]
    line = next(row["id"] for row in at.stripe.dump()["transactions"].values() if row["amount"] == 42400)
    at.act("amend", transaction=line, amount=42300)
    at.settle()
    assert reasons(at) == ["payout_journaled"]


def test_a_key_that_was_withdrawn_stops_the_polling_and_goes_on_where_it_was(at):
    at.capture_all()
    at.act("pay_out")
    at.act("set_rights", rights=["payouts"])
    with pytest.raises(AccessDeniedError, match="renew the key in the Airflow connection"):
        at.settle()
    assert rows(at, settlements) == []
    at.act("set_rights", rights=["payouts", "balance"])
    at.settle()
    assert reasons(at) == ["payout_journaled"]


def test_a_payout_by_hand_waits_for_a_person_and_the_others_go_on(at):
    at.capture("60", PAID["60"])
    at.act("pay_out")
    at.capture("63", PAID["63"])
    at.act("pay_out", amount=10000)
    at.settle()
    assert sorted(reasons(at)) == ["payout_journaled", "payout_not_itemised"]
    at.forward(hours=25)
    at.settle()
    assert sorted(reasons(at)) == ["payout_journaled", "payout_not_itemised"]


def test_a_payout_on_its_way_is_entered_when_it_has_arrived(at):
    at.stripe.configure({"arrival_days": 2})
    at.capture_all()
    at.act("pay_out")
    at.settle()
    assert reasons(at) == []
    at.forward(days=2, hours=1)
    at.settle()
    assert reasons(at) == ["payout_journaled"]
    assert waiting(at.world)


def rows(at: Polled, table: Any) -> list[Any]:
    with at.world.ledger.begin() as tx:
        return list(tx.connection.execute(select(table)).all())


def test_each_answer_is_kept_as_one_document_of_the_account(at):
    at.capture_all()
    at.act("pay_out")
    at.settle()
    kept = [row for row in rows(at, documents) if row.kind == "settlement_file"]
    assert [row.key.split("-")[:2] for row in kept] == [["kort", "answer_stripe"]]
