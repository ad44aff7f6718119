"""How the flows do, at a glance: open alerts, stops, open questions, proven days, and each flow's last run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from pakhus.ledger.schema import alerts, decisions, documents, proven_days, runs, stop_events, stops
from pakhus.ledger.transfers.reading import distinct_values
from pakhus.ledger.transfers.stopped import StopEvent

DAYS = 14
MOST_ALERTS = 20
MOST_STOP_EVENTS = 6


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What somebody was told, and is not mended."""

    scope: str
    flow: str
    code: str
    text: str
    dag_id: str
    run_id: str
    raised_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A flow that is stopped for a shop; `by_person`: only a person lifts it."""

    scope: str
    flow: str
    code: str
    cause: str
    by_person: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class ProvenDay:
    """A day of a shop's own time zone on which shop, ledger and accounts were compared."""

    scope: str
    day: date
    status: str
    differences: int
    proved_at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a flow's last run did, and why it was red."""

    dag_id: str
    run_id: str
    scope: str
    flow: str
    note: str
    cause: str
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """`open_alerts` counts all; `alerts` are the newest of them. `today` is the ledger's day in UTC."""

    now: datetime
    open_alerts: int
    alerts: tuple[OpenAlert, ...]
    stops: tuple[Stop, ...]
    stop_events: tuple[StopEvent, ...]
    open_questions: int
    days: tuple[ProvenDay, ...]
    runs: tuple[LastRun, ...]


def overview(connection: Connection) -> Overview:
    """Return how the flows of all shops do now."""
    now = connection.execute(select(func.now())).scalar_one()
    open_alerts = alerts.c.resolved_at.is_(None)
    asked = decisions.join(documents, documents.c.id == decisions.c.document_id)
    return Overview(
        now=now,
        open_alerts=connection.execute(select(func.count()).select_from(alerts).where(open_alerts)).scalar_one(),
        alerts=_alerts(connection),
        stops=_stops(connection),
        stop_events=_stop_events(connection, now - timedelta(days=DAYS)),
        open_questions=connection.execute(
            select(func.count())
            .select_from(asked)
            .where(decisions.c.answer.is_(None), documents.c.since == decisions.c.reason_since)
        ).scalar_one(),
        days=_days(connection, now.date() - timedelta(days=DAYS)),
        runs=_last_runs(connection),
    )


def _alerts(connection: Connection) -> tuple[OpenAlert, ...]:
    columns = (alerts.c[name] for name in OpenAlert.__dataclass_fields__)
    query = select(*columns).where(alerts.c.resolved_at.is_(None)).order_by(alerts.c.raised_at.desc())
    return tuple(OpenAlert(*row) for row in connection.execute(query.limit(MOST_ALERTS)))


def _stops(connection: Connection) -> tuple[Stop, ...]:
    columns = (stops.c[name] for name in Stop.__dataclass_fields__)
    return tuple(Stop(*row) for row in connection.execute(select(*columns).order_by(stops.c.scope, stops.c.flow)))


def _stop_events(connection: Connection, since: datetime) -> tuple[StopEvent, ...]:
    columns = (stop_events.c[name] for name in StopEvent.__dataclass_fields__)
    query = select(*columns).where(stop_events.c.at >= since).order_by(stop_events.c.id.desc())
    return tuple(StopEvent(*row) for row in connection.execute(query.limit(MOST_STOP_EVENTS)))


def _days(connection: Connection, first: date) -> tuple[ProvenDay, ...]:
    query = select(proven_days).where(proven_days.c.day >= first).order_by(proven_days.c.scope, proven_days.c.day)
    return tuple(
        ProvenDay(row.scope, row.day, row.status, len(row.differences), row.proved_at, row.run_id)
        for row in connection.execute(query)
    )


def _last_runs(connection: Connection) -> tuple[LastRun, ...]:
    columns = [runs.c[name] for name in LastRun.__dataclass_fields__]
    found = []
    for scope, flow in distinct_values(connection, runs, "scope", "flow"):
        query = select(*columns).where(runs.c.scope == scope, runs.c.flow == flow)
        row = connection.execute(query.order_by(runs.c.reported_at.desc()).limit(1)).one()
        found.append(LastRun(*row))
    return tuple(found)
