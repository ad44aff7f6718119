"""Settlements as PayPal writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from tests.formats.settlements.writers.plain import (
    Plain,
    Row,
    as_json,
    danish,
    minor,
    with_payout,
)

CODE = {
    "capture": "T0006",
    "refund": "T1107",
    "chargeback": "T1201",
    "chargeback_reversal": "T1202",
    "fee": "T0106",
    "fee_refund": "T1108",
    "reserve_hold": "T2103",
    "reserve_release": "T2104",
    "payout": "T0400",
}
STL_HEADER = (
    "CH",
    "Transaction ID",
    "Invoice ID",
    "PayPal Reference ID",
    "PayPal Reference ID Type",
    "Transaction Event Code",
    "Transaction Initiation Date",
    "Transaction Completion Date",
    "Transaction  Debit or Credit",
    "Gross Transaction Amount",
    "Gross Transaction Currency",
    "Fee Debit or Credit",
    "Fee Amount",
    "Fee Currency",
    "Custom Field",
    "Consumer ID",
    "Payment Tracking ID",
    "Store ID",
)


def stl_rows(plain: Plain) -> list[Row]:
    rows = []
    for one in with_payout(plain):
        signed = one.amount if one.kind == "payout" else one.signed
        values = (
            "SB",
            one.id,
            one.order,
            "",
            "",
            CODE[one.kind],
            f"{one.at:%Y/%m/%d %H:%M:%S} +0000",
            f"{one.at:%Y/%m/%d %H:%M:%S} +0000",
            "CR" if signed >= 0 else "DR",
            minor(abs(signed)),
            plain.currency,
            "DR" if one.fee else "",
            minor(one.fee) or "",
            plain.currency if one.fee else "",
            "",
            "",
            "",
            "",
        )
        rows.append(dict(zip(STL_HEADER, values, strict=True)))
    return rows


def stl(plain: Plain, rows: Sequence[Row]) -> bytes:
    own = [(one.amount if one.kind == "payout" else one.signed) for one in with_payout(plain)]
    given, taken = sum(x for x in own if x > 0), -sum(x for x in own if x < 0)
    fees = sum((one.fee for one in plain.movements), Decimal(0))
    head = [
        '"RH","2026/11/03 01:00:00 -0800","A","ACCOUNT1",009',
        '"FH",01',
        '"SH","2026/11/02 00:00:00 -0800","2026/11/02 23:59:59 -0800","ACCOUNT1",""',
        ",".join(f'"{name}"' for name in STL_HEADER),
    ]
    body = [
        ",".join(
            value
            if isinstance(value, str) and value.isdigit()
            else f'"{value}"'
            if isinstance(value, str)
            else str(value)
            for value in row.values()
        )
        for row in rows
    ]
    foot = [
        f'"SF","{plain.currency}",{minor(given)},{minor(taken)},0,{minor(fees)},"CR",0,"CR",0',
        f'"SC",{len(own)}',
        f'"RF","{plain.currency}",{minor(given)},{minor(taken)},0,{minor(fees)}',
        f'"RC",{len(own)}',
        '"FF",9',
    ]
    return ("\n".join([*head, *body, *foot]) + "\n").encode()


def search_rows(plain: Plain) -> list[Row]:
    rows, balance = [], Decimal("0.00")
    for one in with_payout(plain):
        signed = one.amount if one.kind == "payout" else one.signed
        balance += signed - one.fee
        rows.append(
            {
                "transaction_id": one.id,
                "transaction_event_code": CODE[one.kind],
                "transaction_status": "S",
                "transaction_initiation_date": one.at.isoformat(),
                "transaction_updated_date": one.at.isoformat(),
                "amount": str(signed),
                "fee": str(-one.fee) if one.fee else "",
                "balance": str(balance),
                "invoice_id": one.order,
                "currency": plain.currency,
            }
        )
    return rows


def search(plain: Plain, rows: Sequence[Row]) -> bytes:
    details = []
    for row in rows:
        info = {name: value for name, value in row.items() if name not in ("amount", "fee", "balance", "currency")}
        money = {"transaction_amount": row["amount"], "fee_amount": row["fee"], "ending_balance": row["balance"]}
        info |= {
            name: {"currency_code": row["currency"], "value": value} for name, value in money.items() if value != ""
        }
        details.append({"transaction_info": info})
    return as_json(
        account_number="ACCOUNT1",
        start_date="2026-11-02T00:00:00Z",
        end_date="2026-11-02T23:59:59Z",
        transaction_details=details,
    )


TYPE = {
    "capture": "Express Checkout Payment",
    "refund": "Payment Refund",
    "chargeback": "Chargeback",
    "chargeback_reversal": "Chargeback Reversal",
    "fee": "Chargeback Fee",
    "fee_refund": "Chargeback Fee",
    "reserve_hold": "Reserve Hold",
    "reserve_release": "Reserve Release",
    "payout": "General Withdrawal",
}
ACTIVITY_HEADER = (
    "Date",
    "Time",
    "TimeZone",
    "Name",
    "Type",
    "Status",
    "Currency",
    "Gross",
    "Fee",
    "Net",
    "Transaction ID",
    "Reference Txn ID",
    "Invoice Number",
    "Balance",
)


def activity_rows(plain: Plain) -> list[Row]:
    return [
        dict(
            zip(
                ACTIVITY_HEADER,
                (
                    f"{datetime.fromisoformat(row['transaction_initiation_date']):%d/%m/%Y}",
                    f"{datetime.fromisoformat(row['transaction_initiation_date']):%H:%M:%S}",
                    "GMT",
                    "Somebody",
                    TYPE[one.kind],
                    "Completed",
                    plain.currency,
                    danish(Decimal(row["amount"])),
                    danish(-one.fee),
                    danish(Decimal(row["amount"]) - one.fee),
                    one.id,
                    "",
                    one.order,
                    danish(Decimal(row["balance"])),
                ),
                strict=True,
            )
        )
        for one, row in zip(with_payout(plain), search_rows(plain), strict=True)
    ]
