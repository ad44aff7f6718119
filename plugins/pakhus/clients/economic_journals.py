"""Journals of the e-conomic accounts over HTTP (contracts/economic.md 8); everything posted is a draft until booked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from urllib3.filepost import encode_multipart_formdata

from pakhus.clients.economic import EconomicClient, filter_value, path_id
from pakhus.clients.http import Call, to_json

_JOURNALS_SERVICE = "/journalsapi/v16.0.1"  # section 2.9: seen in October 2026


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

    def has_file(self, voucher: str) -> bool:
        """Whether a voucher of `voucher_address` has a file; NotFoundError when it is booked, or not visible yet."""
        return bool(self.accounts.send(Call("GET", f"{voucher}/attachment")).json().get("pages"))


def voucher_address(journal: int, voucher: str) -> str:
    """The path of a voucher that is not booked; `voucher` is year and number, 2026-50001."""
    return f"/journals/{journal}/vouchers/{path_id(voucher)}"


def attach_pdf(voucher: str, name: str, content: bytes) -> Call:
    """POST …/attachment/file: refused when there is one (sections 2.8, 8.2); 9 MB at most."""
    boundary = f"pakhus-{hashlib.sha256(content).hexdigest()[:32]}"  # the same file is the same request
    file = {"file": (name, content, "application/pdf")}
    body, kind = encode_multipart_formdata(file, boundary=boundary)
    return Call("POST", f"{voucher}/attachment/file", body=body, headers={"Content-Type": kind})


def create_voucher(journal: int, body: Mapping[str, Any]) -> Call:
    """POST /journals/{n}/vouchers: one voucher (section 8.2)."""
    return Call("POST", f"/journals/{journal}/vouchers", body=to_json(body))


def book_entries(journal: int, entries: Sequence[int], *, as_object: bool) -> Call:
    """POST …/bookdraftentries on host B: chosen draft entries of a journal.

    Which of the two forms of the body it takes is in doubt (section 8.5): a bare array, or an object with one.
    """
    numbers = sorted(entries)
    body = {"entryNumbers": numbers} if as_object else numbers
    return Call("POST", f"{_JOURNALS_SERVICE}/journals/{journal}/bookdraftentries", body=to_json(body))


def _with(rows: list[Any], word: str) -> list[Any]:
    """The filter looks for a part of the text, without case; the comparison is ours."""
    return [row for row in rows if word in str(row.get("text") or "").split()]
