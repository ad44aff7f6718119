"""WooPayments, by the shop's REST API: a deposit and its transactions.

Read is one JSON object, `{"deposit": …, "transactions": […]}`, as `GET /wp-json/wc/v3/payments/deposits/{id}` and
`…/payments/reports/transactions?deposit_id=` answer. Amounts are whole minor units, fees positive, `net_amount` is what
the deposit gets; `date` has no zone and is taken for UTC. Some deposits do not add up by the provider's own defect
(woocommerce-payments issue 8588): such a batch is read, and its balance says that the provider does not explain it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.formats.settlements.stripe import MINOR_UNITS
from pakhus.model import Money
from pakhus.settlements import Batch, BatchLine, BatchLineKind

PROVIDER = "woopayments"
TYPES: Mapping[str, BatchLineKind] = {
    "charge": BatchLineKind.CAPTURE,
    "payment": BatchLineKind.CAPTURE,
    "refund": BatchLineKind.REFUND,
    "payment_refund": BatchLineKind.REFUND,
    "refund_failure": BatchLineKind.ADJUSTMENT,
    "payment_failure_refund": BatchLineKind.ADJUSTMENT,
    "dispute": BatchLineKind.CHARGEBACK,
    "dispute_reversal": BatchLineKind.CHARGEBACK_REVERSAL,
    "card_reader_fee": BatchLineKind.FEE,
    "fee_refund": BatchLineKind.FEE_REFUND,
    "adjustment": BatchLineKind.ADJUSTMENT,
    "financing_payout": BatchLineKind.TOPUP,
    "financing_paydown": BatchLineKind.ADJUSTMENT,
}
_TAKEN = frozenset({BatchLineKind.REFUND, BatchLineKind.CHARGEBACK, BatchLineKind.FEE})
_STATUSES: Mapping[str, bool] = {
    "paid": True,
    "pending": True,
    "in_transit": True,
    "failed": False,
    "canceled": False,
}


def read(source: Source) -> tuple[Batch, ...]:
    """Return the deposit as a batch. One that the bank refused is still owed: it stands in the closing balance."""
    whole = document(PROVIDER, source.content)
    deposit = whole.object("deposit")
    deposit_id, currency = deposit.needed("id"), deposit.currency("currency")
    lines = [_line(record, deposit_id) for record in whole.list("transactions")]
    amount, paid = _amount(deposit, currency), deposit.known("status", _STATUSES)
    created = deposit.unix("created")
    fee = deposit.minor_or_zero("fee", currency, MINOR_UNITS)
    if fee:
        lines.append(line(deposit, BatchLineKind.FEE, deposit_id, -fee, currency, created, text="instant deposit"))
    lines.append(line(deposit, BatchLineKind.PAYOUT, deposit_id, -amount, currency, created))
    if not paid:
        lines.append(line(deposit, BatchLineKind.PAYOUT_FAILED, deposit_id, amount, currency, created))
    found = batch(
        source,
        PROVIDER,
        deposit_id,
        currency,
        lines,
        closing=ZERO if paid else amount,
        payout_on=deposit.unix("date", per_second=1000).date(),
        payout_reference=deposit_id,
    )
    return (found,)


def _amount(deposit: Record, currency: str) -> Decimal:
    """What the bank gets; a withdrawal is taken from it."""
    amount = deposit.minor("amount", currency, MINOR_UNITS)
    sign = deposit.known("type", {"deposit": 1, "withdrawal": -1})
    if sign < 0:
        return -abs(amount)
    return amount


def _line(record: Record, deposit_id: str) -> BatchLine:
    if record.text("deposit_id") not in ("", deposit_id):
        raise record.error("deposit_id", f"is not the deposit's {deposit_id}")
    currency, paid_in = record.currency("deposit_currency"), record.currency("transaction_currency")
    kind = record.kind("type", TYPES)
    fee = record.minor_or_zero("fees", currency, MINOR_UNITS)
    net = record.minor("net_amount", currency, MINOR_UNITS)
    amount = record.minor("amount", paid_in, MINOR_UNITS)
    signed = -amount if kind in _TAKEN and amount > ZERO else amount
    gross = signed if paid_in == currency else net + fee
    payment = record.text("payment_id")
    is_payment = kind is BatchLineKind.CAPTURE
    return line(
        record,
        kind,
        record.needed("transaction_id"),
        gross,
        currency,
        record.moment("date", UTC),
        fee=-fee,
        net=net,
        parent_id="" if is_payment else payment,
        aliases=(payment,) if is_payment and payment else (),
        order_reference=record.text("order_id"),
        transaction=Money(signed, paid_in),
        exchange_rate=record.rate("exchange_rate") if paid_in != currency else None,
    )
