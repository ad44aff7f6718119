"""How drafts compared with their predictions, and what their corrections sum to: it opens booking, or alarms."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.claims import Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import cursors, documents
from pakhus.ledger.schema.base import TIME

_OPENED = "auto_opened"


def note_equal(tx: Transaction, claim: Claim, document_id: int) -> None:
    """Record that a document's draft is as predicted; it counts once, from the first time since it last differed."""
    require(tx, claim)
    news = or_(documents.c.equal_at.is_(None), documents.c.equal_at <= documents.c.differed_at)
    changed = update(documents).where(documents.c.id == document_id, news)
    tx.connection.execute(changed.values(equal_at=tx.now))


def note_differed(tx: Transaction, claim: Claim, document_id: int) -> None:
    """Record that a document's draft was not as predicted."""
    require(tx, claim)
    changed = update(documents).where(documents.c.id == document_id)
    tx.connection.execute(changed.values(differed_at=tx.now))


def equal_in_a_row(tx: Transaction, scope: str, target: str, kind: str) -> int:
    """Return how many documents of a shop equalled their predictions since one last did not."""
    of_shop = (documents.c.scope == scope) & (documents.c.target == target) & (documents.c.kind == kind)
    last = select(func.max(documents.c.differed_at)).where(of_shop).scalar_subquery()
    query = select(func.count()).where(of_shop, documents.c.equal_at > func.coalesce(last, cast("-infinity", TIME)))
    return int(tx.connection.execute(query).scalar_one())


def is_open(tx: Transaction, scope: str, target: str) -> bool:
    """Tell whether automatic booking of a shop into these accounts was opened once."""
    query = select(cursors.c.name).where(cursors.c.scope == scope, cursors.c.name == f"{_OPENED}:{target}")
    return tx.connection.execute(query).one_or_none() is not None


def open_for_good(tx: Transaction, scope: str, target: str, equal: int) -> None:
    """Record that enough documents were equal; several processes may find so at the same time."""
    row = {"scope": scope, "name": f"{_OPENED}:{target}", "value": str(equal), "moved_at": tx.now}
    tx.connection.execute(insert(cursors).values(row).on_conflict_do_nothing())


def has_booked(tx: Transaction, scope: str, target: str) -> bool:
    """Tell whether any invoice of a shop was booked in these accounts."""
    query = select(documents.c.id).where(
        documents.c.scope == scope,
        documents.c.target == target,
        documents.c.kind == "invoice",
        documents.c.remote_number.is_not(None),
    )
    return tx.connection.execute(query.limit(1)).one_or_none() is not None


def note_approved(tx: Transaction, document_id: int) -> None:
    """Record that a person wants the draft booked as it was made from the version that now stands in the accounts."""
    changed = update(documents).where(documents.c.id == document_id)
    tx.connection.execute(changed.values(approved_version=documents.c.transferred_version, updated_at=tx.now))


def note_pdf(tx: Transaction, document_id: int, link: str) -> None:
    """Record where the booked document is kept as a PDF."""
    tx.connection.execute(update(documents).where(documents.c.id == document_id).values(pdf_link=link))


def corrections(tx: Transaction, scope: str, kind: str, start: datetime, end: datetime) -> Decimal:
    """Return the sum of the correction lines of the documents made from `start` to before `end`."""
    query = select(func.coalesce(func.sum(documents.c.correction), 0)).where(
        documents.c.scope == scope,
        documents.c.kind == kind,
        documents.c.equal_at >= start,
        documents.c.equal_at < end,
    )
    return Decimal(tx.connection.execute(query).scalar_one())


def alarmed_before(tx: Transaction, scope: str, month: str) -> bool:
    """Note that a month's corrections were told of; True when they had been already."""
    row = {"scope": scope, "name": f"corrections:{month}", "value": "told", "moved_at": tx.now}
    statement = insert(cursors).values(row).on_conflict_do_nothing().returning(cursors.c.name)
    return tx.connection.execute(statement).scalar_one_or_none() is None
