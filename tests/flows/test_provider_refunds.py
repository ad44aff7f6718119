"""Refunds made in the provider's portal: held by default, else credited once, and never doubled by the shop's own."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.flows.payouts import Settler
from pakhus.ledger.schema import documents
from tests.flows.shipped_orders import only
from tests.flows.test_credit_notes import in_mode
from tests.flows.test_credit_notes import row as document
from tests.flows.test_payments import CARD, balance, pay, paying
from tests.flows.test_payouts import PAID, WHOLE, file, reason, row, settling, standing
from tests.flows.world import World, world

BACK = [row("refund", "r1", "-50.00", order="63", batch="PO-2"), row("payout", "p2", "50.00", batch="PO-2")]
KEY = "kort-PO-2-DKK-payout"


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders, invoiced, paid by card and paid out."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        settling(changed).run([file(*WHOLE)])
        changed.accounts_server.act({"action": "book_journal", "journal": 5})
        changed.forward(days=3)  # after the refund, which is of the same day as the sales
        yield changed


def crediting(at: World) -> Settler:
    return settling(at, refunds_only_here="credit_note", unmatched="post")


def booked_credits(at: World) -> list[Decimal]:
    booked = at.accounts_server.dump()["booked"].values()
    return [Decimal(str(one["grossAmount"])) for one in booked if Decimal(str(one["grossAmount"])) < 0]


@pytest.mark.edge(46)
def test_a_refund_in_the_portal_alone_holds_the_payout_and_makes_nothing_by_default(at):
    settling(at).run([file(*BACK)])
    at.credit()
    assert (reason(at, KEY), booked_credits(at)) == ("payout_unmatched", [])


@pytest.mark.edge(46)
def test_a_refund_in_the_portal_alone_gets_its_credit_note_and_clearing_comes_to_nothing(at):
    crediting(at).run([file(*BACK)])
    assert reason(at, KEY) == "payout_unmatched"
    for _ in range(2):
        at.credit()
        pay(at)
        crediting(at).run([])
    assert (reason(at, KEY), booked_credits(at), standing(at)) == ("payout_journaled", [Decimal(-50)], [])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (balance(at, 5825), balance(at, 5829), balance(at, 7225)) == (0, Decimal("902.49"), 0)


def test_the_shop_is_waited_for_two_days(at):
    young = [one.replace("2026-11-22", at.ledger.now().date().isoformat()) for one in BACK]
    crediting(at).run([file(*young)])
    at.credit()
    assert (reason(at, KEY), booked_credits(at)) == ("payout_unmatched", [])


def test_a_refund_that_the_shop_shows_afterwards_is_for_a_person(at):
    crediting(at).run([file(*BACK)])
    at.credit()
    number = at.act(action="refund", order=63, amount="50.00")["refund"]
    at.forward(minutes=2)
    at.observe()
    at.credit()
    assert document(at, f"nordlys-63-credit{number}").reason == "refund_perhaps_credited"
    assert booked_credits(at) == [Decimal(-50)]
    (mine,) = [one for one in _credit_documents(at) if "provider" in one.key]
    assert mine.reason == "transferred"  # what the shop shows does not withdraw it


def test_a_refund_of_the_shop_whose_credit_note_waits_is_not_credited_as_the_providers_own(at):
    in_mode(at, "draft")
    number = at.act(action="refund", order=63, amount="50.00")["refund"]
    at.forward(minutes=2)
    at.observe()
    at.credit()
    assert document(at, f"nordlys-63-credit{number}").reason == "drafted"
    crediting(at).run([file(*BACK)])
    at.credit()
    assert (reason(at, KEY), len(_credit_documents(at))) == ("payout_unmatched", 1)
    in_mode(at, "auto")
    at.forward(days=1, minutes=2)
    at.credit()
    crediting(at).run([])  # the credit note is booked, and what goes out for it is not told yet
    pay(at)
    crediting(at).run([])
    assert (reason(at, KEY), booked_credits(at), standing(at)) == ("payout_journaled", [Decimal(-50)], [])


def _credit_documents(at: World) -> list[Any]:
    with at.ledger.begin() as tx:
        return list(tx.connection.execute(select(documents).where(documents.c.kind == "credit_note")))
