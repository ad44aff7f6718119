"""Hints that something changed: ids only, once each while they wait (design, decision 5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import given
from pakhus.ledger.schema import inbox

NEWEST_WAITING = "select scope, max(id) from inbox where taken_at is null and entity = any(%s) group by scope"
"""The newest waiting hint of each scope, for watchers with a connection of their own."""


@dataclass(frozen=True, slots=True)
class WaitingHint:
    """A hint that waits, and how often it had come when it was read."""

    id: int
    source_id: str
    hints: int


def add(tx: Transaction, scope: str, entity: str, source_id: str) -> None:
    """Put a hint in, or count it on the one that already waits: whoever reads that one sees that it came again."""
    add_all(tx, scope, entity, [source_id])


def add_all(tx: Transaction, scope: str, entity: str, source_ids: Collection[str]) -> None:
    """Put hints in as `add` does, one for each id."""
    # In one order everywhere: two transactions that put in the same hints must not wait for each other.
    told = given([{"source_id": one} for one in sorted({*source_ids})], inbox.c.source_id)
    found = select(literal(scope), literal(entity), told.c.source_id, literal(tx.now))
    found = found.order_by(told.c.source_id.collate("C"))
    statement = insert(inbox).from_select(["scope", "entity", "source_id", "received_at"], found)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[inbox.c.scope, inbox.c.entity, inbox.c.source_id],
            index_where=inbox.c.taken_at.is_(None),
            set_={"hints": inbox.c.hints + 1},
        )
    )


def waiting(tx: Transaction, scope: str, entity: str, *, limit: int) -> list[WaitingHint]:
    """Return the hints that wait, oldest first."""
    rows = tx.connection.execute(
        select(inbox.c.id, inbox.c.source_id, inbox.c.hints)
        .where(inbox.c.scope == scope, inbox.c.entity == entity, inbox.c.taken_at.is_(None))
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return [WaitingHint(row.id, row.source_id, row.hints) for row in rows]


def mark_taken(tx: Transaction, hints: Sequence[WaitingHint]) -> None:
    """Take hints out, in the transaction that stored what they pointed at; one that came again meanwhile stays."""
    tx.connection.execute(update(inbox).where(inbox.c.id.in_(_as_read(hints))).values(taken_at=tx.now))


def remove(tx: Transaction, hints: Sequence[WaitingHint]) -> None:
    """Take out hints of our own making, of which nobody asks later; one that came again meanwhile stays."""
    tx.connection.execute(delete(inbox).where(inbox.c.id.in_(_as_read(hints))))


def _as_read(hints: Sequence[WaitingHint]) -> Select[tuple[int]]:
    """The rows of hints that have not come again, locked in one order everywhere."""
    read = given([{"id": hint.id, "hints": hint.hints} for hint in hints], inbox.c.id, inbox.c.hints)
    same = select(inbox.c.id).join(read, (inbox.c.id == read.c.id) & (inbox.c.hints == read.c.hints))
    return select(same.order_by(inbox.c.id).with_for_update(of=inbox).cte("as_read").c.id)
