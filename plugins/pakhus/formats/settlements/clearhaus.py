"""Clearhaus, by its API: a settlement's summary, with its transactions where they were read.

Read is one JSON object, `{"settlement": …, "transactions": […]}`. Amounts are whole minor units. Whether refunds and
fees are negative is not documented, so the settlement's own net decides: it is the sum of the summary in one way or the
other, or the settlement is refused. The reserve is a payment of its own, on its own day: a batch of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.settlements import Batch, BatchLine, BatchLineKind, Part, StatedTotal

PROVIDER = "clearhaus"
# The summary's members: the kind of line, and the sign that an amount without sign has.
_SUMMARY: Mapping[str, tuple[BatchLineKind, int]] = {
    "sales": (BatchLineKind.CAPTURE, 1),
    "refunds": (BatchLineKind.REFUND, -1),
    "credits": (BatchLineKind.REFUND, -1),
    "chargebacks": (BatchLineKind.CHARGEBACK, -1),
    "fees": (BatchLineKind.FEE, -1),
}
TYPES: Mapping[str, BatchLineKind] = {
    "sale": BatchLineKind.CAPTURE,
    "capture": BatchLineKind.CAPTURE,
    "refund": BatchLineKind.REFUND,
    "credit": BatchLineKind.REFUND,
    "chargeback": BatchLineKind.CHARGEBACK,
    "chargeback_reversal": BatchLineKind.CHARGEBACK_REVERSAL,
}
_OF_TRANSACTIONS = ("sales", "refunds", "credits", "chargebacks")


def read(source: Source) -> tuple[Batch, ...]:
    """Return the settlement, and the payment of its reserve; nothing while Clearhaus has not settled it."""
    whole = document(PROVIDER, source.content)
    settlement = whole.object("settlement")
    if settlement.values.get("settled") is not True:
        return ()
    currency = settlement.currency("currency")
    signed = _signed(settlement.object("summary"), currency)
    at = datetime.combine(settlement.object("period").day("end_date"), time.min, UTC)
    transactions = whole.list("transactions")
    lines = (
        [_transaction(record, currency) for record in transactions]
        if transactions
        else [
            line(
                settlement,
                _SUMMARY[name][0],
                f"{settlement.needed('id')}/{name}",
                signed[name],
                currency,
                at,
                text=name,
            )
            for name in _OF_TRANSACTIONS
            if signed[name]
        ]
    )
    lines += _fees(settlement, currency, signed["fees"], at) + _postings(settlement, currency, signed["other_postings"])
    return (_settlement(source, settlement, currency, lines, signed, at), *_reserve(source, settlement, currency))


def _signed(summary: Record, currency: str) -> Mapping[str, Decimal]:
    """The summary's amounts by their effect on what we are owed, in the way in which they make its net."""
    amounts = {name: summary.minor_or_zero(name, currency) for name in (*_SUMMARY, "other_postings")}
    net = summary.minor("net", currency)
    unsigned = {name: amount * _SUMMARY.get(name, (None, 1))[1] for name, amount in amounts.items()}
    ways = [way for way in (amounts, unsigned) if sum(way.values(), ZERO) == net]
    if not ways:
        raise summary.error("net", f"{net} is not the sum of the summary, with or without signs")
    return ways[0]


def _transaction(record: Record, currency: str) -> BatchLine:
    kind = record.kind("type", TYPES)
    if record.currency("currency") != currency:
        raise record.error("currency", f"is not the settlement's {currency}")
    amount = abs(record.minor("amount", currency))
    taken = kind in (BatchLineKind.REFUND, BatchLineKind.CHARGEBACK)
    original = record.text("original_transaction_id")
    return line(
        record,
        kind,
        record.needed("id"),
        -amount if taken else amount,
        currency,
        record.moment("timestamp"),
        parent_id=original,
        order_reference=record.text("reference"),
    )


def _fees(settlement: Record, currency: str, total: Decimal, at: datetime) -> list[BatchLine]:
    """One line per kind of fee; they must make the summary's fees."""
    fees = settlement.object("fees")
    amounts = {name: fees.minor_or_zero(name, currency) for name in fees.values}
    whole = sum(amounts.values(), ZERO)
    if abs(whole) != abs(total):
        raise fees.error("", f"{whole} is not the summary's {total}")
    sign = 1 if whole == total else -1
    head = f"{settlement.needed('id')}/fee"
    return [
        line(
            fees,
            BatchLineKind.FEE if amount * sign < ZERO else BatchLineKind.FEE_REFUND,
            f"{head}/{name}",
            amount * sign,
            currency,
            at,
            text=name,
        )
        for name, amount in amounts.items()
        if amount
    ]


def _postings(settlement: Record, currency: str, total: Decimal) -> list[BatchLine]:
    rows = settlement.list("other_postings")
    lines = []
    for row in rows:
        day, text = row.day("date"), row.text("text")
        at = datetime.combine(day, time.min, UTC)
        amount = row.minor("amount", currency)
        lines.append(
            line(
                row,
                BatchLineKind.ADJUSTMENT,
                f"{settlement.needed('id')}/{day}/{text}",
                amount,
                currency,
                at,
                text=text,
            )
        )
    whole = sum((one.net for one in lines), ZERO)
    if whole != total:
        raise settlement.error("other_postings", f"{whole} is not the summary's {total}")
    return lines


def _settlement(
    source: Source,
    settlement: Record,
    currency: str,
    lines: Sequence[BatchLine],
    signed: Mapping[str, Decimal],
    at: datetime,
) -> Batch:
    payout, held = settlement.object("payout"), _held(settlement, currency)
    settlement_id, paid = settlement.needed("id"), payout.minor_or_zero("amount", currency)
    moved = list(lines)
    if held:
        moved.append(line(settlement, BatchLineKind.RESERVE_HOLD, settlement_id, -held, currency, at))
    if paid:
        moved.append(line(payout, BatchLineKind.PAYOUT, settlement_id, -paid, currency, at))
    failed = bool(payout.text("cancelled_date"))
    if failed:
        moved.append(line(payout, BatchLineKind.PAYOUT_FAILED, settlement_id, paid, currency, at))
    return batch(
        source,
        PROVIDER,
        settlement_id,
        currency,
        moved,
        closing=paid if failed else ZERO,
        payout_on=_day(payout),
        payout_reference=payout.text("reference_number"),
        totals=[
            StatedTotal(name, frozenset({_SUMMARY[name][0]}), Part.GROSS, signed[name])
            for name in ("sales", "chargebacks")
        ],
    )


def _reserve(source: Source, settlement: Record, currency: str) -> list[Batch]:
    """The reserve as it is paid out; one without a day, or cancelled, is still held."""
    reserve, held = settlement.object("reserve"), _held(settlement, currency)
    day = _day(reserve)
    if not held or day is None or reserve.text("cancelled_date"):
        return []
    batch_id, at = f"{settlement.needed('id')}-reserve", datetime.combine(day, time.min, UTC)
    lines = [
        line(reserve, BatchLineKind.RESERVE_RELEASE, batch_id, held, currency, at),
        line(reserve, BatchLineKind.PAYOUT, batch_id, -held, currency, at),
    ]
    reference = reserve.text("reference_number")
    return [batch(source, PROVIDER, batch_id, currency, lines, payout_on=day, payout_reference=reference)]


def _held(settlement: Record, currency: str) -> Decimal:
    return abs(settlement.object("reserve").minor_or_zero("amount", currency))


def _day(payment: Record) -> date | None:
    return payment.day("date") if payment.text("date") else None
