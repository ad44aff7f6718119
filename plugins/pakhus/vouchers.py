"""Vouchers as they go into a journal of the accounts: lines that sum to 0.00 (domain guide 9.1, 10; economic.md 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pakhus.model import Money

TEXT_LENGTH = 250
"""The most letters of a line's text (economic.md 8.2)."""


def keyed(text: str, key: str) -> str:
    """Return a line's text that ends in the key by which its voucher is found again, however long the rest is."""
    return f"{text[: TEXT_LENGTH - 1 - len(key)]} {key}"


@dataclass(frozen=True, slots=True)
class FinanceLine:
    """An amount on an account, in the accounts' base currency: debit is positive. `vat_code` lifts VAT out of it."""

    account: int
    amount: Decimal
    text: str
    vat_code: str = ""


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """Money received for an invoice (negative: paid out for a credit note), in the invoice's currency.

    `contra_account` takes the other side; None: the voucher's other lines do.
    """

    customer: int
    invoice: int
    received: Money
    text: str
    contra_account: int | None = None
    exchange_rate: Decimal | None = None  # base currency for 100 units; None: the accounts' own rate of the day


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher, all its lines on one day."""

    day: date
    currency: str  # the base currency, of the finance lines
    finance: tuple[FinanceLine, ...] = ()
    customers: tuple[CustomerLine, ...] = ()

    def balance(self) -> Decimal:
        """Debit minus credit of the lines that have no contra account; 0: the voucher balances.

        ValueError when a line without a contra account is in another currency: nobody can say what it weighs.
        """
        open_lines = [line for line in self.customers if line.contra_account is None]
        if any(line.received.currency != self.currency for line in open_lines):
            raise ValueError("a customer line in another currency needs a contra account")
        received = sum((line.received.amount for line in open_lines), Decimal(0))
        return sum((line.amount for line in self.finance), Decimal(0)) - received
