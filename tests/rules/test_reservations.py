"""What brings the warehouse's lines up to date, from whatever a broken-off run left; and which lines of a bundle go."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Line, Order
from pakhus.rules.goods import Good, GoodsRules, goods_of
from pakhus.rules.mappings import BundleMode
from pakhus.rules.reservations import StandingLine, goods_by_line, plan_lines, same_goods, tell_changes
from tests.rules import orders


def line(number: str, *, sku: str | None = "NH-1", quantity: str = "1", product_id: str | None = "7") -> Line:
    return replace(orders.line("1.00", "0.25", sku=sku, quantity=quantity), id=number, product_id=product_id)


def order(*lines: Line) -> Order:
    return orders.order(lines, "1.25")


def good(line_id: str, item: str, quantity: int) -> Good:
    return Good(line(line_id, sku=item, quantity=str(quantity)), item)


def goods(**lines: tuple[str, int]) -> dict[str, Good]:
    return {line_id: good(line_id, *one) for line_id, one in lines.items()}


def standing(*lines: tuple[str, int]) -> list[StandingLine]:
    return [StandingLine(number, item, Decimal(quantity)) for number, (item, quantity) in enumerate(lines, 1)]


BEFORE = goods(a=("NH-1", 2), b=("NH-2", 1))


def test_changed_quantity_is_a_new_line_and_the_old_one_taken_off() -> None:
    plan = plan_lines([BEFORE], goods(a=("NH-1", 5), b=("NH-2", 1)), standing(("NH-1", 2), ("NH-2", 1)))
    assert [(one.number, one.line.quantity) for one in plan.add] == [("NH-1", 5)]
    assert [one.id for one in plan.remove] == [1]


@pytest.mark.parametrize("there", [(("NH-1", 2), ("NH-2", 1), ("NH-1", 5)), (("NH-2", 1), ("NH-1", 5))])
def test_change_that_broke_off_is_gone_on_with(there: tuple[tuple[str, int], ...]) -> None:
    plan = plan_lines([BEFORE], goods(a=("NH-1", 5), b=("NH-2", 1)), standing(*there))
    assert not plan.add
    assert [one.quantity for one in plan.remove] == [2] * (len(there) - 2)


def test_line_of_another_order_line_with_the_same_goods_is_not_taken_for_it() -> None:
    before = goods(a=("NH-1", 2), b=("NH-1", 5))
    plan = plan_lines([before], goods(a=("NH-1", 5), b=("NH-1", 5)), standing(("NH-1", 2), ("NH-1", 5)))
    assert [(one.number, one.line.quantity) for one in plan.add] == [("NH-1", 5)]
    assert [one.quantity for one in plan.remove] == [2]


def test_what_people_added_stays_and_what_they_changed_is_told() -> None:
    now = goods(a=("NH-1", 5), b=("NH-2", 1))
    plan = plan_lines([BEFORE], now, standing(("NH-1", 3), ("NH-2", 1), ("gift", 1)))
    assert [one.number for one in plan.lost] == ["NH-1"]
    assert not plan.remove


quantities = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3), min_size=1)


@given(quantities, st.lists(quantities, max_size=2), quantities)
def test_any_mixture_of_versions_ends_as_the_newest(
    first: dict[str, int], between: list[dict[str, int]], last: dict[str, int]
) -> None:
    """Each version is planned from what the one before left half done, and the last one is carried out whole."""
    versions = [
        goods(**{name: (f"NH-{name}", count) for name, count in one.items()}) for one in (first, *between, last)
    ]
    there = [StandingLine(number, one.number, one.line.quantity) for number, one in enumerate(versions[0].values())]
    for place, now in enumerate(versions[1:], 1):
        plan = plan_lines(versions[:place], now, there)
        assert not plan.lost
        adding = plan.add if place == len(versions) - 1 else plan.add[:1]
        there = [
            *there,
            *(StandingLine(len(there) + 100 * place + n, g.number, g.line.quantity) for n, g in enumerate(adding)),
        ]
        if place == len(versions) - 1:
            there = [one for one in there if one not in plan.remove]
    assert sorted((one.item, one.quantity) for one in there) == sorted(
        (one.number, one.line.quantity) for one in versions[-1].values()
    )
    assert plan_lines(versions[:-1], versions[-1], there).is_empty


def test_goods_are_the_same_whatever_their_product_is_called_now() -> None:
    bought = order(line("1", sku="NH-1", product_id="10"))
    renamed = replace(bought, lines=(replace(bought.lines[0], sku="NH-1-B"),))
    deleted = replace(bought, lines=(replace(bought.lines[0], sku=None, product_id=None),))
    other = replace(bought, lines=(replace(bought.lines[0], product_id="11"),))
    assert [same_goods(bought, now) for now in (renamed, deleted, other)] == [True, True, False]


def test_line_that_did_not_change_keeps_the_number_it_was_reserved_under() -> None:
    bought = order(line("1", sku="NH-1", product_id="10"))
    before = goods_by_line(bought, {}, GoodsRules())
    assert isinstance(before, dict)
    deleted = replace(bought, lines=(replace(bought.lines[0], sku=None, product_id=None),))
    assert goods_by_line(deleted, {}, GoodsRules(), before) == before


@pytest.mark.parametrize(("mode", "numbers"), [("components", ["CUP", "POT"]), ("parent", ["SET"])])
def test_of_a_bundle_the_warehouse_gets_its_parts_or_the_bundle_itself(mode: str, numbers: list[str]) -> None:
    parts = [replace(line(number, sku=sku), parent_line_id="1") for number, sku in (("2", "CUP"), ("3", "POT"))]
    found = goods_of(order(line("1", sku="SET"), *parts), {}, GoodsRules(BundleMode(mode)))
    assert isinstance(found, tuple)
    assert [one.number for one in found] == numbers


def test_parts_of_a_bundle_whose_own_line_is_gone_are_goods() -> None:
    part = replace(line("2", sku="CUP"), parent_line_id="1")
    found = goods_of(order(part), {}, GoodsRules(BundleMode.PARENT))
    assert isinstance(found, tuple)
    assert [one.number for one in found] == ["CUP"]


def test_differences_are_told_by_product_number() -> None:
    now = goods(a=("NH-1", 5), c=("NH-3", 1))
    assert tell_changes(BEFORE, now) == "NH-1 2 → 5, NH-2 − 1, NH-3 + 1"
