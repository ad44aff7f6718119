"""Settlements as WooPayments writes them."""

from __future__ import annotations

from collections.abc import Sequence

from tests.formats.settlements.writers.plain import (
    DAY,
    Plain,
    Row,
    as_json,
    minor,
    unix,
)

WOO_TYPE = {
    "capture": "charge",
    "refund": "refund",
    "chargeback": "dispute",
    "chargeback_reversal": "dispute_reversal",
    "fee": "card_reader_fee",
    "fee_refund": "fee_refund",
}


def woo_rows(plain: Plain) -> list[Row]:
    return [
        {
            "date": f"{one.at:%Y-%m-%d %H:%M:%S}",
            "transaction_id": f"txn_{one.id}",
            "payment_id": one.id if one.kind == "capture" else f"pi_{one.id}",
            "type": WOO_TYPE[one.kind],
            "transaction_currency": plain.currency,
            "amount": minor(one.signed),
            "exchange_rate": 1,
            "deposit_currency": plain.currency,
            "fees": minor(one.fee),
            "net_amount": minor(one.net),
            "order_id": int(one.order) if one.order else None,
            "deposit_id": plain.id,
            "deposit_status": "paid",
        }
        for one in plain.movements
    ]


def woo(plain: Plain, rows: Sequence[Row]) -> bytes:
    deposit = {
        "id": plain.id,
        "date": unix(DAY) * 1000,
        "created": unix(DAY),
        "type": "deposit",
        "status": "paid",
        "amount": minor(plain.paid),
        "currency": plain.currency.lower(),
        "automatic": True,
        "fee": 0,
        "fee_percentage": 0,
        "bankAccount": "TEST BANK",
    }
    return as_json(deposit=deposit, transactions=list(rows))
