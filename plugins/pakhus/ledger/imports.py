"""What importing earlier orders came to, day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import documents, import_days, sources


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """What the ledger knows of an order without understanding its body. `id` is its row of sources."""

    id: int
    number: str
    placed_at: datetime | None
    currency: str
    gross: Decimal
    vat: Decimal


def orders(tx: Transaction, scope: str, order_ids: Sequence[str]) -> list[StoredOrder]:
    """Return the orders of these ids that the ledger has, oldest row first."""
    query = select(
        sources.c.id, sources.c.number, sources.c.placed_at, sources.c.currency, sources.c.gross, sources.c.vat
    )
    query = query.where(sources.c.scope == scope, sources.c.kind == "order", sources.c.source_id.in_(order_ids))
    return [
        StoredOrder(row.id, row.number, row.placed_at, row.currency, row.gross or Decimal(0), row.vat or Decimal(0))
        for row in tx.connection.execute(query.order_by(sources.c.id))
    ]


def save_day(tx: Transaction, scope: str, day: date, mode: str, outcomes: Mapping[str, Any]) -> None:
    """Keep a day's outcomes; a newer import of the same mode replaces the older one."""
    values = {"outcomes": dict(outcomes), "imported_at": tx.now, "run_id": tx.run.run_id}
    statement = insert(import_days).values(scope=scope, day=day, mode=mode, **values)
    key = [import_days.c.scope, import_days.c.day, import_days.c.mode]
    tx.connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))


def days(tx: Transaction, scope: str, mode: str, first: date, last: date) -> list[tuple[date, Mapping[str, Any]]]:
    """Return the outcomes of the days from `first` to `last` that were imported in this mode, oldest first."""
    query = select(import_days.c.day, import_days.c.outcomes).where(
        import_days.c.scope == scope, import_days.c.mode == mode, import_days.c.day.between(first, last)
    )
    return [(row.day, row.outcomes) for row in tx.connection.execute(query.order_by(import_days.c.day))]


def put_under(tx: Transaction, document_id: int, flow: str) -> None:
    """Say which flow works on a document from now on: the import's are no business of the live flows."""
    tx.connection.execute(update(documents).where(documents.c.id == document_id).values(flow=flow, updated_at=tx.now))
