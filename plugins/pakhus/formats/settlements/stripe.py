"""Stripe, by its API: a payout and the balance transactions that it pays out.

Read is one JSON object, `{"payout": …, "balance_transactions": […]}`, as `GET /v1/payouts/{id}` and
`GET /v1/balance_transactions?payout={id}&expand[]=data.source` answer. Amounts are whole minor units, signed as they
change the balance; `fee` is positive and taken off `amount`; net = amount − fee. Only automatic payouts are itemised.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.records import ZERO, Record, shown
from pakhus.model import Money
from pakhus.settlements import Batch, BatchLine, BatchLineKind

PROVIDER = "stripe"
# Stripe keeps two decimals for currencies that have lost theirs, and none for the ariary.
MINOR_UNITS: Mapping[str, int] = {"ISK": 2, "UGX": 2, "MGA": 0}
CATEGORIES: Mapping[str, BatchLineKind] = {
    "charge": BatchLineKind.CAPTURE,
    "partial_capture_reversal": BatchLineKind.REFUND,
    "refund": BatchLineKind.REFUND,
    "charge_failure": BatchLineKind.ADJUSTMENT,
    "refund_failure": BatchLineKind.ADJUSTMENT,
    "dispute": BatchLineKind.CHARGEBACK,
    "dispute_reversal": BatchLineKind.CHARGEBACK_REVERSAL,
    "fee": BatchLineKind.FEE,
    "network_cost": BatchLineKind.FEE,
    "tax": BatchLineKind.TAX,
    "risk_reserved_funds": BatchLineKind.RESERVE_HOLD,
    "other_adjustment": BatchLineKind.ADJUSTMENT,
    "platform_earning": BatchLineKind.ADJUSTMENT,
    "platform_earning_refund": BatchLineKind.ADJUSTMENT,
    "transfer": BatchLineKind.ADJUSTMENT,
    "transfer_reversal": BatchLineKind.ADJUSTMENT,
    "topup": BatchLineKind.TOPUP,
    "topup_reversal": BatchLineKind.ADJUSTMENT,
    "payout": BatchLineKind.PAYOUT,
    "payout_reversal": BatchLineKind.PAYOUT_FAILED,
    "payout_minimum_balance_hold": BatchLineKind.RESERVE_HOLD,
    "payout_minimum_balance_release": BatchLineKind.RESERVE_RELEASE,
}
"""Stripe's reporting categories; in files and in the API. What is not here is refused."""

_ORDER_KEYS = ("order_number", "order_id")
_TEXT_CHARACTERS = 200


def read(source: Source) -> tuple[Batch, ...]:
    """Return the payout as a batch."""
    whole = document(PROVIDER, source.content)
    payout = whole.object("payout")
    payout_id, currency = payout.needed("id"), payout.currency("currency")
    if payout.values.get("automatic") is not True:
        raise payout.error(
            "automatic", "a manual payout is not itemised", "reconcile it with the report of the whole balance"
        )
    if payout.text("reconciliation_status") not in ("", "completed"):
        raise payout.error("reconciliation_status", "Stripe has not itemised the payout yet", "read it again later")
    lines = [_line(record) for record in whole.list("balance_transactions")]
    paid = _payout_line(payout, [one for one in lines if one.kind is BatchLineKind.PAYOUT], currency)
    others = [one for one in lines if one.kind is not BatchLineKind.PAYOUT]
    trace = payout.object("trace_id").text("value")
    found = batch(
        source,
        PROVIDER,
        payout_id,
        currency,
        [*others, paid],
        payout_on=payout.unix("arrival_date").date(),
        payout_reference=trace or payout.text("statement_descriptor") or payout_id,
    )
    return (found,)


def kind_of(record: Record, field: str, amount: Decimal) -> BatchLineKind:
    """The kind of a category; held funds that come back are a release."""
    kind = record.kind(field, CATEGORIES)
    return BatchLineKind.RESERVE_RELEASE if kind is BatchLineKind.RESERVE_HOLD and amount > ZERO else kind


def order_of(metadata: Record, prefix: str = "{}") -> str:
    """The order that the shop's plugin wrote into the payment's metadata."""
    return next((text for key in _ORDER_KEYS if (text := metadata.text(prefix.format(key)))), "")


def _payout_line(payout: Record, listed: list[BatchLine], currency: str) -> BatchLine:
    """The payout as its own object says; the transaction that Stripe lists for it must say the same."""
    payout_id, amount = payout.needed("id"), payout.minor("amount", currency, MINOR_UNITS)
    if any(one.aliases != (payout_id,) or one.net != -amount for one in listed):
        raise payout.error("amount", f"{amount} is not what the payout's own balance transaction says")
    provider_id = listed[0].provider_id if listed else payout_id
    return line(payout, BatchLineKind.PAYOUT, provider_id, -amount, currency, payout.unix("created"))


def _line(record: Record) -> BatchLine:
    currency = record.currency("currency")
    amount = record.minor("amount", currency, MINOR_UNITS)
    kind = kind_of(record, "reporting_category", amount)
    fee, tax = record.minor_or_zero("fee", currency, MINOR_UNITS), _tax(record, currency)
    source = _source(record)
    payment = [text for text in (source.text("charge"), source.text("payment_intent")) if text]
    is_payment = kind is BatchLineKind.CAPTURE
    ids = [text for text in (source.text("id"), *(payment if is_payment else ())) if text]
    parents = [] if is_payment else payment
    return line(
        record,
        kind,
        record.needed("id"),
        amount,
        currency,
        record.unix("created"),
        fee=tax - fee,
        fee_vat=-tax,
        net=record.minor("net", currency, MINOR_UNITS),
        booked_on=record.unix("available_on").date() if record.text("available_on") else None,
        parent_id=parents[0] if parents else "",
        parent_aliases=tuple(parents[1:]),
        aliases=tuple(ids),
        order_reference=order_of(source.object("metadata")),
        transaction=_paid(record, source, kind, amount),
        exchange_rate=record.rate("exchange_rate"),
        text=record.text("description")[:_TEXT_CHARACTERS],
    )


def _source(record: Record) -> Record:
    """What moved the money: an object where it was expanded, else its id."""
    value = record.values.get("source")
    return (
        Record(PROVIDER, f"{record.place}.source", record.number, {"id": value})
        if isinstance(value, str)
        else (record.object("source"))
    )


def _tax(record: Record, currency: str) -> Decimal:
    details = record.list("fee_details")
    taxes = [detail for detail in details if detail.text("type") == "tax"]
    for detail in taxes:
        if detail.currency("currency") != currency:
            raise detail.error("currency", f"{shown(detail.text('currency'))} is not the transaction's {currency}")
    return sum((detail.minor("amount", currency, MINOR_UNITS) for detail in taxes), ZERO)


def _paid(record: Record, source: Record, kind: BatchLineKind, amount: Decimal) -> Money | None:
    """What the buyer paid or got back, in the buyer's currency; None where the source was not expanded."""
    if not source.text("currency") or kind not in (BatchLineKind.CAPTURE, BatchLineKind.REFUND):
        return None
    field = "amount_captured" if kind is BatchLineKind.CAPTURE and source.text("amount_captured") else "amount"
    currency = source.currency("currency")
    if currency == record.currency("currency"):
        return Money(amount, currency)
    paid = source.minor(field, currency, MINOR_UNITS)
    return Money(paid if amount >= ZERO else -paid, currency)
