"""Each write: stored before it is sent, settled when its outcome is known (design, decision 3).

    planned -> sent -> ok | refused | unknown;   unknown -> adopted | absent (both proved);   planned -> superseded

At most one attempt per document, step and subject is open or done: a unique index says so, not this code. Each time an
attempt leaves us is a row in `calls`, with the Airflow run that sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from pakhus.errors import ClaimLostError
from pakhus.ledger import bodies
from pakhus.ledger.claims import CALL_MARGIN, Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts, calls

OPEN = ("planned", "sent", "unknown")
DONE = ("ok", "adopted")


@dataclass(frozen=True, slots=True)
class Request:
    """The exact request of a write."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt's row as it was read, with the request's bytes."""

    id: int
    document_id: int
    step: str
    subject: str
    ordinal: int
    source_version: int | None
    status: str
    request: Request
    idempotency_key: str
    first_sent_at: datetime | None
    sent_at: datetime | None
    finished_at: datetime | None
    remote_id: str | None
    response_sha256: str | None


def current(tx: Transaction, document_id: int, step: str, subject: str = "") -> Attempt | None:
    """Return the open or successful attempt of a step, if there is one."""
    row = tx.connection.execute(
        select(attempts).where(_is_step(document_id, step, subject), attempts.c.status.in_((*OPEN, *DONE)))
    ).one_or_none()
    return None if row is None else _attempt(tx, row)


def open_of(tx: Transaction, document_id: int, step: str) -> list[Attempt]:
    """Return the attempts of a step, whatever their subject, whose outcome is not settled; oldest first."""
    rows = tx.connection.execute(
        select(attempts)
        .where(attempts.c.document_id == document_id, attempts.c.step == step, attempts.c.status.in_(OPEN))
        .order_by(attempts.c.id)
    )
    return [_attempt(tx, row) for row in rows]


def count_of(tx: Transaction, document_id: int, step: str) -> int:
    """Return how many attempts of a step were ever planned, whatever their subject and outcome."""
    query = select(func.count()).where(attempts.c.document_id == document_id, attempts.c.step == step)
    found: int = tx.connection.execute(query).scalar_one()
    return found


def last_of(tx: Transaction, document_id: int, step: str) -> Attempt | None:
    """Return the newest open or successful attempt of a step, whatever its subject."""
    row = tx.connection.execute(
        select(attempts)
        .where(attempts.c.document_id == document_id, attempts.c.step == step, attempts.c.status.in_((*OPEN, *DONE)))
        .order_by(attempts.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _attempt(tx, row)


def unsettled(tx: Transaction, document_id: int) -> list[Attempt]:
    """Return the document's attempts that have left us and whose outcome is not known, oldest first."""
    rows = tx.connection.execute(
        select(attempts)
        .where(attempts.c.document_id == document_id, attempts.c.status.in_(("sent", "unknown")))
        .order_by(attempts.c.id)
    )
    return [_attempt(tx, row) for row in rows]


def done_of(tx: Transaction, document_id: int, steps: Sequence[str]) -> list[tuple[str, str, int | None, str | None]]:
    """Return step, subject, source version and remote id of the successful attempts of these steps, oldest first."""
    rows = tx.connection.execute(
        select(attempts.c.step, attempts.c.subject, attempts.c.source_version, attempts.c.remote_id)
        .where(attempts.c.document_id == document_id, attempts.c.step.in_(steps), attempts.c.status.in_(DONE))
        .order_by(attempts.c.id)
    )
    return [(row.step, row.subject, row.source_version, row.remote_id) for row in rows]


def supersede_planned(tx: Transaction, document_id: int, steps: Sequence[str]) -> None:
    """Give up the writes of these steps that never left us: what is to be written is planned anew."""
    planned = update(attempts).where(
        attempts.c.document_id == document_id, attempts.c.step.in_(steps), attempts.c.status == "planned"
    )
    tx.connection.execute(planned.values(status="superseded", finished_at=tx.now))


def plan(
    tx: Transaction,
    claim: Claim,
    document_id: int,
    step: str,
    request: Request,
    *,
    idempotency_key_prefix: str,
    subject: str = "",
    source_version: int | None = None,
) -> Attempt:
    """Store a write that has not been sent; its idempotency key ends in its ordinal, so a new attempt has a new one."""
    require(tx, claim)
    ordinal = (
        1
        + tx.connection.execute(
            select(func.coalesce(func.max(attempts.c.ordinal), 0)).where(_is_step(document_id, step, subject))
        ).scalar_one()
    )
    parts = [idempotency_key_prefix, step, subject, str(ordinal)]
    row = tx.connection.execute(
        insert(attempts)
        .values(
            document_id=document_id,
            step=step,
            subject=subject,
            ordinal=ordinal,
            source_version=source_version,
            status="planned",
            method=request.method,
            path=request.path,
            idempotency_key="-".join(part for part in parts if part),
            request_sha256=bodies.store(tx, request.body),
            fence=claim.fence,
            planned_at=tx.now,
        )
        .returning(attempts)
    ).one()
    return _attempt(tx, row, request.body)


def mark_sent(tx: Transaction, claim: Claim, attempt: Attempt) -> int:
    """Record that the write may leave us from now on; returns the call's row.

    ClaimLostError unless the claim lasts longer than any call.
    """
    require(tx, claim, CALL_MARGIN)
    statement = update(attempts).where(attempts.c.id == attempt.id, attempts.c.status.in_(OPEN))
    values = {
        "status": "sent",
        "fence": claim.fence,
        "sent_at": tx.now,
        "first_sent_at": func.coalesce(attempts.c.first_sent_at, tx.now),
        "finished_at": None,
    }
    if tx.connection.execute(statement.values(**values)).rowcount != 1:
        raise ClaimLostError(f"attempt {attempt.id} was settled by somebody else before it was sent")
    ordinal = select(func.coalesce(func.max(calls.c.ordinal), 0) + 1).where(calls.c.attempt_id == attempt.id)
    row = {"attempt_id": attempt.id, "ordinal": ordinal.scalar_subquery(), "sent_at": tx.now, **asdict(tx.run)}
    call_id: int = tx.connection.execute(insert(calls).values(row).returning(calls.c.id)).scalar_one()
    return call_id


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from one call."""

    body: bytes = b""
    http_status: int | None = None
    request_id: str = ""
    problem: str = ""


def mark_ok(tx: Transaction, attempt: Attempt, call_id: int, reply: Reply, *, remote_id: str | None) -> None:
    """Record the effect, and its id where the write made something.

    Not guarded by the claim: it is the truth whoever holds it now.
    """
    _end_call(tx, call_id, reply)
    _settle(tx, attempt, "ok", remote_id=remote_id, response_sha256=bodies.store(tx, reply.body), problem="")


def mark_failed(tx: Transaction, attempt: Attempt, call_id: int, reply: Reply, status: str) -> None:
    """Record that a call gave no effect that we know of.

    `status`: unknown (it may have happened, or may still happen), planned (surely no effect, the same key and bytes may
    go again) or refused (the remote said no). An attempt that had been sent before stays unknown whatever this call
    met: a refusal of a repeat says nothing of the first call.
    """
    _end_call(tx, call_id, reply)
    _settle(tx, attempt, status if attempt.status == "planned" else "unknown", problem=reply.problem)


def mark_adopted(tx: Transaction, attempt: Attempt, *, remote_id: str, found: bytes) -> None:
    """Record that a search found the effect of a write whose answer was lost."""
    digest = bodies.store(tx, found)
    _settle(tx, attempt, "adopted", remote_id=remote_id, response_sha256=digest, looked_up_at=tx.now)


def mark_absent(tx: Transaction, attempt: Attempt) -> None:
    """Record the proof that a write whose answer was lost had no effect."""
    _settle(tx, attempt, "absent", looked_up_at=tx.now)


def mark_superseded(tx: Transaction, attempt: Attempt) -> None:
    """Record that a planned write will not be sent, because the plan has changed.

    Or that a write of absolute values is of no matter any more, whatever came of it: a later one has overwritten it.
    """
    _settle(tx, attempt, "superseded")


def _settle(tx: Transaction, attempt: Attempt, status: str, **values: Any) -> None:
    """Settle an open attempt; doing the same again is no error, since results are stored again when a commit fails."""
    statement = update(attempts).where(attempts.c.id == attempt.id, attempts.c.status.in_((*OPEN, status)))
    if tx.connection.execute(statement.values(status=status, finished_at=tx.now, **values)).rowcount != 1:
        raise ClaimLostError(f"attempt {attempt.id} was settled by somebody else before it was {status}")


def _end_call(tx: Transaction, call_id: int, reply: Reply) -> None:
    values = {
        "finished_at": tx.now,
        "http_status": reply.http_status,
        "request_id": reply.request_id,
        "response_sha256": bodies.store(tx, reply.body) if reply.body else None,
        "problem": reply.problem,
    }
    tx.connection.execute(update(calls).where(calls.c.id == call_id).values(**values))


def _is_step(document_id: int, step: str, subject: str) -> ColumnElement[bool]:
    return (attempts.c.document_id == document_id) & (attempts.c.step == step) & (attempts.c.subject == subject)


def _attempt(tx: Transaction, row: Row[Any], body: bytes | None = None) -> Attempt:
    return Attempt(
        id=row.id,
        document_id=row.document_id,
        step=row.step,
        subject=row.subject,
        ordinal=row.ordinal,
        source_version=row.source_version,
        status=row.status,
        request=Request(row.method, row.path, bodies.load(tx, row.request_sha256) if body is None else body),
        idempotency_key=row.idempotency_key,
        first_sent_at=row.first_sent_at,
        sent_at=row.sent_at,
        finished_at=row.finished_at,
        remote_id=row.remote_id,
        response_sha256=row.response_sha256,
    )
