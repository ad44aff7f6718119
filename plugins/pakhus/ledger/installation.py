"""This installation's own name and secret, made once, and whether its ledger knows all that was written."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts, installation, sources, stock_levels


class Mode(StrEnum):
    """How far the ledger knows what was written."""

    NORMAL = "normal"
    BEHIND = "behind"  # a backup: it does not know what was written since, and nobody has said so yet
    RECOVER = "recover"  # a backup: each first write looks whether it was made before


@dataclass(frozen=True, slots=True)
class Installation:
    """`epoch` stands in idempotency keys: two installations on one e-conomic agreement share their scope
    (economic.md 2.7), and a restored backup must not meet its own later keys. `since` is when the mode began;
    what was written after `looks_since` may be unknown to a ledger in recovery."""

    epoch: str
    mode: Mode
    secret: str = field(repr=False)
    generation: int
    since: datetime
    looks_since: datetime | None

    def pseudonym(self, identity: str) -> str:
        """Return a stable name for a buyer's e-mail or phone that tells nobody what it was."""
        return hmac.new(self.secret.encode(), identity.encode(), hashlib.sha256).hexdigest()[:24]


def read(tx: Transaction) -> Installation:
    """Return this installation, made at the first call."""
    found = tx.connection.execute(select(installation)).one_or_none()
    if found is None:
        row = {"id": 1, "epoch": secrets.token_hex(3), "secret": secrets.token_hex(32), "since": tx.now}
        tx.connection.execute(insert(installation).values(row).on_conflict_do_nothing())
        found = tx.connection.execute(select(installation)).one()
    return Installation(
        epoch=found.epoch,
        mode=Mode(found.mode),
        secret=found.secret,
        generation=found.generation,
        since=found.since,
        looks_since=found.looks_since,
    )


def progress(tx: Transaction) -> tuple[int, int]:
    """Return how far the ledger is: it only grows, unless an older one takes its place."""
    newest: int = tx.connection.execute(select(func.coalesce(func.max(attempts.c.id), 0))).scalar_one()
    return read(tx).generation, newest


def note_behind(tx: Transaction) -> bool:
    """Record that the ledger is older than it should be; false when that, or a recovery, was noted before."""
    noted = update(installation).where(installation.c.mode == Mode.NORMAL.value)
    return tx.connection.execute(noted.values(mode=Mode.BEHIND.value, since=tx.now)).rowcount == 1


def begin_recovery(tx: Transaction, looks_since: datetime | None = None) -> Installation:
    """Begin a new epoch in which each first write looks up.

    `looks_since` is when the backup was made; None: when the newest write that the ledger knows of was planned, or else
    when it saw its first order. What
    shops show is forgotten, so that all stock is written anew.
    """
    read(tx)
    newest = select(func.max(attempts.c.planned_at)).scalar_subquery()
    oldest = select(func.min(sources.c.first_seen_at)).scalar_subquery()
    values = {
        "epoch": secrets.token_hex(3),
        "generation": installation.c.generation + 1,
        "mode": Mode.RECOVER.value,
        "since": tx.now,
        "looks_since": looks_since or func.coalesce(newest, oldest, installation.c.since),
    }
    tx.connection.execute(update(installation).values(values))
    tx.connection.execute(update(stock_levels).values(confirmed=None, confirmed_at=None))
    return read(tx)


def end_recovery(tx: Transaction) -> bool:
    """Go back to normal; false when there was no recovery."""
    ended = update(installation).where(installation.c.mode == Mode.RECOVER.value)
    done = tx.connection.execute(ended.values(mode=Mode.NORMAL.value, since=tx.now, looks_since=None))
    return done.rowcount == 1
