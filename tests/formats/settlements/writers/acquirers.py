"""Settlements as Clearhaus and ePay write them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.formats.settlements.writers.plain import (
    Plain,
    Row,
    as_json,
    minor,
)


def clearhaus_rows(plain: Plain) -> list[Row]:
    kinds = {"capture": "capture", "refund": "refund", "chargeback": "chargeback"}
    return [
        {
            "id": one.id,
            "type": kinds[one.kind],
            "amount": minor(one.amount),
            "currency": plain.currency,
            "timestamp": one.at.isoformat(),
            "reference": one.order,
        }
        for one in plain.movements
        if one.kind in kinds
    ]


def clearhaus(plain: Plain, rows: Sequence[Row]) -> bytes:
    def total(kind: str) -> int:
        return minor(sum((one.amount for one in plain.movements if one.kind == kind), Decimal(0)))

    fees = minor(sum((one.fee for one in plain.movements), Decimal(0)))
    held = total("reserve_hold")
    net = total("capture") - total("refund") - total("chargeback") - fees - total("fee")
    settlement = {
        "id": plain.id,
        "settled": True,
        "currency": plain.currency,
        "period": {"start_date": "2026-10-26", "end_date": "2026-11-01"},
        "payout": {"amount": net - held, "date": "2026-11-04", "reference_number": "REF1", "descriptor": "CLEARHAUS"},
        "summary": {
            "sales": total("capture"),
            "credits": 0,
            "refunds": total("refund"),
            "fees": fees + total("fee"),
            "chargebacks": total("chargeback"),
            "other_postings": 0,
            "net": net,
        },
        "reserve": {"amount": held},
        "fees": {"sales": fees, "service": total("fee")},
        "other_postings": [],
    }
    return as_json(settlement=settlement, transactions=list(rows))


def epay_rows(plain: Plain) -> list[Row]:
    return [
        {
            "id": f"st-{one.id}",
            "settlementTransferId": plain.id,
            "transactionId": one.id,
            "agreementId": "R01234",
            "merchantReference": one.order,
            "acquirerReference": f"acq-{one.id}",
            "postingDate": f"{one.at:%Y-%m-%d}",
            "settlementNetAmount": str(one.net),
            "settlementCurrency": plain.currency,
            "adjustments": [{"type": "ACQUIRER_FEE", "amount": str(-one.fee), "description": "Fee"}] if one.fee else [],
        }
        for one in plain.movements
        if one.kind in ("capture", "refund")
    ]


def epay(plain: Plain, rows: Sequence[Row]) -> bytes:
    types = {"fee": "FEE", "reserve_hold": "RESERVE", "reserve_release": "RESERVE"}
    transfer = {
        "id": plain.id,
        "acquirer": "shift4",
        "settlementName": "settlement.csv",
        "settlementIds": ["R01234"],
        "postingDate": "2026-11-03",
        "netAmount": str(plain.paid),
        "currency": plain.currency,
        "acquirerReference": "acq-123",
        "adjustments": [
            {"type": types[one.kind], "amount": str(one.signed), "description": one.id}
            for one in plain.movements
            if one.kind in types
        ],
    }
    return as_json(transfer=transfer, transactions=list(rows))
