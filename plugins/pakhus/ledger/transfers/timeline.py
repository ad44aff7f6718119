"""One order, or one document without an order, told whole: what was seen, judged, sent, asked, answered and alarmed.

The ledger keeps every version and every write for good, of verdicts only the present one with its beginning, and so the
timeline tells no earlier verdicts. Bodies may hold personal data: their size and hash are told, never their content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, and_, or_, select, tuple_

from pakhus.ledger.schema import alerts, attempts, bodies, calls, documents, runs, source_versions, sources
from pakhus.ledger.transfers.listing import ORDER
from pakhus.ledger.transfers.standing import Standing, standings
from pakhus.ledger.transfers.stopped import StopEvent, Stopping, stopped_now, stops_since

MOST = 300  # of versions, writes and alerts each: an order with more is told from the newest


@dataclass(frozen=True, slots=True)
class Version:
    """A state of an object as a system showed it. Amounts are the source's own; of old rows they are not known."""

    version: int
    seen_at: datetime
    modified_at: datetime | None
    native_state: str
    gross: Decimal | None
    vat: Decimal | None
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Object:
    """What a system showed: the order itself, a refund or a shipment of it, with every version that was seen."""

    id: int
    parent_id: int | None
    scope: str
    kind: str
    source_id: str
    number: str
    native_state: str
    currency: str
    gross: Decimal | None
    vat: Decimal | None
    placed_at: datetime | None
    first_seen_at: datetime
    problem: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One time a write left us: the answer, and which run of Airflow sent it (empty outside Airflow)."""

    ordinal: int
    sent_at: datetime
    finished_at: datetime | None
    http_status: int | None
    request_id: str
    problem: str
    response_sha256: str | None
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    response_size: int | None


@dataclass(frozen=True, slots=True)
class Write:
    """One attempt of a step, with each call it took."""

    id: int
    document_id: int
    step: str
    subject: str
    ordinal: int
    status: str
    method: str
    path: str
    idempotency_key: str
    source_version: int | None
    request_sha256: str
    remote_id: str | None
    problem: str
    planned_at: datetime
    sent_at: datetime | None
    finished_at: datetime | None
    looked_up_at: datetime | None
    request_size: int | None
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """What somebody was told about this order, or about a run that wrote for it."""

    id: int
    flow: str
    code: str
    text: str
    dag_id: str
    run_id: str
    raised_at: datetime
    last_seen_at: datetime
    count: int
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything the ledger has about one order (`objects` begins with it) or one document without an order."""

    objects: tuple[Object, ...]
    documents: tuple[Standing, ...]
    writes: tuple[Write, ...]
    alerts: tuple[Alert, ...]
    stops: tuple[Stopping, ...]
    stop_events: tuple[StopEvent, ...]


def of_order(connection: Connection, order_id: int) -> Timeline | None:
    """Return the timeline of the order in row `order_id`; None when that is no order."""
    belongs = or_(sources.c.id == order_id, sources.c.parent_id == order_id)
    objects = _objects(connection, _objects_query().where(belongs).order_by(sources.c.id))
    if not any(found.id == order_id and found.kind == ORDER for found in objects):
        return None
    objects.sort(key=lambda found: (found.id != order_id, found.id))
    found = standings(connection, documents.c.order_id == order_id)
    named = {objects[0].source_id, objects[0].number} - {""}
    return _timeline(connection, objects, found, named)


def of_document(connection: Connection, document_id: int) -> Timeline | None:
    """Return the timeline of a document, also of one that belongs to no order; None when there is none."""
    found = standings(connection, documents.c.id == document_id)
    if not found:
        return None
    source = select(documents.c.source_id).where(documents.c.id == document_id).scalar_subquery()
    objects = _objects(connection, _objects_query().where(sources.c.id == source))
    return _timeline(connection, objects, found, set())


def _timeline(connection: Connection, objects: list[Object], found: list[Standing], named: Collection[str]) -> Timeline:
    writes = _writes(connection, [document.id for document in found])
    subjects = {document.key for document in found} | set(named)
    scopes = {document.scope for document in found} | {seen.scope for seen in objects}
    told = _alerts(connection, scopes, subjects, writes)
    known = min([seen.first_seen_at for seen in objects] + [document.created_at for document in found])
    stops, events = stopped_now(connection, found), stops_since(connection, found, known)
    return Timeline(tuple(objects), tuple(found), tuple(writes), tuple(told), tuple(stops), tuple(events))


def _objects(connection: Connection, query: Select[Any]) -> list[Object]:
    rows = connection.execute(query.limit(MOST)).all()
    versions: dict[int, list[Version]] = defaultdict(list)
    newest_first = (
        select(source_versions.c.source_id, *_columns(source_versions, Version))
        .where(source_versions.c.source_id.in_([row.id for row in rows]))
        .order_by(source_versions.c.seen_at.desc(), source_versions.c.version.desc())
        .limit(MOST)
    )
    for source_id, *version in connection.execute(newest_first):
        versions[source_id].insert(0, Version(*version))
    return [Object(**row._asdict(), versions=tuple(versions[row.id])) for row in rows]


def _objects_query() -> Select[Any]:
    return select(*_columns(sources, Object, "versions"))


def _writes(connection: Connection, document_ids: Collection[int]) -> list[Write]:
    request = bodies.alias("request")
    query = (
        select(*_columns(attempts, Write, "request_size", "calls"), request.c.size.label("request_size"))
        .join(request, request.c.sha256 == attempts.c.request_sha256)
        .where(attempts.c.document_id.in_(document_ids))
        .order_by(attempts.c.id.desc())
        .limit(MOST)
    )
    rows = connection.execute(query).all()
    made = _calls(connection, [row.id for row in rows])
    return [Write(**row._asdict(), calls=tuple(made[row.id])) for row in reversed(rows)]


def _calls(connection: Connection, attempt_ids: Collection[int]) -> dict[int, list[Call]]:
    found: dict[int, list[Call]] = defaultdict(list)
    query = (
        select(calls.c.attempt_id, *_columns(calls, Call, "response_size"), bodies.c.size)
        .outerjoin(bodies, bodies.c.sha256 == calls.c.response_sha256)
        .where(calls.c.attempt_id.in_(attempt_ids))
        .order_by(calls.c.id)
    )
    for attempt_id, *call in connection.execute(query):
        found[attempt_id].append(Call(*call))
    return found


def _alerts(
    connection: Connection, scopes: Collection[str], subjects: Collection[str], writes: Collection[Write]
) -> list[Alert]:
    """What was told about this very order, and about the runs that wrote for it."""
    its_runs = {(call.dag_id, call.run_id) for write in writes for call in write.calls if call.run_id}
    of_runs = select(runs.c.alert_id).where(tuple_(runs.c.dag_id, runs.c.run_id).in_(its_runs))
    about = and_(alerts.c.scope.in_(scopes), alerts.c.subject.in_(subjects))
    query = select(*_columns(alerts, Alert)).where(or_(about, alerts.c.id.in_(of_runs)))
    return [Alert(*row) for row in connection.execute(query.order_by(alerts.c.raised_at.desc()).limit(MOST))]


def _columns(table: Table, kind: type, *without: str) -> list[Column[Any]]:
    """The columns of a table that make a dataclass, in its order; what is `without` a column stands at its end."""
    return [table.c[field.name] for field in fields(kind) if field.name not in without]
