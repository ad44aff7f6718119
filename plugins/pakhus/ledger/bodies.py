"""Bodies kept whole, once each, compressed, by their hash (design, decision 11)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import given
from pakhus.ledger.schema import bodies


def store(tx: Transaction, content: bytes) -> str:
    """Store `content` unless it is there, and return its sha256. A body that was erased comes back with its content."""
    digest = digest_of(content)
    store_all(tx, {digest: content})
    return digest


def digest_of(content: bytes) -> str:
    """The name under which a body is kept."""
    return hashlib.sha256(content).hexdigest()


def store_all(tx: Transaction, contents: Mapping[str, bytes]) -> None:
    """Store bodies by their digests as `store` does."""
    rows = [
        {"sha256": digest, "content": zlib.compress(content, 6), "size": len(content)}
        for digest, content in contents.items()
    ]
    told = given(rows, bodies.c.sha256, bodies.c.content, bodies.c.size)
    # In one order everywhere: two transactions that store the same bodies must not wait for each other.
    found = select(told.c.sha256, told.c.content, told.c.size, literal(tx.now)).order_by(told.c.sha256.collate("C"))
    statement = insert(bodies).from_select(["sha256", "content", "size", "created_at"], found)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[bodies.c.sha256],
            set_={"content": statement.excluded.content, "erased_at": None, "erase_after": None},
            where=bodies.c.content.is_(None),
        )
    )


def load(tx: Transaction, digest: str) -> bytes:
    """Return the body of `digest`; KeyError when there is none, or when it was erased."""
    found = tx.connection.execute(select(bodies.c.content).where(bodies.c.sha256 == digest)).scalar_one_or_none()
    return whole(digest, found)


def whole(digest: str, content: bytes | None) -> bytes:
    """Return the body of `digest` from what stands in its row; KeyError when there is nothing, or it was erased."""
    if content is None:
        raise KeyError(f"no body {digest} in the ledger (never stored, or erased)")
    return zlib.decompress(content)
