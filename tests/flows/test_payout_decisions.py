"""What a person says about a line without a sure document, and what the next run makes of it."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pakhus.__main__ import main
from pakhus.flows.decisions import NotDecidableError
from pakhus.flows.payout_decisions import Said, Say, decide_line, open_matters
from pakhus.ledger import settlement_answers
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, balance, pay, paying, waiting
from tests.flows.test_payouts import KORT, PAID, SALES, file, payouts, reason, row, settling, standing
from tests.flows.world import World, world

KEY = "kort-PO-1-DKK-payout"
STRANGE = [*SALES, row("capture", "x1", "100.00", order="9001"), row("payout", "p1", "-1052.49")]
LINE = 4
GIFT_CARDS = 5826
ACCOUNT_FILE = """
account: kort
provider: Kortselskabet
reader: column_mapping
columns: nets
folder: file:///srv/kort
economic: main
journal: 5
start_from: 2026-01-01
accounts:
  DKK: {clearing: 5825, bank: 5829, fee: 7220, reserve: 5827, dispute: 5828, difference: 7225, exchange: 7230}
"""


def include_with_account(folder: Path) -> Path:
    """Settings of the account alone."""
    for name in ("shops", "accounts", "settlements"):
        (folder / name).mkdir()
    nets = Path("include/settlements/nets.yaml").read_text(encoding="utf-8")
    (folder / "settlements" / "nets.yaml").write_text(nets, encoding="utf-8")
    (folder / "accounts" / "kort.yaml").write_text(ACCOUNT_FILE, encoding="utf-8")
    return folder


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """Three orders, invoiced and paid by card, and a payout with a fourth payment that nobody knows."""
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        yield changed


def decide(at: World, say: Say, line: int = LINE, key: str = KEY, **facts: Any) -> None:
    decide_line(at.ledger, KORT, key, line, Said(say, **facts), "anna")


def book(at: World) -> None:
    at.accounts_server.act({"action": "book_journal", "journal": 5})


def test_what_waits_for_a_person_is_listed_with_what_it_may_pay(at):
    settling(at).run([file(*STRANGE)])
    with at.ledger.begin() as tx:
        (matter,) = open_matters(tx, "kort")
    assert (matter.document.key, [one.line.number for one in matter.lines]) == (KEY, [LINE])
    assert matter.lines[0].candidates == []


def test_a_line_that_is_posted_goes_to_its_account_and_the_log_says_who_said_so(at):
    settling(at).run([file(*STRANGE)])
    decide(at, Say.POST, account=GIFT_CARDS, note="gift card of the old shop")
    settling(at).run([])
    assert (reason(at), standing(at)) == ("payout_journaled", [])
    book(at)
    assert (balance(at, 5825), balance(at, GIFT_CARDS), balance(at, 7225)) == (0, -100, 0)
    with at.ledger.begin() as tx:
        (said,) = settlement_answers.all_of(tx, 1)
    assert (said.by, said.action, said.account, said.note) == ("anna", "post", GIFT_CARDS, "gift card of the old shop")


def test_a_line_that_is_ignored_goes_to_the_difference_account(at):
    settling(at).run([file(*STRANGE)])
    with pytest.raises(NotDecidableError, match="needs a reason"):
        decide(at, Say.IGNORE)
    decide(at, Say.IGNORE, note="a test of the gateway")
    settling(at).run([])
    book(at)
    assert (reason(at), balance(at, 5825), balance(at, 7225)) == ("payout_journaled", 0, -100)


def test_a_line_that_waits_keeps_the_payout_held(at):
    settling(at).run([file(*STRANGE)])
    decide(at, Say.WAIT)
    settling(at).run([])
    assert (reason(at), waiting(at)) == ("payout_unmatched", [])


def test_a_line_that_is_linked_pays_that_document_and_the_rest_goes_where_the_person_says(at):
    odd = [*SALES[1:], row("capture", "x1", "433.00", order="9001"), row("payout", "p1", "-968.62")]
    settling(at).run([file(*odd)])
    decide(at, Say.LINK, line=3, document="nordlys-60-payment1", account=GIFT_CARDS)
    settling(at).run([])
    assert (reason(at), standing(at)) == ("payout_journaled", [])
    book(at)
    assert (balance(at, 5825), balance(at, GIFT_CARDS), balance(at, 5829)) == (0, -10, Decimal("968.62"))


def test_a_part_that_is_linked_leaves_the_rest_of_its_document_open(at):
    odd = [*SALES[1:], row("capture", "x1", "400.00", order="9001"), row("payout", "p1", "-935.62")]
    settling(at).run([file(*odd)])
    decide(at, Say.LINK, line=3, document="nordlys-60-payment1")
    settling(at).run([])
    book(at)
    (left,) = standing(at)
    assert (left.amount, balance(at, 5825), balance(at, 7225)) == (23, 23, 0)


def test_a_document_that_a_person_gave_away_is_no_candidate_for_another_line(at):
    rows = [*SALES, row("capture", "x1", "423.00", order="9001"), row("payout", "p1", "-1375.49")]
    settling(at).run([file(*rows)])
    decide(at, Say.LINK, document="nordlys-60-payment1")
    settling(at).run([])
    code, told = payouts(at)[KEY]
    assert (code, told["count"]) == ("payout_unmatched", "1")
    assert "line 1 capture 423.00 DKK t60: already_settled" in told["problem"]


@pytest.mark.parametrize(
    ("line", "facts", "message"),
    [
        (1, {"document": "nordlys-60-payment1"}, "waits for nobody's word"),
        (9, {"document": "nordlys-60-payment1"}, "waits for nobody's word"),
        (LINE, {"document": "nordlys-1-payment1"}, "stands on the clearing account"),
        (5, {"document": "nordlys-60-payment1"}, "is a capture, line 5 a refund"),
    ],
)
def test_refuses_what_cannot_be_said_of_a_line(at, line, facts, message):
    rows = [*STRANGE[:4], row("refund", "r1", "-5.00", order="9001"), row("payout", "p1", "-1047.49")]
    settling(at).run([file(*rows)])
    with pytest.raises(NotDecidableError, match=message):
        decide(at, Say.LINK, line=line, **facts)
    assert reason(at) == "payout_unmatched"


def test_nothing_is_said_of_a_payout_that_is_entered_or_may_be(at):
    settling(at).run([file(*STRANGE)])
    decide(at, Say.POST, account=GIFT_CARDS)
    at.accounts_server.faults.set([{"kind": "answer_lost", "method": "POST", "path_regex": "vouchers$", "nth": 1}])
    settling(at).run([])
    with pytest.raises(NotDecidableError, match="is entered, or may be"):
        decide(at, Say.IGNORE, note="no")
    at.forward(minutes=5)
    settling(at).run([])
    with pytest.raises(NotDecidableError, match="waits for nobody"):
        decide(at, Say.IGNORE, note="no")
    book(at)
    assert (balance(at, GIFT_CARDS), balance(at, 7225)) == (-100, 0)


def test_the_command_lists_and_takes_answers(at, tmp_path: Path, monkeypatch, capsys):
    settling(at).run([file(*STRANGE)])
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_account(tmp_path)))
    monkeypatch.setenv("PAKHUS_LEDGER_URL", at.ledger.url)
    assert main(["decide", "kort"]) == 1
    assert "line 4: capture 100.00 x1: no_document" in capsys.readouterr().out
    assert main(["decide", "kort", KEY, "4", "post", "many"]) == 1
    assert main(["decide", "kort", KEY, "4", "post", "2990"]) == 0, capsys.readouterr().out
    assert reason(at) == "due"


def test_line_without_a_document_is_offered_what_has_its_amount_and_pays_it_when_a_person_says_so(at):
    late = "capture;x60;2026-12-20;423.00;0.00;N-77777;PO-1;2026-11-25"
    settling(at).run([file(late, row("payout", "p1", "-423.00"))])
    assert reason(at) == "payout_unmatched"
    settling(at).run([])  # as often as it is matched anew: never by itself
    assert reason(at) == "payout_unmatched"
    with at.ledger.begin() as tx:
        (matter,) = open_matters(tx, "kort")
    (offered,) = matter.lines[0].candidates
    assert (offered.key, offered.open) == ("nordlys-60-payment1", Decimal("423.00"))
    decide(at, Say.LINK, line=1, document=offered.key)
    settling(at).run([])
    assert reason(at) == "payout_journaled"
    assert sum(one.amount for one in standing(at)) == Decimal("543.50")
