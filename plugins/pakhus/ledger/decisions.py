"""What persons were asked about held documents, and what they answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import documents as document_rows
from pakhus.ledger import sources as sources_rows
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.schema import decisions, documents, sources
from pakhus.reasons import Status

MOOT = "moot"
"""In place of an answer: the document moved on before anybody answered."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A document and what people know its order by."""

    document: Document
    number: str
    currency: str
    gross: Decimal | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A question as it was recorded; `answer` is None while it is open."""

    answer: str | None
    answered_by: str
    answered_at: datetime | None


def unasked(tx: Transaction, scope: str, codes: Collection[str], *, limit: int) -> list[Document]:
    """Return documents held with one of these codes that nobody was asked about yet, oldest hold first."""
    query = (
        select(documents.c.id)
        .where(
            documents.c.scope == scope,
            documents.c.source_id.is_not(None),
            documents.c.status == Status.HELD,
            documents.c.reason.in_(codes),
            ~select(decisions.c.id).where(_about_this_hold()).exists(),
        )
        .order_by(documents.c.since, documents.c.id)
        .limit(limit)
    )
    return [document_rows.load(tx, row_id) for row_id in tx.connection.execute(query).scalars().all()]


def with_order(tx: Transaction, document: Document) -> Ordered:
    """Return a document with its order's number and amount, as the ledger has them."""
    order_id = document.order_id or document.source_id
    query = select(sources.c.number, sources.c.currency, sources.c.gross).where(sources.c.id == order_id)
    row = tx.connection.execute(query).one()
    return Ordered(document, row.number, row.currency, row.gross)


def of_order(tx: Transaction, scope: str, number: str) -> list[Document]:
    """Return all documents of the orders that people call `number`, or else of the one with that id."""
    ids = sources_rows.named(tx, scope, "order", number)
    orders = select(sources.c.id).where(
        sources.c.scope == scope, sources.c.kind == "order", sources.c.source_id.in_(ids)
    )
    query = select(documents.c.id).where(documents.c.order_id.in_(orders)).order_by(documents.c.id)
    return [document_rows.load(tx, row_id) for row_id in tx.connection.execute(query).scalars().all()]


def open_count(tx: Transaction, scope: str) -> int:
    """Return how many questions of a shop wait for an answer."""
    query = select(func.count()).select_from(decisions.join(documents)).where(documents.c.scope == scope, _open())
    return int(tx.connection.execute(query).scalar_one())


def close_moot(tx: Transaction, scope: str) -> int:
    """Close the questions whose documents moved on by themselves; returns how many."""
    of_shop = and_(documents.c.id == decisions.c.document_id, documents.c.scope == scope)
    stays = and_(documents.c.status == Status.HELD, decisions.c.reason_since == documents.c.since)
    statement = update(decisions).where(_open(), of_shop, ~stays)
    return tx.connection.execute(statement.values(answer=MOOT, answered_at=tx.now)).rowcount


def find(tx: Transaction, document: Document) -> Decision | None:
    """Return what was asked about the document as it is held now."""
    query = select(decisions.c.answer, decisions.c.answered_by, decisions.c.answered_at).where(
        decisions.c.document_id == document.id, decisions.c.reason_since == document.since
    )
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else Decision(row.answer, row.answered_by, row.answered_at)


def answered_since_change(tx: Transaction, keys: Collection[str], reason: str, answer: str) -> set[str]:
    """Return those of these documents to whose hold for this reason somebody gave this answer.

    And whose source is the same since.
    """
    query = (
        select(documents.c.key)
        .select_from(
            decisions.join(documents, decisions.c.document_id == documents.c.id).join(
                sources, documents.c.source_id == sources.c.id
            )
        )
        .where(
            documents.c.key.in_(keys),
            decisions.c.reason == reason,
            decisions.c.answer == answer,
            decisions.c.answered_at >= sources.c.changed_at,
        )
    )
    return set(tx.connection.execute(query).scalars()) if keys else set()


def sent_again(tx: Transaction, document: Document) -> bool:
    """Tell whether a person had the document sent again since the newest version of its source was seen."""
    query = (
        select(decisions.c.id)
        .join(sources, sources.c.id == document.source_id)
        .where(
            decisions.c.document_id == document.id,
            decisions.c.answer == "again",
            decisions.c.answered_at >= sources.c.changed_at,
        )
    )
    return tx.connection.execute(query.limit(1)).one_or_none() is not None


def was_answered(tx: Transaction, document_id: int, answer: str) -> bool:
    """Tell whether somebody ever gave this answer about the document."""
    query = select(decisions.c.id).where(decisions.c.document_id == document_id, decisions.c.answer == answer)
    return tx.connection.execute(query.limit(1)).one_or_none() is not None


def note_asked(tx: Transaction, document: Document, run_id: str) -> None:
    """Record that a run asks about the document as it is held now; again changes nothing but the run."""
    _note(tx, document, {"run_id": run_id})


def note_answer(tx: Transaction, document: Document, answer: str, by: str) -> None:
    """Record an answer, of somebody who was asked or who decided unasked."""
    _note(tx, document, {"answer": answer, "answered_by": by, "answered_at": tx.now})


def _note(tx: Transaction, document: Document, values: dict[str, Any]) -> None:
    row = {
        "document_id": document.id,
        "reason": document.verdict.code,
        "reason_since": document.since,
        "asked_at": tx.now,
        **values,
    }
    tx.connection.execute(
        insert(decisions)
        .values(row)
        .on_conflict_do_update(index_elements=[decisions.c.document_id, decisions.c.reason_since], set_=values)
    )


def _open() -> ColumnElement[bool]:
    return decisions.c.answer.is_(None)


def _about_this_hold() -> ColumnElement[bool]:
    """A later hold of the same document is another question."""
    return and_(decisions.c.document_id == documents.c.id, decisions.c.reason_since == documents.c.since)
