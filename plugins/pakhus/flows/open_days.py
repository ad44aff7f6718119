"""The day that a document carries where its own is locked or lies in a closed period (design, decision 8)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.outcomes import stop
from pakhus.ledger.connection import Ledger
from pakhus.rules.mappings import AccountingMapping

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenDays:
    """Knows on which days one shop's documents may be dated; `timezone` is the shop's."""

    ledger: Ledger
    mapping: AccountingMapping
    reader: AccountsReader
    timezone: str

    def is_open(self, day: date) -> bool:
        """Whether a document may be dated so."""
        locked = self.mapping.lock_date is not None and day <= self.mapping.lock_date
        return not locked and self.reader.is_open(day)

    def of(self, day: date) -> date:
        """Return the day that a document about `day` carries: its own, else by the mapping the first open one after it.

        Raises StoppedError where there is none until today.
        """
        if self.is_open(day):
            return day
        if self.mapping.closed_period == "hold":
            raise stop("period_closed", date=day)
        lock = self.mapping.lock_date
        found = self.reader.first_open_day(day if lock is None else max(day, lock + timedelta(days=1)))
        today = self.ledger.now().astimezone(ZoneInfo(self.timezone)).date()
        if found is None or found > max(today, day):
            raise stop("period_closed", date=day)
        logger.info("%s is closed: the document about it is dated %s", day, found)
        return found
