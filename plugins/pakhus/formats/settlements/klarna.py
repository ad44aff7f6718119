"""Klarna, by its Settlements API: a payout and its transactions.

Read is one JSON object, `{"payout": …, "transactions": […]}`, as `GET /settlements/v1/payouts/{reference}` and
`…/transactions?payment_reference=` answer. Amounts are whole minor units without sign: the type says it, by the sum
that Klarna's documentation gives for a settlement (sale − return − reversal − fee − tax …). A debt is carried from
payout to payout in the opening and closing balance; then the bank gets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from pakhus.formats.settlements.batches import Source, batch, document, line
from pakhus.formats.settlements.records import ZERO, Record
from pakhus.settlements import Batch, BatchLine, BatchLineKind, Part, StatedTotal

PROVIDER = "klarna"
# The kind of a type, and the sign that its amount has; 0 for amounts that carry their own.
TYPES: Mapping[str, tuple[BatchLineKind, int]] = {
    "SALE": (BatchLineKind.CAPTURE, 1),
    "RETURN": (BatchLineKind.REFUND, -1),
    "REVERSAL": (BatchLineKind.CHARGEBACK, -1),
    "REVERSAL_MERCHANT_PROTECTION": (BatchLineKind.CHARGEBACK_REVERSAL, 1),
    "FEE": (BatchLineKind.FEE, -1),
    "FEE_REFUND": (BatchLineKind.FEE_REFUND, 1),
    "TAX": (BatchLineKind.TAX, -1),
    "COMMISSION": (BatchLineKind.ADJUSTMENT, 1),
    "CORRECTION": (BatchLineKind.ADJUSTMENT, 0),
    "CHARGE": (BatchLineKind.ADJUSTMENT, -1),
    "CREDIT": (BatchLineKind.ADJUSTMENT, 1),
    "HOLDBACK": (BatchLineKind.RESERVE_HOLD, -1),
    "RELEASE": (BatchLineKind.RESERVE_RELEASE, 1),
}
_COMMISSION_TAKEN_BACK = ("COMMISSION_RETURN", "COMMISSION_RETURN_GROSS")
_FEES = frozenset({BatchLineKind.FEE, BatchLineKind.FEE_REFUND, BatchLineKind.TAX})
_NET, _GROSS = "NET", ("GROSS", "GROSS_FEE")
# What the totals call the kinds that one of them alone is made of, and their sign.
_STATED: Sequence[tuple[str, BatchLineKind, int]] = (
    ("sale_amount", BatchLineKind.CAPTURE, 1),
    ("return_amount", BatchLineKind.REFUND, -1),
    ("holdback_amount", BatchLineKind.RESERVE_HOLD, -1),
    ("release_amount", BatchLineKind.RESERVE_RELEASE, 1),
)


def read(source: Source) -> tuple[Batch, ...]:
    """Return the payout as a batch."""
    whole = document(PROVIDER, source.content)
    payout, totals = whole.object("payout"), whole.object("payout").object("totals")
    reference, currency = payout.needed("payment_reference"), payout.currency("currency_code")
    records = whole.list("transactions")
    vat_apart = any(record.text("type").startswith("TAX") for record in records)
    lines = []
    for record in records:
        if record.text("payment_reference") not in ("", reference):
            raise record.error("payment_reference", f"is not the payout's {reference}")
        code = record.currency("currency_code")
        vat = ZERO if vat_apart else record.minor_or_zero("vat_amount", code)
        lines.append(transaction_line(record, record.minor("amount", code), code, vat, record.moment("sale_date")))
    amounts = {name: totals.minor_or_zero(name, currency) for name in totals.values}
    if not vat_apart and not any(one.fee_vat for one in lines):
        lines += tax_line(payout, amounts, reference, currency, payout.moment("payout_date"))
    found = settled(
        source,
        reference,
        currency,
        with_fees(
            lines, payout.known("merchant_settlement_type", {_NET: True, **dict.fromkeys(_GROSS, False)}), amounts
        ),
        amounts,
        payout,
        payout.moment("payout_date"),
    )
    return (found,)


def transaction_line(record: Record, amount: Decimal, currency: str, vat: Decimal, at: datetime) -> BatchLine:
    """Return one transaction; `amount` and `vat` as Klarna writes them."""
    kind, sign = record.known("type", TYPES)
    if record.text("detailed_type") in _COMMISSION_TAKEN_BACK:
        sign = -1
    if sign and amount < ZERO:
        raise record.error("amount", f"{amount} is negative, though the type says the sign already")
    signed = amount * (sign or 1)
    refund, capture, order = record.text("refund_id"), record.text("capture_id"), record.text("order_id")
    is_payment = kind is BatchLineKind.CAPTURE
    own = (capture if is_payment else refund or capture) or record.text("short_order_id") or order
    return line(
        record,
        kind,
        own or record.needed("type"),
        signed,
        currency,
        at,
        fee_vat=vat * (sign or 1) if kind in _FEES else ZERO,
        parent_id="" if is_payment or own == capture else capture or order,
        parent_aliases=() if is_payment or not capture or not order else (order,),
        aliases=tuple(text for text in (order, record.text("short_order_id")) if text) if is_payment else (),
        order_reference=record.text("merchant_reference1") or record.text("merchant_reference2"),
        text=record.text("detailed_type") or record.text("type"),
    )


def tax_line(
    payout: Record, amounts: Mapping[str, Decimal], reference: str, currency: str, at: datetime
) -> list[BatchLine]:
    """VAT on the fees where only the totals tell it."""
    tax = amounts.get("tax_refund_amount", ZERO) - amounts.get("tax_amount", ZERO)
    return [line(payout, BatchLineKind.TAX, reference, tax, currency, at, text="VAT on fees")] if tax else []


def with_fees(lines: Sequence[BatchLine], net: bool, amounts: Mapping[str, Decimal]) -> list[BatchLine]:
    """Take fees off, or set them apart where a gross settlement left them to another payout: whichever is its sum."""
    if net or sum((one.net for one in lines), ZERO) == _movement(amounts):
        return list(lines)
    apart = [one for one in lines if one.kind in _FEES]
    rest = [one for one in lines if one.kind not in _FEES]
    by_capture: dict[str, Decimal] = {}
    for one in apart:
        by_capture[one.provider_id] = by_capture.get(one.provider_id, ZERO) + one.net
    seen: set[str] = set()
    told = []
    for one in rest:
        fee = by_capture.get(one.provider_id, ZERO) if one.provider_id not in seen else ZERO
        seen.add(one.provider_id)
        told.append(replace(one, fee_apart=fee))
    return told


def settled(
    source: Source,
    reference: str,
    currency: str,
    lines: Sequence[BatchLine],
    amounts: Mapping[str, Decimal],
    payout: Record,
    at: datetime,
) -> Batch:
    """Return the batch with payout, debts, and what Klarna itself says the kinds make."""
    settlement = amounts.get("settlement_amount", ZERO)
    paid = [line(payout, BatchLineKind.PAYOUT, reference, -settlement, currency, at)] if settlement else []
    return batch(
        source,
        PROVIDER,
        reference,
        currency,
        [*lines, *paid],
        opening=-amounts.get("opening_debt_balance_amount", ZERO),
        closing=-amounts.get("closing_debt_balance_amount", ZERO),
        payout_on=at.date(),
        payout_reference=reference,
        totals=[
            StatedTotal(name, frozenset({kind}), Part.GROSS, amounts[name] * sign)
            for name, kind, sign in _STATED
            if name in amounts
        ],
    )


def _movement(amounts: Mapping[str, Decimal]) -> Decimal:
    """What all transactions make, by the payout and the debts around it."""
    closing, opening = (
        amounts.get("closing_debt_balance_amount", ZERO),
        amounts.get("opening_debt_balance_amount", ZERO),
    )
    return amounts.get("settlement_amount", ZERO) + opening - closing
