"""PayPal's activity download (CSV): the account's own list, with headers, dates and numbers in the user's language.

Known headers: English, Danish, German. Known words for what a row is: English ones only; other rows are refused, with
the advice to set PayPal to English for the download. Fees are negative, net = gross + fee. Which separator is the
decimal one, and whether the day or the month comes first, is found from the whole file; where two readings are possible
it is refused. The balance after each row proves that none is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.paypal_codes import OF_A_PAYMENT, PROVIDER
from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError, shown
from pakhus.formats.settlements.tables import decoded, groups, refuse_doubled, table
from pakhus.formats.settlements.zones import zone_of
from pakhus.model import Money
from pakhus.settlements import Batch, BatchLine
from pakhus.settlements import BatchLineKind as Kind

READER = "paypal_activity"
_ENGLISH = (
    "Date", "Time", "TimeZone", "Type", "Status", "Currency", "Gross", "Fee", "Net", "Transaction ID",
    "Reference Txn ID", "Invoice Number", "Balance",
)  # fmt: skip
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "English": _ENGLISH,
    "Danish": (
        "Dato", "Tid", "Tidszone", "Type", "Status", "Valuta", "Brutto", "Gebyr", "Netto", "Transaktions-id",
        "Referencetransaktions-id", "Fakturanummer", "Saldo",
    ),
    "German": (
        "Datum", "Uhrzeit", "Zeitzone", "Typ", "Status", "Währung", "Brutto", "Gebühr", "Netto", "Transaktionscode",
        "Zugehöriger Transaktionscode", "Rechnungsnummer", "Guthaben",
    ),
}  # fmt: skip
# (kind when money comes, kind when it goes)
_PAYMENT = (Kind.CAPTURE, Kind.ADJUSTMENT)
_HOLD = (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD)
_DISPUTE = (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK)
TYPES: Mapping[str, tuple[Kind, Kind]] = {
    "Express Checkout Payment": _PAYMENT,
    "General Payment": _PAYMENT,
    "Mobile Payment": _PAYMENT,
    "Website Payment": _PAYMENT,
    "PreApproved Payment Bill User Payment": _PAYMENT,
    "Payment Refund": (Kind.ADJUSTMENT, Kind.REFUND),
    "Payment Reversal": _DISPUTE,
    "Chargeback": _DISPUTE,
    "Chargeback Reversal": _DISPUTE,
    "Chargeback Fee": (Kind.FEE_REFUND, Kind.FEE),
    "Payment Hold": _HOLD,
    "Payment Release": _HOLD,
    "Hold on Balance for Dispute Investigation": _HOLD,
    "Cancellation of Hold for Dispute Resolution": _HOLD,
    "Reserve Hold": _HOLD,
    "Reserve Release": _HOLD,
    "General Currency Conversion": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "User Initiated Currency Conversion": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "General Withdrawal": (Kind.PAYOUT_FAILED, Kind.PAYOUT),
    "User Initiated Withdrawal": (Kind.PAYOUT_FAILED, Kind.PAYOUT),
    "Bank Deposit to PP Account": (Kind.TOPUP, Kind.ADJUSTMENT),
}
_NO_MOVEMENT = frozenset({"Denied", "Canceled", "Cancelled", "Failed", "Expired", "Removed"})
_AMOUNTS = ("Gross", "Fee", "Net", "Balance")
_SEPARATORS = ((".", ","), (",", "."), (",", " "))
_DAY_FIRST, _MONTH_FIRST, _ISO, _DOTS = "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y"


@dataclass(frozen=True, slots=True)
class _Reading:
    decimal: str
    thousands: str
    day: str


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per currency."""
    rows = [row for row in _rows(decoded(READER, source.content)) if row.text("Status") not in _NO_MOVEMENT]
    if not rows:
        return ()
    refuse_doubled(rows, ("Transaction ID", "Type", "Gross", "Currency"))
    reading = _Reading(*_separators(rows), _day_pattern(rows, source.day_first))
    return tuple(_batch(source, currency, group, reading) for (currency,), group in groups(rows, ("Currency",)))


def _rows(text: str) -> list[Record]:
    """The rows under English names, whatever language the header is in."""
    problems = []
    for header in _HEADERS.values():
        try:
            rows = table(READER, text, header)
        except SettlementFormatError as error:
            problems.append(error)
            continue
        names = dict(zip(header, _ENGLISH, strict=True))
        return [replace(row, values={names.get(name, name): cell for name, cell in row.values.items()}) for row in rows]
    broken = [problem for problem in problems if "lacks" not in str(problem)]
    raise (broken or problems)[0]


def _separators(rows: Sequence[Record]) -> tuple[str, str]:
    """The one way to write numbers in which all amounts can be read, and net is gross + fee."""
    found: dict[tuple[Decimal, ...], tuple[str, str]] = {}
    problem: SettlementFormatError | None = None
    for decimal, thousands in _SEPARATORS:
        try:
            values = tuple(
                row.local_amount(name, row.currency("Currency"), decimal=decimal, thousands=thousands)
                for row in rows
                for name in _AMOUNTS
            )
        except SettlementFormatError as error:
            problem = problem or error
            continue
        found.setdefault(values, (decimal, thousands))
    if not found and problem is not None:
        raise problem
    if len(found) > 1:
        raise SettlementFormatError(
            READER,
            "",
            "Gross",
            "all amounts can be read with a decimal point and with a comma",
            "set PayPal to English",
        )
    return next(iter(found.values()))


def _day_pattern(rows: Sequence[Record], day_first: bool | None) -> str:
    """The one way to write days in which all can be read, and the rows are in the order of time."""
    not_meant = "" if day_first is None else _MONTH_FIRST if day_first else _DAY_FIRST
    patterns = [pattern for pattern in (_DAY_FIRST, _MONTH_FIRST, _ISO, _DOTS) if pattern != not_meant]
    read_as: dict[tuple[datetime, ...], str] = {}
    for pattern in patterns:
        try:
            read_as.setdefault(tuple(datetime.strptime(row.needed("Date"), pattern) for row in rows), pattern)  # noqa: DTZ007
        except ValueError as error:
            if isinstance(error, SettlementFormatError):
                raise
    if not read_as:
        raise rows[0].error("Date", f"{shown(rows[0].text('Date'))} is no date in a form that all rows have")
    ordered = {days: pattern for days, pattern in read_as.items() if list(days) in (sorted(days), sorted(days)[::-1])}
    usable = ordered or read_as
    if len(usable) > 1:
        raise rows[0].error(
            "Date", "day and month cannot be told apart in this file", "download a whole month, or set day_first"
        )
    return next(iter(usable.values()))


def _batch(source: Source, currency: str, rows: Sequence[Record], reading: _Reading) -> Batch:
    lines = [_line(row, currency, reading) for row in rows]
    if lines[0].occurred_at > lines[-1].occurred_at:  # newest first
        lines, rows = lines[::-1], rows[::-1]
    balances = [_amount(rows[at], "Balance", currency, reading) for at in (0, -1)]
    days = sorted(one.occurred_at.date() for one in lines)
    return batch(
        source,
        PROVIDER,
        f"{days[0]}_{days[-1]}-{currency}",
        currency,
        lines,
        opening=balances[0] - lines[0].net,
        closing=balances[1],
        payout_on=days[-1],
        payout_reference=next((one.provider_id for one in lines if one.kind is Kind.PAYOUT), ""),
    )


def _line(row: Record, currency: str, reading: _Reading) -> BatchLine:
    gross, fee, net = (_amount(row, name, currency, reading) for name in ("Gross", "Fee", "Net"))
    came, went = row.known("Type", _types(row))
    kind = came if gross >= ZERO else went
    at = row.moment_as("Date", reading.day, zone_of(row, "TimeZone"))
    return line(
        row,
        kind,
        row.needed("Transaction ID"),
        gross,
        currency,
        _with_time(row, reading) or at,
        fee=fee,
        net=net,
        parent_id="" if kind is Kind.CAPTURE else row.text("Reference Txn ID"),
        order_reference=row.text("Invoice Number") if kind in OF_A_PAYMENT else "",
        transaction=Money(gross, currency) if kind in OF_A_PAYMENT else None,
        text=row.text("Type"),
    )


def _types(row: Record) -> Mapping[str, tuple[Kind, Kind]]:
    """Some downloads number conversions: `General Currency Conversion 3`."""
    word = row.text("Type")
    plain = word.rstrip("0123456789").rstrip()
    return {word: TYPES[plain]} if plain in TYPES else TYPES


def _with_time(row: Record, reading: _Reading) -> datetime | None:
    if not row.text("Time"):
        return None
    both = replace(row, values={**row.values, "Date": f"{row.needed('Date')} {row.text('Time')}"})
    return both.moment_as("Date", f"{reading.day} %H:%M:%S", zone_of(row, "TimeZone"))


def _amount(row: Record, name: str, currency: str, reading: _Reading) -> Decimal:
    return row.local_amount(name, currency, decimal=reading.decimal, thousands=reading.thousands)
