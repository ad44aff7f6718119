"""Which quantities a shop is to show, which are written, and why others are not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Available, Product, ProductRef
from pakhus.rules.stock import (
    LARGEST_QUANTITY,
    Level,
    Wanted,
    changes,
    compare,
    plan_push,
    refusal,
    shown_anew,
    wanted_of,
)
from pakhus.rules.stock_shown import ShownRules

D = Decimal
QUANTITIES = st.decimals(min_value=-LARGEST_QUANTITY, max_value=LARGEST_QUANTITY, places=6)
NUMBERS = st.text(alphabet="abAB1 ", min_size=1, max_size=4).map(str.strip).filter(bool)


@given(QUANTITIES)
def test_shows_whole_pieces_never_more_than_there_are_and_never_less_than_none(available: Decimal) -> None:
    shown = ShownRules().quantity("N", available)
    assert shown == shown.to_integral_value()
    assert shown >= 0
    assert shown <= max(available, D(0))
    assert available - shown < 1 or shown == 0


@pytest.mark.edge(72)
@pytest.mark.parametrize(("available", "shown"), [("7", 7), ("7.999999", 7), ("0.5", 0), ("-0.5", 0), ("-2", 0)])
def test_quantity_to_show(available: str, shown: int) -> None:
    assert ShownRules().quantity("N", D(available)) == shown


@given(st.dictionaries(NUMBERS, QUANTITIES, max_size=8), st.dictionaries(NUMBERS, NUMBERS, max_size=4))
def test_no_two_quantities_are_wanted_for_what_a_shop_cannot_tell_apart(
    items: dict[str, Decimal], product_numbers: dict[str, str]
) -> None:
    found = wanted_of([Available(number, quantity) for number, quantity in items.items()], ShownRules(product_numbers))
    by_product: dict[str, set[Decimal]] = {}
    for wanted in found:
        if wanted.quantity is not None:
            by_product.setdefault(wanted.sku.strip().casefold(), set()).add(wanted.quantity)
    assert all(len(quantities) == 1 for quantities in by_product.values())
    assert [wanted.sku for wanted in found] == sorted({wanted.sku for wanted in found})


def wanted(items: dict[str, str | None], product_numbers: dict[str, str] | None = None) -> dict[str, Wanted]:
    rows = [Available(number, None if quantity is None else D(quantity)) for number, quantity in items.items()]
    return {row.sku: row for row in wanted_of(rows, ShownRules(product_numbers or {}))}


def test_a_mapped_sku_gets_the_quantity_of_its_number_and_its_own_name_means_nothing() -> None:
    found = wanted({"N-1": "5", "A": "9"}, {"A": "N-1"})
    assert {sku: row.quantity for sku, row in found.items()} == {"A": 5, "N-1": 5}


@pytest.mark.parametrize("numbers", [("ab", "AB"), ("ab", "aB"), ("straße", "STRASSE")])
def test_numbers_that_differ_in_case_only_are_not_pushed(numbers: tuple[str, str]) -> None:
    found = wanted(dict.fromkeys(numbers, "5"))
    assert {row.hindrance.code for row in found.values() if row.hindrance} == {"number_ambiguous"}


@pytest.mark.parametrize("quantity", [None, "1e12", "-1e12"])
def test_what_is_no_quantity_is_not_taken_for_nothing(quantity: str | None) -> None:
    found = wanted({"A": quantity})["A"]
    assert (found.quantity, found.hindrance and found.hindrance.code) == (None, "available_unreadable")


def test_unreadable_quantity_keeps_what_was_wanted_before_and_is_told_once() -> None:
    known = {"A": Level("A", D(5), D(5), D(5))}
    (changed,) = changes(known, wanted({"A": None}).values())
    assert (changed.wanted, changed.reason) == (5, "available_unreadable")
    assert changes({"A": changed}, wanted({"A": None}).values()) == []
    (mended,) = changes({"A": changed}, wanted({"A": "5"}).values())
    assert (mended.wanted, mended.reason) == (5, "")


def test_same_quantity_changes_nothing_and_keeps_what_the_shop_said() -> None:
    known = {"A": Level("A", D(5), None, D(5), "sku_not_in_shop", "A: the shop has no such product.")}
    assert changes(known, wanted({"A": "5"}).values()) == []
    (changed,) = changes(known, wanted({"A": "6"}).values())
    assert (changed.wanted, changed.reason, changed.problem) == (6, "", "")


def test_what_left_the_warehouse_is_not_pushed_and_is_when_it_comes_back() -> None:
    known = {"A": Level("A", D(5), D(5), D(5))}
    (gone,) = changes(known, [])
    assert gone.reason == "sku_not_in_warehouse"
    assert changes({"A": gone}, []) == []
    (back,) = changes({"A": gone}, wanted({"A": "5"}).values())
    assert back == Level("A", D(5), D(5), D(5))


def ref(sku: str, stock: str | None, *, parent: str | None = None, manages: bool = True) -> ProductRef:
    return ProductRef(sku, "7", parent, None, manages, None if stock is None else D(stock))


@pytest.mark.parametrize(
    ("found", "code"),
    [
        pytest.param(ref("A", None, manages=False), "stock_not_managed", marks=pytest.mark.edge(77)),
        pytest.param(ref("A", "4", parent="3", manages=False), "stock_at_parent", marks=pytest.mark.edge(74)),
        pytest.param(ref("A", None, parent="3", manages=False), "stock_not_managed"),
        pytest.param(None, "sku_not_in_shop"),
    ],
)
def test_what_cannot_be_written_has_a_reason(found: ProductRef | None, code: str) -> None:
    plan = plan_push([Level("A", D(5), None)], {"A": found} if found else {}, {})
    assert (plan.writes, {sku: verdict.code for sku, verdict in plan.hindered.items()}) == ((), {"A": code})


def test_sku_of_several_products_is_written_to_none_of_them() -> None:
    plan = plan_push([Level("A", D(5), None)], {}, {"A": ("7", "8")})
    assert plan.hindered["A"].text() == "A: several products of the shop carry it: 7, 8."


def test_what_the_shop_shows_already_is_not_written() -> None:
    plan = plan_push([Level("A", D(5), D(6)), Level("B", D(5), D(6))], {"A": ref("A", "5"), "B": ref("B", "6")}, {})
    assert [row.product.sku for row in plan.writes] == ["B"]
    assert plan.writes[0].expected == 6
    assert list(plan.in_step) == ["A"]


def product(sku: str, product_id: str, stock: int | None = 5, **facts: object) -> Product:
    base = Product(sku, sku, None, False, id=product_id, stock=None if stock is None else D(stock))
    return base if not facts else Product(**{**_members(base), **facts})  # type: ignore[arg-type]


def _members(row: Product) -> dict[str, object]:
    return {name: getattr(row, name) for name in Product.__slots__}


def test_difference_is_what_the_shop_had_confirmed_and_no_longer_shows() -> None:
    levels = [Level("A", D(5), D(5)), Level("B", D(5), D(4)), Level("C", D(5), D(5))]
    result = compare(levels, [product("a ", "1", 9), product("B", "2", 9), product("C", "3", 5)])
    assert [(row.sku, row.product_id, row.confirmed, row.shown) for row in result.differences] == [("A", "1", 5, 9)]
    assert result.shown == {"A": ("1", D(9)), "B": ("2", D(9)), "C": ("3", D(5))}


@pytest.mark.edge(74)
def test_variation_that_shows_its_parents_sku_is_not_meant_by_it() -> None:
    products = [product("A", "1", 9), product("A", "2", None, parent_id="1", manages_stock=False)]
    result = compare([Level("A", D(5), D(5))], products)
    assert (result.hindered, result.shown) == ({}, {"A": ("1", D(9))})


def test_levels_that_the_warehouse_hinders_are_not_compared() -> None:
    result = compare([Level("A", D(5), D(5), None, "sku_not_in_warehouse")], [product("A", "1", 9)])
    assert (result.shown, result.hindered, result.differences) == ({}, {}, [])


@pytest.mark.parametrize(
    ("falls_at", "answer", "allowed"),
    [
        ("shipping", None, True),
        ("shipping", False, True),
        ("shipping", True, False),
        ("invoice", None, False),
        ("invoice", False, False),
        (None, None, False),
        (None, False, False),
        (None, True, False),
    ],
)
def test_stock_is_pushed_only_where_a_person_says_shipping_and_the_account_does_not_deny_it(
    falls_at: str | None, answer: bool | None, allowed: bool
) -> None:
    assert (refusal(falls_at, answer) is None) == allowed


def test_what_is_sold_and_not_reserved_is_taken_off_and_a_safety_stock_kept() -> None:
    rules = ShownRules(taken={"nh-1": D(2)}, safety=D(1))
    assert rules.quantity("NH-1", D(8)) == 5
    assert rules.quantity("NH-2", D(8)) == 7
    assert rules.quantity("NH-1", D(2)) == 0


@pytest.mark.edge(78)
def test_the_last_pieces_are_shown_in_one_shop_only() -> None:
    others, last = ShownRules(last_pieces=D(2)), ShownRules()
    shown = [(others.quantity("N", D(left)), last.quantity("N", D(left))) for left in (3, 2, 1, 0)]
    assert shown == [(3, 3), (0, 2), (0, 1), (0, 0)]


@pytest.mark.edge(73)
def test_bundles_share_their_components() -> None:
    bundles = {"PAIR": {"A": D(2)}, "MIX": {"A": D(1), "B": D(1)}}
    rules = ShownRules(bundles=bundles)
    rows = [Available("A", D(5)), Available("B", D(9))]
    found = {row.sku: row.quantity for row in wanted_of(rows, rules)}
    assert found == {"A": 5, "B": 9, "PAIR": 2, "MIX": 5}
    sold = ShownRules(bundles=bundles, taken={"a": D(4)})
    known = [Level(row.sku, row.quantity, row.quantity, row.available) for row in wanted_of(rows, rules)]
    anew = {level.sku: level.wanted for level in shown_anew(known, sold)}
    assert anew == {"A": 1, "PAIR": 0, "MIX": 1}


def test_a_bundle_whose_component_the_warehouse_does_not_know_is_not_pushed() -> None:
    [found] = wanted_of([], ShownRules(bundles={"PAIR": {"A": D(2)}}))
    assert found.quantity is None
    assert found.hindrance is not None
    assert found.hindrance.code == "bundle_component_unknown"


def test_rules_that_change_nothing_make_no_level_due() -> None:
    known = [Level("A", D(5), D(5), D(5)), Level("B", None, None, None, "available_unreadable")]
    assert shown_anew(known, ShownRules()) == []


def test_while_sales_are_not_known_quantities_are_only_lowered() -> None:
    due = [Level("A", D(9), D(5)), Level("B", D(1), D(5))]
    found = {sku: ProductRef(sku, sku, stock=D(5)) for sku in ("A", "B")}
    plan = plan_push(due, found, {}, only_lower=True)
    assert [(row.product.sku, row.quantity) for row in plan.writes] == [("B", D(1))]


@pytest.mark.edge(73)
def test_bundle_is_what_its_components_make_however_the_shop_writes_its_sku() -> None:
    """Rackbeat may have an item of the bundle's number, too: it must not be given to the same product."""
    rules = ShownRules(bundles={"box": {"N-1": D(2)}})
    found = wanted_of([Available("BOX", D(100)), Available("N-1", D(5))], rules)
    assert {row.sku: row.quantity for row in found} == {"box": 2, "N-1": 5}
    assert shown_anew([Level("BOX", D(100), None, D(100)), Level("N-1", D(5), None, D(5))], rules) == []


def test_bundle_whose_component_has_two_items_is_not_shown() -> None:
    rules = ShownRules(bundles={"box": {"N-1": D(2)}})
    found = {row.sku: row for row in wanted_of([Available("n-1", D(100)), Available("N-1", D(5))], rules)}
    assert found["box"].hindrance is not None
