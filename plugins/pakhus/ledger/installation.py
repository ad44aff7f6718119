"""This installation's own name and secret, made once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import installation


@dataclass(frozen=True, slots=True)
class Installation:
    """`epoch` stands in idempotency keys: two installations on one e-conomic agreement share their scope
    (economic.md 2.7), and a restored backup must not meet its own later keys."""

    epoch: str
    mode: str
    secret: str = field(repr=False)

    def pseudonym(self, identity: str) -> str:
        """Return a stable name for a buyer's e-mail or phone that tells nobody what it was."""
        return hmac.new(self.secret.encode(), identity.encode(), hashlib.sha256).hexdigest()[:24]


def read(tx: Transaction) -> Installation:
    """Return this installation, made at the first call."""
    row = {"id": 1, "epoch": secrets.token_hex(3), "secret": secrets.token_hex(32), "since": tx.now}
    tx.connection.execute(insert(installation).values(row).on_conflict_do_nothing())
    found = tx.connection.execute(select(installation)).one()
    return Installation(epoch=found.epoch, mode=found.mode, secret=found.secret)
