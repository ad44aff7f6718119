"""What is told without a run that failed: digests, weekly reports, shops that have gone silent. Sent like alerts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from sqlalchemy.exc import InterfaceError, OperationalError

from pakhus.flows.digest import write_digests
from pakhus.flows.silence import tell_silence
from pakhus.flows.weekly import write_weekly_reports
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.settings import AlertsSettings, alerts_settings, shop_names

logger = logging.getLogger(__name__)

Write = Callable[[Transaction, Mapping[str, AlertsSettings]], list[str]]
_REPORTS: dict[str, Write] = {
    "the digest": write_digests,
    "the weekly report": write_weekly_reports,
    "the look for silent shops": tell_silence,
}


def write_reports(ledger: Ledger) -> list[str]:
    """Write what is due for the shops whose people want it; returns what could not be written.

    One that fails stands in the way of no other, and of no alert.
    """
    shops = {name: section for name in shop_names() for section in alerts_settings(name)[:1]}
    return [name for name, write in _REPORTS.items() if not _is_written(ledger, name, write, shops)]


def _is_written(ledger: Ledger, name: str, write: Write, shops: Mapping[str, AlertsSettings]) -> bool:
    try:
        ledger.persist(lambda tx: write(tx, shops))
    except (OperationalError, InterfaceError):
        raise  # the ledger is away: nothing at all can be told
    except Exception:
        logger.exception("%s could not be written", name)
        return False
    return True
