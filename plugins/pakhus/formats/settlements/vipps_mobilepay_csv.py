"""Vipps MobilePay's settlement report (CSV): sections SettlementInfo, FeeInfo and TransactionInfo, each with a header.

A row's first cell names its section. Decimals with a point, or with a comma in quotes; fee and refund are negative, the
opposite of the XML. Days are Oslo's. Vipps' own sample has a decimal comma without quotes in one row, which then has a
cell too many: such a row is refused. Older files repeat sections whole; the same row twice counts once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.records import ZERO, Record, SettlementFormatError
from pakhus.formats.settlements.tables import Cells, cells_of, decoded, records
from pakhus.formats.settlements.vipps_mobilepay import PROVIDER
from pakhus.settlements import Batch, BatchLine, BatchLineKind, Part, StatedTotal

READER = "vipps_mobilepay_csv"
_SETTLEMENT, _FEE, _TRANSACTION = "SettlementInfo", "FeeInfo", "TransactionInfo"
_HEADERS = {_SETTLEMENT: "SettlementDate", _FEE: "SettlementDate", _TRANSACTION: "SalesDate"}
_DAY, _OSLO = "%d.%m.%Y", ZoneInfo("Europe/Oslo")
_COMMA = re.compile(r"[+-]?\d+,\d{2}")
_PREAMBLE_ROWS = 4


def read(source: Source) -> tuple[Batch, ...]:
    """Return each settlement as a batch; transactions without a settlement are refused."""
    sections = _sections(decoded(READER, source.content))
    transactions: dict[str, list[Record]] = {}
    for row in sections[_TRANSACTION]:
        transactions.setdefault(row.needed("SettlementId"), []).append(row)
    if sections[_FEE]:
        raise sections[_FEE][0].error("", "fees of the FeeInfo section are not read", "use the XML, or the Report API")
    found = tuple(
        _batch(source, info, transactions.pop(info.needed("SettlementID"), [])) for info in sections[_SETTLEMENT]
    )
    if transactions:
        lost = next(iter(transactions.values()))[0]
        raise lost.error("SettlementId", "the file has no such settlement")
    return found


def _sections(text: str) -> Mapping[str, list[Record]]:
    headers: dict[str, Sequence[str]] = {}
    found: dict[str, list[Record]] = {name: [] for name in _HEADERS}
    seen: set[tuple[str, ...]] = set()
    for row in cells_of(READER, text, ","):
        section = row.cells[0].strip().lstrip("\ufeff")
        if section not in _HEADERS:
            if row.number > _PREAMBLE_ROWS:
                raise SettlementFormatError(READER, f"row {row.number}", "", f"has no known section ({section[:20]!r})")
            continue
        if _HEADERS[section] in row.cells:
            headers[section] = row.cells
        elif section not in headers:
            raise SettlementFormatError(READER, f"row {row.number}", "", f"stands before the header of {section}")
        elif tuple(row.cells) not in seen:
            seen.add(tuple(row.cells))
            found[section].append(_record(headers[section], row))
    return found


def _record(header: Sequence[str], row: Cells) -> Record:
    return records(READER, header, [row], skipped=1)[0]


def _batch(source: Source, info: Record, rows: Sequence[Record]) -> Batch:
    settlement, currency = info.needed("SettlementID"), info.currency("Currency")
    if info.whole("NumberOfTransactions") != len(rows):
        raise info.error("NumberOfTransactions", f"says {info.text('NumberOfTransactions')}, the file has {len(rows)}")
    net, gross, fee, refund = (_amount(info, name, currency) for name in ("Net", "Gross", "Fee", "Refund"))
    paid_at = info.moment_as("SettlementDate", _DAY, _OSLO)
    lines = [one for row in rows for one in _lines(row, currency)]
    lines.append(line(info, BatchLineKind.PAYOUT, settlement, -net, currency, paid_at))
    capture, back = frozenset({BatchLineKind.CAPTURE}), frozenset({BatchLineKind.REFUND})
    return batch(
        source,
        PROVIDER,
        f"{info.needed('SaleUnitNumber')}-{settlement}",
        currency,
        lines,
        payout_on=info.day("SettlementDate", _DAY),
        payout_reference=settlement,
        totals=[
            StatedTotal("Gross", capture, Part.GROSS, gross),
            StatedTotal("Refund", back, Part.GROSS, refund),
            StatedTotal("Fee", capture | back, Part.FEE, fee),
        ],
    )


def _lines(row: Record, currency: str) -> list[BatchLine]:
    if row.currency("Currency") != currency:
        raise row.error("Currency", f"is not the settlement's {currency}")
    gross, fee, refund, net = (_amount(row, name, currency) for name in ("Gross", "Fee", "Refund", "Net"))
    if gross < ZERO or fee > ZERO or refund > ZERO:
        raise row.error("", "a gross amount below 0, or a fee or refund above it")
    if gross + fee + refund != net:
        raise row.error("Net", f"{net} is not gross + fee + refund")
    at: datetime = row.moment_as("SalesDate", _DAY, _OSLO)
    found = []
    for kind, amount, taken in (
        (BatchLineKind.CAPTURE, gross, fee if gross else ZERO),
        (BatchLineKind.REFUND, refund, ZERO if gross else fee),
    ):
        if amount:
            found.append(
                line(
                    row,
                    kind,
                    row.needed("TransactionId"),
                    amount,
                    currency,
                    at,
                    fee=taken,
                    order_reference=row.text("OrderID"),
                )
            )
    return found


def _amount(row: Record, field: str, currency: str) -> Decimal:
    if _COMMA.fullmatch(row.text(field)):
        return row.local_amount(field, currency, decimal=",", thousands="")
    return row.amount(field, currency)
