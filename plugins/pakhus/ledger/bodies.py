"""Bodies kept whole, once each, compressed, by their hash (design, decision 11)."""

from __future__ import annotations

import hashlib
import zlib

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import bodies


def store(tx: Transaction, content: bytes) -> str:
    """Store `content` unless it is there, and return its sha256."""
    digest = hashlib.sha256(content).hexdigest()
    row = {"sha256": digest, "content": zlib.compress(content, 6), "size": len(content), "created_at": tx.now}
    tx.connection.execute(insert(bodies).values(row).on_conflict_do_nothing())
    return digest


def load(tx: Transaction, digest: str) -> bytes:
    """Return the body of `digest`; KeyError when there is none."""
    content = tx.connection.execute(select(bodies.c.content).where(bodies.c.sha256 == digest)).scalar_one_or_none()
    if content is None:
        raise KeyError(f"no body {digest} in the ledger")
    return zlib.decompress(content)
