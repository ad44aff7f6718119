"""PayPal's settlement report (STL, CSV by SFTP): sections of rows whose first cell says what they are.

RH/FH report and file, SH a section's account and days, CH its columns, SB its rows, SF its totals per currency, SC its
count, RF/RC/FF the same for report and file. Amounts are whole minor units without sign (10000 is 100.00 USD and 10,000
JPY); a column beside each says CR or DR. SF holds total gross credits and debits, fee credits and debits, and where the
report has them the balances at begin and end. A section is a batch per currency; withdrawals are payouts within it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.paypal_codes import OF_A_PAYMENT, PROVIDER, kind_of
from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError
from pakhus.formats.settlements.tables import Cells, cells_of, decoded, records, refuse_doubled
from pakhus.model import Money
from pakhus.rules.minor_units import from_minor
from pakhus.settlements import Batch, BatchLine, BatchLineKind

READER = "paypal_stl"
_SIDES: Mapping[str, int] = {"CR": 1, "DR": -1}
_IGNORED = frozenset({"RH", "FH", "RF", "RC", "FF"})
_SIDE, _GROSS, _CURRENCY = "Transaction Debit or Credit", "Gross Transaction Amount", "Gross Transaction Currency"
_FEE_SIDE, _FEE, _FEE_CURRENCY = "Fee Debit or Credit", "Fee Amount", "Fee Currency"
_NEEDED = ("Transaction ID", "Transaction Event Code", "Transaction Completion Date", _SIDE, _GROSS, _CURRENCY, _FEE)
_TOTALS = 4
_DAY_CHARACTERS = 10


@dataclass(slots=True)
class _Section:
    account: str
    first_day: str
    last_day: str
    header: Sequence[str] = ()
    rows: list[Record] = field(default_factory=list)
    footers: dict[str, Cells] = field(default_factory=dict)


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per section and currency."""
    text = decoded(READER, source.content)
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    sections = _sections(cells_of(READER, text, delimiter))
    return tuple(found for section in sections for found in _batches(source, section))


def _sections(rows: Iterable[Cells]) -> list[_Section]:
    found: list[_Section] = []
    for row in rows:
        name = row.cells[0].strip().lstrip("\ufeff")
        if name == "SH":
            found.append(_begun(row))
        elif name in _IGNORED:
            continue
        elif not found or name not in ("CH", "SB", "SF", "SC"):
            raise SettlementFormatError(READER, f"row {row.number}", "", f"{name[:20]!r} is no known kind of row here")
        else:
            _take(found[-1], name, row)
    if not found:
        raise SettlementFormatError(READER, "", "", "has no section")
    return found


def _begun(row: Cells) -> _Section:
    if len(row.cells) < 4:
        raise SettlementFormatError(READER, f"row {row.number}", "", "a section without days and account")
    days = [cell.strip()[:_DAY_CHARACTERS].replace("/", "-") for cell in row.cells[1:3]]
    return _Section(row.cells[3].strip(), days[0], days[1])


def _take(section: _Section, name: str, row: Cells) -> None:
    if name == "CH":
        section.header = [" ".join(cell.split()) for cell in row.cells]
    elif name == "SB":
        section.rows += records(READER, section.header, [row], skipped=1)
    elif name == "SF":
        section.footers[row.cells[1].strip()] = row
    elif int(row.cells[1]) != len(section.rows):
        text = f"counts {row.cells[1]} rows, the section has {len(section.rows)}"
        raise SettlementFormatError(READER, f"row {row.number}", "", text)


def _batches(source: Source, section: _Section) -> list[Batch]:
    absent = [name for name in _NEEDED if section.rows and name not in section.rows[0].values]
    if absent:
        raise SettlementFormatError(READER, section.rows[0].place, "", f"the section lacks {', '.join(absent)}")
    refuse_doubled(section.rows, ("Transaction ID", "Transaction Event Code", _SIDE, _GROSS, _CURRENCY))
    currencies = dict.fromkeys([*section.footers, *(row.currency(_CURRENCY) for row in section.rows)])
    return [_batch(source, section, currency) for currency in currencies]


def _batch(source: Source, section: _Section, currency: str) -> Batch:
    footer = section.footers.get(currency)
    if footer is None:
        raise SettlementFormatError(READER, f"section {section.account}", "SF", f"there are no totals in {currency}")
    rows = [row for row in section.rows if row.currency(_CURRENCY) == currency]
    lines = [_line(row, currency) for row in rows]
    opening, closing = _checked(footer, currency, lines)
    return batch(
        source,
        PROVIDER,
        f"{section.account}-{section.last_day}-{currency}",
        currency,
        lines,
        opening=opening,
        closing=closing,
        payout_on=datetime.strptime(section.last_day, "%Y-%m-%d").date(),  # noqa: DTZ007 - a day
        payout_reference=next((one.provider_id for one in lines if one.kind is BatchLineKind.PAYOUT), ""),
    )


def _checked(footer: Cells, currency: str, lines: Sequence[BatchLine]) -> tuple[Decimal, Decimal]:
    """Return the balances of a footer after holding its totals against the rows; without balances, the sum closes."""
    amounts = _footer_amounts(footer, currency)
    sums = [
        sum((one.gross for one in lines if one.gross > ZERO), ZERO),
        -sum((one.gross for one in lines if one.gross < ZERO), ZERO),
        sum((one.fee for one in lines if one.fee > ZERO), ZERO),
        -sum((one.fee for one in lines if one.fee < ZERO), ZERO),
    ]
    if amounts[:_TOTALS] != sums:
        said, have = (", ".join(map(str, each)) for each in (amounts[:_TOTALS], sums))
        raise SettlementFormatError(
            READER, f"row {footer.number}", "SF", f"the totals say {said}, the rows make {have}"
        )
    balances = amounts[_TOTALS:]
    if balances:
        return balances[0], balances[1]
    return ZERO, sum((one.net for one in lines), ZERO)


def _footer_amounts(footer: Cells, currency: str) -> list[Decimal]:
    """Four totals, then no or two balances, each perhaps with its side before it."""
    amounts, sign = [], 1
    for cell in (cell.strip() for cell in footer.cells[2:]):
        if cell in _SIDES:
            sign = _SIDES[cell]
        elif cell.isdigit():
            amounts.append(from_minor(int(cell) * sign, currency))
            sign = 1
        elif cell:
            raise SettlementFormatError(READER, f"row {footer.number}", "SF", f"{cell[:20]!r} is no amount")
    if len(amounts) not in (_TOTALS, _TOTALS + 2):
        raise SettlementFormatError(READER, f"row {footer.number}", "SF", f"{len(amounts)} amounts; 4 or 6 are known")
    return amounts


def _line(row: Record, currency: str) -> BatchLine:
    gross = _signed(row, _GROSS, _SIDE, currency)
    fee = ZERO
    if row.text(_FEE) not in ("", "0"):
        if row.currency(_FEE_CURRENCY) != currency:
            raise row.error(_FEE_CURRENCY, f"a fee in another currency than the payment's {currency} is not read")
        fee = _signed(row, _FEE, _FEE_SIDE, currency)
    kind = kind_of(row, "Transaction Event Code", credit=gross >= ZERO)
    initiated = "Transaction Initiation Date"
    return line(
        row,
        kind,
        row.needed("Transaction ID"),
        gross,
        currency,
        _moment(row, initiated if row.text(initiated) else "Transaction Completion Date"),
        fee=fee,
        booked_on=_moment(row, "Transaction Completion Date").date(),
        parent_id="" if kind is BatchLineKind.CAPTURE else row.text("PayPal Reference ID"),
        order_reference=_order(row, kind),
        transaction=Money(gross, currency) if kind in OF_A_PAYMENT else None,
        text=f"{row.needed('Transaction Event Code')} {row.text('Custom Field')}".strip(),
    )


def _order(row: Record, kind: BatchLineKind) -> str:
    return row.text("Invoice ID") if kind in OF_A_PAYMENT else ""


def _signed(row: Record, amount_field: str, side_field: str, currency: str) -> Decimal:
    amount = row.minor(amount_field, currency)
    if amount < ZERO:
        raise row.error(amount_field, "has a sign, though its side is a column of its own")
    return amount * row.known(side_field, _SIDES)


def _moment(row: Record, name: str) -> datetime:
    """PayPal writes 2026/11/02 10:00:00 -0700."""
    text = row.needed(name)
    try:
        return row.aware(name, datetime.strptime(text, "%Y/%m/%d %H:%M:%S %z"), None)
    except ValueError:
        return row.moment(name)
