"""What people are asked about payouts: one question is a line that no document is sure of, or a payout as a whole.

An answer is the same as on the Payouts page or by `python -m pakhus decide`: noted in the ledger, carried out by the
next run. A question is told by the line and how often it was answered, not by the hold: a payout is held anew after
each answer, and nobody is asked twice about its other lines. Sources: design, decision 9; docs/runbooks/payouts.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from pakhus.flows.decisions import EFFECTS, MOST_OPEN, NotDecidableError
from pakhus.flows.payout_decisions import (
    OpenLine,
    OpenMatter,
    Said,
    Say,
    decide_file,
    decide_line,
    open_matters,
    problem_with,
)
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.reasons import Answer, Status
from pakhus.rules.settlement_matching import Outcome
from pakhus.settings.accounts import AccountSettings

_LINE_EFFECTS = {
    Say.LINK: "it pays that document; what is left of it goes to the difference account, or to *account*.",
    Say.POST: "it pays no document, and goes to *account*: fill that in.",
    Say.IGNORE: "what no document explains goes to the difference account; say why in *note*.",
    Say.WAIT: "the document will come: the payout stays held, and is matched anew by each run.",
}


@dataclass(frozen=True, slots=True)
class PayoutMatter:
    """What is asked about: a payout or file by its key, of a payout the line; `name` tells the question from others."""

    key: str
    line: int | None
    name: str


@dataclass(frozen=True, slots=True)
class PayoutQuestion:
    """What a person is asked. Texts hold numbers, codes and amounts, never anything of a buyer."""

    matter: PayoutMatter
    subject: str
    body: str
    options: tuple[str, ...]

    @property
    def told(self) -> dict[str, object]:
        """What the answer is to be about."""
        return {"document": self.matter.key, "line": self.matter.line}


def open_payout_questions(ledger: Ledger, account: str) -> list[PayoutMatter]:
    """Return what a person is to be asked about an account now, oldest first, at most so much as one can answer."""
    with ledger.begin() as tx:
        found = [one for matter in open_matters(tx, account, due_too=True) for one in _asked(matter)]
    return found[:MOST_OPEN]


def ask_about_payout(ledger: Ledger, account: str, key: str, line: int | None) -> PayoutQuestion | None:
    """Return the question about a payout's line, or about a payout or file as a whole; None: nothing is to be asked."""
    with ledger.begin() as tx:
        matter = next((one for one in open_matters(tx, account, due_too=True) if one.document.key == key), None)
    if matter is None:
        return None
    asked = next((one for one in _asked(matter) if one.line == line), None)
    if asked is None:
        return None
    if line is None:
        return _about_whole(matter, asked)
    return _about_line(matter, next(one for one in matter.lines if one.line.number == line), asked)


def said_by(option: str, account: int | None, note: str) -> Said:
    """What an option and the form say about a line. NotDecidableError when it is incomplete."""
    word, _, document = option.partition(" ")
    if word not in set(Say):
        raise NotDecidableError(f"{option} is no answer about a line")
    said = Said(Say(word), document=document, account=account, note=note)
    if problem := problem_with(said):
        raise NotDecidableError(problem)
    return said


def answer_about_payout(
    ledger: Ledger, settings: AccountSettings, told: PayoutMatter, said: Said | Answer, by: str
) -> str:
    """Let an answer take effect; returns what becomes of it. NotDecidableError, BusyError as `decide` raises them."""
    if isinstance(said, Answer):
        return decide_file(ledger, settings.account, told.key, said, by).text()
    if told.line is None:
        raise NotDecidableError(f"{told.key} is decided line by line")
    return decide_line(ledger, settings, told.key, told.line, said, by)


def is_decided(tx: Transaction, account: str, key: str) -> bool:
    """Whether nobody is to be asked about a payout any more: its next run may enter it."""
    return not any(
        True for one in open_matters(tx, account, due_too=True) if one.document.key == key for _ in _asked(one)
    )


def _asked(matter: OpenMatter) -> Iterator[PayoutMatter]:
    """The questions that a matter is: lines of which nobody has said anything that still holds."""
    key = matter.document.key
    if not matter.lines and matter.answers:
        since = matter.document.since.astimezone(UTC).isoformat()
        yield PayoutMatter(key, None, f"{key}__{since}")
    for one in matter.lines:
        if not one.said or one.said[-1].gross != one.line.gross or _was_vain(matter.document, one):
            yield PayoutMatter(key, one.line.number, f"{key}__{one.line.number}__{len(one.said)}")


def _was_vain(document: Document, of: OpenLine) -> bool:
    """Whether a run could not carry out the last answer: its document is paid, or the accounts refused its account."""
    said = of.said[-1]
    paid = said.action == Say.LINK and of.line.outcome == Outcome.ALREADY_SETTLED
    refused = said.account is not None and document.verdict.code == "refused"
    return document.status is Status.HELD and (paid or refused)


def _about_whole(matter: OpenMatter, asked: PayoutMatter) -> PayoutQuestion:
    verdict = matter.document.verdict
    effects = "\n".join(f"* **{one.value}**: {EFFECTS[one]}" for one in matter.answers)
    body = "\n\n".join(
        [verdict.text(), f"What to do: {verdict.action()}", effects, f"`{asked.key}` · `{verdict.code}`"]
    )
    return PayoutQuestion(asked, f"{asked.key}: {verdict.text()}", body, tuple(one.value for one in matter.answers))


def _about_line(matter: OpenMatter, of: OpenLine, asked: PayoutMatter) -> PayoutQuestion:
    line, (kind, provider_id, _) = of.line, of.line.line
    links = [f"{Say.LINK} {one.key}" for one in of.candidates]
    offered = [
        f"* **{Say.LINK} {one.key}** (order {one.order_number}, {one.open:.2f} {one.currency} open, "
        f"{one.occurred_at:%Y-%m-%d})"
        for one in of.candidates
    ]
    rest = [f"* **{say}**: {_LINE_EFFECTS[say]}" for say in Say if say is not Say.LINK]
    effects = "\n".join([*offered, *([f"  {_LINE_EFFECTS[Say.LINK]}"] if offered else []), *rest])
    text = f"line {line.number}, {kind} {line.gross:.2f} {provider_id}: {line.outcome.replace('_', ' ')}"
    verdict = matter.document.verdict
    body = "\n\n".join([f"{asked.key}, {text}.", verdict.text(), effects, f"`{asked.key}` · `{verdict.code}`"])
    return PayoutQuestion(
        asked, f"{asked.key}, {text}", body, (*links, Say.POST.value, Say.IGNORE.value, Say.WAIT.value)
    )
