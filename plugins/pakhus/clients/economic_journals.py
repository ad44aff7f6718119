"""Journals of the e-conomic accounts over HTTP (contracts/economic.md 8); everything posted is a draft until booked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pakhus.clients.economic import EconomicClient, filter_value, path_id
from pakhus.clients.http import Call, to_json


@dataclass(frozen=True, slots=True)
class EconomicJournals:
    """Reads of journals and booked entries; `accounts` is the agreement's client."""

    accounts: EconomicClient

    def journals(self) -> list[Any]:
        """Return all journals with their settings."""
        return self.accounts.rows("/journals", "journalNumber")

    def draft_entries_with(self, journal: int, word: str) -> list[Any]:
        """Return the draft entries of a journal in whose text `word` stands by itself."""
        query = f"text$like:{filter_value(word)}"
        return _with(self.accounts.rows(f"/journals/{journal}/entries", "journalEntryNumber", query), word)

    def booked_entries_with(self, year: str, word: str) -> list[Any]:
        """Return the booked entries of a year in whose text `word` stands by itself."""
        query = f"text$like:{filter_value(word)}"
        return _with(self.accounts.rows(f"/accounting-years/{path_id(year)}/entries", "entryNumber", query), word)

    def customer_payments(self, journal: int) -> list[Any]:
        """Return the customer payments that wait in a journal."""
        query = "entryType$eq:customerPayment"
        return self.accounts.rows(f"/journals/{journal}/entries", "journalEntryNumber", query)


def create_voucher(journal: int, body: Mapping[str, Any]) -> Call:
    """POST /journals/{n}/vouchers: one voucher (section 8.2)."""
    return Call("POST", f"/journals/{journal}/vouchers", body=to_json(body))


def _with(rows: list[Any], word: str) -> list[Any]:
    """The filter looks for a part of the text, without case; the comparison is ours."""
    return [row for row in rows if word in str(row.get("text") or "").split()]
