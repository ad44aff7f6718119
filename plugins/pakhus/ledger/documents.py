"""What is to become of each source in each target, and how far it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, Row, ScalarSelect, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.claims import Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import among, given
from pakhus.ledger.schema import attempts, documents, sources
from pakhus.model import Totals
from pakhus.reasons import Status, Verdict

_PLACE = Column("place", Integer)


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
    return ensure_all(tx, [Judged(new, verdict, judged_version)])[new.key]


def ensure_all(tx: Transaction, wanted: Sequence[Judged]) -> dict[str, Document]:
    """Return the documents of these keys, by key, so far as they were not there created with their verdicts."""
    found = create_all(tx, wanted)
    there = among(documents.c.key, [one.new.key for one in wanted if one.new.key not in found])
    if len(found) < len(wanted):
        rows = tx.connection.execute(select(documents).where(there))
        found |= {row.key: from_row(row) for row in rows}
    return found


def create(
    tx: Transaction, new: NewDocument, verdict: Verdict, *, judged_version: int | None = None
) -> Document | None:
    """Return the document as it was made with `verdict`; None if there is one of this key."""
    return create_all(tx, [Judged(new, verdict, judged_version)]).get(new.key)


@dataclass(frozen=True, slots=True)
class Judged:
    """A document to be made, and what is thought of it."""

    new: NewDocument
    verdict: Verdict
    judged_version: int | None = None


def create_all(tx: Transaction, wanted: Sequence[Judged]) -> dict[str, Document]:
    """Return the documents that were made, by key; those whose key there is already are left out.

    They are made in the order in which they are given. Whoever gives several gives them in one order everywhere: two
    transactions that make the same documents must not wait for each other.
    """
    if not wanted:
        return {}
    rows = [
        {
            "key": one.new.key,
            "source_id": one.new.source_id,
            "parent_id": one.new.parent_id,
            "judged_version": one.judged_version,
            "scope": one.new.scope,
            "flow": one.new.flow,
            "kind": one.new.kind,
            "target": one.new.target,
            **_verdict_columns(one.verdict),
            "since": tx.now,
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        for one in wanted
    ]
    numbered = [{**row, _PLACE.name: place} for place, row in enumerate(rows)]
    told = given(numbered, *(documents.c[name] for name in rows[0]), _PLACE)
    found = select(*(told.c[name] for name in rows[0]), _order_of(told.c.source_id)).order_by(told.c[_PLACE.name])
    statement = insert(documents).from_select([*rows[0], "order_id"], found)
    statement = statement.on_conflict_do_nothing(index_elements=[documents.c.key])
    made = tx.connection.execute(statement.returning(documents))
    return {row.key: from_row(row) for row in made}


def find(tx: Transaction, key: str) -> Document | None:
    """Return the document of this key, if there is one."""
    row = tx.connection.execute(select(documents).where(documents.c.key == key)).one_or_none()
    return None if row is None else from_row(row)


def load(tx: Transaction, document_id: int) -> Document:
    """Return a document by its row's id; NoResultFound when it is not there."""
    return from_row(tx.connection.execute(select(documents).where(documents.c.id == document_id)).one())


def of_order(tx: Transaction, order_id: int, kind: str) -> list[Document]:
    """Return an order's documents of one kind, in the order in which they were made."""
    query = select(documents).where(documents.c.order_id == order_id, documents.c.kind == kind)
    return [from_row(row) for row in tx.connection.execute(query.order_by(documents.c.id))]


def orders_with(tx: Transaction, order_ids: Collection[int], kind: str) -> set[int]:
    """Return those of these orders that have a document of this kind."""
    query = select(documents.c.order_id).where(among(documents.c.order_id, order_ids), documents.c.kind == kind)
    return set(tx.connection.execute(query.distinct()).scalars()) if order_ids else set()


def lock(tx: Transaction, document_id: int) -> Document:
    """Return a document whose verdict nobody else can change before this transaction ends."""
    return from_row(
        tx.connection.execute(select(documents).where(documents.c.id == document_id).with_for_update()).one()
    )


def lock_named(tx: Transaction, keys: Collection[str]) -> dict[str, Document]:
    """Return the documents of these keys as `lock` does, so many as there are."""
    return {document.key: document for document in _locked(tx, among(documents.c.key, keys))} if keys else {}


def _locked(tx: Transaction, condition: ColumnElement[bool]) -> list[Document]:
    """Return documents, locked in one order everywhere: transactions that lock several must not wait for each other."""
    query = select(documents).where(condition).order_by(documents.c.id).with_for_update()
    return [from_row(row) for row in tx.connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict to be given to a document, and the version of its source that it is about (None: none)."""

    document_id: int
    verdict: Verdict
    judged_version: int | None = None
    due_at: datetime | None = None


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
    give_verdicts(tx, [Change(document_id, verdict, judged_version, due_at)])


def give_verdicts(tx: Transaction, changes: Sequence[Change]) -> None:
    """Give verdicts to documents, each once, as `give_verdict` does. KeyError when one is not there."""
    if not changes:
        return
    # Locked first, and the versions read after that: what was stored before we had the lock is seen.
    locked = {one.id: one for one in _locked(tx, among(documents.c.id, [change.document_id for change in changes]))}
    versioned = [change.document_id for change in changes if change.judged_version is not None]
    newest = _newest_versions(tx, [locked[row_id].source_id for row_id in versioned])
    rows = [_changed(tx, locked[change.document_id], change, newest) for change in changes]
    told = given(rows, *(documents.c[name] for name in rows[0]))
    values = {name: told.c[name] for name in rows[0] if name != "id"}
    tx.connection.execute(update(documents).where(documents.c.id == told.c.id).values(**values, updated_at=tx.now))


def _newest_versions(tx: Transaction, source_ids: Sequence[int | None]) -> dict[int, int]:
    rows = [row_id for row_id in source_ids if row_id is not None]
    query = select(sources.c.id, sources.c.version).where(among(sources.c.id, rows))
    return {row.id: row.version for row in tx.connection.execute(query)} if rows else {}


def _changed(tx: Transaction, document: Document, change: Change, newest: Mapping[int, int]) -> dict[str, Any]:
    """The columns of a document that a verdict changes."""
    verdict, version, due_at = change.verdict, change.judged_version, change.due_at
    if version is not None and document.source_id is not None and newest[document.source_id] > version:
        verdict, due_at, version = Verdict.of("due"), None, newest[document.source_id]
    return {
        "id": document.id,
        **_verdict_columns(verdict),
        "due_at": due_at,
        "judged_version": document.judged_version if version is None else version,
        "since": document.since if document.verdict.code == verdict.code else tx.now,
    }


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
    return not touched(tx, [document_id])


def touched(tx: Transaction, document_ids: Collection[int]) -> set[int]:
    """Return those of these documents of which a write may have reached its target."""
    may_have = ("sent", "unknown", "ok", "adopted")
    query = select(attempts.c.document_id).where(
        among(attempts.c.document_id, document_ids), attempts.c.status.in_(may_have)
    )
    return set(tx.connection.execute(query.distinct()).scalars()) if document_ids else set()


def claim_name(key: str) -> str:
    """The name of the claim on a document."""
    return f"document:{key}"


def _order_of(source_id: ColumnElement[int]) -> ScalarSelect[int]:
    """The order that a source is, or belongs to; null when there is none."""
    source, order = sources.alias("source"), sources.alias("order_of_source")
    is_it = (order.c.id == source.c.id) | (order.c.id == source.c.parent_id)
    return select(order.c.id).where(source.c.id == source_id, is_it, order.c.kind == "order").scalar_subquery()


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


def from_row(row: Row[Any]) -> Document:
    """Return the document that stands in a row."""
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
