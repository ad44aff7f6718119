"""Providers that tell a running balance: a settlement that was never fetched is found between two others."""

import itertools
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pakhus.flows.payout_decisions import decide_file
from pakhus.flows.payouts import SettlementFile
from pakhus.reasons import Answer
from tests.flows.shipped_orders import only
from tests.flows.test_payments import balance
from tests.flows.test_payouts import reason, settling
from tests.flows.world import World, world
from tests.formats.settlements.writers.klarna import klarna, klarna_rows
from tests.formats.settlements.writers.plain import Movement, Plain


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only("60")) as running:
        yield running


def debt(name: str, day: int, kind: str, amount: str, opening: int, closing: int) -> SettlementFile:
    """A settlement that pays nothing out: a fee, or one given back, changes what we owe Klarna (in øre)."""
    plain = Plain(name, (Movement(kind, Decimal(amount), f"m{name}"),))
    whole = json.loads(klarna(plain, klarna_rows(plain)))
    whole["payout"]["payout_date"] = f"2026-11-{day:02}T09:00:00+00:00"
    totals = {"settlement_amount": 0, "opening_debt_balance_amount": opening, "closing_debt_balance_amount": closing}
    whole["payout"]["totals"] |= totals
    return SettlementFile(f"{name}.json", json.dumps(whole).encode())


FIRST, BETWEEN, LAST = (
    debt("P1", 3, "fee", "50.00", 0, 5000),
    debt("P2", 10, "fee_refund", "30.00", 5000, 2000),
    debt("P3", 17, "fee", "10.00", 2000, 3000),
)


@pytest.mark.edge(60)
def test_a_settlement_that_is_missing_in_between_holds_the_next_until_it_comes(at):
    klarna_account = settling(at, reader="klarna", columns=None)
    report = klarna_account.run([FIRST, LAST])
    assert (reason(at, "kort-P1-payout"), reason(at, "kort-P3-payout")) == ("payout_journaled", "payout_gap")
    assert "P1 closes with -50.00, P3 opens with -20.00" in report.causes["payout_gap"]
    klarna_account.run([BETWEEN])
    assert reason(at, "kort-P3-payout") == "payout_journaled"
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (balance(at, 7220), balance(at, 5827)) == (30, -30)


def test_a_person_may_take_a_settlement_as_it_is(at):
    klarna_account = settling(at, reader="klarna", columns=None)
    klarna_account.run([FIRST, LAST])
    decide_file(at.ledger, "kort", "kort-P3-payout", Answer.TAKE, "anna")
    klarna_account.run([])
    assert reason(at, "kort-P3-payout") == "payout_journaled"


MORNING, EVENING, NEXT = (
    debt("M", 10, "fee", "50.00", 0, 5000),
    debt("E", 10, "fee_refund", "30.00", 5000, 2000),
    debt("N", 17, "fee", "10.00", 2000, 3000),
)


@pytest.mark.parametrize("files", [*itertools.permutations([MORNING, EVENING, NEXT])])
def test_two_payouts_of_one_day_and_the_next_follow_each_other_in_whatever_order_they_come(at, files):
    klarna_account = settling(at, reader="klarna", columns=None)
    klarna_account.run([debt("Z", 3, "fee", "20.00", 2000, 0)])
    for file in files:
        klarna_account.run([file])
    assert {reason(at, f"kort-{name}-payout") for name in "MEN"} == {"payout_journaled"}


def test_the_first_of_two_payouts_of_a_day_is_missed(at):
    klarna_account = settling(at, reader="klarna", columns=None)
    report = klarna_account.run([debt("Z", 3, "fee", "20.00", 2000, 0), EVENING])
    assert reason(at, "kort-E-payout") == "payout_gap"
    assert "Z closes with 0.00, E opens with -50.00" in report.causes["payout_gap"]
