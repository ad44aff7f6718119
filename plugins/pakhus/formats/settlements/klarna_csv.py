"""Klarna's settlement report (CSV): a row of totals under its own header, then the transactions under theirs.

The totals' columns begin with `total_`; amounts are decimals with a point, in the transactions as in the API without
sign. VAT on fees is only in the totals, unless the report was configured to have `vat_amount`. Files with semicolons
and with commas are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.klarna import settled, tax_line, transaction_line, with_fees
from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError
from pakhus.formats.settlements.tables import Cells, cells_of, decoded, records
from pakhus.settlements import Batch

READER = "klarna_csv"
_TOTAL, _PREFIX = "total_settlement_amount", "total_"
_CURRENCY, _REFERENCE, _DATE = "settlement_currency", "payment_reference", "payout_date"
_COLUMNS = ("type", "amount", "sale_date")


def read(source: Source) -> tuple[Batch, ...]:
    """Return the file's payout as a batch."""
    summary, rows = _parts(decoded(READER, source.content))
    reference, currency = summary.needed(_REFERENCE), _currency(summary, rows)
    amounts = _amounts(summary, currency)
    at = summary.moment(_DATE, UTC)
    lines = []
    for row in rows:
        if row.text(_REFERENCE) not in ("", reference):
            raise row.error(_REFERENCE, f"is not the report's {reference}")
        vat = row.amount_or_zero("vat_amount", currency)
        lines.append(
            transaction_line(_upper(row), row.amount("amount", currency), currency, vat, row.moment("sale_date", UTC))
        )
    if not any(one.fee_vat for one in lines):
        lines += tax_line(summary, amounts, reference, currency, at)
    net = summary.text("merchant_settlement_type") in ("", "NET")
    return (settled(source, reference, currency, with_fees(lines, net, amounts), amounts, summary, at),)


def _parts(text: str) -> tuple[Record, list[Record]]:
    """Return the totals and the transactions; SettlementFormatError where either header is not found."""
    for delimiter in (";", ","):
        rows = list(cells_of(READER, text, delimiter))
        if rows and _TOTAL in _names(rows[0]):
            at = next((place for place, row in enumerate(rows) if set(_COLUMNS) <= _names(row)), None)
            if at is None or at < 2:
                raise SettlementFormatError(
                    READER, "", "", f"has no header with {', '.join(_COLUMNS)} below the totals"
                )
            return _summary(rows[:at]), records(READER, rows[at].cells, rows[at + 1 :])
    raise SettlementFormatError(READER, "row 1", "", f"has no column {_TOTAL}")


def _summary(rows: Sequence[Cells]) -> Record:
    if len(rows) != 2:
        raise SettlementFormatError(READER, "", "", f"{len(rows) - 1} rows of totals; one report holds one payout")
    return records(READER, rows[0].cells, rows[1:])[0]


def _names(row: Cells) -> set[str]:
    return {cell.strip().lstrip("\ufeff") for cell in row.cells}


def _currency(summary: Record, rows: Sequence[Record]) -> str:
    if summary.text(_CURRENCY):
        return summary.currency(_CURRENCY)
    field = "currency_code" if "currency_code" in summary.values else "currency"
    if summary.text(field) or not rows:
        return summary.currency(field)
    return rows[0].currency("currency_code" if "currency_code" in rows[0].values else "currency")


def _amounts(summary: Record, currency: str) -> Mapping[str, Decimal]:
    """The totals by the API's names."""
    found = {
        name.removeprefix(_PREFIX): summary.amount_or_zero(name, currency)
        for name in summary.values
        if name.startswith(_PREFIX) and name.endswith("_amount")
    }
    for name in ("opening_debt_balance_amount", "closing_debt_balance_amount"):
        found.setdefault(name, summary.amount_or_zero(name, currency) if name in summary.values else ZERO)
    return found


def _upper(row: Record) -> Record:
    """The API writes types in capitals, the report in small letters."""
    return Record(row.reader, row.place, row.number, {**row.values, "type": row.text("type").upper()})
