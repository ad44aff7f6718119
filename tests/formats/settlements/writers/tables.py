"""Settlements as Adyen, and a Danish acquirer, write them."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from pakhus.rules.settlement_columns import ColumnMapping
from tests.formats.settlements.writers.plain import (
    Plain,
    Row,
    csv_bytes,
    danish,
    with_payout,
)

ADYEN_TYPE = {
    "capture": "Settled",
    "refund": "Refunded",
    "chargeback": "Chargeback",
    "fee": "Fee",
    "chargeback_reversal": "ChargebackReversed",
    "reserve_hold": "DepositCorrection",
    "reserve_release": "DepositCorrection",
}
ADYEN_HEADER = (
    "Company Account",
    "Merchant Account",
    "Psp Reference",
    "Merchant Reference",
    "Payment Method",
    "Creation Date",
    "TimeZone",
    "Type",
    "Modification Reference",
    "Gross Currency",
    "Gross Debit (GC)",
    "Gross Credit (GC)",
    "Exchange Rate",
    "Net Currency",
    "Net Debit (NC)",
    "Net Credit (NC)",
    "Commission (NC)",
    "Markup (NC)",
    "Scheme Fees (NC)",
    "Interchange (NC)",
    "Payment Method Variant",
    "Batch Number",
    "Reserved4",
    "Booking Date",
    "Booking Date TimeZone",
)


def adyen_rows(plain: Plain) -> list[Row]:
    rows = []
    for one in plain.movements:
        of_payment = one.kind in ("capture", "refund", "chargeback", "chargeback_reversal")
        row = {
            "Company Account": "C",
            "Merchant Account": "SHOP",
            "TimeZone": "CET",
            "Type": ADYEN_TYPE[one.kind],
            "Creation Date": f"{one.at.astimezone(ZoneInfo('Europe/Copenhagen')):%Y-%m-%d %H:%M:%S}",
            "Modification Reference": one.id,
            "Net Currency": plain.currency,
            "Batch Number": plain.id,
            "Merchant Reference": one.order,
            "Psp Reference": f"psp{one.id}" if of_payment else "",
        }
        row |= {"Net Credit (NC)": str(one.net)} if one.net >= 0 else {"Net Debit (NC)": str(-one.net)}
        if of_payment:
            side = "Gross Credit (GC)" if one.signed >= 0 else "Gross Debit (GC)"
            row |= {"Gross Currency": plain.currency, side: str(one.amount), "Exchange Rate": "1"}
        if one.fee:
            row |= {"Commission (NC)": str(one.fee)}
        rows.append(row)
    side = "Net Debit (NC)" if plain.paid >= 0 else "Net Credit (NC)"
    rows.append(
        {
            "Company Account": "C",
            "Merchant Account": "SHOP",
            "Creation Date": "2026-11-03 00:46:38",
            "TimeZone": "CET",
            "Type": "MerchantPayout",
            "Modification Reference": f"TX1 batch {plain.id}",
            "Net Currency": plain.currency,
            side: str(abs(plain.paid)),
            "Batch Number": plain.id,
        }
    )
    return rows


COLUMNS = ColumnMapping.model_validate(
    {
        "version": "1",
        "provider": "nets",
        "columns": {
            "type": "Transaktionstype",
            "id": "Reference",
            "date": "Dato",
            "gross": "Beløb",
            "fee": "Gebyr",
            "net": "Netto",
            "currency": "Valuta",
            "order": "Ordrenr.",
            "batch": "Udbetaling",
        },
        "types": {
            "Salg": "capture",
            "Retur": "refund",
            "Indsigelse": "chargeback",
            "Gebyr": "fee",
            "Udbetalt": "payout",
        },
        "dates": "%d.%m.%Y %H:%M:%S",
        "numbers": {"decimal": ",", "thousands": "."},
    }
)
WORD = {"capture": "Salg", "refund": "Retur", "chargeback": "Indsigelse", "fee": "Gebyr", "payout": "Udbetalt"}


def nets_rows(plain: Plain) -> list[Row]:
    rows = []
    for one in with_payout(plain):
        signed = one.amount if one.kind == "payout" else one.signed
        rows.append(
            {
                "Transaktionstype": WORD[one.kind],
                "Reference": one.id,
                "Udbetaling": plain.id,
                "Dato": f"{one.at.astimezone(ZoneInfo('Europe/Copenhagen')):%d.%m.%Y %H:%M:%S}",
                "Valuta": plain.currency,
                "Beløb": danish(signed),
                "Gebyr": danish(-one.fee),
                "Netto": danish(signed - one.fee),
                "Ordrenr.": one.order,
            }
        )
    return rows


def nets(plain: Plain, rows: Sequence[Row]) -> bytes:
    return csv_bytes(rows, list(nets_rows(plain)[0]), ";").decode().encode("cp1252")
