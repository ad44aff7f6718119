"""The payouts that the domain guide works out (10.3, 10.4) come out of every form, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pakhus.formats.settlements.readers import READERS
from pakhus.rules.settlement_balance import balance_problems
from pakhus.rules.settlement_matching import OpenItem, match_lines
from pakhus.settlements import Batch, BatchLineKind
from tests.formats.settlements.reading import batches, changed, fixture

D = Decimal
SALES = [("capture", D("499.00"), "1001"), ("capture", D("254.87"), "1002"), ("capture", D("1249.00"), "1003")]
REFUND = ("refund", D("-71.96"), "1002")
FEES = [D("-7.24"), D("-3.70"), D("-18.11")]
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def documents() -> list[OpenItem]:
    rows = [*SALES, REFUND]
    return [
        OpenItem(f"{kind}{order}", BatchLineKind(kind), "nordlys", order, amount, "DKK", AT)
        for kind, amount, order in rows
    ]


@pytest.mark.parametrize("reader", sorted(READERS))
def test_worked_payout_comes_out_line_by_line(reader: str) -> None:
    [batch] = batches(reader)
    assert balance_problems(batch) == []
    of_buyers = [line for line in batch.lines if line.kind.value in ("capture", "refund")]
    assert [(line.kind.value, line.gross, line.order_reference) for line in of_buyers] == [*SALES, REFUND]
    fees = [line.fee or line.fee_apart for line in of_buyers[:3]]
    whole = sum((line.fee for line in batch.lines), D(0)) + sum(
        (line.net for line in batch.lines if line.kind is BatchLineKind.FEE), D(0)
    )
    assert whole == D("-29.05")
    assert fees == FEES or not any(fees)
    [payout] = [line for line in batch.lines if line.kind is BatchLineKind.PAYOUT]
    assert payout.net == D("-1901.86")
    assert (batch.opening, batch.closing, batch.currency) == (0, 0, "DKK")
    assert batch.payout_reference
    assert batch.payout_on is not None


@pytest.mark.parametrize("reader", sorted(READERS))
def test_worked_payout_finds_its_documents(reader: str) -> None:
    [batch] = batches(reader)
    found = match_lines(batch.lines, documents())
    assert [(match.outcome.value, [item.key for item in match.items]) for match in found] == [
        ("matched", ["capture1001"]),
        ("matched", ["capture1002"]),
        ("matched", ["capture1003"]),
        ("matched", ["refund1002"]),
    ]


@pytest.mark.parametrize("reader", sorted(READERS))
def test_the_file_is_known_by_its_hash(reader: str) -> None:
    [batch], [again] = batches(reader), batches(reader)
    assert batch == again
    assert len(batch.file_sha256) == 64
    [other] = batches(reader, fixture(reader).replace(b"1003", b"1004"))
    assert other.file_sha256 != batch.file_sha256


@pytest.mark.edge(61)
def test_reserve_of_five_percent_is_held_and_comes_back_as_a_payout_of_its_own() -> None:
    def hold(said: Any) -> None:
        said["settlement"]["payout"]["amount"] = 180172
        said["settlement"]["reserve"] = {"amount": 10014, "date": "2027-05-03", "reference_number": "RES1"}

    batch, reserve = batches("clearhaus", changed("clearhaus", hold))
    assert [balance_problems(each) for each in (batch, reserve)] == [[], []]
    assert amount(batch, "reserve_hold") == D("-100.14")
    assert amount(batch, "payout") == D("-1801.72")
    assert (amount(reserve, "reserve_release"), amount(reserve, "payout")) == (D("100.14"), D("-100.14"))
    assert (reserve.id, str(reserve.payout_on), reserve.payout_reference) == (
        "PAYOUT7001-reserve",
        "2027-05-03",
        "RES1",
    )


def amount(batch: Batch, kind: str) -> Decimal:
    return sum((line.net for line in batch.lines if line.kind.value == kind), D(0))


def euro_sale(currency: str, gross: int, fee: int, rate: float | None) -> bytes:
    """The sale of EUR 100.00 that 10.4 works out, settled in `currency`."""

    def change(said: Any) -> None:
        own, sale = said["balance_transactions"][:2]
        net = gross - fee
        sale |= {"amount": gross, "fee": fee, "net": net, "currency": currency, "exchange_rate": rate}
        sale["source"] |= {"amount": 10000, "currency": "eur"}
        own |= {"amount": -net, "net": -net, "currency": currency}
        said["payout"] |= {"amount": net, "currency": currency}
        said["balance_transactions"] = [own, sale]

    return changed("stripe", change)


def test_provider_that_converts_settles_kroner_and_matches_euros() -> None:
    [batch] = batches("stripe", euro_sale("dkk", 74302, 1215, 7.4302))
    assert balance_problems(batch) == []
    [sale, payout] = batch.lines
    assert (sale.gross, sale.fee, sale.net, payout.net) == (D("743.02"), D("-12.15"), D("730.87"), D("-730.87"))
    assert sale.transaction is not None
    assert (str(sale.transaction), sale.exchange_rate) == ("100.00 EUR", D("7.4302"))
    [match] = match_lines(batch.lines, [replace(documents()[0], amount=D(100), currency="EUR")])
    assert match.outcome == "matched"


def test_provider_that_pays_euros_is_a_batch_in_euros() -> None:
    [batch] = batches("stripe", euro_sale("eur", 10000, 257, None))
    assert balance_problems(batch) == []
    assert (batch.currency, amount(batch, "payout"), batch.lines[0].fee) == ("EUR", D("-97.43"), D("-2.57"))
