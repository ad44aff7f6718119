"""The matching ladder: which document a settlement line pays (domain guide 10.5)."""

import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.settlement_matching import LineMatch, OpenItem, Outcome, Rung, match_lines
from pakhus.settlements import BatchLine
from tests.rules.settlements import item, line


def told(matches: Sequence[LineMatch]) -> list[tuple[str, str, list[str]]]:
    """Outcome, rung and documents of each line."""
    return [(match.outcome.value, match.rung or "", [found.key for found in match.items]) for match in matches]


def one(payment: BatchLine, *items: OpenItem) -> LineMatch:
    return match_lines([payment], items)[0]


def test_the_providers_own_id_is_the_strongest_key() -> None:
    match = one(
        line(1, "100.00", id="ch_1", order="1002"), item("1001", "100.00", ids=["ch_1"]), item("1002", "100.00")
    )
    assert told([match]) == [("matched", "provider_id", ["1001"])]


def test_refund_is_found_by_the_payment_it_belongs_to() -> None:
    refund = item("credit-7", "-20.00", order="1001", parents=["ch_1"])
    match = one(line(1, "-20.00", "refund", id="re_9", parent="ch_1"), item("1001", "100.00", ids=["ch_1"]), refund)
    assert told([match]) == [("matched", "parent_id", ["credit-7"])]


def test_order_reference_is_compared_without_the_shops_prefix() -> None:
    matches = match_lines(
        [line(1, "100.00", order="NL-1001")], [item("1001", "100.00")], lambda ref: ref.split("-")[-1]
    )
    assert told(matches) == [("matched", "order_reference", ["1001"])]


def test_same_number_in_two_shops_is_told_apart_by_the_amount() -> None:
    items = [
        item("n", "100.00", order="1001"),
        item("f", "80.00", order="1001", shop="fjordliv"),
    ]
    assert told([one(line(1, "80.00", order="1001"), *items)]) == [("matched", "order_reference", ["f"])]


def test_same_number_and_amount_in_two_shops_is_for_a_person() -> None:
    items = [item("n", "80.00", order="1001"), item("f", "80.00", order="1001", shop="fjordliv")]
    assert told([one(line(1, "80.00", order="1001"), *items)]) == [("ambiguous", "", ["n", "f"])]


def test_two_refunds_of_one_order_over_one_amount_are_taken_one_each() -> None:
    items = [item(f"nordlys-7-repayment{n}", "-50.00", order="7", parents=["ch_1"]) for n in (1, 2)]
    lines = [line(n, "-50.00", "refund", id=f"re_{n}", parent="ch_1") for n in (1, 2, 3)]
    assert told(match_lines(lines, items)) == [
        ("matched", "parent_id", ["nordlys-7-repayment1"]),
        ("matched", "parent_id", ["nordlys-7-repayment2"]),
        ("already_settled", "", ["nordlys-7-repayment1"]),
    ]


def test_order_number_inside_a_text_counts_only_with_the_same_amount() -> None:
    text = line(1, "100.00", text="Payment for order 1001, thanks")
    assert told([one(text, item("1001", "100.00"))]) == [("matched", "text_and_amount", ["1001"])]
    assert told([one(text, item("1001", "90.00"))]) == [("no_document", "", [])]


@pytest.mark.parametrize(
    ("days", "outcome"), [(-2, "no_document"), (-1, "matched"), (5, "matched"), (6, "no_document")]
)
def test_amount_alone_counts_within_its_days(days: int, outcome: str) -> None:
    assert one(line(1, "100.00", days=days), item("1001", "100.00")).outcome == outcome


def test_amount_alone_needs_both_sides_to_have_no_choice() -> None:
    two_items = match_lines([line(1, "100.00")], [item("1", "100.00"), item("2", "100.00")])
    two_lines = match_lines([line(1, "100.00"), line(2, "100.00")], [item("1", "100.00")])
    assert [match.outcome for match in (*two_items, *two_lines)] == [Outcome.AMBIGUOUS] * 3


def test_partial_captures_pay_one_invoice_together() -> None:
    lines = [line(1, "60.00", order="1001"), line(2, "40.00", order="1001")]
    assert told(match_lines(lines, [item("1001", "100.00")])) == [("matched", "order_reference", ["1001"])] * 2


def test_one_capture_pays_several_invoices_of_its_order() -> None:
    items = [item("a", "60.00", order="1001"), item("b", "40.00", order="1001"), item("c", "30.00", order="1001")]
    assert told([one(line(1, "100.00", order="1001"), *items)]) == [("matched", "order_reference", ["a", "b"])]


def test_two_ways_to_pay_several_invoices_are_for_a_person() -> None:
    items = [item(key, amount, order="1") for key, amount in (("a", "60"), ("b", "40"), ("c", "70"), ("d", "30"))]
    assert one(line(1, "100.00", order="1"), *items).outcome is Outcome.AMBIGUOUS


def test_no_combination_without_a_common_key() -> None:
    assert one(line(1, "100.00"), item("a", "60.00"), item("b", "40.00")).outcome is Outcome.NO_DOCUMENT


def test_partial_capture_says_by_how_much_it_differs() -> None:
    match = one(line(1, "60.00", order="1001"), item("1001", "100.00"))
    assert (match.outcome, match.difference) == (Outcome.AMOUNT_DIFFERS, Decimal("-40.00"))


def test_second_capture_of_the_same_amount_is_already_settled() -> None:
    lines = [line(1, "100.00", order="1001"), line(2, "100.00", order="1001")]
    assert [match.outcome for match in match_lines(lines, [item("1001", "100.00")])] == ["matched", "already_settled"]


def test_document_that_an_earlier_batch_settled_is_not_settled_again() -> None:
    match = one(line(1, "100.00", id="ch_1"), item("1001", "100.00", ids=["ch_1"], settled_by="po_0"))
    assert told([match]) == [("already_settled", "", ["1001"])]


@pytest.mark.edge(54)
def test_other_currency_is_compared_with_what_the_buyer_paid() -> None:
    converted = line(1, "743.02", order="1001", paid="100.00 EUR")
    assert one(converted, item("1001", "100.00", currency="EUR")).outcome is Outcome.MATCHED
    assert one(converted, item("1001", "743.02")).outcome is Outcome.AMOUNT_DIFFERS


def test_chargeback_names_its_payment_and_closes_nothing() -> None:
    payment = item("1001", "100.00", ids=["ch_1"])
    lines = [line(1, "-100.00", "chargeback", id="dp_1", parent="ch_1"), line(2, "100.00", id="ch_1")]
    items = [replace(payment, parent_ids=frozenset({"ch_1"}))]
    assert [match.outcome for match in match_lines(lines, items)] == [Outcome.MATCHED, Outcome.MATCHED]
    settled = [replace(items[0], settled_by="po_0")]
    assert match_lines(lines[:1], settled)[0].outcome is Outcome.MATCHED


def test_fees_and_payouts_have_no_document() -> None:
    assert match_lines([line(1, "-5.00", "fee"), line(2, "-95.00", "payout")], [item("1", "-5.00")]) == []


@st.composite
def settled_documents(draw: st.DrawFn) -> tuple[list[OpenItem], list[BatchLine], list[int]]:
    """Documents, a line for each under a key of some kind, and which document each line pays."""
    amounts = draw(st.lists(st.decimals("1", "999", places=2), min_size=1, max_size=20))
    items = [item(f"{1000 + at}", str(amount), ids=[f"ch_{at}"]) for at, amount in enumerate(amounts)]
    lines = []
    for at, amount in enumerate(amounts):
        keys = draw(st.sampled_from([{"id": f"ch_{at}"}, {"order": f"{1000 + at}"}, {"text": f"order {1000 + at}!"}]))
        lines.append(line(at + 1, str(amount), **keys))
    order = draw(st.permutations(range(len(lines))))
    return items, [lines[at] for at in order], list(order)


@given(settled_documents())
def test_every_line_finds_its_own_document_in_any_order(
    case: tuple[list[OpenItem], list[BatchLine], list[int]],
) -> None:
    items, lines, order = case
    matches = match_lines(lines, items)
    assert [match.items for match in matches] == [(items[at],) for at in order]
    assert {match.outcome for match in matches} == {Outcome.MATCHED}


@given(settled_documents(), st.integers(0, 19), st.decimals("0.01", "50", places=2))
def test_changed_amount_is_never_matched(
    case: tuple[list[OpenItem], list[BatchLine], list[int]], which: int, more: Decimal
) -> None:
    items, lines, _ = case
    at = which % len(lines)
    wrong = replace(lines[at], gross=lines[at].gross + more, net=lines[at].net + more)
    match = match_lines([*lines[:at], wrong, *lines[at + 1 :]], items)[at]
    by_amount = match.rung is Rung.AMOUNT_AND_DATE  # another document may happen to have this very amount
    assert match.outcome is not Outcome.MATCHED or (by_amount and match.items[0].amount == wrong.gross)


@pytest.mark.parametrize("same_amount", [False, True])
def test_time_grows_with_the_lines_not_with_their_square(same_amount: bool) -> None:
    def seconds(count: int) -> float:
        amounts = ["299.00" if same_amount else f"{at % 997 + 1}.00" for at in range(count)]
        items = [item(f"d{at}", amount, days=at % 300) for at, amount in enumerate(amounts)]
        lines = [line(at, amount, days=at % 300) for at, amount in enumerate(amounts)]
        started = time.process_time()
        match_lines(lines, items)
        return time.process_time() - started

    seconds(200)
    small, large = (min(seconds(count) for _ in range(3)) for count in (1000, 8000))
    assert large < 40 * max(small, 0.005)  # 64 where it grew with the square
