"""Shops that sell from some of the warehouse's locations."""

from collections.abc import Iterator
from typing import Any

import pytest

from pakhus.flows import stock_locations
from tests.flows.two_shops import TwoShops, levels, shown, two_shops

ITEM = "NH-1000"


@pytest.fixture
def both(fresh_ledger_url: str) -> Iterator[TwoShops]:
    """Seven pieces in the main store and three in the shop in town, from which Nordlys sells; Fjordliv sells all."""
    with two_shops(fresh_ledger_url) as running:
        state: Any = running.nordlys.warehouse_server.standin.state
        state.locations[200] = {**state.locations[100], "number": 200, "name": "Butik", "is_default": False}
        sells_from(running, "Butik")
        place(running, 100, 7)
        place(running, 200, 3)
        yield running


def sells_from(both: TwoShops, *names: str) -> None:
    settings = both.nordlys.settings
    stock = settings.stock.model_copy(update={"locations": frozenset(names)})
    both.nordlys.settings = settings.model_copy(update={"stock": stock})


def place(both: TwoShops, location: int, quantity: int, item: str = ITEM) -> None:
    action = {"action": "set_stock", "item": item, "quantity": quantity, "location": location}
    both.nordlys.warehouse_server.act(action)


def both_show(both: TwoShops) -> list[Any]:
    return [shown(shop)[ITEM] for shop in both.worlds]


@pytest.mark.edge(76)
def test_each_shop_gets_what_its_locations_have_free(both: TwoShops) -> None:
    both.run()
    assert both_show(both) == [3, 10]
    place(both, 100, 1)
    both.run()
    assert both_show(both) == [3, 4]
    place(both, 200, 0)
    both.run()
    assert both_show(both) == [0, 1]


def test_what_was_sold_in_any_shop_is_taken_off_a_location_too(both: TwoShops) -> None:
    items = [{"sku": ITEM, "quantity": 2}]
    both.run()
    both.fjordliv.act(action="place_order", items=items, payment_method="cod")
    both.forward(minutes=1)
    both.run()
    assert both_show(both) == [1, 8]


def test_only_items_whose_quantity_changed_are_asked_for_their_locations(both: TwoShops) -> None:
    both.run()
    both.reset_counters()
    both.run()
    assert both.requests()[0] == 2  # the products and the locations
    place(both, 200, 4)
    both.reset_counters()
    both.run()
    assert both.requests()[0] == 3


def test_goods_that_moved_inside_the_warehouse_are_seen_within_an_hour(both: TwoShops) -> None:
    both.run()
    place(both, 100, 9)
    place(both, 200, 1)  # still ten
    both.forward(minutes=61)
    both.run()
    assert both_show(both) == [1, 10]


def test_what_is_not_read_yet_may_fall_but_not_rise(both: TwoShops, monkeypatch: pytest.MonkeyPatch) -> None:
    both.run()
    monkeypatch.setattr(stock_locations, "MOST_IN_A_RUN", 0)
    place(both, 200, 30)
    both.run()
    assert both_show(both)[0] == 3
    place(both, 200, 0)
    place(both, 100, 2)
    both.run()
    assert both_show(both)[0] <= 2


def test_item_whose_locations_were_never_read_is_left_alone(both: TwoShops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_locations, "MOST_IN_A_RUN", 0)
    before = shown(both.nordlys)[ITEM]
    both.run()
    assert shown(both.nordlys)[ITEM] == before
    assert levels(both.nordlys)[ITEM].reason == "location_stock_awaited"
    monkeypatch.undo()
    both.run()
    assert shown(both.nordlys)[ITEM] == 3


def test_location_that_is_not_there_stops_that_shop_alone(both: TwoShops) -> None:
    sells_from(both, "Kælder")
    before = shown(both.nordlys)[ITEM]
    report = both.read()
    assert report.causes["configuration"].startswith(
        "The flow stopped: stock.locations of nordlys: there is no location Kælder"
    )
    assert report.red_causes()
    both.run()
    assert both_show(both) == [before, 10]
