"""Payouts that pay invoices which stand open: customer lines for what is really open, and for nothing else."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_journals import create_voucher
from pakhus.ledger import clearing
from pakhus.ledger.schema import clearing_items
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay
from tests.flows.shipped_orders import only
from tests.flows.test_payments import balance, pay, paying, waiting
from tests.flows.test_payouts import SALES, file, payouts, reason, row, settling
from tests.flows.world import World, world

KLARNA = PaymentMethod(terms=11, way=PaymentWay.OPEN, clearing_account=5825)
PAYOUT = row("payout", "p1", "-416.87")


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """An order that is invoiced and stands open until its provider pays."""
    with world(fresh_ledger_url, seed=only("60")) as running:
        changed = paying(running, KLARNA)
        changed.observe()
        changed.book()
        pay(changed)
        yield changed


def book_journal(at: World) -> None:
    at.accounts_server.act({"action": "book_journal", "journal": 5})


def remainders(at: World) -> list[Decimal]:
    return [Decimal(str(one["remainder"])) for one in at.accounts_server.dump()["booked"].values()]


def test_what_stands_open_on_the_customer_does_not_stand_on_clearing(at):
    with at.ledger.begin() as tx:
        assert tx.connection.execute(select(clearing_items.c.way)).scalars().all() == ["open"]
        assert clearing.standing(tx, "economic__main", 5825) == []


def test_a_refund_closes_its_credit_note_not_the_invoice(at):
    settling(at).run([file(SALES[0], PAYOUT)])
    book_journal(at)
    at.act(action="refund", order=60, amount="50.00")
    at.forward(minutes=2)
    at.observe()
    at.credit()
    pay(at)
    back = [row("refund", "r60", "-50.00", order="60", batch="PO-2"), row("payout", "p2", "50.00", batch="PO-2")]
    settling(at).run([file(*back)])
    assert reason(at, "kort-PO-2-DKK-payout") == "payout_journaled"
    book_journal(at)
    assert remainders(at) == [0, 0]
    assert (balance(at, 5600), balance(at, 5829)) == (0, Decimal("366.87"))


def test_an_invoice_that_was_partly_paid_elsewhere_is_not_paid_beyond_what_is_open(at):
    (invoice,) = at.accounts_server.dump()["booked"].values()
    entry = {
        "customer": {"customerNumber": invoice["customer"]},
        "customerInvoice": invoice["bookedInvoiceNumber"],
        "amount": -100,
        "date": invoice["date"],
        "currency": {"code": "DKK"},
        "contraAccount": {"accountNumber": 5829},
        "text": "bank",
    }
    body = {"accountingYear": {"year": invoice["date"][:4]}, "entries": {"customerPayments": [entry]}}
    at.accounts.send(create_voucher(5, body))
    book_journal(at)
    settling(at).run([file(SALES[0], PAYOUT)])
    code, told = payouts(at)["kort-PO-1-DKK-payout"]
    assert (code, waiting(at)) == ("payout_unmatched", [])
    assert "only 323" in told["problem"]
    settling(at, unmatched="post").run([])
    book_journal(at)
    assert (remainders(at), balance(at, 7225)) == ([Decimal(323)], -423)


def test_payout_of_so_many_open_invoices_that_asking_for_them_outlasts_a_lease_is_entered(
    fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(fresh_ledger_url, seed=only("60", "63")) as running:
        at = paying(running, KLARNA)
        at.observe()
        at.book()
        pay(at)
        ask = EconomicClient.get_booked

        def slowly(client: EconomicClient, number: str) -> Any:
            at.forward(seconds=200)
            return ask(client, number)

        monkeypatch.setattr(EconomicClient, "get_booked", slowly)
        settling(at).run([file(*SALES[:2], row("payout", "p1", "-757.85"))])
        assert reason(at) == "payout_journaled"


def test_an_invoice_of_what_an_early_refund_left_is_paid_as_far_as_it_is_open(fresh_ledger_url):
    with world(fresh_ledger_url, seed=only("60")) as running:
        at = paying(running, KLARNA)
        at.act(action="refund", order=60, amount="50.00")
        at.forward(minutes=2)
        at.observe()
        at.book()
        pay(at)
        assert remainders(at) == [Decimal(373)]
        back = row("refund", "r60", "-50.00", order="60")
        settling(at, unmatched="post").run([file(SALES[0], back, row("payout", "p1", "-366.87"))])
        assert reason(at) == "payout_journaled"
        book_journal(at)
        assert (remainders(at), balance(at, 7225), balance(at, 5829)) == ([0], 0, Decimal("366.87"))
