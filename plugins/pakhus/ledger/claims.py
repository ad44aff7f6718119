"""Who may write a document or a shared record now: a claim with an owner, a fence and a lease.

The fence grows with every taking, so that a holder whose lease ran out is found out when it records something. The
lease is longer than any call (Transport's deadline), so a healthy holder never loses it in the middle of one.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.errors import ClaimLostError
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.schema import claims

LEASE = timedelta(minutes=5)
# A call must not begin when less than this is left of the lease (Limits.deadline_s and a margin).
CALL_MARGIN = timedelta(seconds=120)
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Claim:
    """A held claim."""

    name: str
    fence: int


def take(tx: Transaction, name: str, lease: timedelta = LEASE) -> Claim | None:
    """Take the claim, or return None while somebody else's lease runs."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4()}"
    row = {"name": name, "owner": owner, "fence": 1, "lease_until": tx.now + lease}
    statement = insert(claims).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=[claims.c.name],
        set_={"owner": owner, "fence": claims.c.fence + 1, "lease_until": tx.now + lease},
        where=claims.c.lease_until <= tx.now,
    )
    fence = tx.connection.execute(statement.returning(claims.c.fence)).scalar_one_or_none()
    return None if fence is None else Claim(name, fence)


def renew(tx: Transaction, claim: Claim, lease: timedelta = LEASE) -> None:
    """Lengthen the lease; ClaimLostError when it is no longer ours."""
    statement = update(claims).where(_is(claim), claims.c.lease_until > tx.now).values(lease_until=tx.now + lease)
    if tx.connection.execute(statement).rowcount != 1:
        raise ClaimLostError(f"the claim {claim.name} is no longer ours")


def release(tx: Transaction, claim: Claim) -> None:
    """Give the claim back; the row stays, so that its fence never goes back."""
    tx.connection.execute(update(claims).where(_is(claim)).values(lease_until=tx.now))


def still_held(tx: Transaction, claim: Claim, margin: timedelta = timedelta(0)) -> ColumnElement[bool]:
    """The condition that `claim` is ours for at least `margin` more: part of each guarded update."""
    return exists(select(1).select_from(claims).where(_is(claim), claims.c.lease_until > tx.now + margin))


@contextmanager
def holding(ledger: Ledger, name: str, *, wait_s: float = 0.0) -> Iterator[Claim | None]:
    """Hold `name` for the block; yields None when it is not to be had within `wait_s` seconds."""
    deadline = time.monotonic() + wait_s
    claim = ledger.persist(lambda tx: take(tx, name))
    while claim is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        claim = ledger.persist(lambda tx: take(tx, name))
    try:
        yield claim
    finally:
        if claim is not None:
            held = claim
            ledger.persist(lambda tx: release(tx, held))


def _is(claim: Claim) -> ColumnElement[bool]:
    return (claims.c.name == claim.name) & (claims.c.fence == claim.fence)
