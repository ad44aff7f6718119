"""What people decide about payouts: what a line without a sure document is, and which of two files is right.

An answer writes to no other system: it is noted with who gave it, makes the payout due, and the next run carries it
out. What has left us for the accounts is not decided any more. Sources: domain guide 10.5; docs/runbooks/payouts.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pakhus.flows.decisions import BusyError, NotDecidableError, answer
from pakhus.flows.settlement_intake import FILE, PAYOUT, PAYOUTS, is_entered
from pakhus.ledger import clearing, documents, settlement_answers, settlements, wanted_documents
from pakhus.ledger.claims import holding
from pakhus.ledger.clearing import Item
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.settlement_answers import Line
from pakhus.reasons import Answer, Status, Verdict, reason
from pakhus.settings.accounts import AccountSettings

_CLAIM_WAIT_S = 10.0
_OPEN = (Status.HELD, Status.DUE, Status.WAITING)
_HIGHEST_ACCOUNT = 999_999_999


class Say(StrEnum):
    """What a person may say about a line."""

    LINK = "link"  # it pays this document; what that doesn't explain goes to the difference account, or another
    POST = "post"  # it pays no document: it goes to this account
    IGNORE = "ignore"  # nobody will find out: what no document explains goes to the difference account
    WAIT = "wait"  # the document will come: the payout stays held


@dataclass(frozen=True, slots=True)
class Said:
    """An answer about a line: the document's key for `link`, an account for `post` (and for the rest of a `link`)."""

    say: Say
    document: str = ""
    account: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a line may pay."""

    key: str
    order_number: str
    open: Decimal
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line that a person is to say something about, and what was said about it so far."""

    line: Line
    candidates: Sequence[Candidate]
    said: Sequence[settlement_answers.LineAnswer]


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """A payout with lines to decide; or, without lines, what is decided as a whole: whether a file counts, or whether a
    payout that the provider never itemised was entered by hand."""

    document: Document
    answers: Sequence[Answer]
    lines: Sequence[OpenLine]


def open_matters(tx: Transaction, account: str, *, due_too: bool = False) -> list[OpenMatter]:
    """Return all that waits for a person's word at a provider account, oldest first.

    `due_too`: also payouts of which somebody has said something, and which the next run looks at.
    """
    found = list[OpenMatter]()
    statuses = (Status.HELD, Status.DUE) if due_too else (Status.HELD,)
    standing = [one for status in statuses for one in wanted_documents.standing_in(tx, account, PAYOUTS, status)]
    for document in sorted(standing, key=lambda one: one.id):
        answers = [one for one in reason(document.verdict.code).answers if one is not Answer.AGAIN]
        lines = open_lines(tx, document) if document.kind == PAYOUT else []
        if lines or (_is_whole(document) and answers):
            found.append(OpenMatter(document, answers, lines))
    return found


def open_lines(tx: Transaction, document: Document) -> list[OpenLine]:
    """Return the lines of a payout that no document is sure of, decided ones too while nothing is entered."""
    settlement = settlements.of_document(tx, document.id)
    if settlement is None or settlement.is_posted:
        return []
    said = settlement_answers.all_of(tx, settlement.id)
    unsure = settlement_answers.unsure(tx, settlement.id)
    items = clearing.by_id(tx, {item for line in unsure for item in line.items})
    return [
        OpenLine(
            line,
            [_candidate(items[item]) for item in line.items if item in items],
            [one for one in said if one.line == line.line],
        )
        for line in unsure
    ]


def decide_file(ledger: Ledger, account: str, key: str, given: Answer, by: str) -> Verdict:
    """Say whether a file that contradicts what was imported counts. NotDecidableError, BusyError."""
    with ledger.begin() as tx:
        document = documents.find(tx, key)
    if document is None or document.scope != account or not _is_whole(document):
        raise NotDecidableError(f"{account} has no file {key}")
    decided = answer(ledger, account, key, document.since, given, by)
    if not decided.changed:
        raise NotDecidableError(f"{key} waits for nobody: {decided.verdict.text()}")
    return decided.verdict


def _is_whole(document: Document) -> bool:
    """Whether it is decided as a whole: a file, or a payout whose reason has answers of its own."""
    return document.kind == FILE or bool(reason(document.verdict.code).answers)


def decide_line(ledger: Ledger, settings: AccountSettings, key: str, number: int, said: Said, by: str) -> str:
    """Note what a person says about a line of a payout, and make the payout due; returns what becomes of it.

    NotDecidableError when it cannot be said of this line, BusyError while a run works on the payout.
    """
    with holding(ledger, documents.claim_name(key), wait_s=_CLAIM_WAIT_S) as claim, ledger.begin() as tx:
        document = _payout(tx, settings.account, key)
        if claim is None:
            raise BusyError(f"{key}: a run is working on it at this moment; try again in a minute")
        settlement = settlements.of_document(tx, document.id)
        if settlement is None:
            raise NotDecidableError(f"the provider tells no lines of {key}")
        if is_entered(tx, settlement):
            raise NotDecidableError(f"{key} is entered, or may be: correct it in the accounts")
        line = settlement_answers.line(tx, settlement.id, number)
        if line is None or line not in settlement_answers.unsure(tx, settlement.id):
            raise NotDecidableError(f"line {number} of {key} waits for nobody's word")
        item = _item(tx, settings, settlement.currency, line, said) if said.say is Say.LINK else None
        if problem := problem_with(said):
            raise NotDecidableError(problem)
        settlement_answers.note(
            tx,
            line,
            said.say.value,
            by,
            item=None if item is None else item.id,
            account=said.account,
            text=said.note,
        )
        if said.say is not Say.WAIT:
            documents.give_verdict(tx, document.id, Verdict.of("due"))
    return _EFFECTS[said.say]


_EFFECTS = {
    Say.LINK: "The next run has it pay that document.",
    Say.POST: "The next run posts it there.",
    Say.IGNORE: "The next run posts on the difference account what no document explains.",
    Say.WAIT: "The payout stays held, and is matched anew by each run.",
}


def _payout(tx: Transaction, account: str, key: str) -> Document:
    document = documents.find(tx, key)
    if document is None or document.scope != account or document.kind != PAYOUT:
        raise NotDecidableError(f"{account} has no payout {key}")
    document = documents.lock(tx, document.id)
    if document.status not in _OPEN:
        raise NotDecidableError(f"{key} waits for nobody: {document.verdict.text()}")
    return document


def _item(tx: Transaction, settings: AccountSettings, currency: str, line: Line, said: Said) -> Item:
    """The clearing item of the document that a line is given to."""
    accounts = settings.accounts.get(currency)
    items = [] if accounts is None else clearing.of_account(tx, settings.economic_target, accounts.clearing)
    item = next((one for one in items if one.key == said.document), None)
    if item is None:
        raise NotDecidableError(
            f"no payment of the key {said.document} stands on the clearing account (keys end in -payment1, -repayment7)"
        )
    kind, _, _ = line.line
    if item.new.kind != kind:
        raise NotDecidableError(f"{said.document} is a {item.new.kind}, line {line.number} a {kind}")
    if item.settled_by is not None or item.new.amount == item.settled:
        raise NotDecidableError(f"{said.document} is settled already")
    return item


def problem_with(said: Said) -> str:
    """What is missing in an answer, whatever line it is about; empty: nothing."""
    if said.say is Say.POST and said.account is None:
        return "post needs the number of an account"
    if said.account is not None and not 0 < said.account <= _HIGHEST_ACCOUNT:
        return f"{said.account} is no account"
    if said.say is Say.IGNORE and not said.note.strip():
        return "ignore needs a reason: it stands in the log for the accountant"
    return ""


def _candidate(item: Item) -> Candidate:
    new = item.new
    return Candidate(item.key, new.order_number, new.amount - item.settled, new.currency, new.occurred_at)
