"""How long to wait for what does not answer: longer each time, and not all at the same moment (domain guide 17.3)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from pakhus.ledger.documents import Document

SHORTEST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=1)
# Nobody need act on what does not answer, so long; then somebody is told, and it is tried on.
_PATIENCE = timedelta(hours=24)
_UNAVAILABLE = ("remote_unavailable", "unavailable_for_a_day")
# A wait is shortened by up to this share, so that documents that fell together do not come back together.
_JITTER = 0.25


def is_lasting(document: Document, now: datetime) -> bool:
    """Tell whether a document has waited for an answer for so long that somebody should know."""
    first, later = _UNAVAILABLE
    return document.verdict.code == later or (document.verdict.code == first and now - document.since >= _PATIENCE)


def backoff(document: Document, now: datetime) -> timedelta:
    """As long again as it has been so: 30 s, 1 min, 2 min … up to an hour, without a counter, a little less each."""
    waited = now - document.since if document.verdict.code in _UNAVAILABLE else timedelta(0)
    wait = min(max(waited, SHORTEST_BACKOFF), LONGEST_BACKOFF)
    return shortened(wait, f"{document.key} {int(wait / SHORTEST_BACKOFF)}")


def shortened(wait: timedelta, of: str) -> timedelta:
    """Return the wait less up to a quarter, always the same for the same text: tests and runs can be repeated."""
    digest = hashlib.sha256(of.encode()).digest()
    return wait * (1 - _JITTER * int.from_bytes(digest[:4], "big") / 2**32)
