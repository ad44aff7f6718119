"""Vouchers into journals of the accounts, exactly once (economic.md 8; design, decision 3).

Our key stands as a word of its own in the text of each line: by it a lost voucher is found again, whichever journal an
accountant has moved it to, and after it was booked. Numbers change when that happens; the key does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from pakhus.clients.economic_journals import EconomicJournals, create_voucher
from pakhus.clients.http import Call
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.exactly_once import Found, Step
from pakhus.flows.outcomes import stop
from pakhus.formats.economic_journals import number_of_voucher, voucher_number, voucher_to_economic
from pakhus.ledger.attempts import Attempt
from pakhus.rules.payment_methods import PaymentSign
from pakhus.vouchers import Voucher

STEP = "create_voucher"


@dataclass(frozen=True, slots=True)
class Vouchers:
    """Makes vouchers in one agreement; `sign` is how it signs money received."""

    journals: EconomicJournals
    reader: AccountsReader
    sign: PaymentSign

    def step(self, key: str, name: str = STEP) -> Step:
        """The write of the voucher whose lines carry `key`."""
        return Step(name, number_of_voucher, lambda attempt: self._search(key, attempt))

    def call(self, voucher: Voucher, journal: int) -> Call:
        """The call that makes a voucher. StoppedError (period_closed) where no accounting year holds its day."""
        year = self.reader.year_of(voucher.day)
        return create_voucher(journal, voucher_to_economic(voucher, year, journal, self.sign))

    def open_day(self, days: list[date], locked_until: date | None) -> date:
        """Return the first of these days that can be posted on; StoppedError (period_closed) when none can."""
        for day in days:
            if (locked_until is None or day > locked_until) and self.reader.is_open(day):
                return day
        raise stop("period_closed", date=days[0])

    def _search(self, key: str, attempt: Attempt) -> Found | None:
        """Look in every journal, then among the booked entries of the voucher's year; none of both: it is not there."""
        year = str(json.loads(attempt.request.body)["accountingYear"]["year"])
        found: dict[str, list[Any]] = {}
        for journal in self.journals.journals():
            for entry in self.journals.draft_entries_with(int(journal["journalNumber"]), key):
                number = voucher_number(self.reader.year_of(_day(entry)), entry["voucher"]["voucherNumber"])
                found.setdefault(number, []).append(entry)
        for entry in self.journals.booked_entries_with(year, key):
            found.setdefault(voucher_number(year, entry["voucherNumber"]), []).append(entry)
        if len(found) > 1:
            raise stop("duplicate_found", count=len(found), system="e-conomic", key=key, numbers=", ".join(found))
        return next((Found(number, entries) for number, entries in found.items()), None)


def _day(entry: Any) -> date:
    return date.fromisoformat(str(entry["date"])[:10])
