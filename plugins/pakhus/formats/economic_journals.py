"""Vouchers to e-conomic's journals and back (contracts/economic.md 8.2, 8.3); pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pakhus.rules.payment_methods import PaymentSign
from pakhus.vouchers import TEXT_LENGTH, CustomerLine, FinanceLine, Voucher


def voucher_to_economic(voucher: Voucher, year: str, journal: int, sign: PaymentSign) -> dict[str, Any]:
    """The body of POST /journals/{n}/vouchers. `sign` is how the agreement signs money received."""
    entries: dict[str, Any] = {}
    if voucher.customers:
        entries["customerPayments"] = [_customer(voucher, line, sign) for line in voucher.customers]
    if voucher.finance:
        entries["financeVouchers"] = [_finance(voucher, line) for line in voucher.finance]
    return {"accountingYear": {"year": year}, "journal": {"journalNumber": journal}, "entries": entries}


def _customer(voucher: Voucher, line: CustomerLine, sign: PaymentSign) -> dict[str, Any]:
    received = line.received.amount
    entry: dict[str, Any] = {
        "text": line.text[:TEXT_LENGTH],
        "customer": {"customerNumber": line.customer},
        "customerInvoice": line.invoice,
        "amount": -received if sign is PaymentSign.NEGATIVE else received,
        "currency": {"code": line.received.currency},
        "date": voucher.day.isoformat(),
    }
    if line.exchange_rate is not None:
        entry["exchangeRate"] = line.exchange_rate
    if line.contra_account is not None:
        entry["contraAccount"] = {"accountNumber": line.contra_account}
    return entry


def _finance(voucher: Voucher, line: FinanceLine) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "text": line.text[:TEXT_LENGTH],
        "account": {"accountNumber": line.account},
        "amount": line.amount,
        "currency": {"code": voucher.currency},
        "date": voucher.day.isoformat(),
    }
    if line.vat_code:
        entry["vatAccount"] = {"vatCode": line.vat_code}
    return entry


def number_of_voucher(answer: Any) -> str:
    """The number of the one voucher in an answer, with its year; KeyError, IndexError without it."""
    voucher = answer[0]
    return voucher_number(str(voucher["accountingYear"]["year"]), voucher["voucherNumber"])


def voucher_number(year: str, number: object) -> str:
    """A voucher's name: numbers begin anew each year."""
    return f"{year}-{int(str(number))}"


def draft_entries_of(answer: Any) -> list[int]:
    """The numbers of a made voucher's draft entries."""
    return [int(entry["journalEntryNumber"]) for rows in answer[0]["entries"].values() for entry in rows]


def signs_shown(entries: Iterable[Mapping[str, Any]], gross: Mapping[int, Decimal]) -> set[PaymentSign]:
    """How customer payments that name an invoice are signed, told by the invoice's own sign.

    `gross` is the amount of each booked invoice (credit notes are negative). Entries of others tell nothing.
    """
    found: set[PaymentSign] = set()
    for entry in entries:
        invoiced = gross.get(int(entry.get("customerInvoice") or 0))
        amount = Decimal(entry["amount"])
        if entry.get("entryType") == "customerPayment" and invoiced and amount:
            same = (amount > 0) == (invoiced > 0)
            found.add(PaymentSign.POSITIVE if same else PaymentSign.NEGATIVE)
    return found
