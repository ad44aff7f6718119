"""Orders whose goods the warehouse had not reserved at a moment: sold from a stock that does not know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from pakhus.ledger import bodies
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts, documents, sources

_BOOKING = "book_order"
_BOOKED = ("ok", "adopted")
# Of these the warehouse is never to hear: sold before the shop's start, tests, left out by a rule or a person.
_NEVER = ("not_ours", "filtered")


@dataclass(frozen=True, slots=True)
class UnreservedOrder:
    """The newest version of an order that a shop showed."""

    scope: str
    source_id: str
    body: bytes


def orders(tx: Transaction, target: str, read_at: datetime) -> list[UnreservedOrder]:
    """Return the orders on their way to a warehouse whose booking was not confirmed before `read_at`.

    Whether the sale still stands is for the reader to say: cancelled and completed orders are among them. An order that
    is being worked on counts, though it may be reserved in part.
    """
    known = func.coalesce(attempts.c.finished_at, attempts.c.looked_up_at)
    booked = (
        select(attempts.c.id)
        .where(attempts.c.document_id == documents.c.id, attempts.c.step == _BOOKING)
        .where(attempts.c.status.in_(_BOOKED), known < read_at)
        .exists()
    )
    query = (
        select(sources.c.scope, sources.c.source_id, sources.c.body_sha256)
        .join(documents, documents.c.source_id == sources.c.id)
        .where(documents.c.kind == "reservation", documents.c.target == target, sources.c.problem == "")
        .where(documents.c.status.not_in(_NEVER), or_(~booked, documents.c.status == "due"))
        .order_by(sources.c.id)
    )
    rows = tx.connection.execute(query).all()
    return [UnreservedOrder(row.scope, row.source_id, bodies.load(tx, row.body_sha256)) for row in rows]
