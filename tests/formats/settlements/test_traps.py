"""What makes wrong money of a right file, or a right one of a broken file: refused, with the place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from babel.numbers import get_currency_precision, list_currencies

from pakhus.formats.settlements.batches import Source
from pakhus.formats.settlements.quickpay import joined, order_ids
from pakhus.formats.settlements.readers import read
from pakhus.formats.settlements.records import Record, SettlementFormatError
from pakhus.rules.minor_units import decimals_of, fits, from_minor
from pakhus.rules.settlement_balance import balance_problems
from tests.formats.settlements.reading import batches, changed, edited, fixture

D = Decimal
ENGLISH = (
    "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Reference Txn ID,Invoice Number,Balance"
)
DANISH = (
    "Dato,Tid,Tidszone,Navn,Type,Status,Valuta,Brutto,Gebyr,Netto,Transaktions-id,Referencetransaktions-id,"
    "Fakturanummer,Saldo"
)


def refused(reader: str, content: bytes, **facts: Any) -> str:
    with pytest.raises(SettlementFormatError) as error:
        batches(reader, content, **facts)
    return str(error.value)


def test_decimal_comma_without_quotes_is_refused_by_its_row() -> None:
    """As in the vendor's own sample."""
    text = refused("vipps_mobilepay_csv", edited("vipps_mobilepay_csv", ("0.00,491.76", "0.00,491,76")))
    assert "row 9: has 13 cells under 12 columns" in text
    assert "decimal comma" in text


def test_decimal_comma_in_quotes_is_read() -> None:
    quoted = edited("vipps_mobilepay_csv", ("499.00,DKK,-7.24,0.00,491.76", '"499,00",DKK,"-7,24","0,00","491,76"'))
    assert batches("vipps_mobilepay_csv", quoted)[0].lines[0].net == D("491.76")


def test_sections_that_stand_twice_count_once() -> None:
    content = fixture("vipps_mobilepay_csv")
    again = content[content.index(b"SettlementInfo,SalesUnitName") :]
    assert batches("vipps_mobilepay_csv", content + again)[0].lines == batches("vipps_mobilepay_csv")[0].lines


@pytest.mark.parametrize(
    ("reader", "edit", "told"),
    [
        ("stripe_csv", (",491.76,charge", ",charge"), "cells under"),
        ("stripe_csv", ("balance_transaction_id,created_utc", "id,created_utc"), "lacks balance_transaction_id"),
        ("stripe_csv", ("created_utc,created", "created,created"), "created stands there twice"),
        ("stripe_csv", ("499.00,7.24", '"1,499.00",7.24'), "'1,499.00' is no amount like 1234.50"),
        ("stripe_csv", ("499.00,7.24", "1.499,7.24"), "1.499 has more decimals than DKK (2)"),
        ("stripe_csv", ("499.00,7.24", "4.99e2,7.24"), "is no amount"),
        ("stripe_csv", ("2026-11-02 09:00:00", "02/11/2026 09:00"), "is no time"),
        ("stripe_csv", (",dkk,499", ",kr,499"), "'KR' is no currency"),
        ("adyen", ("CET,Settled", "XYZ,Settled"), "'XYZ' is no time zone"),
        ("adyen", ("DKK,,499.00", "DKK,,-499.00"), "its side is a column of its own"),
        ("klarna_csv", ("499;a1", "-499;a1"), "is negative, though the type says the sign already"),
        ("paypal_stl", ('"SC",5', '"SC",6'), "counts 6 rows, the section has 5"),
        ("paypal_stl", ("200287,197382", "200288,197382"), "the totals say 2002.88"),
        ("paypal_stl", ('"CR",49900', '"CR",499.00'), "'499.00' is no whole number"),
        ("paypal_activity", ('"499,00"', '"4.99,00"'), "is no amount"),
        ("vipps_mobilepay_xml", ("<SettlementReport ", "<!DOCTYPE x><SettlementReport "), "document type"),
        ("vipps_mobilepay_xml", ("SettlementReport-3.0", "SettlementReport-2.0"), "of version 3.0"),
        ("vipps_mobilepay_xml", ("<NumOfTransactions>4", "<NumOfTransactions>5"), "is not the number of transactions"),
    ],
)
def test_refuses(reader: str, edit: tuple[str, str], told: str) -> None:
    assert told in refused(reader, edited(reader, edit))


@pytest.mark.parametrize(
    ("reader", "change", "told"),
    [
        ("stripe", lambda said: said["balance_transactions"][1].update(amount=499.5), "'499.5' is no whole number"),
        ("stripe", lambda said: said["payout"].update(automatic=False), "a manual payout is not itemised"),
        ("stripe", lambda said: said["payout"].update(reconciliation_status="in_progress"), "read it again later"),
        ("stripe", lambda said: said["payout"].update(amount=1), "is not what the payout's own balance transaction"),
        ("woopayments", lambda said: said["transactions"][0].update(deposit_id="po_2"), "is not the deposit's"),
        ("klarna", lambda said: said["transactions"][0].update(payment_reference="X"), "is not the payout's"),
        ("clearhaus", lambda said: said["settlement"]["summary"].update(net=1), "with or without signs"),
        ("clearhaus", lambda said: said["settlement"]["fees"].update(sales=1), "is not the summary's"),
        ("epay", lambda said: said["transfer"].update(netAmount="1.901,86"), "is no amount like 1234.50"),
        ("vipps_mobilepay", lambda said: said["funds"].pop(1), "an entry is missing, or there twice"),
        (
            "paypal_search",
            lambda said: [each["transaction_info"].pop("ending_balance") for each in said["transaction_details"]],
            "ask for fields=transaction_info",
        ),
    ],
)
def test_refuses_answers(reader: str, change: Any, told: str) -> None:
    assert told in refused(reader, changed(reader, change))


def test_clearhaus_signs_are_found_by_its_own_net() -> None:
    def signed(said: Any) -> None:
        summary, fees = said["settlement"]["summary"], said["settlement"]["fees"]
        summary |= {"refunds": -summary["refunds"], "fees": -summary["fees"]}
        said["settlement"]["fees"] = {name: -amount for name, amount in fees.items()}

    plain, other = batches("clearhaus")[0], batches("clearhaus", changed("clearhaus", signed))[0]
    assert plain.lines == other.lines


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("reader", ["stripe_csv", "klarna_csv", "paypal_stl", "paypal_activity", "adyen"])
def test_files_say_their_encoding_by_a_mark(reader: str, encoding: str) -> None:
    again = batches(reader, fixture(reader).decode().encode(encoding))[0]
    assert again.lines == batches(reader)[0].lines


def test_letters_of_windows_are_read() -> None:
    """The fixture has them: Beløb."""
    assert b"Bel\xf8b" in fixture("column_mapping")
    assert batches("column_mapping", fixture("column_mapping").decode("cp1252").encode())[0].id == "PAYOUT7001-DKK"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x81\x8d", b"{", b"[]", b"<a/>"])
@pytest.mark.parametrize(
    "reader", ["stripe", "klarna_csv", "adyen", "paypal_stl", "vipps_mobilepay_xml", "paypal_activity"]
)
def test_what_is_no_such_file_is_refused_not_a_crash(reader: str, content: bytes) -> None:
    assert refused(reader, content).startswith(f"{reader}: ")


def test_danish_and_american_dates_are_told_apart_by_the_file_or_asked_for() -> None:
    american = edited("paypal_activity", ("02/11/2026", "11/13/2026"))
    assert str(batches("paypal_activity", american, day_first=None)[0].payout_on) == "2026-11-13"
    assert "day and month cannot be told apart" in refused(
        "paypal_activity", fixture("paypal_activity"), day_first=None
    )
    assert str(batches("paypal_activity", day_first=False)[0].payout_on) == "2026-02-11"


def test_activity_in_danish_has_danish_headers() -> None:
    danish = edited(
        "paypal_activity",
        (ENGLISH, DANISH),
    )
    assert batches("paypal_activity", danish)[0].lines == batches("paypal_activity")[0].lines


def test_activity_with_points_is_read_by_points() -> None:
    """Within quotes, points and commas change their places; between them, commas divide cells."""
    turned = str.maketrans({",": ".", ".": ","})
    parts = fixture("paypal_activity").decode().split('"')
    pointed = '"'.join(part.translate(turned) if at % 2 else part for at, part in enumerate(parts))
    assert '"1,249.00"' in pointed
    assert batches("paypal_activity", pointed.encode())[0].lines == batches("paypal_activity")[0].lines


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"id": "or\x00der"}, "holds what is no character"),
        ({"id": "or\ud83dder"}, "holds what is no character"),
        ({"amount": "100000000000000.00"}, "is beyond all amounts"),
        ({"minor": 10**16}, "is beyond all amounts"),
    ],
)
def test_what_the_ledger_cannot_keep_is_refused_with_its_place(values: dict[str, Any], told: str) -> None:
    record = Record("stripe", "row 7", 7, {"id": "x", "amount": "1.00", "minor": 100, **values})
    with pytest.raises(SettlementFormatError, match=f"row 7.*{told}"):
        (record.text("id"), record.amount("amount", "DKK"), record.minor("minor", "DKK"))


def test_message_holds_no_address() -> None:
    record = Record("stripe", "row 1", 1, {"date": "buyer@example.com"})
    with pytest.raises(SettlementFormatError) as error:
        record.moment("date")
    assert "buyer@" not in str(error.value)


def test_exponents_are_those_of_iso_4217() -> None:
    """CLDR, which babel has, differs where people have stopped to write decimals that the standard still has."""
    for currency in list_currencies():
        if len(currency) == 3 and get_currency_precision(currency) > decimals_of(currency):
            assert currency in ("UYW",), currency
    assert [from_minor(10000, code) for code in ("DKK", "JPY", "KWD")] == [D("100.00"), D(10000), D("10.000")]
    assert [fits(D(text), "DKK") for text in ("1.20", "1.234", "1.230", "1E+3")] == [True, False, True, True]
    assert not fits(D("0.5"), "JPY")


def test_gateway_joins_the_acquirers_reference_with_the_order() -> None:
    def without_orders(said: Any) -> None:
        for row in said["transactions"]:
            row["reference"] = ""

    bought, back = operation("capture", "20000", "b1"), operation("refund", "20000", "r1")
    payments = [
        {"id": 91, "order_id": "1001", "operations": [operation("capture", "20000", "a1")]},
        {"id": 92, "order_id": "1002", "operations": [bought, back]},
        {"id": 93, "order_id": "1003", "operations": [operation("capture", "40000", "c1")]},
        {"id": 94, "order_id": "1004", "operations": [operation("capture", "20000", "twice")]},
        {"id": 95, "order_id": "1005", "operations": [operation("capture", "20000", "twice")]},
    ]
    orders = order_ids(json.dumps(payments).encode())
    own = {f"9{at}": f"100{at}" for at in range(1, 6)}
    assert orders == own | {"a1": "1001", "b1": "1002", "r1": "1002"}
    [batch] = batches("clearhaus", changed("clearhaus", without_orders))
    lines = joined(batch, orders).lines
    assert [line.order_reference for line in lines[:4]] == ["1001", "1002", "", "1002"]
    assert balance_problems(joined(batch, orders)) == []


def operation(kind: str, status: str, reference: str) -> dict[str, Any]:
    return {"type": kind, "amount": 100, "qp_status_code": status, "data": {"reference": reference}}


def test_unknown_reader_is_named() -> None:
    with pytest.raises(ValueError, match="no reader 'nets'; known: adyen"):
        read("nets", Source(b"", "main"))
