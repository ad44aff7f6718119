"""All forms that settlements come in, each with its writer."""

from __future__ import annotations

from tests.formats.settlements.writers.acquirers import clearhaus, clearhaus_rows, epay, epay_rows
from tests.formats.settlements.writers.klarna import klarna, klarna_csv, klarna_csv_rows, klarna_rows
from tests.formats.settlements.writers.paypal import ACTIVITY_HEADER, activity_rows, search, search_rows, stl, stl_rows
from tests.formats.settlements.writers.plain import Form, csv_bytes
from tests.formats.settlements.writers.stripe import STRIPE_HEADER, stripe, stripe_csv_rows, stripe_payouts, stripe_rows
from tests.formats.settlements.writers.tables import ADYEN_HEADER, COLUMNS, adyen_rows, nets, nets_rows
from tests.formats.settlements.writers.vipps_mobilepay import (
    vipps,
    vipps_csv,
    vipps_csv_rows,
    vipps_rows,
    vipps_xml,
    vipps_xml_rows,
)
from tests.formats.settlements.writers.woopayments import woo, woo_rows

_ALL = ("capture", "refund", "chargeback", "chargeback_reversal", "fee", "reserve_hold", "reserve_release")
FORMS: tuple[Form, ...] = (
    Form(
        "stripe", _ALL, stripe_rows, stripe, ("amount", "net"), (("amount", "fee"), ("fee", "net"), ("amount", "net"))
    ),
    Form(
        "stripe_csv",
        _ALL,
        stripe_csv_rows,
        lambda _, rows: csv_bytes(rows, STRIPE_HEADER),
        ("gross", "net"),
        (("gross", "fee"), ("fee", "net"), ("gross", "net")),
        also=stripe_payouts,
    ),
    Form(
        "woopayments",
        ("capture", "refund", "chargeback", "chargeback_reversal", "fee", "fee_refund"),
        woo_rows,
        woo,
        ("net_amount",),
        (("amount", "fees"), ("fees", "net_amount"), ("amount", "net_amount")),
    ),
    Form("klarna", (*_ALL, "fee_refund"), klarna_rows, klarna, ("amount",), ()),
    Form("klarna_csv", (*_ALL, "fee_refund"), klarna_csv_rows, klarna_csv, ("amount",), ()),
    Form(
        "vipps_mobilepay",
        ("capture", "refund", "chargeback", "chargeback_reversal"),
        vipps_rows,
        vipps,
        ("amount",),
        (("amount", "balanceBefore"), ("amount", "balanceAfter")),
        batch_id=lambda plain: f"302321-{plain.id}",
    ),
    Form(
        "vipps_mobilepay_xml",
        ("capture", "refund"),
        vipps_xml_rows,
        vipps_xml,
        ("TransactionCaptureAmount", "TransactionRefundAmount", "TransactionNetAmount"),
        (
            ("TransactionCaptureAmount", "TransactionRefundAmount"),
            ("TransactionGrossAmount", "TransactionFeeAmount"),
            ("TransactionNetAmount", "TransactionFeeAmount"),
        ),
        batch_id=lambda plain: f"100716-{plain.id}",
    ),
    Form(
        "vipps_mobilepay_csv",
        ("capture", "refund"),
        vipps_csv_rows,
        vipps_csv,
        ("Gross", "Refund", "Net"),
        (("Gross", "Net"), ("Gross", "Refund"), ("Net", "Fee")),
        batch_id=lambda plain: f"513428-{plain.id}",
    ),
    Form("clearhaus", ("capture", "refund", "chargeback"), clearhaus_rows, clearhaus, ("amount",), ()),
    Form("epay", ("capture", "refund"), epay_rows, epay, ("settlementNetAmount",), ()),
    Form(
        "paypal_stl",
        (*_ALL, "fee_refund"),
        stl_rows,
        stl,
        ("Gross Transaction Amount",),
        (("Gross Transaction Amount", "Fee Amount"), ("Transaction  Debit or Credit", "Fee Debit or Credit")),
        batch_id=lambda plain: f"ACCOUNT1-2026-11-02-{plain.currency}",
    ),
    Form(
        "paypal_search",
        (*_ALL, "fee_refund"),
        search_rows,
        search,
        ("amount",),
        (("amount", "balance"),),
        batch_id=lambda plain: f"ACCOUNT1-2026-11-02_2026-11-02-{plain.currency}",
    ),
    Form(
        "paypal_activity",
        (*_ALL, "fee_refund"),
        activity_rows,
        lambda _, rows: csv_bytes(rows, ACTIVITY_HEADER),
        ("Gross", "Net"),
        (("Gross", "Fee"), ("Fee", "Net"), ("Gross", "Net"), ("Net", "Balance")),
        day_first=True,
        batch_id=lambda plain: f"2026-11-02_2026-11-02-{plain.currency}",
    ),
    Form(
        "adyen",
        _ALL,
        adyen_rows,
        lambda _, rows: csv_bytes(rows, ADYEN_HEADER),
        ("Gross Debit (GC)", "Gross Credit (GC)", "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)"),
        (
            ("Gross Debit (GC)", "Gross Credit (GC)"),
            ("Net Debit (NC)", "Net Credit (NC)"),
            ("Commission (NC)", "Net Credit (NC)"),
        ),
        batch_id=lambda plain: f"SHOP-{plain.id}-{plain.currency}",
    ),
    Form(
        "column_mapping",
        ("capture", "refund", "chargeback", "fee"),
        nets_rows,
        nets,
        ("Beløb", "Netto"),
        (("Beløb", "Gebyr"), ("Gebyr", "Netto"), ("Beløb", "Netto")),
        batch_id=lambda plain: f"{plain.id}-{plain.currency}",
        columns=COLUMNS,
    ),
)
