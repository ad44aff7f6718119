"""Who may write a document or a shared record now: a claim with an owner, a fence and a lease.

The fence is new with every taking, so that a holder whose lease ran out is found out when it records something. The
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

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.errors import ClaimLostError
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.schema import claim_fence, claims

LEASE = timedelta(minutes=5)
# A call must not begin when less than this is left of the lease: Limits.deadline_s, the last read's own time-out, and
# a margin.
CALL_MARGIN = timedelta(seconds=180)
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Claim:
    """A held claim."""

    name: str
    fence: int


def take(tx: Transaction, name: str, lease: timedelta = LEASE) -> Claim | None:
    """Take the claim, or return None while somebody else's lease runs."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4()}"
    row = {"name": name, "owner": owner, "fence": claim_fence.next_value(), "lease_until": tx.now + lease}
    statement = insert(claims).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=[claims.c.name],
        set_={name: statement.excluded[name] for name in ("owner", "fence", "lease_until")},
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
    """Give the claim back."""
    tx.connection.execute(update(claims).where(_is(claim)).values(lease_until=tx.now))


def require(tx: Transaction, claim: Claim, margin: timedelta = timedelta(0)) -> None:
    """Make sure that `claim` is ours for at least `margin` more, until this transaction ends; else ClaimLostError.

    The row is locked: without that somebody could take the claim over between this look and our commit.
    """
    held = select(claims.c.name).where(_is(claim), claims.c.lease_until > tx.now + margin).with_for_update(read=True)
    if tx.connection.execute(held).scalar_one_or_none() is None:
        raise ClaimLostError(f"the claim {claim.name} is no longer ours for as long as it takes")


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
