"""Settlements that come again: what is no news, what is an alarm, and who says which of two counts."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from pakhus.flows import decisions
from pakhus.flows.payouts import Settler, settler
from pakhus.ledger import documents as document_rows
from pakhus.ledger import settlements, stops, wanted_documents
from pakhus.ledger.settlements import NewSettlement
from pakhus.reasons import Answer
from pakhus.rules.settlement_columns import ColumnMapping
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, balance, pay, paying, waiting
from tests.flows.test_payouts import COLUMNS, KORT, PAID, SALES, WHOLE, file, payouts, reason, row, settling, standing
from tests.flows.world import World, world

CUT = [*SALES[:2], row("payout", "p1", "-757.85")]


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders, invoiced and paid by card."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        yield changed


def held_file(at: World) -> document_rows.Document:
    with at.ledger.begin() as tx:
        (found,) = wanted_documents.held_with(tx, "kort", "settlement_contradicted")
    return found


def decide(at: World, given: Answer) -> None:
    document = held_file(at)
    decided = decisions.answer(at.ledger, "kort", document.key, document.since, given, "anna")
    assert decided.changed


def test_another_day_in_another_file_is_no_news(at):
    settling(at).run([file(*WHOLE)])
    at.reset_counters()
    moved = [one.replace("2026-11-25", "2026-11-26") for one in WHOLE]
    report = settling(at).run([file(*moved, name="kort (1).csv")])
    assert (report.alarms(), at.writes()) == ([], 0)


@pytest.mark.edge(66)
def test_two_issues_of_a_settlement_wait_for_a_person_before_anything_is_entered(at):
    report = settling(at).run([file(*CUT), file(*WHOLE, name="kort (1).csv")])
    (alarm,) = report.alarms()
    assert "it pays out 952.49 instead of 757.85" in alarm
    assert (reason(at), waiting(at)) == ("payout_contradicted", [])
    decide(at, Answer.TAKE)
    settling(at).run([])
    assert (reason(at), standing(at)) == ("payout_journaled", [])
    at.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (balance(at, 5825), balance(at, 5829)) == (0, Decimal("952.49"))


def test_a_file_that_a_person_leaves_out_lets_the_first_one_count(at):
    settling(at).run([file(*WHOLE), file(*CUT, name="kort (1).csv")])
    decide(at, Answer.IGNORE)
    at.forward(hours=25)
    settling(at).run([])
    assert (reason(at), standing(at)) == ("payout_journaled", [])


def test_taking_a_file_after_its_settlement_was_entered_changes_nothing(at):
    settling(at).run([file(*CUT), file(*WHOLE, name="kort (1).csv")])
    document = held_file(at)
    decide(at, Answer.IGNORE)
    at.forward(hours=25)
    settling(at).run([])
    assert reason(at) == "payout_journaled"
    with at.ledger.begin() as tx:
        settlement = settlements.of_document(tx, _payout(at))
        assert settlement is not None
        batch = settling(at).intake.batch(settlement)
        new = NewSettlement(batch, settlement.net, settlement.file, file_name="", reader="", content="")
        with pytest.raises(RuntimeError, match="is posted"):
            settlements.replace(tx, settlement.id, new)
    assert document.key


def _payout(at: World) -> int:
    with at.ledger.begin() as tx:
        found = document_rows.find(tx, "kort-PO-1-DKK-payout")
        assert found is not None
        return found.id


def test_the_other_settlements_of_a_contradicting_file_are_taken_in(at):
    settling(at).run([file(*WHOLE)])
    more = [row("fee", "f2", "-49.00", batch="PO-2"), row("payout", "p2", "49.00", batch="PO-2")]
    settling(at).run([file(*CUT, *more, name="two.csv")])
    assert reason(at, "kort-PO-2-DKK-payout") == "payout_journaled"


def test_the_id_of_a_settlement_is_one_word_in_the_accounts(at):
    named = [one.replace("PO-1", "Uge 48 / nr. 1") for one in WHOLE]
    at.accounts_server.faults.set([{"kind": "answer_lost", "method": "POST", "path_regex": "vouchers$", "nth": 1}])
    settling(at).run([file(*named)])
    at.forward(hours=26)
    settling(at).run([])
    ((key, (code, _)),) = payouts(at).items()
    assert (code, " " in key, key.startswith("kort-Uge-48-nr.-1-DKK-")) == ("payout_journaled", False, True)
    assert len({entry["voucher"] for entry in waiting(at)}) == 1


def test_columns_that_were_mixed_up_tell_nobodys_name(at):
    told = row("capture", "t60", "Åse Ærø 12", "-6.13", "60")
    (alarm,) = settling(at).run([file(told.replace("2026-11-22", "Åse Ærø"), WHOLE[-1])]).alarms()
    assert "Åse" not in alarm
    assert "xxx" in alarm


def changed_columns(at: World, **changes: object) -> Settler:
    columns = ColumnMapping.model_validate({**COLUMNS.model_dump(by_alias=True, exclude_none=True), **changes})
    return settler(at.accounts, at.ledger, KORT, columns=columns)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"types": {"salg": "capture", "udbetaling": "payout"}}, "row 2, Type"),
        ({"currency": "EUR"}, "PO-1-EUR is read from it now"),
    ],
)
def test_a_settlement_that_the_changed_reader_does_not_find_waits_alone(at, changes, problem):
    assert settling(at).intake.take(file(*CUT)).code == "settlement_read"
    other = changed_columns(at, **changes)
    report = other.run([])
    (alarm,) = report.red_causes()
    assert alarm.code == "settlement_not_read_anew"
    assert "Settlement PO-1-DKK was imported from kort.csv" in alarm.text
    assert problem in alarm.text
    assert "Put reader and columns of the account back" in alarm.text
    sale = row("capture", "t93", "197.50", "-2.86", "93", batch="PO-2")
    paid = row("payout", "p2", "-194.64", batch="PO-2")
    fresh = file(sale.replace("capture", "salg"), paid.replace("payout", "udbetaling"), name="new.csv")
    if "types" in changes:
        assert other.run([fresh]).alarms() == []
        assert reason(at, "kort-PO-2-DKK-payout") == "payout_journaled"
    with at.ledger.begin() as tx:
        assert stops.recorded(tx, "kort", "payouts") is None
    assert reason(at) == "settlement_not_read_anew"


def test_a_settlement_goes_on_when_its_reader_is_put_back(at):
    settling(at).intake.take(file(*WHOLE))
    changed_columns(at, currency="EUR").run([])
    at.forward(hours=25)
    settling(at).run([])
    assert (reason(at), standing(at)) == ("payout_journaled", [])
