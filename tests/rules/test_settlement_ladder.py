"""The ladder where keys contradict each other, repeat, or name payments that come in parts (domain guide 10.5)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

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
