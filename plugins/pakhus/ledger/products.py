"""The products that the first transfer of a shop has begun to make or count in the warehouse, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from pakhus.ledger import installation
from pakhus.ledger.attempts import DONE
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document, NewDocument, ensure, load
from pakhus.ledger.schema import attempts, documents
from pakhus.reasons import Status, Verdict

PRODUCT, INITIAL_SYNC, RESERVATION = "product", "initial_sync", "reservation"


@dataclass(frozen=True, slots=True)
class Made:
    """A write that the warehouse has: the step, the product's number, what the system calls it, when it was sent."""

    step: str
    number: str
    remote_id: str
    subject: str
    at: datetime


def product_document(tx: Transaction, target: str, folded: str, sync_id: int) -> Document:
    """Return the product's document, which all shops of the agreement share; its parent is the transfer that began it.

    Numbers that differ by letter case or blanks only have one document: they are never made at the same time. One that
    is kept in step already and that no transfer has begun becomes this transfer's: its stock is still to be counted.
    """
    name = installation.read(tx).pseudonym(f"product {folded}")
    new = NewDocument(f"{target}-{PRODUCT}-{name}", target, "shared", PRODUCT, target, parent_id=sync_id)
    document = ensure(tx, new, Verdict.of("due"))
    if document.parent_id is not None:
        return document
    mine = update(documents).where(documents.c.id == document.id, documents.c.parent_id.is_(None))
    tx.connection.execute(mine.values(parent_id=sync_id))
    return load(tx, document.id)


def begun(tx: Transaction, sync_id: int) -> set[str]:
    """Return the numbers of the products that a transfer has begun."""
    query = select(documents.c.remote_number).where(documents.c.parent_id == sync_id, documents.c.kind == PRODUCT)
    return {number for number in tx.connection.execute(query).scalars() if number is not None}


def sync_is_open(tx: Transaction, shop: str) -> bool:
    """Tell whether a shop's first transfer was begun and is not finished."""
    query = select(documents.c.id).where(
        documents.c.scope == shop, documents.c.kind == INITIAL_SYNC, documents.c.status != Status.DONE.value
    )
    return tx.connection.execute(query.limit(1)).one_or_none() is not None


def sold_by_others(tx: Transaction, target: str, shop: str) -> bool:
    """Tell whether another shop's stock was transferred to a warehouse, or an order of another one reserved there."""
    query = select(documents.c.id).where(
        documents.c.target == target,
        documents.c.scope != shop,
        documents.c.kind.in_((INITIAL_SYNC, RESERVATION)),
        documents.c.status == Status.DONE.value,
    )
    return tx.connection.execute(query.limit(1)).one_or_none() is not None


def made(tx: Transaction, sync_id: int, steps: Iterable[str]) -> list[Made]:
    """Return what a transfer has written, in the order of its writing."""
    query = (
        select(
            attempts.c.step,
            documents.c.remote_number,
            attempts.c.remote_id,
            attempts.c.subject,
            attempts.c.sent_at,
        )
        .join(documents, attempts.c.document_id == documents.c.id)
        .where(
            documents.c.parent_id == sync_id,
            documents.c.kind == PRODUCT,
            attempts.c.step.in_(list(steps)),
            attempts.c.status.in_(DONE),
        )
        .order_by(attempts.c.id)
    )
    rows = tx.connection.execute(query)
    return [Made(row.step, row.remote_number or "", row.remote_id or "", row.subject, row.sent_at) for row in rows]
