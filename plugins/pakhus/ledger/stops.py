"""Which flows are stopped for a shop: looked at before each task and each document (design, decision 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import stops
from pakhus.settings.flows import ALL_FLOWS

_BY_PERSON = "stopped_by_person"


@dataclass(frozen=True, slots=True)
class Stop:
    """A flow that is not to run, since when, who said so and why."""

    scope: str
    flow: str
    stopped_by: str
    since: datetime
    cause: str

    def text(self) -> str:
        """For run notes: "stopped by anna since 2026-11-21 10:00 UTC: stocktaking"."""
        who = f" by {self.stopped_by}" if self.stopped_by else ""
        return f"stopped{who} since {self.since:%Y-%m-%d %H:%M} UTC: {self.cause}"


def stop(tx: Transaction, scope: str, flow: str, *, stopped_by: str, cause: str) -> Stop:
    """Stop a flow, or all of a scope. One that is stopped already stays so since then, with the new cause."""
    row = {
        "scope": scope,
        "flow": flow,
        "code": _BY_PERSON,
        "cause": cause,
        "by_person": True,
        "stopped_by": stopped_by,
        "since": tx.now,
    }
    statement = insert(stops).values(row)
    changed = {name: statement.excluded[name] for name in ("code", "cause", "by_person", "stopped_by")}
    statement = statement.on_conflict_do_update(index_elements=[stops.c.scope, stops.c.flow], set_=changed)
    return _stop(tx.connection.execute(statement.returning(stops)).one())


def resume(tx: Transaction, scope: str, flow: str) -> Stop | None:
    """Lift the stop of exactly this flow; None when there was none. A stop of `all` leaves those of single flows."""
    gone = delete(stops).where(stops.c.scope == scope, stops.c.flow == flow).returning(stops)
    row = tx.connection.execute(gone).one_or_none()
    return None if row is None else _stop(row)


def find(tx: Transaction, scope: str, flow: str) -> Stop | None:
    """Return what stops a flow now: its own stop, or the scope's."""
    query = select(stops).where(stops.c.scope == scope, stops.c.flow.in_((flow, ALL_FLOWS)))
    rows = tx.connection.execute(query.order_by(stops.c.flow == ALL_FLOWS)).all()
    return _stop(rows[0]) if rows else None


def every(tx: Transaction) -> list[Stop]:
    """Return all stops, the longest standing first."""
    rows = tx.connection.execute(select(stops).order_by(stops.c.since, stops.c.scope, stops.c.flow))
    return [_stop(row) for row in rows]


def _stop(row: Row[Any]) -> Stop:
    return Stop(row.scope, row.flow, row.stopped_by, row.since, row.cause)
