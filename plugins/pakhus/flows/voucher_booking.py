"""Booking a voucher's own entries over the API, exactly once, where an account's settings allow it (economic.md 8.5).

Booking has no way back, so everything else comes first: the entries are those that we made, all of them and as we made
them; whatever a person changed, moved or booked is the bookkeeper's. A lost answer is settled by reading: entries that
are booked were booked, entries that are still there were not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pakhus.clients.economic_journals import EconomicJournals, book_entries
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.exactly_once import Found, Policy, Step, Writer, Written
from pakhus.flows.outcomes import stop
from pakhus.ledger.attempts import Attempt
from pakhus.rules.payout_accounts import EntriesForm

STEP = "book_voucher"
# No repeat with the same key: whether a number of a draft entry is given again after booking is not known.
READ_FIRST = Policy()
_LOOK = timedelta(days=1)

Posted = Counter[tuple[str, str, Decimal]]
"""Entries by kind, account or customer, and amount."""


@dataclass(frozen=True, slots=True)
class VoucherBooking:
    """Books one voucher's entries. `made` is the voucher as it was written, `key` the word in each of its texts."""

    writer: Writer
    journals: EconomicJournals
    reader: AccountsReader
    journal: int
    form: EntriesForm
    key: str

    def book(self, made: Written) -> bool:
        """Book the voucher, and tell whether it is booked: False leaves it to the bookkeeper as it stands."""
        step = Step(STEP, lambda _: made.remote_id, lambda attempt: self._search(attempt, made))
        if self.writer.known(step) is not None:
            return True
        entries = self.journals.draft_entries_with(self.journal, self.key)
        if not entries:
            return bool(self._booked(made))
        if _posted(entries) != _sent(made.sent) or not all(self.reader.is_open(_day(entry)) for entry in entries):
            return False
        numbers = [int(entry["journalEntryNumber"]) for entry in entries]
        as_object = self.form is EntriesForm.OBJECT
        self.writer.make(step, book_entries(self.journal, numbers, as_object=as_object))
        return True

    def _booked(self, made: Written) -> list[Any]:
        return self.journals.booked_entries_with(made.remote_id.rpartition("-")[0], self.key)

    def _search(self, attempt: Attempt, made: Written) -> Found | None:
        """Tell whether a booking whose answer was lost happened; neither here nor there: somebody has moved it."""
        booked = self._booked(made)
        if booked:
            return Found(made.remote_id, booked)
        if self.journals.draft_entries_with(self.journal, self.key):
            return None
        raise stop("outcome_unknown", due_at=self.writer.ledger.now() + _LOOK, step=attempt.step)


def _posted(entries: Iterable[Mapping[str, Any]]) -> Posted:
    return Counter((str(entry["entryType"]), *_place(entry)) for entry in entries)


_KINDS = {"financeVouchers": "financeVoucher", "customerPayments": "customerPayment"}


def _sent(body: bytes) -> Posted:
    """The entries of a voucher as it was sent."""
    voucher = json.loads(body, parse_float=Decimal)
    rows = ((_KINDS[member], entry) for member, found in voucher["entries"].items() for entry in found)
    return Counter((kind, *_place(entry)) for kind, entry in rows)


def _place(entry: Mapping[str, Any]) -> tuple[str, Decimal]:
    customer = (entry.get("customer") or {}).get("customerNumber")
    account = (entry.get("account") or {}).get("accountNumber")
    return (f"customer {customer}" if customer else f"account {account}"), Decimal(entry["amount"])


def _day(entry: Mapping[str, Any]) -> date:
    return date.fromisoformat(str(entry["date"])[:10])
