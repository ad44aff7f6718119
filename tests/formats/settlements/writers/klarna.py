"""Settlements as Klarna writes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.formats.settlements.writers.plain import (
    DAY,
    Movement,
    Plain,
    Row,
    as_json,
    csv_bytes,
    minor,
)

KLARNA_TYPE = {
    "capture": "SALE",
    "refund": "RETURN",
    "chargeback": "REVERSAL",
    "fee_refund": "FEE_REFUND",
    "chargeback_reversal": "REVERSAL_MERCHANT_PROTECTION",
    "fee": "FEE",
    "reserve_hold": "HOLDBACK",
    "reserve_release": "RELEASE",
}


def klarna_rows(plain: Plain) -> list[Row]:
    rows = []
    for one in plain.movements:
        rows.append(_klarna_row(plain, one, KLARNA_TYPE[one.kind], one.amount))
        if one.fee:
            rows.append(_klarna_row(plain, one, "FEE", one.fee))
    return rows


def _klarna_row(plain: Plain, one: Movement, kind: str, amount: Decimal) -> Row:
    own = "refund_id" if one.kind == "refund" else "capture_id"
    row = {
        "amount": minor(amount),
        "capture_id": "",
        "refund_id": "",
        "currency_code": plain.currency,
        "type": kind,
        "sale_date": one.at.isoformat(),
        "capture_date": one.at.isoformat(),
        "order_id": f"order-{one.id}",
        "short_order_id": f"s{one.id}",
        "merchant_reference1": one.order,
        "payment_reference": plain.id,
        "purchase_country": "DK",
        "detailed_type": "PURCHASE" if kind == "SALE" else kind,
    }
    return {**row, own: one.id}


def klarna_totals(plain: Plain) -> dict[str, int]:
    def total(*kinds: str) -> int:
        return minor(sum((one.amount for one in plain.movements if one.kind in kinds), Decimal(0)))

    fees = minor(sum((one.fee for one in plain.movements), Decimal(0)))
    names = ("commission", "repay", "charge", "credit", "tax", "tax_refund", "deposit", "fee_correction")
    return {
        **{f"{name}_amount": 0 for name in names},
        "sale_amount": total("capture"),
        "return_amount": total("refund"),
        "reversal_amount": total("chargeback") - total("chargeback_reversal"),
        "fee_amount": total("fee") + fees,
        "fee_refund_amount": total("fee_refund"),
        "holdback_amount": total("reserve_hold"),
        "release_amount": total("reserve_release"),
        "settlement_amount": minor(plain.paid),
        "opening_debt_balance_amount": 0,
        "closing_debt_balance_amount": 0,
    }


def klarna(plain: Plain, rows: Sequence[Row]) -> bytes:
    payout = {
        "payment_reference": plain.id,
        "payout_date": DAY.isoformat(),
        "currency_code": plain.currency,
        "merchant_settlement_type": "NET",
        "merchant_id": "M1",
        "totals": klarna_totals(plain),
    }
    return as_json(payout=payout, transactions=list(rows))


def klarna_csv_rows(plain: Plain) -> list[Row]:
    return [
        {**row, "amount": str(Decimal(row["amount"]) / 100), "type": row["type"].lower()} for row in klarna_rows(plain)
    ]


def klarna_csv(plain: Plain, rows: Sequence[Row]) -> bytes:
    totals = {
        f"total_{name}": str(Decimal(value) / 100) for name, value in klarna_totals(plain).items() if "debt" not in name
    }
    summary = {
        **totals,
        "payment_reference": plain.id,
        "payout_date": DAY.isoformat(),
        "settlement_currency": plain.currency,
        "merchant_settlement_type": "NET",
        "merchant_id": "M1",
    }
    header = list(klarna_rows(plain)[0])
    return csv_bytes([summary], list(summary), ";") + b"\r\n" + csv_bytes(rows, header, ";")
