"""What the accounts know, read once per run: VAT of products by zone, and which days are open (economic.md 4.2)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pakhus.clients.economic import EconomicClient
from pakhus.errors import ConfigurationError
from pakhus.flows.outcomes import stop
from pakhus.reasons import Verdict
from pakhus.rules.invoices import AccountsFacts, VatOfProduct

_SYSTEM = "e-conomic"


@dataclass(slots=True)
class AccountsReader:
    """Reads and remembers, for one run. Shared by the threads of a chunk."""

    accounts: EconomicClient
    _products: dict[str, Any] = field(default_factory=dict)
    _zones: dict[int, dict[int, Any]] = field(default_factory=dict)
    _rates: dict[str, Decimal] = field(default_factory=dict)
    _periods: list[tuple[date, date, bool]] | None = None
    _years: list[Any] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facts(self, numbers: Iterable[str], zone: int) -> AccountsFacts:
        """Return the VAT of these products in a zone, and why others cannot be sold."""
        vat: dict[str, VatOfProduct] = {}
        unsellable: dict[str, Verdict] = {}
        with self._lock:
            for number in numbers:
                found = self._vat_of(number, zone)
                if isinstance(found, Verdict):
                    unsellable[number] = found
                elif found is not None:
                    vat[number] = found
        return AccountsFacts(vat, unsellable)

    def is_open(self, day: date) -> bool:
        """Tell whether the accounts have an open period for this day."""
        with self._lock:
            if self._periods is None:
                self._periods = list(self._read_periods())
            return any(start <= day <= end and not closed for start, end, closed in self._periods)

    def year_of(self, day: date) -> str:
        """Return the name of the accounting year that holds a day; StoppedError (period_closed) when there is none."""
        with self._lock:
            for year in self._read_years():
                if date.fromisoformat(str(year["fromDate"])) <= day <= date.fromisoformat(str(year["toDate"])):
                    return str(year["year"])
        raise stop("period_closed", date=day)

    def first_open_day(self, day: date) -> date | None:
        """Return `day`, or the first one after it that has an open period; None: there is none."""
        with self._lock:
            if self._periods is None:
                self._periods = list(self._read_periods())
            days = (max(day, start) for start, end, closed in self._periods if not closed and end >= day)
            return min(days, default=None)

    def _vat_of(self, number: str, zone: int) -> VatOfProduct | Verdict | None:
        product = self._product(number)
        if product is None:
            return None
        if product.get("barred"):
            return Verdict.of("product_barred", sku=number, system=_SYSTEM)
        group = int(product["productGroup"]["productGroupNumber"])
        account = self._accounts_of(group).get(zone)
        if account is None:
            return Verdict.of("product_group_without_account", group=group, zone=zone)
        code = str((account.get("vatAccount") or {}).get("vatCode") or "")
        number = account.get("accountNumber")
        return VatOfProduct(self._rate(code) if code else Decimal(0), code, None if number is None else int(number))

    def _product(self, number: str) -> Any | None:
        if number not in self._products:
            self._products[number] = self.accounts.find_product(number)
        return self._products[number]

    def _accounts_of(self, group: int) -> Mapping[int, Any]:
        if group not in self._zones:
            rows = self.accounts.sales_accounts(group)
            self._zones[group] = {int(row["vatZone"]["vatZoneNumber"]): row["salesAccount"] for row in rows}
        return self._zones[group]

    def _rate(self, code: str) -> Decimal:
        if not self._rates:
            self._rates = {
                str(row["vatCode"]): Decimal(row.get("ratePercentage") or 0) / 100
                for row in self.accounts.vat_accounts()
            }
        if code not in self._rates:
            raise ConfigurationError(f"{_SYSTEM} has no VAT code {code}, although a sales account names it")
        return self._rates[code]

    def _read_years(self) -> list[Any]:
        if self._years is None:
            self._years = self.accounts.accounting_years()
        return self._years

    def _read_periods(self) -> Iterable[tuple[date, date, bool]]:
        for year in self._read_years():
            if year.get("closed"):
                continue
            for period in self.accounts.periods(str(year["year"])):
                start, end = (date.fromisoformat(str(period[name])[:10]) for name in ("fromDate", "toDate"))
                yield start, end, bool(period.get("closed"))
