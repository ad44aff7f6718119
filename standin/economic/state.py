"""What the e-conomic stand-in remembers, and its switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

_ONE_OF: dict[str, set[Any]] = {
    "rounding": {"document", "line"},
    "error_shape": {"real", "documented"},
    "created_status": {200, 201},
    "creditcard_remainder": {"zero", "gross"},
    "paid_in_cash_remainder": {"zero", "gross"},
    "unknown_members": {"refused", "ignored"},
    "concurrent_key": {"repeats", "deduplicated"},
    "customer_payment_sign": {"negative", "positive"},
    "book_entries_body": {"unknown", "array", "object"},
    "balance_per": {"currency", "base"},
    "journal_closed_period": {"post", "book"},
}


@dataclass
class Switches:
    """What no source settles, with the conservative choice as default, and what tests steer (contract 12.2)."""

    rounding: str = "document"
    error_shape: str = "real"
    created_status: int = 201
    creditcard_remainder: str = "zero"
    paid_in_cash_remainder: str = "zero"
    unknown_members: str = "refused"
    # A repeat that arrives while the first request with its key still runs: nobody has proved that it is recognised.
    concurrent_key: str = "repeats"
    # How a received payment is signed on a customer payment (contract 8.3: two sources against two).
    customer_payment_sign: str = "negative"
    # The body of bookdraftentries: one client sends an array, one an object (contract 8.5). Unknown: both are refused.
    book_entries_body: str = "unknown"
    balance_per: str = "currency"
    journal_closed_period: str = "post"
    key_lifetime_s: float = 3600.0
    lag_s: float = 0.0
    pdf_404_reads: int = 2
    bucket_size: int = 2000
    bucket_refill_per_s: float = 30.0
    retry_after: bool = True
    forbidden_paths: tuple[str, ...] = ()
    # Codes that no source tells (contract 14, "not found"); ours, and changeable so that nobody depends on them.
    closed_period_code: str = "E99010"
    barred_code: str = "E99020"
    missing_account_code: str = "E99030"
    incomplete_document_code: str = "E99040"
    accounting_year_code: str = "E99050"
    unbalanced_code: str = "E99060"

    def change(self, settings: Mapping[str, Any]) -> None:
        """Set switches by name. Raises ValueError and changes nothing when one is unknown."""
        known = {item.name for item in fields(self)}
        for name, value in settings.items():
            if name not in known or (name in _ONE_OF and value not in _ONE_OF[name]):
                raise ValueError(f"no setting {name}={value!r}; known are {', '.join(sorted(known))}")
        for name, value in settings.items():
            setattr(self, name, type(getattr(self, name))(value))


@dataclass
class State:
    """All records by their key. Money and rates are Decimal, times aware datetimes, dates text YYYY-MM-DD."""

    agreement: Record = field(default_factory=dict)
    app_token: str = ""
    grant_token: str = ""
    base_currency: str = "DKK"
    currencies: dict[str, Record] = field(default_factory=dict)
    accounts: dict[int, Record] = field(default_factory=dict)
    vat_accounts: dict[str, Record] = field(default_factory=dict)
    vat_zones: dict[int, Record] = field(default_factory=dict)
    product_groups: dict[int, Record] = field(default_factory=dict)
    customer_groups: dict[int, Record] = field(default_factory=dict)
    layouts: dict[int, Record] = field(default_factory=dict)
    payment_terms: dict[int, Record] = field(default_factory=dict)
    units: dict[int, Record] = field(default_factory=dict)
    employees: dict[int, Record] = field(default_factory=dict)
    departments: dict[int, Record] = field(default_factory=dict)
    years: dict[str, Record] = field(default_factory=dict)
    products: dict[str, Record] = field(default_factory=dict)
    customers: dict[int, Record] = field(default_factory=dict)
    contacts: dict[int, Record] = field(default_factory=dict)
    drafts: dict[int, Record] = field(default_factory=dict)
    booked: dict[int, Record] = field(default_factory=dict)
    journals: dict[int, Record] = field(default_factory=dict)
    journal_entries: dict[int, Record] = field(default_factory=dict)
    attachments: dict[str, Record] = field(default_factory=dict)
    entries: dict[int, Record] = field(default_factory=dict)
    sendings: list[Record] = field(default_factory=list)
    next_numbers: dict[str, int] = field(default_factory=dict)
    drafts_wiped: int = 0

    def next_number(self, kind: str, taken: Mapping[int, Any] | None = None) -> int:
        """The next number of a series that is not ``taken``; numbers of deleted records are not used again."""
        number = self.next_numbers.get(kind, 1)
        while taken and number in taken:
            number += 1
        self.next_numbers[kind] = number + 1
        return number

    def vat_rate(self, product: str, zone: int) -> tuple[str, Decimal] | None:
        """VAT code and rate in percent: product, its group, the sales account for the zone, its VAT code. The code is
        empty for an account without VAT; None when the group has no account for the zone."""
        group = self.product_groups[self.products[product]["group"]]
        account = group["sales_accounts"].get(zone)
        if account is None:
            return None
        code = self.accounts[account].get("vatCode")
        return (code, self.vat_accounts[code]["ratePercentage"]) if code else ("", Decimal(0))

    def open_on(self, day: str) -> bool:
        """Whether a date lies in an open period of an open year."""
        for year in self.years.values():
            if year["fromDate"] <= day <= year["toDate"] and not year["closed"]:
                return any(p["fromDate"] <= day <= p["toDate"] and not p["closed"] for p in year["periods"])
        return False

    def rate_of(self, currency: str) -> Decimal:
        """The price of 100 units in base currency."""
        rate: Decimal = self.currencies[currency]["rate"]
        return rate


def is_date(text: str) -> bool:
    """Whether the text is a calendar date YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
