"""How far a source has been read, and the few other values that one row each can hold."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import cursors


def read(tx: Transaction, scope: str, name: str) -> str | None:
    """Return the cursor, or None before the first read."""
    return tx.connection.execute(
        select(cursors.c.value).where(cursors.c.scope == scope, cursors.c.name == name)
    ).scalar_one_or_none()


def move(tx: Transaction, scope: str, name: str, value: str) -> None:
    """Set the cursor, in the transaction that stores the rows it vouches for."""
    row = {"scope": scope, "name": name, "value": value, "moved_at": tx.now}
    statement = insert(cursors).values(row)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[cursors.c.scope, cursors.c.name], set_={"value": value, "moved_at": tx.now}
        )
    )


def instance(tx: Transaction) -> str:
    """Return this ledger's own short name, made once.

    It stands in idempotency keys: two installations on one e-conomic agreement share their scope (economic.md 2.7).
    """
    row = {"scope": "", "name": "instance", "value": secrets.token_hex(4), "moved_at": tx.now}
    tx.connection.execute(insert(cursors).values(row).on_conflict_do_nothing())
    value = read(tx, "", "instance")
    if value is None:
        raise RuntimeError("the ledger lost its instance name")
    return value
