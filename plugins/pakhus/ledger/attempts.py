"""Each write: stored before it is sent, settled when its outcome is known (design, decision 3).

    planned -> sent -> ok | refused | unknown;   unknown -> ok (adopted) | absent (proved) ;   planned -> superseded

At most one attempt per document, step and subject is open or ok: a unique index says so, not this code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy import insert as plain_insert

from pakhus.errors import ClaimLostError
from pakhus.ledger import bodies
from pakhus.ledger.claims import CALL_MARGIN, Claim, still_held
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts

OPEN = ("planned", "sent", "unknown")


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
    status: str
    request: Request
    idempotency_key: str
    first_sent_at: datetime | None
    sent_at: datetime | None
    remote_id: str | None
    response_sha256: str | None


def current(tx: Transaction, document_id: int, step: str, subject: str = "") -> Attempt | None:
    """Return the open or successful attempt of a step, if there is one."""
    row = tx.connection.execute(
        select(attempts).where(_is_step(document_id, step, subject), attempts.c.status.in_((*OPEN, "ok")))
    ).one_or_none()
    return None if row is None else _attempt(tx, row)


def plan(
    tx: Transaction,
    claim: Claim,
    document_id: int,
    step: str,
    request: Request,
    *,
    idempotency_key_prefix: str,
    subject: str = "",
) -> Attempt:
    """Store a write that has not been sent; its idempotency key ends in its ordinal, so a new attempt has a new one."""
    _require(tx, claim)
    ordinal = (
        1
        + tx.connection.execute(
            select(func.coalesce(func.max(attempts.c.ordinal), 0)).where(_is_step(document_id, step, subject))
        ).scalar_one()
    )
    parts = [idempotency_key_prefix, step, subject, str(ordinal)]
    row = tx.connection.execute(
        plain_insert(attempts)
        .values(
            document_id=document_id,
            step=step,
            subject=subject,
            ordinal=ordinal,
            status="planned",
            method=request.method,
            path=request.path,
            idempotency_key="-".join(part for part in parts if part),
            request_sha256=bodies.store(tx, request.body),
            fence=claim.fence,
            planned_at=tx.now,
            **_run_columns(tx),
        )
        .returning(attempts)
    ).one()
    return _attempt(tx, row)


def mark_sent(tx: Transaction, claim: Claim, attempt: Attempt) -> None:
    """Record that the write may leave us from now on. ClaimLostError unless the claim lasts longer than any call."""
    statement = (
        update(attempts)
        .where(attempts.c.id == attempt.id, attempts.c.status.in_(OPEN), still_held(tx, claim, CALL_MARGIN))
        .values(
            status="sent",
            fence=claim.fence,
            sent_at=tx.now,
            first_sent_at=func.coalesce(attempts.c.first_sent_at, tx.now),
            **_run_columns(tx),
        )
    )
    if tx.connection.execute(statement).rowcount != 1:
        raise ClaimLostError(f"the claim {claim.name} does not last for another call")


def mark_ok(
    tx: Transaction,
    attempt: Attempt,
    *,
    remote_id: str,
    response: bytes,
    http_status: int | None = None,
    request_id: str = "",
) -> None:
    """Record the effect and its id. Not guarded by the claim: it is the truth whoever holds it now."""
    _settle(
        tx,
        attempt,
        "ok",
        remote_id=remote_id,
        response_sha256=bodies.store(tx, response),
        http_status=http_status,
        request_id=request_id,
        problem="",
    )


def mark_unknown(tx: Transaction, attempt: Attempt, problem: str) -> None:
    """Record that the answer was lost: the effect may have happened, or may still happen."""
    _settle(tx, attempt, "unknown", problem=problem)


def mark_refused(
    tx: Transaction, attempt: Attempt, problem: str, *, http_status: int | None, request_id: str, response: str
) -> None:
    """Record that the remote said no: surely no effect."""
    _settle(
        tx,
        attempt,
        "refused",
        problem=problem,
        http_status=http_status,
        request_id=request_id,
        response_sha256=bodies.store(tx, response.encode()),
    )


def mark_without_effect(tx: Transaction, attempt: Attempt, problem: str) -> None:
    """Record that this call surely had no effect (no connection, 429): same key and bytes may go again.

    `attempt` is as it was before this call: one that had been sent before stays unknown, whatever this call met.
    """
    _settle(tx, attempt, "planned" if attempt.sent_at is None else "unknown", problem=problem)


def mark_absent(tx: Transaction, attempt: Attempt) -> None:
    """Record the proof that a write whose answer was lost had no effect."""
    _settle(tx, attempt, "absent")


def mark_superseded(tx: Transaction, attempt: Attempt) -> None:
    """Record that a planned write will not be sent, because the plan has changed."""
    statement = update(attempts).where(attempts.c.id == attempt.id, attempts.c.status == "planned")
    tx.connection.execute(statement.values(status="superseded", finished_at=tx.now))


def _settle(tx: Transaction, attempt: Attempt, status: str, **values: Any) -> None:
    allowed = (*OPEN, "ok") if status == "ok" else OPEN
    statement = update(attempts).where(attempts.c.id == attempt.id, attempts.c.status.in_(allowed))
    if tx.connection.execute(statement.values(status=status, finished_at=tx.now, **values)).rowcount != 1:
        raise ClaimLostError(f"attempt {attempt.id} was settled by somebody else before it was {status}")


def _require(tx: Transaction, claim: Claim) -> None:
    if not tx.connection.execute(select(still_held(tx, claim))).scalar_one():
        raise ClaimLostError(f"the claim {claim.name} is no longer ours")


def _is_step(document_id: int, step: str, subject: str) -> ColumnElement[bool]:
    return (attempts.c.document_id == document_id) & (attempts.c.step == step) & (attempts.c.subject == subject)


def _run_columns(tx: Transaction) -> dict[str, Any]:
    run = tx.run
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "task_id": run.task_id,
        "map_index": run.map_index,
        "try_number": run.try_number,
    }


def _attempt(tx: Transaction, row: Row[Any]) -> Attempt:
    return Attempt(
        id=row.id,
        document_id=row.document_id,
        step=row.step,
        subject=row.subject,
        ordinal=row.ordinal,
        status=row.status,
        request=Request(row.method, row.path, bodies.load(tx, row.request_sha256)),
        idempotency_key=row.idempotency_key,
        first_sent_at=row.first_sent_at,
        sent_at=row.sent_at,
        remote_id=row.remote_id,
        response_sha256=row.response_sha256,
    )
