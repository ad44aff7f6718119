"""Settlements as Vipps MobilePay write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from tests.formats.settlements.writers.plain import (
    DAY,
    Plain,
    Row,
    as_json,
    minor,
)

VIPPS_TYPE = {
    "capture": "capture",
    "refund": "refund",
    "chargeback": "retained-disputed-capture",
    "topup": "top-up",
    "chargeback_reversal": "returned-disputed-capture",
    "fee": "fees-retained",
    "fee_refund": "credit-note",
}


def vipps_rows(plain: Plain) -> list[Row]:
    rows, balance = [], 0
    fees = sum((one.fee for one in plain.movements), Decimal(0))
    moves = [(VIPPS_TYPE[one.kind], minor(one.signed), one.id, one.order, one.at) for one in plain.movements]
    if fees:
        moves.append(("fees-retained", -minor(fees), "", "", DAY))
    moves.append(("payout-scheduled", -minor(plain.paid), "payout", plain.id, DAY + timedelta(days=1)))
    for kind, amount, psp, order, at in moves:
        rows.append(
            {
                "pspReference": psp,
                "time": at.isoformat(),
                "ledgerDate": f"{at:%Y-%m-%d}",
                "entryType": kind,
                "reference": order,
                "currency": plain.currency,
                "amount": amount,
                "balanceBefore": balance,
                "balanceAfter": balance + amount,
                "recipientHandle": "api:123456",
            }
        )
        balance += amount
    return rows


def vipps(plain: Plain, rows: Sequence[Row]) -> bytes:
    fees = [
        {"pspReference": one.id, "entryType": "capture-fee", "currency": plain.currency, "amount": minor(one.fee)}
        for one in plain.movements
        if one.fee
    ]
    return as_json(ledgerId="302321", fromStart=True, funds=list(rows), fees=fees)


def vipps_xml_rows(plain: Plain) -> list[Row]:
    rows = []
    for one in plain.movements:
        refund = one.kind == "refund"
        rows.append(
            {
                "TransactionTime": one.at.isoformat(),
                "TransactionCaptureAmount": "0.00" if refund else str(one.amount),
                "TransactionRefundAmount": str(one.signed) if refund else "0.00",
                "TransactionGrossAmount": str(one.signed),
                "TransactionNetAmount": str(one.net),
                "TransactionFeeAmount": str(one.fee),
                "SettlementCurrencyCode": plain.currency,
                "TransactionID": one.id,
                "OrderID": one.order,
            }
        )
    return rows


def vipps_xml(plain: Plain, rows: Sequence[Row]) -> bytes:
    def total(name: str) -> Decimal:
        return sum((Decimal(row[name]) for row in vipps_xml_rows(plain)), Decimal(0))

    parts = [
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
        '<SettlementReport xmlns="http://vipps.no/xmlschema/SettlementReport-3.0.xsd"><SettlementDetailsInfo>',
        "<SerialNumber>100716</SerialNumber><PaymentsInfo><SettlementInfo><SettlementDate>2026-11-03</SettlementDate>",
        f"<SettlementID>{plain.id}</SettlementID><SettlementCurrencyCode>{plain.currency}</SettlementCurrencyCode>",
        "<SettlementType>Net</SettlementType>",
        *(
            f"<TransactionInfo>{''.join(f'<{name}>{value}</{name}>' for name, value in row.items())}</TransactionInfo>"
            for row in rows
        ),
        f"<NumOfTransactions>{len(plain.movements)}</NumOfTransactions>",
        *(
            f"<{name}SettlementAmount>{total(f'Transaction{name}Amount')}</{name}SettlementAmount>"
            for name in ("Capture", "Refund", "Gross", "Net", "Fee")
        ),
        f"<SettledAmount>{plain.paid}</SettledAmount></SettlementInfo></PaymentsInfo></SettlementDetailsInfo>",
        "</SettlementReport>",
    ]
    return "".join(parts).encode()


SETTLEMENT_HEADER = (
    "SettlementInfo",
    "SalesUnitName",
    "SaleUnitNumber",
    "SettlementDate",
    "SettlementID",
    "SettlementAccount",
    "Gross",
    "Currency",
    "Fee",
    "Refund",
    "Net",
    "NumberOfTransactions",
)
VIPPS_HEADER = (
    "TransactionInfo",
    "SalesDate",
    "SaleUnitName",
    "SaleUnitNumber",
    "TransactionId",
    "SettlementId",
    "OrderID",
    "SettlementDate",
    "Gross",
    "Currency",
    "Fee",
    "Refund",
    "Net",
)


def vipps_csv_rows(plain: Plain) -> list[Row]:
    zero = Decimal("0.00")
    return [
        dict(
            zip(
                VIPPS_HEADER,
                (
                    "TransactionInfo",
                    f"{one.at:%d.%m.%Y}",
                    "Example",
                    "513428",
                    one.id,
                    plain.id,
                    one.order,
                    "03.11.2026",
                    str(zero if one.kind == "refund" else one.amount),
                    plain.currency,
                    str(zero - one.fee),
                    str(one.signed if one.kind == "refund" else zero),
                    str(one.net),
                ),
                strict=True,
            )
        )
        for one in plain.movements
    ]


def vipps_csv(plain: Plain, rows: Sequence[Row]) -> bytes:
    own = vipps_csv_rows(plain)
    gross, fee, refund = (
        sum((Decimal(row[name]) for row in own), Decimal("0.00")) for name in ("Gross", "Fee", "Refund")
    )
    settlement = (
        "SettlementInfo",
        "Example",
        "513428",
        "03.11.2026",
        plain.id,
        "15039794613",
        gross,
        plain.currency,
        fee,
        refund,
        plain.paid,
        len(own),
    )
    lines = [
        "OrganizationNumber,MerchantName",
        "918713867,Example AS",
        "Name,VisitingAddress,Postbox,Zipno,Place,Country,CompanyNumber",
        "Vipps AS,Dronning Eufemias Gate 42,,0191,Oslo,Norway,918713867",
        ",".join(SETTLEMENT_HEADER),
        ",".join(map(str, settlement)),
        "FeeInfo,SettlementDate,SaleUnitName,SaleUnitNumber,FeeAccount,Fee,Currency",
        ",".join(VIPPS_HEADER),
        *(",".join(row.values()) for row in rows),
    ]
    return ("\r\n".join(lines) + "\r\n").encode()
