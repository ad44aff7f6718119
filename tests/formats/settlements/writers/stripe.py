"""Settlements as Stripe writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.formats.settlements.writers.plain import (
    DAY,
    Plain,
    Row,
    as_json,
    csv_bytes,
    minor,
    unix,
)

CATEGORY = {
    "capture": "charge",
    "refund": "refund",
    "chargeback": "dispute",
    "chargeback_reversal": "dispute_reversal",
    "fee": "fee",
    "reserve_hold": "risk_reserved_funds",
    "reserve_release": "risk_reserved_funds",
    "topup": "topup",
}


def stripe_rows(plain: Plain) -> list[Row]:
    return [
        {
            "id": f"txn_{one.id}",
            "object": "balance_transaction",
            "amount": minor(one.signed),
            "available_on": unix(one.at + timedelta(days=2)),
            "created": unix(one.at),
            "currency": plain.currency.lower(),
            "description": None,
            "exchange_rate": None,
            "fee": minor(one.fee),
            "fee_details": [],
            "net": minor(one.net),
            "reporting_category": CATEGORY[one.kind],
            "source": {
                "id": one.id,
                "amount": minor(one.amount),
                "currency": plain.currency.lower(),
                "metadata": {"order_id": one.order} if one.order else {},
            },
            "status": "available",
            "type": one.kind,
        }
        for one in plain.movements
    ]


def stripe(plain: Plain, rows: Sequence[Row]) -> bytes:
    payout = {
        "id": plain.id,
        "amount": minor(plain.paid),
        "arrival_date": unix(DAY + timedelta(days=3)),
        "automatic": True,
        "created": unix(DAY + timedelta(days=2)),
        "currency": plain.currency.lower(),
        "reconciliation_status": "completed",
        "status": "paid",
        "trace_id": {"status": "supported", "value": "TRACE1"},
    }
    own = {
        "id": f"txn_{plain.id}",
        "amount": -minor(plain.paid),
        "created": payout["created"],
        "currency": plain.currency.lower(),
        "fee": 0,
        "net": -minor(plain.paid),
        "reporting_category": "payout",
        "source": plain.id,
        "type": "payout",
    }
    return as_json(payout=payout, balance_transactions=[own, *rows])


STRIPE_HEADER = (
    "balance_transaction_id",
    "created_utc",
    "created",
    "currency",
    "gross",
    "fee",
    "net",
    "reporting_category",
    "source_id",
    "description",
    "customer_facing_amount",
    "customer_facing_currency",
    "automatic_payout_id",
    "automatic_payout_effective_at",
    "charge_id",
    "payment_intent_id",
    "payment_metadata[order_id]",
)


def stripe_csv_rows(plain: Plain) -> list[Row]:
    return [
        {
            "balance_transaction_id": f"txn_{one.id}",
            "created_utc": f"{one.at:%Y-%m-%d %H:%M:%S}",
            "created": f"{one.at.astimezone(ZoneInfo('Europe/Copenhagen')):%Y-%m-%d %H:%M:%S}",
            "currency": plain.currency.lower(),
            "gross": str(one.signed),
            "fee": str(one.fee),
            "net": str(one.net),
            "reporting_category": CATEGORY[one.kind],
            "source_id": one.id,
            "automatic_payout_id": plain.id,
            "automatic_payout_effective_at": "2026-11-05 00:00:00",
            "payment_metadata[order_id]": one.order,
        }
        for one in plain.movements
    ]


def stripe_payouts(plain: Plain) -> tuple[bytes, ...]:
    row = {
        "payout_id": plain.id,
        "effective_at_utc": "2026-11-05 00:00:00",
        "currency": plain.currency.lower(),
        "gross": str(-plain.paid),
        "fee": "0.00",
        "net": str(-plain.paid),
        "payout_expected_arrival_date": "2026-11-05",
    }
    return (csv_bytes([row], list(row)),)
