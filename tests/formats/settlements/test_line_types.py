"""Every type of line that a provider documents is read as its kind; any other is refused, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pakhus.formats.settlements.readers import READERS
from pakhus.formats.settlements.records import SettlementFormatError
from pakhus.settlements import BatchLine
from tests.formats.settlements.reading import batches, changed, edited, fixture

STRIPE = {
    ("charge", 1000): "capture",
    ("partial_capture_reversal", -1000): "refund",
    ("refund", -1000): "refund",
    ("charge_failure", -1000): "adjustment",
    ("refund_failure", 1000): "adjustment",
    ("dispute", -1000): "chargeback",
    ("dispute_reversal", 1000): "chargeback_reversal",
    ("fee", -1000): "fee",
    ("network_cost", -1000): "fee",
    ("tax", -1000): "tax",
    ("risk_reserved_funds", -1000): "reserve_hold",
    ("risk_reserved_funds", 1000): "reserve_release",
    ("payout_minimum_balance_hold", -1000): "reserve_hold",
    ("payout_minimum_balance_release", 1000): "reserve_release",
    ("other_adjustment", -1000): "adjustment",
    ("topup", 1000): "topup",
    ("topup_reversal", -1000): "adjustment",
    ("payout_reversal", 1000): "payout_failed",
    ("transfer", -1000): "adjustment",
    ("transfer_reversal", 1000): "adjustment",
    ("platform_earning", 1000): "adjustment",
    ("platform_earning_refund", -1000): "adjustment",
}
WOOPAYMENTS = {
    "charge": "capture",
    "payment": "capture",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "adjustment",
    "payment_failure_refund": "adjustment",
    "dispute": "chargeback",
    "dispute_reversal": "chargeback_reversal",
    "card_reader_fee": "fee",
    "fee_refund": "fee_refund",
    "adjustment": "adjustment",
    "financing_payout": "topup",
    "financing_paydown": "adjustment",
}
KLARNA = {
    "SALE": ("capture", 1),
    "RETURN": ("refund", -1),
    "REVERSAL": ("chargeback", -1),
    "REVERSAL_MERCHANT_PROTECTION": ("chargeback_reversal", 1),
    "FEE": ("fee", -1),
    "FEE_REFUND": ("fee_refund", 1),
    "TAX": ("tax", -1),
    "COMMISSION": ("adjustment", 1),
    "CORRECTION": ("adjustment", 1),
    "CHARGE": ("adjustment", -1),
    "CREDIT": ("adjustment", 1),
    "HOLDBACK": ("reserve_hold", -1),
    "RELEASE": ("reserve_release", 1),
}
VIPPS = {
    ("capture", 1): "capture",
    ("refund", -1): "refund",
    ("fees-retained", -1): "fee",
    ("payout-aborted", 1): "payout_failed",
    ("retained-disputed-capture", -1): "chargeback",
    ("returned-disputed-capture", 1): "chargeback_reversal",
    ("correction", -1): "adjustment",
    ("top-up", 1): "topup",
    ("credit-note", 1): "fee_refund",
}
PAYPAL = {
    ("T0006", "CR"): "capture",
    ("T0000", "DR"): "adjustment",
    ("T0106", "DR"): "fee",
    ("T0200", "CR"): "adjustment",
    ("T0300", "CR"): "topup",
    ("T0400", "DR"): "payout",
    ("T0400", "CR"): "payout_failed",
    ("T1106", "DR"): "chargeback",
    ("T1107", "DR"): "refund",
    ("T1108", "CR"): "fee_refund",
    ("T1110", "DR"): "reserve_hold",
    ("T1111", "CR"): "reserve_release",
    ("T1201", "DR"): "chargeback",
    ("T1202", "CR"): "chargeback_reversal",
    ("T1900", "DR"): "adjustment",
    ("T2103", "DR"): "reserve_hold",
    ("T2104", "CR"): "reserve_release",
}
ADYEN = {
    ("Settled", "Credit"): "capture",
    ("Refunded", "Debit"): "refund",
    ("SettledReversed", "Debit"): "refund",
    ("RefundedReversed", "Credit"): "adjustment",
    ("Chargeback", "Debit"): "chargeback",
    ("SecondChargeback", "Debit"): "chargeback",
    ("ChargebackReversed", "Credit"): "chargeback_reversal",
    ("Fee", "Debit"): "fee",
    ("InvoiceDeduction", "Debit"): "fee",
    ("PaymentCost", "Debit"): "fee",
    ("MiscCosts", "Debit"): "fee",
    ("Balancetransfer", "Credit"): "carry",
    ("DepositCorrection", "Debit"): "reserve_hold",
    ("DepositCorrection", "Credit"): "reserve_release",
    ("ReserveAdjustment", "Debit"): "reserve_hold",
    ("ManualCorrected", "Debit"): "adjustment",
    ("BankInstructionReturned", "Credit"): "payout_failed",
    ("MerchantPayout", "Debit"): "payout",
}


def first(reader: str, content: bytes) -> BatchLine:
    [batch] = batches(reader, content)
    return batch.lines[0]


@pytest.mark.parametrize(("category", "kind"), STRIPE.items())
def test_stripe(category: tuple[str, int], kind: str) -> None:
    def change(said: Any) -> None:
        row = {"reporting_category": category[0], "amount": category[1], "fee": 0, "net": category[1]}
        said["balance_transactions"][1] |= row

    line = first("stripe", changed("stripe", change))
    assert (line.kind.value, line.net * 100) == (kind, category[1])


@pytest.mark.parametrize(("category", "kind"), STRIPE.items())
def test_stripe_report(category: tuple[str, int], kind: str) -> None:
    amount = f"{category[1] / 100:.2f}"
    content = edited("stripe_csv", ("499.00,7.24,491.76,charge", f"{amount},0.00,{amount},{category[0]}"))
    line = first("stripe_csv", content)
    assert (line.kind.value, f"{line.net:.2f}") == (kind, amount)


@pytest.mark.parametrize(("word", "kind"), WOOPAYMENTS.items())
def test_woopayments(word: str, kind: str) -> None:
    def change(said: Any) -> None:
        said["transactions"][0] |= {"type": word, "fees": 0, "net_amount": said["transactions"][0]["amount"]}

    assert first("woopayments", changed("woopayments", change)).kind.value == kind


@pytest.mark.parametrize(("word", "meaning"), KLARNA.items())
def test_klarna(word: str, meaning: tuple[str, int]) -> None:
    kind, sign = meaning

    def change(said: Any) -> None:
        said["transactions"][0] |= {"type": word, "detailed_type": ""}

    for reader, content in (
        ("klarna", changed("klarna", change)),
        ("klarna_csv", edited("klarna_csv", ("499;a1;;DKK;sale", f"499;a1;;DKK;{word.lower()}"))),
    ):
        line = first(reader, content)
        assert (line.kind.value, line.net) == (kind, 499 * sign)


def test_klarna_commission_that_is_taken_back_is_taken() -> None:
    def change(said: Any) -> None:
        said["transactions"][0] |= {"type": "COMMISSION", "detailed_type": "COMMISSION_RETURN"}

    assert first("klarna", changed("klarna", change)).net == -499


@pytest.mark.parametrize(("entry", "kind"), VIPPS.items())
def test_vipps_mobilepay(entry: tuple[str, int], kind: str) -> None:
    def change(said: Any) -> None:
        row = said["funds"][0]
        row |= {"entryType": entry[0], "amount": row["amount"] * entry[1]}
        balance = 0
        for each in said["funds"]:
            each |= {"balanceBefore": balance, "balanceAfter": balance + each["amount"]}
            balance += each["amount"]

    line = first("vipps_mobilepay", changed("vipps_mobilepay", change))
    assert (line.kind.value, line.net) == (kind, 499 * entry[1])


@pytest.mark.parametrize(("code", "kind"), PAYPAL.items())
def test_paypal(code: tuple[str, str], kind: str) -> None:
    sign = 1 if code[1] == "CR" else -1

    def change(said: Any) -> None:
        info = said["transaction_details"][0]["transaction_info"]
        info["transaction_event_code"] = code[0]
        info["transaction_amount"]["value"] = f"{499 * sign}.00"

    assert first("paypal_search", changed("paypal_search", change)).kind.value == kind
    totals = ("200287,197382", "200287,197382" if sign > 0 else f"{200287 - 49900},{197382 + 49900}")
    row = ('"T0006","2026/11/02 09:00:00 +0000","2026/11/02 09:00:00 +0000","CR"',) * 2
    said = row[0].replace("T0006", code[0]).replace('"CR"', f'"{code[1]}"')
    assert first("paypal_stl", edited("paypal_stl", (row[0], said), totals)).kind.value == kind


@pytest.mark.parametrize(("word", "kind"), ADYEN.items())
def test_adyen(word: tuple[str, str], kind: str) -> None:
    credit = word[1] == "Credit"
    edits = [("CET,Settled,a1,DKK,,499.00,1,DKK,,491.76,7.24", f"CET,{word[0]},a1,,,,,DKK,491.76,,")]
    if credit:
        edits = [("CET,Settled,a1,DKK,,499.00,1,DKK,,491.76,7.24", f"CET,{word[0]},a1,,,,,DKK,,491.76,")]
    assert first("adyen", edited("adyen", *edits)).kind.value == kind


def unknown(field: str, *path: str | int) -> Callable[[Any], None]:
    def change(said: Any) -> None:
        for step in path:
            said = said[step]
        said[field] = "something_new"

    return change


UNKNOWN = {
    "stripe": changed("stripe", unknown("reporting_category", "balance_transactions", 1)),
    "stripe_csv": edited("stripe_csv", (",charge,", ",something_new,")),
    "woopayments": changed("woopayments", unknown("type", "transactions", 0)),
    "klarna": changed("klarna", unknown("type", "transactions", 0)),
    "klarna_csv": edited("klarna_csv", (";sale;", ";something_new;")),
    "vipps_mobilepay": changed("vipps_mobilepay", unknown("entryType", "funds", 0)),
    "vipps_mobilepay_xml": edited("vipps_mobilepay_xml", (">Net<", ">something_new<")),
    "vipps_mobilepay_csv": edited("vipps_mobilepay_csv", ("TransactionInfo,02.11.2026", "something_new,02.11.2026")),
    "clearhaus": changed("clearhaus", unknown("type", "transactions", 0)),
    "epay": changed("epay", unknown("type", "transactions", 0, "adjustments", 0)),
    "paypal_stl": edited("paypal_stl", ("T0006", "X0006")),
    "paypal_search": changed(
        "paypal_search", unknown("transaction_event_code", "transaction_details", 0, "transaction_info")
    ),
    "paypal_activity": edited("paypal_activity", ("Express Checkout Payment", "something_new")),
    "adyen": edited("adyen", (",Settled,", ",something_new,")),
    "column_mapping": edited("column_mapping", ("Salg", "something_new"), encoding="cp1252"),
}


@pytest.mark.edge(69)
@pytest.mark.parametrize("reader", sorted(READERS))
def test_refuses_an_unknown_type_with_place_and_advice(reader: str) -> None:
    with pytest.raises(SettlementFormatError) as refused:
        batches(reader, UNKNOWN[reader])
    text = str(refused.value)
    assert text.startswith("nets: " if reader == "column_mapping" else f"{reader.removesuffix('_api')}: ")
    assert any(word in text for word in ("row ", "[0]", "[1]", "SettlementInfo 1"))
    assert "; " in text
    assert fixture(reader) != UNKNOWN[reader]
