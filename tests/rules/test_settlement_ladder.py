"""The ladder where keys contradict each other, repeat, or name payments that come in parts (domain guide 10.5)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.rules.settlement_matching import Cause, Outcome, Rung, match_lines
from tests.rules.settlements import item, line

D = Decimal


def test_any_id_of_the_movement_finds_its_document() -> None:
    """The shop keeps the charge or the payment intent, the settlement counts by its own transaction."""
    charge = line(1, "100.00", id="txn_1", aliases=("ch_1", "pi_1"))
    for known in ("txn_1", "ch_1", "pi_1"):
        [match] = match_lines([charge], [item("1001", "100.00", ids=[known])])
        assert (match.outcome, match.rung) == (Outcome.MATCHED, Rung.PROVIDER_ID)
    refund = line(1, "-20.00", "refund", id="txn_2", parent="ch_1", parent_aliases=("pi_1",))
    [match] = match_lines([refund], [item("credit-7", "-20.00", parents=["pi_1"])])
    assert (match.outcome, match.rung) == (Outcome.MATCHED, Rung.PARENT_ID)


@pytest.mark.edge(57)
def test_payment_id_that_was_used_twice_leaves_the_choice_to_the_order_number() -> None:
    items = [item("1001", "100.00", ids=["ch_1"]), item("1002", "100.00", ids=["ch_1"]), item("1003", "100.00")]
    [match] = match_lines([line(1, "100.00", id="ch_1", order="1002")], items)
    assert (match.outcome, match.rung, match.items) == (Outcome.MATCHED, Rung.ORDER_REFERENCE, (items[1],))


@pytest.mark.edge(57)
def test_reused_payment_id_and_an_order_it_does_not_know_are_for_a_person() -> None:
    items = [item("1001", "100.00", ids=["ch_1"]), item("1002", "100.00", ids=["ch_1"]), item("1003", "100.00")]
    for order in ("1003", ""):
        [match] = match_lines([line(1, "100.00", id="ch_1", order=order)], items)
        assert (match.outcome, match.items) == (Outcome.AMBIGUOUS, (items[0], items[1]))


@pytest.mark.edge(57)
def test_reused_payment_id_is_told_apart_by_the_amount() -> None:
    items = [item("1001", "100.00", ids=["ch_1"]), item("1002", "80.00", ids=["ch_1"])]
    [match] = match_lines([line(1, "80.00", id="ch_1")], items)
    assert (match.outcome, match.items) == (Outcome.MATCHED, (items[1],))


@pytest.mark.edge(52)
def test_capture_in_two_parts_over_two_payouts() -> None:
    invoice = item("1001", "100.00", ids=["order"])
    [first] = match_lines([line(1, "60.00", id="c1", aliases=("order",))], [invoice])
    assert (first.outcome, first.difference, first.cause) == (
        Outcome.AMOUNT_DIFFERS,
        D("-40.00"),
        Cause.PARTLY_CAPTURED,
    )
    [second] = match_lines([line(1, "40.00", id="c2", aliases=("order",))], [replace(invoice, settled=D("60.00"))])
    assert (second.outcome, second.cause) == (Outcome.MATCHED, None)
    [third] = match_lines([line(1, "40.00", id="c2", aliases=("order",))], [replace(invoice, settled=D("100.00"))])
    assert third.outcome is Outcome.ALREADY_SETTLED


@pytest.mark.parametrize("order", ["1043", "WC-1043", "7f3a-cart"])
def test_line_that_names_another_order_is_never_paired_by_its_amount(order: str) -> None:
    """Two orders at one price in one week: the first is paid out before it is sent and invoiced."""
    [match] = match_lines(
        [line(1, "299.00", id="ch_1", order=order)], [item("n-1042-payment1", "299.00", order="1042")]
    )
    assert (match.outcome, match.items) == (Outcome.NO_DOCUMENT, ())


@pytest.mark.parametrize("order", ["", "WC-1042", "shop_1042_a", "id 77"])
def test_line_that_names_no_other_order_may_be_paired_by_its_amount(order: str) -> None:
    [match] = match_lines([line(1, "299.00", order=order)], [item("n-77-payment1", "299.00", order="1042")])
    assert (match.outcome, match.rung) == (Outcome.MATCHED, Rung.AMOUNT_AND_DATE)


@pytest.mark.edge(58)
def test_surcharge_of_the_provider_is_named() -> None:
    [match] = match_lines([line(1, "101.45", order="1001", fee="-1.45")], [item("1001", "100.00")])
    assert (match.outcome, match.difference, match.cause) == (Outcome.AMOUNT_DIFFERS, D("1.45"), Cause.SURCHARGE)


def test_more_than_was_invoiced_is_named() -> None:
    [match] = match_lines([line(1, "120.00", order="1001", fee="-1.45")], [item("1001", "100.00")])
    assert (match.difference, match.cause) == (D("20.00"), Cause.MORE_THAN_INVOICED)
    [match] = match_lines([line(1, "100.00", order="1001", paid="90.00 EUR")], [item("1001", "100.00")])
    assert match.cause is Cause.OTHER_CURRENCY


def test_refund_of_less_than_was_credited_is_a_part() -> None:
    [match] = match_lines([line(1, "-60.00", "refund", order="1")], [item("1", "-100.00")])
    assert (match.difference, match.cause) == (D("40.00"), Cause.PARTLY_CAPTURED)


def test_few_of_many_captures_pay_an_invoice_together() -> None:
    lines = [line(at, amount, order="1001") for at, amount in enumerate(("60.00", "40.00", "7.00"), 1)]
    found = match_lines(lines, [item("1001", "100.00")])
    assert [match.outcome for match in found] == [Outcome.MATCHED, Outcome.MATCHED, Outcome.ALREADY_SETTLED]


def test_two_ways_to_pay_an_invoice_by_captures_are_for_a_person() -> None:
    lines = [line(at, amount, order="1001") for at, amount in enumerate(("60.00", "40.00", "70.00", "30.00"), 1)]
    found = match_lines(lines, [item("1001", "100.00")])
    assert {match.outcome for match in found} == {Outcome.AMOUNT_DIFFERS}


@pytest.mark.parametrize(("parts", "outcome"), [(6, Outcome.MATCHED), (7, Outcome.AMBIGUOUS)])
def test_one_capture_pays_six_invoices_at_most(parts: int, outcome: Outcome) -> None:
    """Amounts of which no other combination makes the same sum."""
    amounts = [D(2) ** at for at in range(parts)]
    items = [item(f"i{at}", str(amount), order="1001") for at, amount in enumerate(amounts)]
    items += [item("more", "1000.00", order="1001")]
    [match] = match_lines([line(1, str(sum(amounts)), order="1001")], items)
    assert match.outcome is outcome


def test_combinations_are_not_sought_among_many() -> None:
    items = [item(f"i{at}", f"{at + 1}.00", order="1001") for at in range(200)]
    [match] = match_lines([line(1, "3.00", order="1001")], items[3:])
    assert match.outcome is Outcome.AMBIGUOUS


def test_line_whose_id_names_a_settled_payment_pays_no_other_of_its_order() -> None:
    first = item("nordlys-7-payment1", "250.00", order="7", ids=["p1"], settled=D("250.00"))
    second = item("nordlys-7-payment2", "250.00", order="7", ids=["p2"])
    again = line(1, "250.00", id="txn_9", aliases=("p1",), order="7")
    [match] = match_lines([again], [first, second])
    assert (match.outcome, match.items) == (Outcome.ALREADY_SETTLED, (first,))


def test_two_lines_of_one_id_do_not_pay_two_payments_of_an_order() -> None:
    items = [item(f"nordlys-7-payment{n}", "250.00", order="7", ids=[f"p{n}"]) for n in (1, 2)]
    lines = [line(n, "250.00", id=f"txn_{n}", aliases=("p1",), order="7") for n in (1, 2)]
    found = match_lines(lines, items)
    assert [match.outcome for match in found] == [Outcome.MATCHED, Outcome.ALREADY_SETTLED]
    assert {match.items for match in found} == {(items[0],)}


def test_document_that_another_line_may_mean_is_not_given_away_for_its_amount() -> None:
    here, there = item("n", "80.00", order="1"), item("f", "80.00", order="1", shop="fjordliv", days=60)
    named, unnamed = line(1, "80.00", order="1"), line(2, "80.00")
    found = match_lines([named, unnamed], [here, there])
    assert [match.outcome for match in found] == [Outcome.AMBIGUOUS, Outcome.NO_DOCUMENT]


AMOUNTS = st.sampled_from(["40.00", "60.00", "100.00"])
NAMES = st.sampled_from(["", "1", "2", "3"])


@given(
    lines=st.lists(st.tuples(AMOUNTS, NAMES, NAMES, st.booleans(), st.integers(0, 8)), max_size=7),
    items=st.lists(st.tuples(AMOUNTS, NAMES, NAMES, st.booleans(), st.integers(0, 8)), max_size=6),
)
def test_whatever_keys_say_no_document_is_paid_more_than_it_is_over(
    lines: list[tuple[str, str, str, bool, int]], items: list[tuple[str, str, str, bool, int]]
) -> None:
    """Ids and order numbers that repeat and contradict each other, sales and refunds, one amount many times."""
    paying = [
        line(
            number,
            f"-{amount}" if back else amount,
            "refund" if back else "capture",
            id=f"txn_{number}",
            aliases=(f"p{name}",) if name and not back else (),
            parent=f"p{name}" if name and back else "",
            order=order,
            days=days,
        )
        for number, (amount, name, order, back, days) in enumerate(lines)
    ]
    open_items = [
        item(
            f"i{number}",
            f"-{amount}" if back else amount,
            order=order or f"x{number}",
            ids=[f"p{name}"] if name and not back else [],
            parents=[f"p{name}"] if name and back else [],
            days=days,
        )
        for number, (amount, name, order, back, days) in enumerate(items)
    ]
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for match in match_lines(paying, open_items):
        if match.outcome is Outcome.MATCHED and len(match.items) == 1:
            paid[match.items[0].key] += match.line.gross
        elif match.outcome is Outcome.MATCHED:
            assert sum(one.amount for one in match.items) == match.line.gross
            for one in match.items:
                paid[one.key] += one.amount
    assert {key: amount for key, amount in paid.items() if amount} == {
        one.key: one.amount for one in open_items if one.key in paid
    }
