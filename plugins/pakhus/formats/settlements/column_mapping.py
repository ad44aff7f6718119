"""Any table of settlements, by the merchant's own column mapping (Nets, Worldline, a bank's export)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError
from pakhus.formats.settlements.tables import decoded, groups, table
from pakhus.rules.settlement_columns import UNSIGNED, ColumnMapping, Signs
from pakhus.settlements import Batch, BatchLine, BatchLineKind

READER = "column_mapping"
_OF_A_PAYMENT = frozenset(
    {BatchLineKind.CAPTURE, BatchLineKind.REFUND, BatchLineKind.CHARGEBACK, BatchLineKind.CHARGEBACK_REVERSAL}
)


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per payout and currency; SettlementFormatError where no mapping was given."""
    mapping = source.columns
    if mapping is None:
        raise SettlementFormatError(READER, "", "", "there is no column mapping", "name one in the account's settings")
    rows = table(
        mapping.provider,
        decoded(mapping.provider, source.content, mapping.encoding),
        mapping.columns.named(),
        **({"delimiters": [mapping.delimiter]} if mapping.delimiter else {}),
        first_row=mapping.rows_above + 1,
    )
    columns = mapping.columns
    by = [name for name in (columns.batch or columns.payout_date, columns.currency) if name]
    return tuple(_batch(source, mapping, key, group) for key, group in groups(rows, by))


def _batch(source: Source, mapping: ColumnMapping, key: Sequence[str], rows: Sequence[Record]) -> Batch:
    if not key[0]:
        column = mapping.columns.batch or mapping.columns.payout_date or ""
        raise rows[0].error(column, "is empty, so the row belongs to no payout")
    currency = mapping.currency or rows[0].currency(mapping.columns.currency or "")
    lines = [_line(row, mapping, currency) for row in rows]
    lines += _payout(rows, mapping, key[0], currency, lines)
    paid = next((one.booked_on for one in lines if one.kind is BatchLineKind.PAYOUT), None)
    return batch(
        source,
        mapping.provider,
        "-".join((key[0], currency)),
        currency,
        lines,
        payout_on=_payout_day(rows, mapping) or paid,
        payout_reference=key[0],
    )


def _line(row: Record, mapping: ColumnMapping, currency: str) -> BatchLine:
    columns = mapping.columns
    kind = row.kind(columns.type, {**mapping.types})
    fee_sign = 1 if mapping.fees == "negative" else -1
    at = row.moment_as(columns.date, mapping.dates, ZoneInfo(mapping.time_zone))
    return line(
        row,
        kind,
        row.needed(columns.id),
        _gross(row, mapping, kind, currency),
        currency,
        at,
        fee=fee_sign * _optional(row, mapping, columns.fee, currency),
        fee_vat=fee_sign * _optional(row, mapping, columns.fee_vat, currency),
        net=_net(row, mapping, kind, currency),
        booked_on=at.astimezone(ZoneInfo(mapping.time_zone)).date(),
        parent_id=row.text(columns.parent) if columns.parent else "",
        order_reference=row.text(columns.order) if columns.order and kind in _OF_A_PAYMENT else "",
        text=row.text(columns.text) if columns.text else "",
    )


def _gross(row: Record, mapping: ColumnMapping, kind: BatchLineKind, currency: str) -> Decimal:
    columns = mapping.columns
    if columns.gross is None:
        debit, credit = (_optional(row, mapping, name, currency) for name in (columns.debit, columns.credit))
        if debit < ZERO or credit < ZERO:
            raise row.error(columns.debit or "", "has a sign, though its side is a column of its own")
        return credit - debit
    return _signed(row, mapping, columns.gross, kind, currency)


def _net(row: Record, mapping: ColumnMapping, kind: BatchLineKind, currency: str) -> Decimal | None:
    column = mapping.columns.net
    return _signed(row, mapping, column, kind, currency) if column and row.text(column) else None


def _signed(row: Record, mapping: ColumnMapping, column: str, kind: BatchLineKind, currency: str) -> Decimal:
    amount = _amount(row, mapping, column, currency)
    if mapping.amounts is Signs.SIGNED:
        return amount
    if amount < ZERO:
        raise row.error(column, f"{amount} has a sign, though the mapping says that the type has it")
    return amount * UNSIGNED[kind]


def _optional(row: Record, mapping: ColumnMapping, column: str | None, currency: str) -> Decimal:
    return _amount(row, mapping, column, currency) if column and row.text(column) else ZERO


def _amount(row: Record, mapping: ColumnMapping, column: str, currency: str) -> Decimal:
    numbers: Mapping[str, str] = {"decimal": mapping.numbers.decimal, "thousands": mapping.numbers.thousands}
    return row.local_amount(column, currency, **numbers)


def _payout(
    rows: Sequence[Record], mapping: ColumnMapping, key: str, currency: str, lines: Sequence[BatchLine]
) -> list[BatchLine]:
    """The payout that a column states, the same on each row."""
    column = mapping.columns.payout_amount
    if column is None:
        return []
    stated = {_amount(row, mapping, column, currency): row for row in rows if row.text(column)}
    if len(stated) != 1:
        raise rows[0].error(column, f"must be one amount for the whole payout {key}, not {len(stated)}")
    [(amount, row)] = stated.items()
    return [line(row, BatchLineKind.PAYOUT, key, -amount, currency, max(one.occurred_at for one in lines))]


def _payout_day(rows: Sequence[Record], mapping: ColumnMapping) -> date | None:
    column = mapping.columns.payout_date
    stated = next((row for row in rows if column and row.text(column)), None)
    if stated is None or column is None:
        return None
    pattern = mapping.dates if len(stated.text(column)) > _DAY_CHARACTERS else mapping.dates.split(" ")[0]
    return stated.day(column, pattern)


_DAY_CHARACTERS = 10
