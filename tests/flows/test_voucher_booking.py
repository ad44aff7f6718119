"""Booking a payout's voucher by rule: only where the settings say so, only what is sure and untouched, and once."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.http import Call
from pakhus.flows.payouts import Settler
from pakhus.flows.voucher_booking import STEP
from pakhus.ledger.schema import attempts
from pakhus.rules.payout_accounts import Booking, EntriesForm
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, balance, pay, paying, waiting
from tests.flows.test_payouts import PAID, SALES, WHOLE, file, reason, row, settling, standing
from tests.flows.world import World, world

BOOK = "bookdraftentries$"
NO_FILE = {"kind": "error_500", "method": "GET", "path_regex": "attachment$", "nth": 1, "times": 9}


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders, invoiced and paid by card; the agreement takes an array of entries to be booked."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.accounts_server.configure({"book_entries_body": "array"})
        changed.observe()
        changed.book()
        pay(changed)
        yield changed


def booking(at: World, **changes: Any) -> Settler:
    return settling(at, **{"book": Booking.WHEN_MATCHED, "book_entries_body": EntriesForm.ARRAY, **changes})


def booked_payouts(at: World) -> list[Any]:
    """Entries on the account of payouts on their way: one per voucher that is booked."""
    return [entry for entry in at.accounts_server.dump()["entries"].values() if entry["account"] == 5829]


def calls(at: World) -> int:
    return sum(one["path"].endswith("bookdraftentries") for one in at.accounts_server.requests())


def test_by_default_the_bookkeeper_books(at):
    settling(at, book_entries_body=EntriesForm.ARRAY).run([file(*WHOLE)])
    assert (reason(at), calls(at), bool(waiting(at))) == ("payout_journaled", 0, True)


@pytest.mark.parametrize("form", list(EntriesForm))
def test_a_payout_whose_every_line_is_sure_is_booked_with_its_file(at, form):
    at.accounts_server.configure({"book_entries_body": form.value})
    booking(at, book_entries_body=form).run([file(*WHOLE)])
    assert (reason(at), waiting(at), standing(at)) == ("payout_booked", [], [])
    assert (balance(at, 5825), balance(at, 5829)) == (0, Decimal("952.49"))
    assert len(at.accounts_server.dump()["attachments"]) == 1
    booking(at).run([file(*WHOLE)])
    assert len(booked_payouts(at)) == 1


def test_a_payout_with_a_line_on_the_difference_account_is_left_to_the_bookkeeper(at):
    rows = [*SALES, row("capture", "x1", "100.00", order="9001"), row("payout", "p1", "-1052.49")]
    booking(at, unmatched="post").run([file(*rows)])
    assert (reason(at), calls(at)) == ("payout_journaled", 0)


def test_a_form_that_the_agreement_does_not_take_leaves_the_voucher_as_it_is(at):
    booking(at, book_entries_body=EntriesForm.OBJECT).run([file(*WHOLE)])
    assert (reason(at), booked_payouts(at), bool(waiting(at))) == ("refused", [], True)
    assert standing(at) == []
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    at.forward(hours=25)
    booking(at, book_entries_body=EntriesForm.OBJECT).run([])
    assert (reason(at), len(booked_payouts(at))) == ("payout_booked", 1)


@pytest.mark.parametrize("kind", ["answer_lost", "request_lost"])
@pytest.mark.parametrize("later", [{"minutes": 5}, {"hours": 26}])
def test_a_lost_answer_books_once(at, kind, later):
    at.accounts_server.faults.set([{"kind": kind, "method": "POST", "path_regex": BOOK, "nth": 1}])
    booking(at).run([file(*WHOLE)])
    assert reason(at) == "remote_unavailable"
    at.forward(**later)
    booking(at).run([])
    assert (reason(at), waiting(at), len(booked_payouts(at))) == ("payout_booked", [], 1)
    with at.ledger.begin() as tx:
        found = tx.connection.execute(select(attempts.c.status).where(attempts.c.step == STEP)).scalars().all()
    assert list(found) == (["adopted"] if kind == "answer_lost" else ["absent", "ok"])


def test_what_a_person_has_changed_is_not_booked(at):
    at.accounts_server.faults.set([NO_FILE])
    booking(at).run([file(*WHOLE)])
    assert reason(at) == "remote_unavailable"
    at.accounts_server.faults.set([])
    gone = waiting(at)[0]["journalEntryNumber"]
    at.accounts.send(_delete(gone))
    at.forward(minutes=5)
    booking(at).run([])
    assert (reason(at), calls(at), booked_payouts(at)) == ("payout_journaled", 0, [])


def _delete(entry: int) -> Any:
    return Call("DELETE", f"/journals/5/entries/{entry}")


def test_a_day_that_was_closed_meanwhile_is_left_to_the_bookkeeper(at):
    at.accounts_server.faults.set([NO_FILE])
    booking(at).run([file(*WHOLE)])
    at.accounts_server.faults.set([])
    at.accounts_server.act({"action": "close", "date": waiting(at)[0]["date"]})
    at.forward(minutes=5)
    booking(at).run([])
    assert (reason(at), calls(at)) == ("payout_journaled", 0)
