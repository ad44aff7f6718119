"""Adyen's settlement details report (CSV): batches whose rows, the payout among them, sum up to 0.

Decimals with a point and without sign: a debit and a credit column say the side, in the payment's currency (GC) and in
the batch's (NC). Commission, markup, scheme fees and interchange are costs that are already off the net. The order of
columns differs between files. `Balancetransfer` carries a balance from or to the next batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.formats.settlements.tables import decoded, groups, table
from pakhus.formats.settlements.zones import zone_of
from pakhus.model import Money
from pakhus.settlements import Batch, BatchLine
from pakhus.settlements import BatchLineKind as Kind

PROVIDER = "adyen"
_BATCH, _ACCOUNT, _CURRENCY = "Batch Number", "Merchant Account", "Net Currency"
_GROSS, _NET = ("Gross Debit (GC)", "Gross Credit (GC)"), ("Net Debit (NC)", "Net Credit (NC)")
_FEES = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
_NEEDED = (
    _ACCOUNT, "Psp Reference", "Merchant Reference", "Creation Date", "TimeZone", "Type", "Modification Reference",
    "Gross Currency", *_GROSS, "Exchange Rate", _CURRENCY, *_NET, *_FEES, _BATCH,
)  # fmt: skip
# (kind when money comes, kind when it goes)
TYPES: Mapping[str, tuple[Kind, Kind]] = {
    "Settled": (Kind.CAPTURE, Kind.ADJUSTMENT),
    "SettledReversed": (Kind.ADJUSTMENT, Kind.REFUND),
    "Refunded": (Kind.ADJUSTMENT, Kind.REFUND),
    "RefundedReversed": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "Chargeback": (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK),
    "SecondChargeback": (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK),
    "ChargebackReversed": (Kind.CHARGEBACK_REVERSAL, Kind.CHARGEBACK),
    "Fee": (Kind.FEE_REFUND, Kind.FEE),
    "InvoiceDeduction": (Kind.FEE_REFUND, Kind.FEE),
    "PaymentCost": (Kind.FEE_REFUND, Kind.FEE),
    "MiscCosts": (Kind.FEE_REFUND, Kind.FEE),
    "Balancetransfer": (Kind.CARRY, Kind.CARRY),
    "DepositCorrection": (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD),
    "ReserveAdjustment": (Kind.RESERVE_RELEASE, Kind.RESERVE_HOLD),
    "ManualCorrected": (Kind.ADJUSTMENT, Kind.ADJUSTMENT),
    "BankInstructionReturned": (Kind.PAYOUT_FAILED, Kind.PAYOUT_FAILED),
    "MerchantPayout": (Kind.PAYOUT, Kind.PAYOUT),
}
_OF_A_PAYMENT = frozenset({Kind.CAPTURE, Kind.REFUND, Kind.CHARGEBACK, Kind.CHARGEBACK_REVERSAL})


def read(source: Source) -> tuple[Batch, ...]:
    """Return a batch per merchant account and batch number."""
    rows = table(PROVIDER, decoded(PROVIDER, source.content), _NEEDED)
    return tuple(
        _batch(source, account, number, currency, group)
        for (account, number, currency), group in groups(rows, (_ACCOUNT, _BATCH, _CURRENCY))
    )


def _batch(source: Source, account: str, number: str, currency: str, rows: Sequence[Record]) -> Batch:
    lines = [_line(row, currency) for row in rows]
    payout = next((one for one in lines if one.kind is Kind.PAYOUT), None)
    return batch(
        source,
        PROVIDER,
        f"{account}-{number}-{currency}",
        currency,
        lines,
        payout_on=payout.booked_on if payout else None,
        payout_reference=payout.text if payout else "",
    )


def _line(row: Record, currency: str) -> BatchLine:
    net = _sided(row, _NET, currency)
    fee = -sum((row.amount_or_zero(name, currency) for name in _FEES), ZERO)
    paid, paid_in = _paid(row, currency)
    kind = row.known("Type", TYPES)[0 if net >= ZERO else 1]
    gross = paid if paid is not None and paid_in == currency else net - fee
    psp, own = row.text("Psp Reference"), row.text("Modification Reference")
    is_payment = kind is Kind.CAPTURE
    at = _moment(row, "Creation Date", "TimeZone")
    return line(
        row,
        kind,
        own if kind in _OF_A_PAYMENT and own else psp or f"{row.text(_BATCH)}/{row.needed('Type')}/{own}",
        gross,
        currency,
        at,
        fee=fee,
        net=net,
        booked_on=_booked(row, at),
        parent_id="" if is_payment or kind not in _OF_A_PAYMENT else psp,
        aliases=(psp,) if is_payment and psp else (),
        order_reference=row.text("Merchant Reference"),
        transaction=Money(paid, paid_in) if paid is not None and kind in _OF_A_PAYMENT else None,
        exchange_rate=row.rate("Exchange Rate") if paid_in != currency else None,
        text="" if kind in _OF_A_PAYMENT else own,
    )


def _paid(row: Record, currency: str) -> tuple[Decimal | None, str]:
    """What the buyer paid or got back; rows about the whole batch have none."""
    if not row.text("Gross Currency"):
        return None, currency
    paid_in = row.currency("Gross Currency")
    return _sided(row, _GROSS, paid_in), paid_in


def _sided(row: Record, columns: tuple[str, str], currency: str) -> Decimal:
    debit, credit = (row.amount_or_zero(name, currency) for name in columns)
    if debit < ZERO or credit < ZERO:
        raise row.error(columns[0], "has a sign, though its side is a column of its own")
    return credit - debit


def _booked(row: Record, at: datetime) -> date:
    """The day in Adyen's own zone: the booking's where the report has it."""
    booked, zone = "Booking Date", "Booking Date TimeZone"
    if row.text(booked) and row.text(zone):
        return row.moment(booked, zone_of(row, zone)).astimezone(zone_of(row, zone)).date()
    return at.astimezone(zone_of(row, "TimeZone")).date()


def _moment(row: Record, name: str, zone: str) -> datetime:
    return row.moment(name, zone_of(row, zone))
