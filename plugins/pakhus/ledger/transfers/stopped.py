"""Which stopped flows an order's documents wait for, and when those flows were stopped while the order was known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, select

from pakhus.ledger.schema import stop_events, stops
from pakhus.ledger.transfers.standing import Standing
from pakhus.reasons import REASONS, Status, Verdict
from pakhus.settings.flows import ALL_FLOWS, STOPPED_WITH

_OPEN = frozenset({Status.DUE.value, Status.WAITING.value, Status.HELD.value})
_GO_ON = "Let it go on when that is over: `python -m pakhus resume {scope} {flow}`, or the DAG pakhus__stop_switch."
_MEND = "Mend what is named in the settings or in the other system."
_BY_ITSELF = "It is tried again by itself and then goes on."
MOST = 100


@dataclass(frozen=True, slots=True)
class Stopping:
    """A flow that is stopped now: who said so (empty: the flow itself), since when, why, and what to do about it.

    `documents` are the rows that wait for it. `tries` are those of a flow that has stopped itself.
    """

    scope: str
    flow: str
    by_person: bool
    stopped_by: str
    since: datetime
    cause: str
    action: str
    tries: int
    tried_at: datetime | None
    documents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StopEvent:
    """A flow was stopped, or went on (`lifted`), and why: the reason why documents waited in between."""

    scope: str
    flow: str
    event: str
    by_person: bool
    who: str
    cause: str
    run_id: str
    dag_id: str
    at: datetime


def stopped_now(connection: Connection, found: Collection[Standing]) -> list[Stopping]:
    """Return the stops that stand for flows of these documents, the longest standing first."""
    query = select(stops).where(stops.c.scope.in_({document.scope for document in found}))
    told = []
    for row in connection.execute(query.order_by(stops.c.since)):
        part = "" if row.by_person else row.part
        waiting = tuple(one.id for one in found if one.status in _OPEN and _concerns(row.scope, row.flow, part, one))
        if waiting:
            facts = (row.stopped_by, row.since, row.cause, _action(row.code, row.subject, row.scope, row.flow))
            told.append(Stopping(row.scope, row.flow, row.by_person, *facts, row.tries, row.tried_at, waiting))
    return told


def stops_since(connection: Connection, found: Collection[Standing], since: datetime) -> list[StopEvent]:
    """Return when flows of these documents were stopped and went on since a moment, oldest first."""
    flows = {(document.scope, flow) for document in found for flow in _flows_of(document)}
    query = select(*(stop_events.c[field.name] for field in fields(StopEvent))).where(stop_events.c.at >= since)
    query = query.where(stop_events.c.scope.in_({scope for scope, _ in flows}))
    query = query.where(stop_events.c.flow.in_({flow for _, flow in flows}))
    newest = connection.execute(query.order_by(stop_events.c.id.desc()).limit(MOST))
    return [StopEvent(*row) for row in reversed(newest.all())]


def _flows_of(document: Standing) -> tuple[str, ...]:
    """What stops a document's flow: a stop of its own, of the DAG that it is a part of, and of all."""
    return document.flow, STOPPED_WITH.get(document.flow, document.flow), ALL_FLOWS


def _concerns(scope: str, flow: str, part: str, document: Standing) -> bool:
    """`part` is what a flow that stopped itself was doing: documents of one kind, or a task that all wait for."""
    if scope != document.scope or flow not in _flows_of(document):
        return False
    is_of_others = part != document.flow and (part in STOPPED_WITH or part in STOPPED_WITH.values())
    return not is_of_others


def _action(code: str, subject: str, scope: str, flow: str) -> str:
    if code == "stopped_by_person":
        return _GO_ON.format(scope=scope, flow=flow)
    known = REASONS.get(code)
    mend = _MEND if known is None else Verdict.of(code, connection=subject, system=subject).action()
    return f"{mend} {_BY_ITSELF}"
