"""What must be before Pakhus books by itself: the mode, a person's approval, or enough equal drafts in a row.

Also what alarms though each invoice is right: correction lines that add up instead of cancelling out. Sources: domain
guide 3.7, 4.5; design, decision 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pakhus.flows.outcomes import stop
from pakhus.flows.report import RunReport
from pakhus.ledger import comparisons
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.settings import InvoiceMode, ShopSettings

CORRECTIONS = "corrections_add_up"
_INVOICE = "invoice"
# A draft that waits for a person, or for the gate, is looked at again so often.
LOOK_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BookingGate:
    """Decides whether a draft that equals its prediction may be booked now."""

    ledger: Ledger
    settings: ShopSettings
    target: str

    def pass_or_stop(self, document: Document, version: int | None, number: str, amount: str) -> None:
        """Return when the draft of the order's `version` may be booked; StoppedError with what it waits for."""
        invoices, later = self.settings.invoices, self.ledger.now() + LOOK_AGAIN
        if invoices.mode is not InvoiceMode.AUTO:
            raise stop("drafted", due_at=later)
        if invoices.approve:
            if version is None or document.approved_version != version:
                raise stop("approval_wanted", number=number, amount=amount)
        elif not self._is_open():
            raise stop("auto_not_open", due_at=later, equal=self._equal(), needed=invoices.auto_after)

    def progress(self) -> str:
        """What the run's note says while the gate is closed: "auto opens after 50 equal in a row: 23 so far"."""
        invoices = self.settings.invoices
        if invoices.mode is not InvoiceMode.AUTO or invoices.approve or self._is_open():
            return ""
        return f"auto opens after {invoices.auto_after} equal in a row: {self._equal()} so far"

    def watch_corrections(self, report: RunReport) -> None:
        """Make the run red, once a month, when this month's corrections sum to more than the shop's limit."""
        most, zone = Decimal(self.settings.invoices.corrections_alarm), ZoneInfo(self.settings.timezone)
        month = self.ledger.now().astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        shop = self.settings.shop

        def look(tx: Transaction) -> None:
            total = comparisons.corrections(tx, shop, _INVOICE, month, _next_month(month))
            if abs(total) > most and not comparisons.alarmed_before(tx, shop, f"{month:%Y-%m}"):
                text = (
                    f"The correction lines of {shop}'s invoices in {month:%Y-%m} sum to {total:.2f}: they should "
                    "cancel out. See which way each goes (docs/runbooks/invoices.md), and what of the prices does it."
                )
                report.alarm = Cause(CORRECTIONS, text, f"{month:%Y-%m}")

        self.ledger.persist(look)

    def _is_open(self) -> bool:
        shop, needed = self.settings.shop, self.settings.invoices.auto_after

        def look(tx: Transaction) -> bool:
            if needed == 0 or comparisons.is_open(tx, shop, self.target):
                return True
            equal = comparisons.equal_in_a_row(tx, shop, self.target, _INVOICE)
            if equal >= needed:
                comparisons.open_for_good(tx, shop, self.target, equal)
            return equal >= needed

        return self.ledger.persist(look)

    def _equal(self) -> int:
        return self.ledger.persist(lambda tx: comparisons.equal_in_a_row(tx, self.settings.shop, self.target, _INVOICE))


def _next_month(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)
