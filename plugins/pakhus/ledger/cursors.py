"""How far a source has been read."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.errors import CursorMovedError
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import cursors


def read(tx: Transaction, scope: str, name: str) -> str | None:
    """Return the cursor, or None before the first read."""
    return tx.connection.execute(
        select(cursors.c.value).where(cursors.c.scope == scope, cursors.c.name == name)
    ).scalar_one_or_none()


def note(tx: Transaction, scope: str, name: str, value: str) -> None:
    """Set a mark that vouches for no rows, whatever it was before."""
    row = {"value": value, "moved_at": tx.now}
    statement = insert(cursors).values(scope=scope, name=name, **row)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=[cursors.c.scope, cursors.c.name], set_=row))


def move(tx: Transaction, scope: str, name: str, value: str, *, expected: str | None) -> None:
    """Set the cursor, in the transaction that stores the rows it vouches for.

    `expected` is what was read before; CursorMovedError when another run has moved it since.
    """
    row = {"scope": scope, "name": name, "value": value, "moved_at": tx.now}
    if expected is None:
        statement = insert(cursors).values(row).on_conflict_do_nothing().returning(cursors.c.name)
        moved = tx.connection.execute(statement).scalar_one_or_none() is not None
    else:
        changed = update(cursors).where(cursors.c.scope == scope, cursors.c.name == name, cursors.c.value == expected)
        moved = tx.connection.execute(changed.values(value=value, moved_at=tx.now)).rowcount == 1
    if not moved:
        raise CursorMovedError(f"the cursor {name} of {scope} was moved by another run meanwhile")
