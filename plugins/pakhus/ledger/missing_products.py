"""Orders that wait for a product that a system did not have: looked at again as soon as it is there."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update

from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import among
from pakhus.ledger.schema import documents
from pakhus.reasons import Status

_MISSING = "product_missing"


def release(tx: Transaction, target: str, numbers: Collection[str]) -> None:
    """Make the documents due that the absence of these products holds up in a system."""
    held = (
        (documents.c.target == target)
        & (documents.c.status == Status.HELD)
        & (documents.c.reason == _MISSING)
        & among(documents.c.reason_parameters["sku"].astext, numbers)
    )
    tx.connection.execute(update(documents).where(held).values(due_at=tx.now))
