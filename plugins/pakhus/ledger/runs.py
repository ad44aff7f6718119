"""What each run did, kept when Airflow's own history is purged; and the alert that a red one raised, in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import alerts
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import runs

# The callback and the listener of one failure come within seconds, on a busy host minutes, of its report. Whoever comes
# later than that, when the alert is over, tells of another failure: the run was cleared, and killed.
_NOTICED_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Run:
    """What the ledger has of a run. `cause` is empty when it was green."""

    note: str
    cause: str


def report(
    tx: Transaction,
    scope: str,
    flow: str,
    *,
    note: str,
    codes: Mapping[str, int],
    cause: Cause | None = None,
    more: Sequence[Cause] = (),
    alert_flow: str | None = None,
) -> None:
    """Store what the transaction's run did; with a cause the run is red, and its alert is opened or counted.

    `more` are causes that it met besides, each with an alert of its own; what is new of all is told in one message.
    `alert_flow` is what the alert is about, where that is more than the run's own flow.
    """
    row, about = _locked(tx, scope, flow), alert_flow or flow
    causes = [] if cause is None else [cause, *more]
    alert_id = alerts.raise_all(tx, scope, about, causes, counted_on=row.alert_id) if causes else None
    text = alerts.joined(causes)
    _set(tx, note=note, codes=dict(codes), cause=text, alert_id=alert_id)


def note_failed(tx: Transaction, scope: str, flow: str, cause: Cause) -> int:
    """Return the alert of the transaction's run, which has failed; `cause` is told only if its report told none."""
    row = _locked(tx, scope, flow)
    is_late = tx.now - row.reported_at < _NOTICED_WITHIN
    if row.alert_id is not None and (is_late or alerts.is_open(tx, row.alert_id)):
        known: int = row.alert_id
        return known
    alert_id = alerts.raise_or_count(tx, scope, flow, cause)
    _set(tx, cause=cause.text, alert_id=alert_id)
    return alert_id


def find(tx: Transaction, dag_id: str, run_id: str) -> Run | None:
    """Return a run, or None while it has reported nothing."""
    query = select(runs.c.note, runs.c.cause).where(runs.c.dag_id == dag_id, runs.c.run_id == run_id)
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else Run(row.note, row.cause)


def flows_that_ran(tx: Transaction, scope: str) -> frozenset[str]:
    """Return the flows of a scope of which any run has reported."""
    return frozenset(tx.connection.execute(select(runs.c.flow).where(runs.c.scope == scope).distinct()).scalars())


def _locked(tx: Transaction, scope: str, flow: str) -> Row[Any]:
    """Return the run's row, made if it was not there; nobody else reports on the run before this transaction ends."""
    new = {"dag_id": tx.run.dag_id, "run_id": tx.run.run_id, "scope": scope, "flow": flow}
    empty = {"note": "", "codes": {}, "reported_at": tx.now}
    tx.connection.execute(insert(runs).values({**new, **empty}).on_conflict_do_nothing())
    return tx.connection.execute(select(runs).where(*_is_ours(tx)).with_for_update()).one()


def _set(tx: Transaction, **values: Any) -> None:
    tx.connection.execute(update(runs).where(*_is_ours(tx)).values(**values, reported_at=tx.now))


def _is_ours(tx: Transaction) -> tuple[Any, Any]:
    return runs.c.dag_id == tx.run.dag_id, runs.c.run_id == tx.run.run_id
