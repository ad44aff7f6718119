"""What is to be told to somebody: one open alert per cause, sent by one process at a time (design, decision 9).

A cause is named by its code and, where there is one, the system or connection it is about. While an alert is open the
same cause in later runs of the flow is counted on it; a green run resolves it. Times are by the ledger's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, null, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import alerts

REMINDED_AFTER = timedelta(hours=23)
"""An alert whose cause is seen again this long after it was told is told once more: each day, by a daily flow, too."""

SETTINGS = "settings"
"""In the place of a flow: a shop's file is wrong, which stops all of its flows and is told once."""

# Longer than all channels of an alert may take; who died meanwhile is followed by somebody else.
_SENDING_LEASE = timedelta(minutes=5)
# What is over is still told when it could not be told at the time, but not for ever.
_TOLD_WITHIN = timedelta(days=1)
_AT_ONCE = 1000
_NOBODY = literal([], JSONB)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run is red. `text` says what is wrong and what to do; nothing of a person."""

    code: str
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it was when somebody claimed it to send it. `run_id` is the run that its text is about."""

    id: int
    scope: str
    flow: str
    code: str
    subject: str
    text: str
    dag_id: str
    run_id: str
    raised_at: datetime
    last_seen_at: datetime
    count: int
    told: tuple[str, ...]
    resolved_at: datetime | None
    sending_until: datetime


def raise_all(tx: Transaction, scope: str, flow: str, causes: Sequence[Cause], *, counted_on: int | None = None) -> int:
    """Open or count the alert of each cause of a run; returns the one to send.

    What is news is told in one message, by the alert of the first of them: a new cause must not be lost behind one
    that was told long ago. `counted_on` is the alert that was returned to this very run before.
    """
    causes = _by_kind(causes)
    again = counted_on is not None and any(_open_for(tx, scope, flow, cause) == counted_on for cause in causes)
    known = [_open_for(tx, scope, flow, cause) if again else None for cause in causes]
    found = [
        raise_or_count(tx, scope, flow, cause) if alert_id is None else alert_id
        for alert_id, cause in zip(known, causes, strict=True)
    ]
    if again and counted_on is not None:
        return counted_on
    untold = select(alerts.c.id).where(alerts.c.id.in_(found), _is_unsent(tx), alerts.c.told == _NOBODY)
    news = set(tx.connection.execute(untold).scalars())
    head, *others = [number for number in found if number in news] or found[:1]
    if others:
        text = joined([cause for number, cause in zip(found, causes, strict=True) if number in news])
        tx.connection.execute(update(alerts).where(alerts.c.id == head).values(text=text))
        with_head = {"told": literal([f"with alert {head}"], JSONB), "sent_at": tx.now}
        tx.connection.execute(update(alerts).where(alerts.c.id.in_(others)).values(with_head))
    return head


def _by_kind(causes: Sequence[Cause]) -> list[Cause]:
    """One cause for each code and what it is about, with all that was said of it."""
    said: dict[tuple[str, str], list[Cause]] = {}
    for cause in causes:
        said.setdefault((cause.code, cause.subject), []).append(cause)
    return [Cause(code, joined(alike), subject) for (code, subject), alike in said.items()]


def joined(causes: Iterable[Cause]) -> str:
    """The texts of causes in one line, each once."""
    return " | ".join(dict.fromkeys(cause.text for cause in causes))


def raise_or_count(tx: Transaction, scope: str, flow: str, cause: Cause) -> int:
    """Open an alert for a cause that a run met, or count the run on the open one; returns the alert's id."""
    statement = insert(alerts).values(
        scope=scope,
        flow=flow,
        code=cause.code,
        subject=cause.subject,
        text=cause.text,
        dag_id=tx.run.dag_id,
        run_id=tx.run.run_id,
        raised_at=tx.now,
        last_seen_at=tx.now,
    )
    again = or_(alerts.c.sent_at <= tx.now - REMINDED_AFTER, _is_a_day_older(tx))
    renewed = {name: case((again, statement.excluded[name]), else_=alerts.c[name]) for name in ("text", "run_id")}
    statement = statement.on_conflict_do_update(
        index_elements=[alerts.c.scope, alerts.c.flow, alerts.c.code, alerts.c.subject],
        index_where=alerts.c.resolved_at.is_(None),
        set_={
            "count": alerts.c.count + 1,
            "last_seen_at": tx.now,
            **renewed,
            "told": case((again, _NOBODY), else_=alerts.c.told),
            "sent_at": case((again, null()), else_=alerts.c.sent_at),
        },
    )
    alert_id: int = tx.connection.execute(statement.returning(alerts.c.id)).scalar_one()
    return alert_id


def resolve(tx: Transaction, scope: str, flow: str) -> int:
    """Note that a run of the flow was green: its open alerts are over, and the scope's file is right. How many."""
    return _end(tx, scope, flow, SETTINGS)


def end(tx: Transaction, scope: str, flow: str) -> int:
    """Note that what was told under this name is over, where no run tells it; how many."""
    return _end(tx, scope, flow)


def _end(tx: Transaction, scope: str, *flows: str) -> int:
    over = update(alerts).where(alerts.c.scope == scope, alerts.c.flow.in_(flows), alerts.c.resolved_at.is_(None))
    return tx.connection.execute(over.values(resolved_at=tx.now)).rowcount


def announce(tx: Transaction, scope: str, flow: str, cause: Cause) -> None:
    """Tell something that is over when it is told: an all-clear, a digest."""
    row = {"scope": scope, "flow": flow, "code": cause.code, "subject": cause.subject, "text": cause.text}
    when = {"raised_at": tx.now, "last_seen_at": tx.now, "resolved_at": tx.now}
    tx.connection.execute(insert(alerts).values(**row, **when, dag_id=tx.run.dag_id, run_id=tx.run.run_id))


def was_announced(tx: Transaction, scope: str, code: str, *, since: datetime | None = None) -> bool:
    """Tell whether this was announced for the scope since a moment; without one: by the transaction's run."""
    same = select(alerts.c.id).where(alerts.c.scope == scope, alerts.c.code == code)
    if since is None:
        same = same.where(alerts.c.dag_id == tx.run.dag_id, alerts.c.run_id == tx.run.run_id)
    else:
        same = same.where(alerts.c.raised_at >= since)
    return tx.connection.execute(same.limit(1)).first() is not None


def somebody_was_told(tx: Transaction, scope: str, flow: str) -> bool:
    """Tell whether an open alert of the flow has reached anybody."""
    is_open = (alerts.c.scope == scope, alerts.c.flow == flow, alerts.c.resolved_at.is_(None))
    told = select(alerts.c.id).where(*is_open, alerts.c.told != _NOBODY)
    return tx.connection.execute(told.limit(1)).first() is not None


def about(tx: Transaction, alert_id: int) -> tuple[str, str]:
    """Return whose alert it is, and its code."""
    row = tx.connection.execute(select(alerts.c.scope, alerts.c.code).where(alerts.c.id == alert_id)).one()
    return row.scope, row.code


def is_open(tx: Transaction, alert_id: int) -> bool:
    """Tell whether an alert is not over."""
    query = select(alerts.c.id).where(alerts.c.id == alert_id, alerts.c.resolved_at.is_(None))
    return tx.connection.execute(query).one_or_none() is not None


def unsent(tx: Transaction) -> list[int]:
    """Return alerts that not every channel has and that nobody is sending now, newest first."""
    found = select(alerts.c.id).where(_is_unsent(tx)).order_by(alerts.c.id.desc())
    rows = tx.connection.execute(found.limit(_AT_ONCE))
    return list(rows.scalars())


def claim(tx: Transaction, alert_id: int) -> Alert | None:
    """Take an alert to send it; None when everybody has it, somebody is sending it, or it is long over."""
    mine = update(alerts).where(alerts.c.id == alert_id, _is_unsent(tx)).values(sending_until=tx.now + _SENDING_LEASE)
    row = tx.connection.execute(mine.returning(alerts)).one_or_none()
    return None if row is None else _alert(row)


def note_told(tx: Transaction, alert: Alert, *marks: str) -> None:
    """Record at once that a channel has taken the alert, or several of its recipients."""
    told = alerts.c.told.op("||")(literal(list(marks), JSONB))
    tx.connection.execute(update(alerts).where(_is(alert)).values(told=told))


def end_sending(tx: Transaction, alert: Alert, *, sent: bool, problem: str = "") -> None:
    """Give a claimed alert back: `sent` when every channel has it, else with why not."""
    values = {"sending_until": None, "sent_at": tx.now if sent else None, "problem": problem}
    tx.connection.execute(update(alerts).where(_is(alert)).values(values))


def problems(tx: Transaction, scope: str, flow: str) -> list[str]:
    """Return why open alerts of a flow could not be sent."""
    query = select(alerts.c.problem).where(alerts.c.scope == scope, alerts.c.flow == flow, alerts.c.problem != "")
    return list(tx.connection.execute(query.where(alerts.c.resolved_at.is_(None)).distinct()).scalars())


def _is_a_day_older(tx: Transaction) -> ColumnElement[bool]:
    """Another day has begun, by the alert's own beginning, since it was last seen; and it was never told to all.

    A channel that is broken must not keep the others from being reminded.
    """
    partly = and_(alerts.c.sent_at.is_(None), alerts.c.told != _NOBODY)
    before, now = (func.extract("epoch", at - alerts.c.raised_at) for at in (alerts.c.last_seen_at, literal(tx.now)))
    day_s = REMINDED_AFTER.total_seconds()
    return and_(partly, func.floor(now / day_s) > func.floor(before / day_s))


def _open_for(tx: Transaction, scope: str, flow: str, cause: Cause) -> int | None:
    """The open alert of a cause, if there is one."""
    same = and_(
        alerts.c.scope == scope,
        alerts.c.flow == flow,
        alerts.c.code == cause.code,
        alerts.c.subject == cause.subject,
        alerts.c.resolved_at.is_(None),
    )
    found: int | None = tx.connection.execute(select(alerts.c.id).where(same)).scalar_one_or_none()
    return found


def _is_unsent(tx: Transaction) -> ColumnElement[bool]:
    return and_(
        alerts.c.sent_at.is_(None),
        or_(alerts.c.sending_until.is_(None), alerts.c.sending_until <= tx.now),
        or_(alerts.c.resolved_at.is_(None), alerts.c.raised_at > tx.now - _TOLD_WITHIN),
    )


def _is(alert: Alert) -> ColumnElement[bool]:
    """The alert while our claim on it lasts: who takes it over sets another time."""
    return and_(alerts.c.id == alert.id, alerts.c.sending_until == alert.sending_until)


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        scope=row.scope,
        flow=row.flow,
        code=row.code,
        subject=row.subject,
        text=row.text,
        dag_id=row.dag_id,
        run_id=row.run_id,
        raised_at=row.raised_at,
        last_seen_at=row.last_seen_at,
        count=row._mapping["count"],  # Row has a method of that name
        told=tuple(row.told),
        resolved_at=row.resolved_at,
        sending_until=row.sending_until,
    )
