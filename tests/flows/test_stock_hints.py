"""Readings that the warehouse's hints start: of what they hint at, between two readings of the whole list."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from pakhus.flows import stock_reading
from pakhus.ledger import stock
from pakhus.model import Available
from pakhus.rules.stock import Level, changes_of_some, wanted_of
from pakhus.rules.stock_shown import ShownRules
from tests.flows.two_shops import TwoShops, levels, push, shown, two_shops

ITEM, OTHER = "NH-1000", "NH-1020"
D = Decimal


@pytest.fixture
def both(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoShops]:
    """Two products, of which the warehouse has eight, in a list of very many pages."""
    monkeypatch.setattr(stock_reading, "LARGEST_PAGE", 1)
    with two_shops(fresh_ledger_url) as running:
        for item in (ITEM, OTHER):
            running.set_stock(item, "8")
        running.run()
        running.reset_counters()
        yield running


def hinted(both: TwoShops, *items: str) -> int:
    """A run that hints about these started; returns how often the warehouse was asked."""
    both.hint(*items)
    both.forward(seconds=20)
    before = both.requests()[0]
    both.read(hinted=True)
    both.see()
    for shop in both.worlds:
        push(shop, selling=both.selling)
    return both.requests()[0] - before


def both_show(both: TwoShops, item: str = ITEM) -> list[int]:
    return [shown(shop)[item] for shop in both.worlds]


def test_only_what_is_hinted_at_is_read_and_given(both: TwoShops) -> None:
    both.set_stock(ITEM, "9")
    both.set_stock(OTHER, "9")
    assert hinted(both, ITEM) == 1
    assert (both_show(both), both_show(both, OTHER)) == ([9, 9], [8, 8])
    both.run()
    assert both_show(both, OTHER) == [9, 9]


def test_all_is_read_when_that_is_less_to_ask_or_was_long_ago(both: TwoShops, monkeypatch: pytest.MonkeyPatch) -> None:
    both.set_stock(OTHER, "9")
    monkeypatch.setattr(stock_reading, "LARGEST_PAGE", 1000)
    hinted(both, ITEM)
    assert both_show(both, OTHER) == [9, 9]
    monkeypatch.setattr(stock_reading, "LARGEST_PAGE", 1)
    both.set_stock(OTHER, "7")
    both.forward(minutes=11)
    hinted(both, ITEM)
    assert both_show(both, OTHER) == [7, 7]


def test_what_was_reserved_before_an_item_was_read_is_taken_off_once(both: TwoShops) -> None:
    items = [{"sku": ITEM, "quantity": 2}]
    both.fjordliv.act(action="place_order", items=items, payment_method="cod")
    both.forward(minutes=1)
    both.fjordliv.observe()
    both.fjordliv.reserve()
    assert hinted(both, ITEM) == 1
    assert both.available()[ITEM] == 6
    assert both_show(both) == [6, 6]


def test_sales_since_an_item_was_read_are_taken_off(both: TwoShops) -> None:
    both.set_stock(ITEM, "9")
    items = [{"sku": ITEM, "quantity": 2}]
    both.fjordliv.act(action="place_order", items=items, payment_method="cod")
    assert hinted(both, ITEM) == 1
    assert both_show(both) == [7, 7]


def test_whole_reading_that_began_before_an_item_was_read_does_not_undo_it(both: TwoShops) -> None:
    """Another run was reading the list all the while, and stores it last."""
    shop = both.nordlys
    with shop.ledger.begin() as tx:
        began = tx.now
    both.forward(seconds=5)
    both.set_stock(ITEM, "2")
    both.hint(ITEM)
    both.read(hinted=True)
    assert levels(shop)[ITEM].available == 2
    rules = ShownRules()
    whole = wanted_of([Available(ITEM, D(8)), Available(OTHER, D(5))], rules)
    with shop.ledger.begin() as tx:
        stock.store_reading(tx, "nordlys", began, whole, rules)
        assert list(stock.read_since(tx, "nordlys", began)) == [ITEM.casefold()]
    assert (levels(shop)[ITEM].available, levels(shop)[OTHER].available) == (2, 5)
    with shop.ledger.begin() as tx:
        stock.store_reading(tx, "nordlys", tx.now + timedelta(seconds=1), whole, rules)
        assert stock.read_since(tx, "nordlys", began) == {}
    assert levels(shop)[ITEM].available == 8


def test_items_that_are_new_or_unclear_wait_for_the_whole_list() -> None:
    known = {
        "A": Level("A", D(5), D(5), D(5)),
        "B": Level("B", D(5), D(5), D(5), "number_ambiguous"),
        "C": Level("C", D(5), D(5), D(5)),
        "D": Level("D", D(5), D(5), D(5), "stock_refused"),
    }
    rules = ShownRules(bundles={"c": {"A": D(1)}})
    read = wanted_of([Available(number, D(7)) for number in "ABCDE"], rules)
    changed, numbers = changes_of_some(known, read, rules)
    assert {level.sku: (level.wanted, level.reason) for level in changed} == {"A": (7, ""), "D": (7, "")}
    assert numbers == {"a", "d"}
