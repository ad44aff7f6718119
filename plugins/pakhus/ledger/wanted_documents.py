"""Documents that are asked for by what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document, from_row
from pakhus.ledger.schema import documents, sources
from pakhus.reasons import Status


@dataclass(frozen=True, slots=True)
class Wanted:
    """What documents have in common that are asked for; empty texts and None ask for nothing."""

    flow: str = ""
    reason: str = ""
    status: str = ""
    placed_from: datetime | None = None
    placed_before: datetime | None = None


def matching(tx: Transaction, scope: str, wanted: Wanted, *, limit: int) -> list[Document]:
    """Return the documents of a scope's orders that fit, oldest first."""
    order = sources.alias("order")
    query = select(documents).join(order, documents.c.order_id == order.c.id).where(documents.c.scope == scope)
    for column, text in (("flow", wanted.flow), ("reason", wanted.reason), ("status", wanted.status)):
        if text:
            query = query.where(documents.c[column] == text)
    if wanted.placed_from is not None:
        query = query.where(order.c.placed_at >= wanted.placed_from)
    if wanted.placed_before is not None:
        query = query.where(order.c.placed_at < wanted.placed_before)
    return [from_row(row) for row in tx.connection.execute(query.order_by(documents.c.id).limit(limit))]


def held_with(tx: Transaction, scope: str, reason: str) -> list[Document]:
    """Return the documents of a scope that are held for this reason, oldest first."""
    query = select(documents).where(
        documents.c.scope == scope, documents.c.status == Status.HELD, documents.c.reason == reason
    )
    return [from_row(row) for row in tx.connection.execute(query.order_by(documents.c.id))]


def standing_in(tx: Transaction, scope: str, flow: str, status: Status) -> list[Document]:
    """Return what of a flow stands at a status, oldest first."""
    query = select(documents).where(documents.c.scope == scope, documents.c.flow == flow, documents.c.status == status)
    return [from_row(row) for row in tx.connection.execute(query.order_by(documents.c.id))]


def held_among(tx: Transaction, document_ids: Sequence[int], reasons: Sequence[str]) -> set[int]:
    """Return which of these documents are held for one of these reasons."""
    held = select(documents.c.id).where(
        documents.c.id.in_(document_ids), documents.c.status == Status.HELD, documents.c.reason.in_(reasons)
    )
    return set(tx.connection.execute(held).scalars())
