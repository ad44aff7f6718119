"""What is left to send of orders that were refunded in part: by the quantities that refunds name, bundles whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Credit, Line, LineKind, Money, Order
from pakhus.reasons import Verdict
from pakhus.rules.goods import GoodsRules, wanted_lines
from pakhus.rules.mappings import BundleMode
from pakhus.rules.refunded_goods import less_refunded
from tests.rules import orders

D = Decimal


def line(number: str, quantity: str = "1", *, sku: str = "NH-1", parent: str | None = None, net: str = "8.00") -> Line:
    made = orders.line(net, "2.00", sku=sku, quantity=quantity)
    return replace(made, id=number, product_id=number, parent_line_id=parent)


def refund(*lines: tuple[str, str], amount: str = "10.00", number: str = "9") -> Credit:
    """A refund of so many pieces by the order's line."""
    made = tuple(line(line_id, quantity) for line_id, quantity in lines)
    return Credit("nordlys", "1", number, Money(D(amount), "DKK"), made, datetime(2026, 11, 2, tzinfo=UTC))


def order(*lines: Line) -> Order:
    return orders.order(lines, "10.00")


def left(of: Order, refunded: Sequence[Credit], bundles: BundleMode = BundleMode.COMPONENTS) -> dict[str, Decimal]:
    found = less_refunded(of, refunded, bundles)
    assert isinstance(found, Order)
    return {one.id: one.quantity for one in wanted_lines(found, GoodsRules(bundles))}


def test_pieces_that_a_refund_names_are_taken_off_and_the_price_of_one_stays() -> None:
    found = less_refunded(order(line("1", "4", net="100.00"), line("2")), [refund(("1", "3"))], BundleMode.COMPONENTS)
    assert isinstance(found, Order)
    assert [(one.quantity, one.net) for one in found.lines] == [(1, D("25.00")), (1, D("8.00"))]


@pytest.mark.parametrize("credit", [refund(), refund(("1", "0"))])
def test_amount_without_a_quantity_leaves_the_goods_as_they_were(credit: Credit) -> None:
    bought = order(line("1", "2"))
    assert less_refunded(bought, [credit], BundleMode.COMPONENTS) is bought


def test_never_less_than_nothing_is_left_of_a_line() -> None:
    assert left(order(line("1", "2"), line("2")), [refund(("1", "2")), refund(("1", "1"))]) == {"2": 1}


def test_refund_of_a_line_that_the_order_has_no_more_is_told_by_its_product_or_held() -> None:
    bought = order(line("1", "2"), line("2"))
    by_product = replace(refund(), lines=(replace(line("77"), product_id="1"),))
    assert left(bought, [by_product]) == {"1": 1, "2": 1}
    unknown = less_refunded(bought, [refund(("77", "1"))], BundleMode.COMPONENTS)
    assert isinstance(unknown, Verdict)
    assert (unknown.code, dict(unknown.parameters)) == ("refund_line_unknown", {"refund": "9", "line": "77"})


def test_refund_of_shipping_or_a_fee_takes_no_goods_off() -> None:
    freight = replace(line("1"), kind=LineKind.SHIPPING)
    credit = replace(refund(), lines=(freight,))
    assert left(order(freight, line("2")), [credit]) == {"2": 1}


BUNDLE = (line("1", "2", sku="SET"), line("2", "4", sku="CUP", parent="1"), line("3", "2", sku="POT", parent="1"))


@pytest.mark.parametrize("named", [(("1", "1"),), (("1", "1"), ("2", "2"), ("3", "1")), (("2", "2"), ("3", "1"))])
def test_bundle_goes_back_with_its_parts_whichever_of_them_the_refund_names(named: tuple[tuple[str, str], ...]) -> None:
    bought = order(*BUNDLE)
    assert left(bought, [refund(*named)]) == {"2": 2, "3": 1}
    assert left(bought, [refund(*named)], BundleMode.PARENT) == {"1": 1}


def test_bundle_is_gone_when_all_its_parts_are_in_several_refunds() -> None:
    given = [refund(("2", "4")), refund(("3", "2"), number="10")]
    assert left(order(*BUNDLE, line("4")), given) == {"4": 1}
    assert left(order(*BUNDLE, line("4")), given, BundleMode.PARENT) == {"4": 1}


def test_part_of_a_bundle_that_is_sent_whole_is_for_a_person() -> None:
    held = less_refunded(order(*BUNDLE), [refund(("2", "1"))], BundleMode.PARENT)
    assert isinstance(held, Verdict)
    assert (held.code, dict(held.parameters)) == ("bundle_partly_refunded", {"line": "1"})
    assert left(order(*BUNDLE), [refund(("2", "1"))]) == {"2": 3, "3": 2}


pieces = st.integers(0, 5)
refunds = st.lists(st.dictionaries(st.sampled_from("123"), pieces, max_size=3), max_size=4)


@given(st.dictionaries(st.sampled_from("123"), st.integers(1, 9), min_size=1), refunds)
def test_any_refunds_leave_what_was_ordered_less_what_they_name(
    bought: dict[str, int], given_back: list[dict[str, int]]
) -> None:
    of = order(*(line(number, str(quantity)) for number, quantity in bought.items()))
    named = [{number: quantity for number, quantity in one.items() if number in bought} for one in given_back]
    given = [refund(*((number, str(quantity)) for number, quantity in one.items())) for one in named]
    expected = {number: quantity - sum(one.get(number, 0) for one in named) for number, quantity in bought.items()}
    assert left(of, given) == {number: quantity for number, quantity in expected.items() if quantity > 0}
