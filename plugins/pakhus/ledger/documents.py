"""What is to become of each source in each target, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.claims import Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts, documents, sources
from pakhus.model import Totals
from pakhus.reasons import Status, Verdict


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What names a document. `key` is unique in the ledger and stands in the target system."""

    key: str
    scope: str
    flow: str
    kind: str
    target: str
    source_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document's row as it was read."""

    id: int
    key: str
    source_id: int | None
    order_id: int | None
    parent_id: int | None
    scope: str
    flow: str
    kind: str
    target: str
    verdict: Verdict
    since: datetime
    due_at: datetime | None
    judged_version: int | None
    transferred_version: int | None
    approved_version: int | None
    remote_id: str | None
    remote_number: str | None

    @property
    def status(self) -> Status:
        return self.verdict.status


def ensure(tx: Transaction, new: NewDocument, verdict: Verdict, *, judged_version: int | None = None) -> Document:
    """Return the document of this key, created with `verdict` if it was not there."""
    created = create(tx, new, verdict, judged_version=judged_version)
    found = created or find(tx, new.key)
    if found is None:
        raise KeyError(f"no document {new.key} although it was just made")
    return found


def create(
    tx: Transaction, new: NewDocument, verdict: Verdict, *, judged_version: int | None = None
) -> Document | None:
    """Return the document as it was made with `verdict`; None if there is one of this key."""
    row = {
        "key": new.key,
        "source_id": new.source_id,
        "order_id": None if new.source_id is None else _order_of(new.source_id),
        "parent_id": new.parent_id,
        "judged_version": judged_version,
        "scope": new.scope,
        "flow": new.flow,
        "kind": new.kind,
        "target": new.target,
        **_verdict_columns(verdict),
        "since": tx.now,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    statement = insert(documents).values(row).on_conflict_do_nothing(index_elements=[documents.c.key])
    made = tx.connection.execute(statement.returning(documents)).one_or_none()
    return None if made is None else _document(made)


def find(tx: Transaction, key: str) -> Document | None:
    """Return the document of this key, if there is one."""
    row = tx.connection.execute(select(documents).where(documents.c.key == key)).one_or_none()
    return None if row is None else _document(row)


def load(tx: Transaction, document_id: int) -> Document:
    """Return a document by its row's id; NoResultFound when it is not there."""
    return _document(tx.connection.execute(select(documents).where(documents.c.id == document_id)).one())


def of_source(tx: Transaction, source_id: int) -> list[Document]:
    """Return all documents that come from one source."""
    rows = tx.connection.execute(select(documents).where(documents.c.source_id == source_id).order_by(documents.c.id))
    return [_document(row) for row in rows]


def of_order(tx: Transaction, order_id: int, kind: str) -> list[Document]:
    """Return an order's documents of one kind, in the order in which they were made."""
    query = select(documents).where(documents.c.order_id == order_id, documents.c.kind == kind)
    return [_document(row) for row in tx.connection.execute(query.order_by(documents.c.id))]


def lock(tx: Transaction, document_id: int) -> Document:
    """Return a document whose verdict nobody else can change before this transaction ends."""
    return _document(
        tx.connection.execute(select(documents).where(documents.c.id == document_id).with_for_update()).one()
    )


def lock_named(tx: Transaction, key: str) -> Document | None:
    """Return the document of this key as `lock` does, if there is one."""
    row = tx.connection.execute(select(documents).where(documents.c.key == key).with_for_update()).one_or_none()
    return None if row is None else _document(row)


def give_verdict(
    tx: Transaction,
    document_id: int,
    verdict: Verdict,
    *,
    judged_version: int | None = None,
    due_at: datetime | None = None,
) -> None:
    """Set a document's status and reason. `since` moves only when the reason's code changes.

    When the source has a newer version than the one that was judged, the document is due again instead, a transferred
    one too: the observer and a worker may judge different versions at the same moment.
    """
    document = lock(tx, document_id)
    if judged_version is not None and document.source_id is not None:
        newest = tx.connection.execute(select(sources.c.version).where(sources.c.id == document.source_id)).scalar_one()
        if newest > judged_version:
            verdict, due_at, judged_version = Verdict.of("due"), None, newest
    values = {**_verdict_columns(verdict), "due_at": due_at, "updated_at": tx.now}
    if judged_version is not None:
        values["judged_version"] = judged_version
    if document.verdict.code != verdict.code:
        values["since"] = tx.now
    tx.connection.execute(update(documents).where(documents.c.id == document_id).values(**values))


def note_accepted(tx: Transaction, document_id: int) -> None:
    """Take the version that was judged as the one that the target shows: a person said that it is right so."""
    accepted = func.coalesce(documents.c.judged_version, documents.c.transferred_version)
    changed = update(documents).where(documents.c.id == document_id)
    tx.connection.execute(changed.values(transferred_version=accepted, updated_at=tx.now))


def note_remote(
    tx: Transaction,
    document_id: int,
    claim: Claim,
    *,
    remote_id: str | None = None,
    remote_number: str | None = None,
    version: int | None = None,
    currency: str | None = None,
    totals: Totals | None = None,
    correction: Decimal | None = None,
) -> None:
    """Record what the target now has; only what is given changes. Guarded by the claim."""
    values: dict[str, Any] = {
        "remote_id": remote_id,
        "remote_number": remote_number,
        "transferred_version": version,
        "currency": currency,
        "gross": totals.gross if totals else None,
        "vat": totals.vat if totals else None,
        "correction": correction,
    }
    values = {name: value for name, value in values.items() if value is not None}
    require(tx, claim)
    tx.connection.execute(update(documents).where(documents.c.id == document_id).values(**values, updated_at=tx.now))


@dataclass(frozen=True, slots=True)
class Due:
    """A document that can be worked on now, with its order's number for labels; a payout has its key instead."""

    id: int
    number: str


def due(tx: Transaction, scope: str, flow: str, *, limit: int) -> list[Due]:
    """Return documents to be worked on now, oldest first: due ones, and waiting or held ones whose time has come."""
    query = (
        select(documents.c.id, func.coalesce(sources.c.number, documents.c.key).label("number"))
        .outerjoin(sources, documents.c.source_id == sources.c.id)
        .where(documents.c.scope == scope, documents.c.flow == flow, is_due(tx))
        .order_by(documents.c.id)
        .limit(limit)
    )
    return [Due(row.id, row.number) for row in tx.connection.execute(query)]


def named_due(tx: Transaction, document_ids: Sequence[int]) -> list[Due]:
    """Return these documents with their orders' numbers, oldest first, whatever their time."""
    order = sources.alias("order")
    query = (
        select(documents.c.id, order.c.number)
        .join(order, documents.c.order_id == order.c.id)
        .where(documents.c.id.in_(document_ids))
        .order_by(documents.c.id)
    )
    return [Due(row.id, row.number) for row in tx.connection.execute(query)]


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
    return [_document(row) for row in tx.connection.execute(query.order_by(documents.c.id).limit(limit))]


def held_with(tx: Transaction, scope: str, reason: str) -> list[Document]:
    """Return the documents of a scope that are held for this reason, oldest first."""
    query = select(documents).where(
        documents.c.scope == scope, documents.c.status == Status.HELD, documents.c.reason == reason
    )
    return [_document(row) for row in tx.connection.execute(query.order_by(documents.c.id))]


def held_in(tx: Transaction, scope: str, flow: str) -> list[Document]:
    """Return what is held of a flow, oldest first."""
    query = select(documents).where(
        documents.c.scope == scope, documents.c.flow == flow, documents.c.status == Status.HELD
    )
    return [_document(row) for row in tx.connection.execute(query.order_by(documents.c.id))]


def held_among(tx: Transaction, document_ids: Sequence[int], reasons: Sequence[str]) -> set[int]:
    """Return which of these documents are held for one of these reasons."""
    held = select(documents.c.id).where(
        documents.c.id.in_(document_ids), documents.c.status == Status.HELD, documents.c.reason.in_(reasons)
    )
    return set(tx.connection.execute(held).scalars())


def source_ids(tx: Transaction, document_ids: Sequence[int]) -> set[int]:
    """Return the rows of the sources that these documents come from."""
    query = select(documents.c.source_id).where(documents.c.id.in_(document_ids), documents.c.source_id.is_not(None))
    return set(tx.connection.execute(query).scalars())


def counts(tx: Transaction, scope: str, flow: str) -> dict[tuple[Status, str], int]:
    """Return how many documents stand at each status and reason."""
    rows = tx.connection.execute(
        select(documents.c.status, documents.c.reason).where(documents.c.scope == scope, documents.c.flow == flow)
    )
    found: dict[tuple[Status, str], int] = {}
    for row in rows:
        place = (Status(row.status), row.reason)
        found[place] = found.get(place, 0) + 1
    return found


def is_open(tx: Transaction, document_id: int) -> bool:
    """Tell whether something is still to be done for a document, now or later."""
    open_ones = (Status.DUE, Status.WAITING, Status.HELD)
    query = select(documents.c.id).where(documents.c.id == document_id, documents.c.status.in_(open_ones))
    return tx.connection.execute(query).one_or_none() is not None


def wake(tx: Transaction, scope: str, flow: str, reasons: Sequence[str], *, only: int | None = None) -> None:
    """Let what stands open for one of these reasons be due now instead of at its own time; or one of them `only`."""
    waiting = update(documents).where(
        documents.c.scope == scope,
        documents.c.flow == flow,
        documents.c.reason.in_(reasons),
        documents.c.status.in_((Status.WAITING, Status.HELD)),
        documents.c.due_at > tx.now,
    )
    if only is not None:
        waiting = waiting.where(documents.c.id == only)
    tx.connection.execute(waiting.values(due_at=tx.now))


def untouched(tx: Transaction, document_id: int) -> bool:
    """Tell whether no write for this document may have reached its target."""
    touched = select(attempts.c.id).where(
        attempts.c.document_id == document_id, attempts.c.status.in_(("sent", "unknown", "ok", "adopted"))
    )
    return tx.connection.execute(touched.limit(1)).one_or_none() is None


def claim_name(key: str) -> str:
    """The name of the claim on a document."""
    return f"document:{key}"


def _order_of(source_id: int) -> ScalarSelect[int]:
    """The order that a source is, or belongs to; null when there is none."""
    order = sources.alias("order_of_source")
    is_it = (order.c.id == sources.c.id) | (order.c.id == sources.c.parent_id)
    return select(order.c.id).where(sources.c.id == source_id, is_it, order.c.kind == "order").scalar_subquery()


def is_due(tx: Transaction) -> ColumnElement[bool]:
    """The condition that a document can be worked on now."""
    return or_(
        and_(documents.c.status == Status.DUE, or_(documents.c.due_at.is_(None), documents.c.due_at <= tx.now)),
        and_(documents.c.status.in_((Status.WAITING, Status.HELD)), documents.c.due_at <= tx.now),
    )


def _verdict_columns(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status.value,
        "reason": verdict.code,
        "reason_parameters": dict(verdict.parameters),
    }


def _document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        key=row.key,
        source_id=row.source_id,
        order_id=row.order_id,
        parent_id=row.parent_id,
        scope=row.scope,
        flow=row.flow,
        kind=row.kind,
        target=row.target,
        verdict=Verdict.of(row.reason, **row.reason_parameters),
        since=row.since,
        due_at=row.due_at,
        judged_version=row.judged_version,
        transferred_version=row.transferred_version,
        approved_version=row.approved_version,
        remote_id=row.remote_id,
        remote_number=row.remote_number,
    )
