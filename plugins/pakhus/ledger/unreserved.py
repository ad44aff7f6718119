"""Orders whose goods the warehouse had not reserved at a moment: sold from a stock that does not know of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.sql.expression import Exists

from pakhus.ledger import bodies
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts, documents, source_versions, sources
from pakhus.reasons import Verdict

_BOOKING = "book_order"
_BOOKED = ("ok", "adopted")
_UNDOING = ("reopen_order", "delete_order")
_MAY_HAVE_HAPPENED = ("sent", "unknown", *_BOOKED)
# Of these the warehouse is never to hear: sold before the shop's start, tests, left out by a rule or a person.
_NEVER = ("not_ours", "filtered")
_ON_THE_WAY = ("due", "waiting", "held", "failed")


@dataclass(frozen=True, slots=True)
class UnreservedOrder:
    """The newest version of an order that a shop showed, and the verdict on its reservation.

    `reserved_body` is the version that the warehouse has reserved, if it has reserved one: an order that people changed
    since. `problem` says why the newest one could not be understood.
    """

    scope: str
    source_id: str
    body: bytes
    read_at: datetime
    problem: str
    verdict: Verdict
    reserved_body: bytes | None


def orders(
    tx: Transaction, target: str, read_at: datetime, *, over: Collection[str], whole: Collection[str] = ()
) -> list[UnreservedOrder]:
    """Return the orders on their way to a warehouse that it had not reserved as they are now before `read_at`.

    Whether the sale still stands is for the reader to say. Of orders in a native state `over`, the mass of a ledger,
    only those come that are still on their way. Of the shops `whole` all others do, reserved or not.
    """
    reserved = _reserved_before(read_at)
    query = (
        select(
            sources.c.scope,
            sources.c.source_id,
            sources.c.body_sha256,
            sources.c.read_at,
            sources.c.problem,
            documents.c.reason,
            reserved.label("reserved"),
            source_versions.c.body_sha256.label("transferred"),
        )
        .join(documents, documents.c.source_id == sources.c.id)
        .outerjoin(
            source_versions,
            (source_versions.c.source_id == sources.c.id)
            & (source_versions.c.version == documents.c.transferred_version),
        )
        .where(documents.c.kind == "reservation", documents.c.target == target)
        .where(documents.c.status.not_in(_NEVER))
        .where(or_(sources.c.native_state.not_in(over), documents.c.status.in_(_ON_THE_WAY)))
        .where(or_(~reserved, documents.c.status != "done", sources.c.scope.in_(whole)))
        .order_by(sources.c.id)
    )
    return [_order(tx, row) for row in tx.connection.execute(query).all()]


def _reserved_before(read_at: datetime) -> Exists:
    """Whether a booking was confirmed before, and nothing of ours after it may have taken the goods back.

    An order that is being changed is reopened, and booked again: while it is open its goods are free.
    """
    known = func.coalesce(attempts.c.finished_at, attempts.c.looked_up_at)
    return (
        select(attempts.c.id)
        .where(attempts.c.document_id == documents.c.id, attempts.c.step == _BOOKING)
        .where(attempts.c.status.in_(_BOOKED), known < read_at, ~_undone())
        .correlate(documents)
        .exists()
    )


def _undone() -> ColumnElement[bool]:
    later = attempts.alias("later")
    return (
        select(later.c.id)
        .where(later.c.document_id == attempts.c.document_id, later.c.step.in_(_UNDOING))
        .where(later.c.status.in_(_MAY_HAVE_HAPPENED), later.c.id > attempts.c.id)
        .correlate(attempts)
        .exists()
    )


def _order(tx: Transaction, row: Any) -> UnreservedOrder:
    before = bodies.load(tx, row.transferred) if row.reserved and row.transferred else None
    body = bodies.load(tx, row.body_sha256)
    return UnreservedOrder(row.scope, row.source_id, body, row.read_at, row.problem, Verdict(row.reason), before)
