"""Which flows are stopped for a shop: looked at before each task and each document (design, decisions 9 and 13).

By a person, who alone lifts it; or by the flow itself, because a system refuses all that it sends: then each run tries
one document, and the first that goes through lifts it. Both leave a line in `stop_events` when they begin and end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import stop_events, stops
from pakhus.settings.flows import ALL_FLOWS

_BY_PERSON = "stopped_by_person"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stops a flow: reason code, cause for people, the system or connection that refused.

    A later try shows the same `symptom` while nothing is mended. `part` is the documents' own flow, or the task;
    `document_id` is the document that met it, if one did.
    """

    code: str
    cause: str
    symptom: str
    subject: str = ""
    part: str = ""
    document_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A flow that is not to run, since when, who said so and why. `refusal`: it stopped itself."""

    scope: str
    flow: str
    stopped_by: str
    since: datetime
    cause: str
    refusal: Refusal | None = None
    tries: int = 0
    tried_at: datetime | None = None
    tried_by: str = ""

    def text(self) -> str:
        """For run notes: "stopped by anna since 2026-11-21 10:00 UTC: stocktaking"."""
        who = f" by {self.stopped_by}" if self.stopped_by else " by itself" if self.refusal else ""
        return f"stopped{who} since {self.since:%Y-%m-%d %H:%M} UTC: {self.cause}"


def stop(tx: Transaction, scope: str, flow: str, *, stopped_by: str, cause: str) -> Stop:
    """Stop a flow, or all of a scope, for a person. One that is stopped already stays so since then, with the new
    cause; a stop of the flow itself becomes the person's."""
    row = {"code": _BY_PERSON, "cause": cause, "by_person": True, "stopped_by": stopped_by}
    none = {"subject": "", "symptom": "", "part": "", "document_id": None, "tries": 0, "tried_by": ""}
    statement = insert(stops).values(scope=scope, flow=flow, since=tx.now, **row)
    statement = statement.on_conflict_do_update(index_elements=[stops.c.scope, stops.c.flow], set_={**row, **none})
    stopped = _stop(tx.connection.execute(statement.returning(stops)).one())
    _note(tx, stopped, "stopped", cause)
    return stopped


def resume(tx: Transaction, scope: str, flow: str, *, who: str = "", because: str = "") -> Stop | None:
    """Lift the stop of exactly this flow, whoever made it; None when there was none. A stop of `all` leaves those of
    single flows. A flow that had stopped itself is simply tried."""
    gone = delete(stops).where(stops.c.scope == scope, stops.c.flow == flow).returning(stops)
    row = tx.connection.execute(gone).one_or_none()
    if row is None:
        return None
    lifted = _stop(row)
    _note(tx, lifted, "lifted", because, by_person=True, who=who)
    return lifted


def find(tx: Transaction, scope: str, flow: str) -> Stop | None:
    """Return the person's stop that holds for a flow now: its own, or the scope's."""
    query = select(stops).where(stops.c.scope == scope, stops.c.flow.in_((flow, ALL_FLOWS)), stops.c.by_person)
    rows = tx.connection.execute(query.order_by(stops.c.flow == ALL_FLOWS)).all()
    return _stop(rows[0]) if rows else None


def recorded(tx: Transaction, scope: str, flow: str) -> Stop | None:
    """Return the stop that a flow has recorded for itself."""
    row = tx.connection.execute(select(stops).where(_is_own(scope, flow))).one_or_none()
    return None if row is None else _stop(row)


def record(tx: Transaction, scope: str, flow: str, refusal: Refusal) -> None:
    """Stop a flow because of a refusal. While it is stopped, the newest words of the cause are taken.

    Where the same part meets another trouble than before (the key was renewed, now the data is refused), that is what
    the next try is compared with.

    A person's stop stays the person's.
    """
    values = {
        "code": refusal.code,
        "cause": refusal.cause,
        "symptom": refusal.symptom,
        "subject": refusal.subject,
        "part": refusal.part,
        "document_id": refusal.document_id,
        "tried_by": run_of(tx),
        "tried_at": tx.now,
    }
    new = insert(stops).values(scope=scope, flow=flow, by_person=False, since=tx.now, **values)
    made = tx.connection.execute(new.on_conflict_do_nothing().returning(stops)).one_or_none()
    if made is not None:
        _note(tx, _stop(made), "stopped", refusal.cause)
        return
    later = {name: values[name] for name in ("code", "cause", "tried_by", "tried_at")}
    other = and_(_is_own(scope, flow), stops.c.part == refusal.part, stops.c.symptom != refusal.symptom)
    tx.connection.execute(
        update(stops).where(other).values({name: values[name] for name in ("symptom", "subject", "document_id")})
    )
    tx.connection.execute(update(stops).where(_is_own(scope, flow)).values(**later))


def take_try(tx: Transaction, scope: str, flow: str) -> bool:
    """Take this run's one try of a flow that has stopped itself; False when a task of the same run had it already."""
    me = run_of(tx)
    mine = update(stops).where(_is_own(scope, flow))
    if me:
        mine = mine.where(stops.c.tried_by != me)
    return tx.connection.execute(mine.values(tries=stops.c.tries + 1, tried_by=me, tried_at=tx.now)).rowcount == 1


def lift(tx: Transaction, scope: str, flow: str, because: str) -> Stop | None:
    """Let a flow go on that had stopped itself; None when it had not, or somebody else has lifted it."""
    row = tx.connection.execute(delete(stops).where(_is_own(scope, flow)).returning(stops)).one_or_none()
    if row is None:
        return None
    lifted = _stop(row)
    _note(tx, lifted, "lifted", because)
    return lifted


def lifted_by_run(tx: Transaction) -> list[str]:
    """Return what the transaction's run let go on: "nordlys orders: …", for its note."""
    mine = (stop_events.c.dag_id == tx.run.dag_id, stop_events.c.run_id == tx.run.run_id)
    query = select(stop_events).where(*mine, stop_events.c.event == "lifted", ~stop_events.c.by_person)
    rows = tx.connection.execute(query.order_by(stop_events.c.id)).all()
    return [f"{row.scope} {row.flow}: {row.cause}" for row in rows]


def of_run(tx: Transaction) -> list[Stop]:
    """Return the stops that the transaction's run met or tried, and that stand."""
    mine = (stops.c.tried_by.startswith(f"{tx.run.dag_id} {tx.run.run_id} ", autoescape=True), ~stops.c.by_person)
    return [_stop(row) for row in tx.connection.execute(select(stops).where(*mine).order_by(stops.c.scope))]


def every(tx: Transaction) -> list[Stop]:
    """Return all stops, the longest standing first."""
    rows = tx.connection.execute(select(stops).order_by(stops.c.since, stops.c.scope, stops.c.flow))
    return [_stop(row) for row in rows]


def run_of(tx: Transaction) -> str:
    """The run of this transaction and its try, which tasks of a run share; empty outside Airflow."""
    return f"{tx.run.dag_id} {tx.run.run_id} {tx.run.try_number}" if tx.run.run_id else ""


def _is_own(scope: str, flow: str) -> ColumnElement[bool]:
    return and_(stops.c.scope == scope, stops.c.flow == flow, ~stops.c.by_person)


def _note(
    tx: Transaction, stop: Stop, event: str, cause: str, *, by_person: bool | None = None, who: str | None = None
) -> None:
    row = {
        "scope": stop.scope,
        "flow": stop.flow,
        "event": event,
        "by_person": stop.refusal is None if by_person is None else by_person,
        "who": stop.stopped_by if who is None else who,
        "code": _BY_PERSON if stop.refusal is None else stop.refusal.code,
        "cause": cause,
        "tries": stop.tries,
        "dag_id": tx.run.dag_id,
        "run_id": tx.run.run_id,
        "at": tx.now,
    }
    tx.connection.execute(insert(stop_events).values(row))


def _stop(row: Row[Any]) -> Stop:
    refusal = None
    if not row.by_person:
        refusal = Refusal(row.code, row.cause, row.symptom, row.subject, row.part, row.document_id)
    return Stop(
        scope=row.scope,
        flow=row.flow,
        stopped_by=row.stopped_by,
        since=row.since,
        cause=row.cause,
        refusal=refusal,
        tries=row.tries,
        tried_at=row.tried_at,
        tried_by=row.tried_by,
    )
