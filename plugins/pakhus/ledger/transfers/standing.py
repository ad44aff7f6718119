"""Where one document stands, in the words of the registry of reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from pakhus.ledger.schema import decisions, documents
from pakhus.reasons import REASONS, Actor, Status, Verdict

PEOPLE = (Actor.MERCHANT, Actor.OPERATOR, Actor.US)
PERSON = "person"  # not a status: whatever waits for somebody to act


@dataclass(frozen=True, slots=True)
class Question:
    """What a person was asked about one hold of a document by a run of `<shop>__decisions`, and the answer."""

    id: int
    reason: str
    reason_since: datetime
    asked_at: datetime
    run_id: str
    answer: str | None
    answered_by: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A document and where it stands. Amounts are as the target answered, in `currency`."""

    id: int
    order_id: int | None
    key: str
    scope: str
    flow: str
    kind: str
    target: str
    status: str
    reason: str
    meaning: str
    action: str
    actor: str
    since: datetime
    due_at: datetime | None
    mode: str
    judged_version: int | None
    transferred_version: int | None
    remote_id: str | None
    remote_number: str | None
    currency: str
    gross: Decimal | None
    vat: Decimal | None
    correction: Decimal | None
    created_at: datetime
    updated_at: datetime
    questions: tuple[Question, ...] = ()

    @property
    def open_question(self) -> Question | None:
        """The question about where the document stands now that nobody has answered yet; an older one is moot."""
        open_now = (asked for asked in self.questions if asked.answer is None and asked.reason_since == self.since)
        return next(open_now, None)


def standings(connection: Connection, chosen: ColumnElement[bool]) -> list[Standing]:
    """Return the documents that are `chosen`, oldest first, each with what was asked about it."""
    rows = connection.execute(select(documents).where(chosen).order_by(documents.c.id)).all()
    asked = _questions(connection, [row.id for row in rows])
    return [_standing(row, tuple(asked[row.id])) for row in rows]


def stands_at(place: str) -> ColumnElement[bool]:
    """The condition that a document stands at a status, or needs a person (`PERSON`)."""
    return _needs_person() if place == PERSON else documents.c.status == Status(place).value


def _needs_person() -> ColumnElement[bool]:
    """Reason codes with somebody to act, per status, so that the index on statuses is used."""
    codes: dict[Status, list[str]] = defaultdict(list)
    for reason in REASONS.values():
        if reason.actor in PEOPLE:
            codes[reason.status].append(reason.code)
    return or_(
        *(
            and_(documents.c.status == status.value, documents.c.reason.in_(sorted(found)))
            for status, found in codes.items()
        )
    )


def _questions(connection: Connection, document_ids: Collection[int]) -> dict[int, list[Question]]:
    found: dict[int, list[Question]] = defaultdict(list)
    query = select(decisions).where(decisions.c.document_id.in_(document_ids)).order_by(decisions.c.asked_at)
    for row in connection.execute(query):
        question = Question(
            id=row.id,
            reason=row.reason,
            reason_since=row.reason_since,
            asked_at=row.asked_at,
            run_id=row.run_id,
            answer=row.answer,
            answered_by=row.answered_by,
            answered_at=row.answered_at,
        )
        found[row.document_id].append(question)
    return found


def _standing(row: Row[Any], questions: tuple[Question, ...]) -> Standing:
    meaning, action, actor = _told(row.reason, row.reason_parameters)
    return Standing(
        id=row.id,
        order_id=row.order_id,
        key=row.key,
        scope=row.scope,
        flow=row.flow,
        kind=row.kind,
        target=row.target,
        status=row.status,
        reason=row.reason,
        meaning=meaning,
        action=action,
        actor=actor,
        since=row.since,
        due_at=row.due_at,
        mode=row.mode,
        judged_version=row.judged_version,
        transferred_version=row.transferred_version,
        remote_id=row.remote_id,
        remote_number=row.remote_number,
        currency=row.currency,
        gross=row.gross,
        vat=row.vat,
        correction=row.correction,
        created_at=row.created_at,
        updated_at=row.updated_at,
        questions=questions,
    )


def _told(code: str, parameters: dict[str, str]) -> tuple[str, str, str]:
    """Meaning, action and actor; a code that a newer version of Pakhus wrote is shown as it is."""
    if code not in REASONS:
        return f"Reason {code}, which this version of Pakhus does not know.", "Update Pakhus.", Actor.OPERATOR.value
    verdict = Verdict.of(code, **parameters)
    return verdict.text(), verdict.action(), verdict.actor.value
