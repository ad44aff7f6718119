"""Bodies kept whole, once each, compressed, by their hash (design, decision 11)."""

from __future__ import annotations

import hashlib
import zlib

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import bodies


def store(tx: Transaction, content: bytes) -> str:
    """Store `content` unless it is there, and return its sha256. A body that was erased comes back with its content."""
    digest = hashlib.sha256(content).hexdigest()
    packed = zlib.compress(content, 6)
    statement = insert(bodies).values(sha256=digest, content=packed, size=len(content), created_at=tx.now)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[bodies.c.sha256],
            set_={"content": packed, "erased_at": None, "erase_after": None},
            where=bodies.c.content.is_(None),
        )
    )
    return digest


def load(tx: Transaction, digest: str) -> bytes:
    """Return the body of `digest`; KeyError when there is none, or when it was erased."""
    content = tx.connection.execute(select(bodies.c.content).where(bodies.c.sha256 == digest)).scalar_one_or_none()
    if content is None:
        raise KeyError(f"no body {digest} in the ledger (never stored, or erased)")
    return zlib.decompress(content)
