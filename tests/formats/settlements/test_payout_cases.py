"""Payouts that are not the plain case: negative, carried, failed, in two currencies, over a month's end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pakhus.rules.settlement_balance import Missing, balance_problems
from pakhus.rules.settlement_issues import compare
from pakhus.rules.settlement_matching import Outcome, match_lines
from pakhus.settlements import Batch
from tests.formats.settlements.reading import batches, changed, edited, fixture, gap_between
from tests.rules.settlements import item

D = Decimal


def amount(batch: Batch, kind: str) -> Decimal:
    return sum((line.net for line in batch.lines if line.kind.value == kind), D(0))


def only(*rows: int, paid: int) -> bytes:
    """Stripe's payout with some of its transactions (1 to 4) and the amount that they make."""

    def change(said: Any) -> None:
        own = said["balance_transactions"][0]
        own |= {"amount": -paid, "net": -paid}
        said["payout"]["amount"] = paid
        said["balance_transactions"] = [own, *(said["balance_transactions"][row] for row in rows)]

    return changed("stripe", change)


@pytest.mark.edge(59)
def test_negative_payout_is_taken_from_the_bank() -> None:
    [batch] = batches("stripe", only(4, paid=-7196))
    assert balance_problems(batch) == []
    assert amount(batch, "payout") == D("71.96")


@pytest.mark.edge(60)
def test_klarnas_debt_is_carried_and_nothing_is_paid_out() -> None:
    def debt(said: Any) -> None:
        said["transactions"] = said["transactions"][-1:]
        said["payout"]["totals"] |= {
            "sale_amount": 0,
            "fee_amount": 0,
            "settlement_amount": 0,
            "opening_debt_balance_amount": 1000,
            "closing_debt_balance_amount": 8196,
            "deposit_amount": 7196,
        }

    [batch] = batches("klarna", changed("klarna", debt))
    assert balance_problems(batch) == []
    assert (batch.opening, batch.closing, amount(batch, "payout")) == (D("-10.00"), D("-81.96"), 0)
    [before] = batches("klarna")
    gap = gap_between(before, batch)
    assert gap is not None
    assert gap.endswith(": -10.00 lies between")


@pytest.mark.edge(60)
def test_adyens_balance_goes_into_the_next_batch() -> None:
    content = edited("adyen", (",MerchantPayout,TX1 batch PAYOUT7001,", ",Balancetransfer,,"))
    [batch] = batches("adyen", content)
    assert balance_problems(batch) == []
    assert amount(batch, "carry") == D("-1901.86")


@pytest.mark.edge(62)
def test_payout_that_the_bank_refused_is_owed_again() -> None:
    failed = batches("woopayments", changed("woopayments", lambda said: said["deposit"].update(status="failed")))
    cancelled = batches(
        "clearhaus", changed("clearhaus", lambda said: said["settlement"]["payout"].update(cancelled_date="2026-11-06"))
    )
    for [batch] in (failed, cancelled):
        assert balance_problems(batch) == []
        assert (amount(batch, "payout_failed"), batch.closing) == (D("1901.86"), D("1901.86"))


@pytest.mark.edge(62)
def test_failed_payout_comes_back_into_a_later_one() -> None:
    def later(said: Any) -> None:
        said["balance_transactions"][1] |= {"reporting_category": "payout_reversal", "fee": 0, "net": 49900}
        own = said["balance_transactions"][0]
        own |= {"amount": own["amount"] - 724, "net": own["net"] - 724}
        said["payout"]["amount"] += 724

    [batch] = batches("stripe", changed("stripe", later))
    assert balance_problems(batch) == []
    assert amount(batch, "payout_failed") == D("499.00")


@pytest.mark.edge(63)
def test_two_currencies_of_a_day_are_two_batches() -> None:
    rows = [
        '"SB","e1",1009,"","","T0006","2026/11/02 09:00:00 +0000","2026/11/02 09:00:00 +0000","CR",10000,"EUR"',
        '"DR",257,"EUR","","","",""',
    ]
    content = edited(
        "paypal_stl",
        ('"SF","DKK",200287', f'{",".join(rows)}\n"SF","EUR",10000,0,0,257,"CR",0,"CR",9743\n"SF","DKK",200287'),
        ('"SC",5', '"SC",6'),
    )
    found = {batch.currency: batch for batch in batches("paypal_stl", content)}
    assert sorted(found) == ["DKK", "EUR"]
    assert len({batch.id for batch in found.values()}) == 2
    assert [balance_problems(batch) for batch in found.values()] == [[], []]
    assert (found["EUR"].opening, found["EUR"].closing, amount(found["EUR"], "payout")) == (0, D("97.43"), 0)


@pytest.mark.edge(64)
def test_batch_over_a_months_end_keeps_the_day_of_each_line() -> None:
    october = edited(
        "adyen",
        ("2026-11-02 10:00:00", "2026-10-31 23:30:00"),
        ("2026-11-02 10:20:00", "2026-11-01 00:10:00"),
    )
    [batch] = batches("adyen", october)
    assert balance_problems(batch) == []
    assert [str(line.booked_on) for line in batch.lines[:2]] == ["2026-10-31", "2026-11-01"]
    assert batch.lines[0].occurred_at.isoformat() == "2026-10-31T22:30:00+00:00"
    assert batch.period is not None
    assert (batch.period.start.month, batch.period.end.month, str(batch.payout_on)) == (10, 11, "2026-11-03")


@pytest.mark.edge(65)
def test_batch_of_fees_alone_is_taken_from_the_bank() -> None:
    def fee(said: Any) -> None:
        said["balance_transactions"][1] |= {"reporting_category": "fee", "amount": -9900, "fee": 0, "net": -9900}
        said["balance_transactions"] = said["balance_transactions"][:2]
        said["balance_transactions"][0] |= {"amount": 9900, "net": 9900}
        said["payout"]["amount"] = -9900

    [batch] = batches("stripe", changed("stripe", fee))
    assert balance_problems(batch) == []
    assert [line.kind.value for line in batch.lines] == ["fee", "payout"]
    assert match_lines(batch.lines, [item("1001", "-99.00")]) == []


@pytest.mark.edge(66)
def test_file_that_comes_again_with_other_money_says_what_changed() -> None:
    [before] = batches("klarna_csv")
    [same] = batches("klarna_csv", fixture("klarna_csv").replace(b"purchase_country", b"purchase_land"))
    assert same.file_sha256 != before.file_sha256
    assert compare(before, same).is_same
    other = edited("klarna_csv", ("\r\n71.96;;r1", "\r\n61.96;;r1"), ("0;2002.87;71.96;", "0;2002.87;61.96;"))
    found = compare(before, batches("klarna_csv", other)[0])
    assert not found.is_same
    assert found.text() == "line 11 (refund) was -71.96, is -61.96"
    assert [line.number for line in compare(before, batches("klarna_csv", dropped("klarna_csv"))[0]).removed] == [11]
    [elsewhere] = batches("klarna_csv", fixture("klarna_csv").replace(b"PAYOUT7001", b"PAYOUT7002"))
    with pytest.raises(ValueError, match="no other issue"):
        compare(before, elsewhere)


def dropped(reader: str) -> bytes:
    """The fixture without its last row."""
    return b"\r\n".join(fixture(reader).rstrip().split(b"\r\n")[:-1]) + b"\r\n"


@pytest.mark.edge(67)
def test_transaction_of_a_shop_that_is_not_connected_finds_no_document() -> None:
    [batch] = batches("vipps_mobilepay")
    ours = [item("1001", "499.00"), item("1002", "254.87"), item("credit", "-71.96", order="1002")]
    found = match_lines(batch.lines, ours)
    assert [match.outcome for match in found] == [
        Outcome.MATCHED,
        Outcome.MATCHED,
        Outcome.NO_DOCUMENT,
        Outcome.MATCHED,
    ]


@pytest.mark.edge(70)
def test_yen_have_no_minor_unit() -> None:
    stripe = changed("stripe", in_yen)
    for batch in (*batches("stripe", stripe), *batches("paypal_stl", edited("paypal_stl", ("DKK", "JPY")))):
        assert balance_problems(batch) == []
        assert (batch.currency, batch.lines[0].gross, amount(batch, "payout")) == ("JPY", D(49900), D(-190186))


def in_yen(said: Any) -> None:
    said["payout"]["currency"] = "jpy"
    for row in said["balance_transactions"]:
        row["currency"] = "jpy"
        if isinstance(row["source"], dict):
            row["source"]["currency"] = "jpy"


def test_gross_settlement_leaves_the_fees_to_an_invoice() -> None:
    gross = edited("vipps_mobilepay_xml", (">Net<", ">Gross<"), ("<SettledAmount>1901.86", "<SettledAmount>1930.91"))
    [batch] = batches("vipps_mobilepay_xml", gross)
    assert balance_problems(batch) == []
    assert amount(batch, "payout") == D("-1930.91")
    assert [line.fee for line in batch.lines] == [0] * 5
    assert [line.fee_apart for line in batch.lines[:3]] == [D("-7.24"), D("-3.70"), D("-18.11")]


def test_klarnas_gross_settlement_is_told_by_its_sum() -> None:
    def gross(said: Any) -> None:
        said["payout"]["merchant_settlement_type"] = "GROSS"
        said["payout"]["totals"]["settlement_amount"] = 193091

    [batch] = batches("klarna", changed("klarna", gross))
    assert balance_problems(batch) == []
    assert (amount(batch, "payout"), amount(batch, "fee")) == (D("-1930.91"), 0)
    assert [line.fee_apart for line in batch.lines[:3]] == [D("-7.24"), D("-3.70"), D("-18.11")]


def test_klarnas_documented_example_has_vat_on_the_fee() -> None:
    def example(said: Any) -> None:
        sale, fee = said["transactions"][:2]
        said["transactions"] = [sale | {"amount": 50000}, fee | {"amount": 1495, "vat_amount": 374, "vat_rate": 2500}]
        totals = {"sale_amount": 50000, "return_amount": 0, "fee_amount": 1495, "tax_amount": 374}
        said["payout"]["totals"] |= {**totals, "settlement_amount": 48131}

    [batch] = batches("klarna", changed("klarna", example))
    assert balance_problems(batch) == []
    assert [(line.kind.value, line.gross, line.fee_vat, line.net) for line in batch.lines] == [
        ("capture", D("500.00"), 0, D("500.00")),
        ("fee", D("-14.95"), D("-3.74"), D("-18.69")),
        ("payout", D("-481.31"), 0, D("-481.31")),
    ]


def test_what_the_provider_does_not_explain_is_named_so() -> None:
    short = changed("woopayments", lambda said: said["transactions"].pop(1))
    [problem] = balance_problems(batches("woopayments", short)[0])
    assert (problem.missing, problem.difference) == (Missing.UNEXPLAINED, D("-251.17"))
    assert "251.17 is unexplained by the provider" in problem.text


def test_payouts_before_the_first_known_one_are_left_to_another_reading() -> None:
    content = changed("vipps_mobilepay", lambda said: said.update(fromStart=False))
    assert batches("vipps_mobilepay", content) == ()


def test_two_payouts_of_a_ledger_are_two_batches() -> None:
    def again(said: Any) -> None:
        later = [
            {**row, "pspReference": f"n{at}", "reference": f"N{at}", "ledgerDate": "2026-11-04"}
            for at, row in enumerate(said["funds"])
        ]
        said |= {"funds": [*said["funds"], *later], "fromStart": False}

    [batch] = batches("vipps_mobilepay", changed("vipps_mobilepay", again))
    assert (batch.id, str(batch.payout_on), balance_problems(batch)) == ("302321-N5", "2026-11-04", [])


def test_unsettled_settlement_is_not_read_yet() -> None:
    assert batches("clearhaus", changed("clearhaus", lambda said: said["settlement"].update(settled=False))) == ()


def test_settlement_without_transactions_has_its_summary_for_lines() -> None:
    [batch] = batches("clearhaus", changed("clearhaus", lambda said: said.update(transactions=[])))
    assert balance_problems(batch) == []
    assert [(line.kind.value, line.net) for line in batch.lines] == [
        ("capture", D("2002.87")),
        ("refund", D("-71.96")),
        ("fee", D("-29.05")),
        ("payout", D("-1901.86")),
    ]


def test_stripe_activity_without_the_payouts_report_has_no_payout() -> None:
    [batch] = batches("stripe_csv", also=())
    [problem] = balance_problems(batch)
    assert problem.missing is Missing.PAYOUT
