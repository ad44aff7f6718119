"""A ledger older than it should be is noticed before anything is done from it (design, decision 11).

What Airflow remembers is how far the ledger was when a task ended; a ledger that is not so far has been restored from a
backup and does not know what was written since. Then everything stops, with one alarm, until a person begins recovery.
"""

from __future__ import annotations

from collections.abc import Sequence

from pakhus.errors import LedgerBehindError
from pakhus.ledger import installation
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.installation import Mode

BEHIND = (
    "The ledger is older than what Airflow remembers of it: it was restored from a backup, and does not know what was "
    "written since. Nothing is done until `python -m pakhus recover` is run; see docs/deploying.md, Backup and restore"
)


def stopped_as_behind(tx: Transaction) -> str:
    """Return why nothing may be done; an empty text while the ledger can be trusted."""
    return BEHIND if installation.read(tx).mode is Mode.BEHIND else ""


def notice_old_ledger(ledger: Ledger, remembered: Sequence[int] | None) -> None:
    """Compare the ledger with what was remembered (generation and attempt; None: nothing yet).

    LedgerBehindError for the first who finds it older; later ones find that in `stopped_as_behind`.
    """
    with ledger.begin() as tx:
        older = remembered is not None and installation.progress(tx) < tuple(remembered)
        first = older and installation.note_behind(tx)
    if first:
        raise LedgerBehindError(BEHIND)


def worth_remembering(ledger: Ledger, remembered: Sequence[int] | None) -> list[int] | None:
    """Return how far the ledger is now; None when that is remembered already."""
    with ledger.begin() as tx:
        now = installation.progress(tx)
    return list(now) if remembered is None or now > tuple(remembered) else None
