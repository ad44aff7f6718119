"""What people decide about held documents: what they are asked, and what their answer does.

An answer never writes to another system: it makes the document due, or says for good that nothing is to be done. A
question is about one hold (the document and since when); a later hold of the same document is another question.
Sources: design, decision 9; docs/runbooks/decisions.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pakhus.errors import PakhusError
from pakhus.ledger import comparisons, decisions, documents, inbox, sources
from pakhus.ledger.claims import holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.decisions import Ordered
from pakhus.ledger.documents import Document
from pakhus.reasons import REASONS, Answer, Status, Verdict, reason

# More questions at once than a person answers in a day say that something general is wrong, which is mended elsewhere.
MOST_OPEN = 50
# Nothing of ours stands in the other system although a write of the document has reached it.
_NOTHING_STANDS = frozenset({"draft_gone", "order_changed_after_ignored"})
_SENDABLE = frozenset({Status.HELD, Status.FAILED, Status.WAITING, Status.SKIPPED, Status.FILTERED, Status.DUE})
_CLAIM_WAIT_S = 10.0

EFFECTS = {
    Answer.AGAIN: "the order is read and judged anew at once, and transferred if it is right now; nothing is written "
    "twice. Mend the cause first.",
    Answer.APPROVE: "the draft is booked as it stands, unless somebody changes it or the order meanwhile.",
    Answer.ACCEPT: "what stands in the other system stays as it is, and this document is done. Mend by hand what is "
    "to be mended there.",
    Answer.TAKE: "what this file says of the settlement counts, and what was imported before is forgotten.",
    Answer.IGNORE: "Pakhus leaves this out for good. It is asked again only if goods, address or amounts change.",
}


class BusyError(PakhusError):
    """A run is working on the document at this moment: try again in a minute."""


class NotDecidableError(PakhusError):
    """This cannot be answered so: the document is not there, or not in a state in which the answer has a meaning."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked. Texts hold numbers, codes and amounts, never anything of the buyer."""

    key: str
    since: datetime
    subject: str
    body: str
    answers: tuple[Answer, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """The answers as people choose them."""
        return tuple(one.value for one in self.answers)

    @property
    def told(self) -> dict[str, str]:
        """What the answer is to be about."""
        return {"document": self.key, "since": self.since.astimezone(UTC).isoformat()}


@dataclass(frozen=True, slots=True)
class Decided:
    """What an answer did: the document's flow, and its verdict now. `changed` is false when it was no news."""

    flow: str
    verdict: Verdict
    changed: bool


def open_questions(ledger: Ledger, shop: str) -> list[Document]:
    """Return the held documents that a person is to be asked about now; closes the questions that became moot.

    At most so many that MOST_OPEN wait for an answer.
    """
    codes = [one.code for one in REASONS.values() if one.status is Status.HELD and one.answers]
    with ledger.begin() as tx:
        decisions.close_moot(tx, shop)
        room = MOST_OPEN - decisions.open_count(tx, shop)
        return decisions.unasked(tx, shop, codes, limit=room) if room > 0 else []


def ask(ledger: Ledger, shop: str, key: str, since: datetime | None = None, run_id: str = "") -> Question | None:
    """Return the question about a document as it is held now, noted as asked; None when there is nothing to ask.

    `since` names the hold that is meant: None is whichever there is.
    """
    with ledger.begin() as tx:
        document = _held(tx, shop, key, since)
        answers = allowed(tx, document) if document else ()
        if document is None or document.source_id is None or not answers:  # payouts are decided line by line
            return None
        decisions.note_asked(tx, document, run_id)
        return _question(decisions.with_order(tx, document), answers)


def answer(ledger: Ledger, shop: str, key: str, since: datetime, given: Answer, by: str) -> Decided:
    """Let an answer take effect; it has none (`changed` is false) when the document has moved on since it was asked.

    BusyError while a run works on it; NotDecidableError when the answer is not one that is allowed.
    """
    with holding(ledger, documents.claim_name(key), wait_s=_CLAIM_WAIT_S) as claim, ledger.begin() as tx:
        document = _held(tx, shop, key, since)
        if document is None:
            known = _known(tx, shop, key)
            return Decided(known.flow, known.verdict, changed=False)
        if claim is None:
            raise BusyError(f"{key}: a run is working on it at this moment; try again in a minute")
        if given not in allowed(tx, document):
            raise NotDecidableError(f"{key} is held with {document.verdict.code}: {given.value} is no answer to that")
        decisions.note_answer(tx, document, given.value, by)
        return Decided(document.flow, _effect(tx, document, given), changed=True)


def send_again(ledger: Ledger, shop: str, key: str, by: str) -> Decided:
    """Make a document due at once and have its order read anew, whatever it waits for.

    BusyError while a run works on it; NotDecidableError when there is nothing to send.
    """
    with holding(ledger, documents.claim_name(key), wait_s=_CLAIM_WAIT_S) as claim, ledger.begin() as tx:
        document = _known(tx, shop, key)
        if not sendable(document):
            raise NotDecidableError(f"{key} is not sent again: {document.verdict.text()}")
        if claim is None:
            raise BusyError(f"{key}: a run is working on it at this moment; try again in a minute")
        decisions.note_answer(tx, document, Answer.AGAIN.value, by)
        return Decided(document.flow, _effect(tx, document, Answer.AGAIN), changed=True)


def documents_to_send(ledger: Ledger, shop: str, name: str, flow: str | None = None) -> list[Document]:
    """Return what `name` means: a document's key, or the documents of the order that people call so.

    NotDecidableError when several orders have the number: only keys tell them apart.
    """
    with ledger.begin() as tx:
        document = documents.find(tx, name)
        found = [document] if document and document.scope == shop else decisions.of_order(tx, shop, name)
    found = [one for one in found if flow in (None, one.flow)]
    if len({one.source_id for one in found if one.kind in ("reservation", "invoice")}) > 1:
        keys = ", ".join(one.key for one in found)
        raise NotDecidableError(f"several orders of {shop} have the number {name}; give one of the keys: {keys}")
    return found


# Flows whose documents come from no order; shared records (customers) are sent with what needs them.
_WITHOUT_ORDER = frozenset({"payouts"})


def sendable(document: Document) -> bool:
    """Whether sending a document again means anything: it is not done, and its flow is one that sends."""
    answers = reason(document.verdict.code).answers
    undecided = not answers or Answer.AGAIN in answers or document.verdict.code == "draft_gone"
    return document.status in _SENDABLE and _is_of_something(document) and undecided


def _is_of_something(document: Document) -> bool:
    return document.source_id is not None or document.flow in _WITHOUT_ORDER


def allowed(tx: Transaction, document: Document) -> tuple[Answer, ...]:
    """What a person may answer about a document: it is left out only where nothing of ours stands.

    Where a reason knows both, what stands is accepted instead.
    """
    answers = reason(document.verdict.code).answers
    nothing_stands = document.verdict.code in _NOTHING_STANDS or documents.untouched(tx, document.id)
    refused = Answer.IGNORE if not nothing_stands else Answer.ACCEPT if Answer.IGNORE in answers else None
    return tuple(one for one in answers if one is not refused)


def _held(tx: Transaction, shop: str, key: str, since: datetime | None) -> Document | None:
    document = documents.find(tx, key)
    if document is None or document.scope != shop or not _is_of_something(document):
        return None
    document = documents.lock(tx, document.id)
    same = since is None or document.since == since
    return document if document.status is Status.HELD and same else None


def _known(tx: Transaction, shop: str, key: str) -> Document:
    document = documents.find(tx, key)
    if document is None or document.scope != shop:
        raise NotDecidableError(f"{shop} has no document {key}")
    return documents.lock(tx, document.id)


def _effect(tx: Transaction, document: Document, given: Answer) -> Verdict:
    was, on = document.verdict, f"{tx.now:%Y-%m-%d}"
    # What it was held for stays with it: a later change is compared with what the person saw.
    about = {**dict(was.parameters), "was": was.code, "on": on}
    if given is Answer.IGNORE:
        verdict = Verdict.of("ignored_by_person", **about)
        documents.give_verdict(tx, document.id, verdict)
    elif given is Answer.ACCEPT:
        verdict = Verdict.of("accepted_by_person", **about)
        documents.give_verdict(tx, document.id, verdict)
        documents.note_accepted(tx, document.id)
    else:
        verdict = Verdict.of("due")
        documents.give_verdict(tx, document.id, verdict)
        if given is Answer.APPROVE:
            comparisons.note_approved(tx, document.id)
        _read_anew(tx, document)
    return verdict


def _read_anew(tx: Transaction, document: Document) -> None:
    """Have the next reading look at the order: a SKU given to a product since changes no order by itself."""
    if document.order_id is not None:  # the source itself may be a shipment
        inbox.add(tx, document.scope, "order", sources.name(tx, document.order_id))


def _question(ordered: Ordered, answers: Sequence[Answer]) -> Question:
    document = ordered.document
    verdict = document.verdict
    kind = document.kind.replace("_", " ")
    amount = "" if ordered.gross is None else f" over {ordered.gross:.2f} {ordered.currency}"
    lines = [
        f"The {kind} of order **{ordered.number}**{amount} is held since {document.since:%Y-%m-%d %H:%M} UTC.",
        verdict.text(),
        f"What to do: {verdict.action()}",
        "\n".join(f"* **{one.value}**: {EFFECTS[one]}" for one in answers),
        f"`{document.key}` · `{verdict.code}` · to {document.target}",
    ]
    subject = f"Order {ordered.number}, {kind}: {verdict.text()}"
    return Question(document.key, document.since, subject, "\n\n".join(lines), tuple(answers))
