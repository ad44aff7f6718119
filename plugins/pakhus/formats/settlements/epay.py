"""ePay, by its API: a transfer of any acquirer, and the transactions that it pays.

Read is one JSON object, `{"transfer": SettlementTransfer, "transactions": [SettlementTransaction …]}`. Amounts are
numeric strings with a point; adjustments are signed (fees negative) and already in each transaction's net amount. What
a transaction is, is not said: by its sign it is a payment, or money that went back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.settlements import Batch, BatchLine, BatchLineKind

PROVIDER = "epay"
_TRANSFER_TYPES = {"RESERVE": "reserve", "FEE": "fee", "ADJUSTMENT": "adjustment"}
_FEE_TYPES = {"ACQUIRER_FEE": True, "INTERCHANGE_FEE": True, "SCHEME_FEE": True, "FEE": True}
_KINDS: Mapping[str, tuple[BatchLineKind, BatchLineKind]] = {  # taken, given
    "reserve": (BatchLineKind.RESERVE_HOLD, BatchLineKind.RESERVE_RELEASE),
    "fee": (BatchLineKind.FEE, BatchLineKind.FEE_REFUND),
    "adjustment": (BatchLineKind.ADJUSTMENT, BatchLineKind.ADJUSTMENT),
}


def read(source: Source) -> tuple[Batch, ...]:
    """Return the transfer as a batch."""
    whole = document(PROVIDER, source.content)
    transfer = whole.object("transfer")
    transfer_id, currency = transfer.needed("id"), transfer.currency("currency")
    day = transfer.day("postingDate")
    at = datetime.combine(day, time.min, UTC)
    lines = [_line(record, transfer_id) for record in whole.list("transactions")]
    lines += _adjustments(transfer, transfer_id, currency, at)
    paid = transfer.amount("netAmount", currency)
    lines.append(line(transfer, BatchLineKind.PAYOUT, transfer_id, -paid, currency, at))
    reference = transfer.text("acquirerReference")
    found = batch(
        source, PROVIDER, transfer_id, currency, lines, payout_on=day, payout_reference=reference or transfer_id
    )
    return (found,)


def _line(record: Record, transfer_id: str) -> BatchLine:
    if record.needed("settlementTransferId") != transfer_id:
        raise record.error("settlementTransferId", f"is not the transfer's {transfer_id}")
    currency = record.currency("settlementCurrency")
    net = record.amount("settlementNetAmount", currency)
    fees = record.list("adjustments")
    for fee in fees:
        fee.known("type", _FEE_TYPES)
    taken = sum((fee.amount("amount", currency) for fee in fees), ZERO)
    gross = net - taken
    day = record.day("postingDate")
    kind = BatchLineKind.REFUND if gross < ZERO else BatchLineKind.CAPTURE
    own, acquirer = record.text("transactionId"), record.text("acquirerReference")
    ids = tuple(text for text in (own, acquirer) if text)
    return line(
        record,
        kind,
        record.needed("id"),
        gross,
        currency,
        datetime.combine(day, time.min, UTC),
        fee=taken,
        net=net,
        booked_on=day,
        aliases=ids,
        parent_id=own if kind is BatchLineKind.REFUND else "",
        order_reference=record.text("merchantReference"),
    )


def _adjustments(transfer: Record, transfer_id: str, currency: str, at: datetime) -> list[BatchLine]:
    """What concerns the whole transfer; adjustments have no id, so those of one type and text are one line."""
    sums: dict[tuple[str, str], tuple[Record, Decimal]] = {}
    for record in transfer.list("adjustments"):
        kind, text = record.known("type", _TRANSFER_TYPES), record.text("description")
        amount = record.amount("amount", currency)
        sums[kind, text] = (record, amount + sums.get((kind, text), (record, ZERO))[1])
    return [
        line(record, _kind(kind, amount), f"{transfer_id}/{kind}/{text}", amount, currency, at, text=text)
        for (kind, text), (record, amount) in sums.items()
    ]


def _kind(name: str, amount: Decimal) -> BatchLineKind:
    taken, given = _KINDS[name]
    return given if amount > ZERO else taken
