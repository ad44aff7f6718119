"""What was sold and is not reserved is not given to any shop, whatever happens between the sale and the push."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pakhus.clients.http import Call, to_json
from pakhus.flows import stock as stock_flow
from pakhus.ledger import documents
from pakhus.reasons import Verdict
from pakhus.rules.mapping_fields import BySku
from tests.flows.two_shops import TwoShops, levels, push, shown, two_shops
from tests.flows.world import World

ITEM = "NH-1000"


@pytest.fixture
def both(fresh_ledger_url: str) -> Iterator[TwoShops]:
    """Eight pieces, and both shops show them."""
    with two_shops(fresh_ledger_url) as running:
        running.set_stock(ITEM, "8")
        running.run()
        yield running


def buy(shop: World, quantity: int = 2, sku: str = ITEM) -> str:
    items = [{"sku": sku, "quantity": quantity}]
    return str(shop.act(action="place_order", items=items, payment_method="cod")["order"])


def reserved(both: TwoShops, quantity: int = 2) -> str:
    """An order of Nordlys that the warehouse has booked."""
    order = buy(both.nordlys, quantity)
    both.forward(minutes=1)
    both.nordlys.observe()
    both.nordlys.reserve()
    both.forward(minutes=1)
    return order


def edit(shop: World, order: str, quantity: int) -> None:
    [row] = [row for row in shop.shop_server.dump()["orders"] if str(row["id"]) == order]
    shop.act(action="edit_line", order=int(order), line=row["line_items"][0]["id"], quantity=quantity)


def hold(shop: World, order: str, verdict: Verdict) -> None:
    with shop.ledger.begin() as tx:
        found = documents.find(tx, f"{shop.settings.shop}-{order}-order")
        assert found is not None
        documents.give_verdict(tx, found.id, verdict)


def given(both: TwoShops, quantity: str) -> list[Any]:
    """What both shops show after the warehouse was counted and a run."""
    both.set_stock(ITEM, quantity)
    both.run()
    return [shown(shop)[ITEM] for shop in both.worlds]


def test_a_sale_under_a_sku_that_the_mapping_writes_in_another_case_counts(both: TwoShops) -> None:
    """The stock finds the product in any case, as shops do; so must the orders, or it is offered again."""
    mapping = both.nordlys.settings.mapping.model_validate(
        {**both.nordlys.settings.mapping.model_dump(), "product_numbers": {"nh-1001 ": ITEM}}
    )
    settings = both.nordlys.settings.model_copy(update={"mapping": mapping})
    both.nordlys = replace(both.nordlys, settings=settings)
    both.run()
    assert shown(both.nordlys)["NH-1001"] == 8
    buy(both.nordlys, 2, "NH-1001")
    both.forward(minutes=1)
    both.run()
    assert [shown(shop)[ITEM] for shop in both.worlds] == [6, 6]


@pytest.mark.edge(71)
def test_a_sale_of_the_last_second_counts(both: TwoShops) -> None:
    """A list of changes leaves the youngest orders out, since they may be in the making."""
    both.forward(minutes=1)
    buy(both.nordlys)
    assert given(both, "9") == [7, 7]


def test_goods_of_an_order_that_was_open_for_a_change_while_the_warehouse_was_read_count(both: TwoShops) -> None:
    order = reserved(both)
    edit(both.nordlys, order, 3)
    both.forward(minutes=1)
    both.nordlys.observe()
    both.nordlys.warehouse_server.set_faults([{"method": "POST", "path_regex": "/lines$", "kind": "error_500"}])
    both.nordlys.reserve()  # reopened, and broken off there
    both.nordlys.warehouse_server.clear_faults()
    both.forward(minutes=4)
    both.read()  # eight are free at this moment
    assert both.available()[ITEM] == 8
    both.forward(seconds=1)
    both.nordlys.reserve()
    assert both.available()[ITEM] == 5
    both.see()
    for shop in both.worlds:
        push(shop, selling=both.selling)
    assert [shown(shop)[ITEM] for shop in both.worlds] == [5, 5]


def test_pieces_added_to_an_order_that_a_person_must_decide_on_count(both: TwoShops) -> None:
    order = reserved(both)
    edit(both.nordlys, order, 5)
    both.forward(minutes=1)
    both.see()
    hold(both.nordlys, order, Verdict.of("change_undecided", number="1", what="NH-1000 2 → 5"))
    assert both.available()[ITEM] == 6
    assert given(both, "9") == [4, 4]  # nine less two reserved less three that nobody has reserved


def test_order_that_came_back_after_its_reservation_was_deleted_counts(both: TwoShops) -> None:
    order = reserved(both)
    both.nordlys.act(action="set_status", order=int(order), status="cancelled")
    both.forward(minutes=1)
    both.nordlys.observe()
    both.nordlys.reserve()
    assert both.available()[ITEM] == 8
    both.nordlys.act(action="set_status", order=int(order), status="processing")
    both.forward(minutes=1)
    both.see()
    hold(both.nordlys, order, Verdict.of("product_barred", sku=ITEM, system="Rackbeat"))
    assert given(both, "9") == [7, 7]


def test_order_completed_by_hand_before_it_was_reserved_counts_while_it_is_on_its_way(both: TwoShops) -> None:
    order = buy(both.nordlys)
    both.forward(minutes=1)
    both.see()
    both.nordlys.act(action="set_status", order=int(order), status="completed")
    both.forward(minutes=1)
    both.see()
    hold(both.nordlys, order, Verdict.of("refused", system="Rackbeat", step="order", problem="x"))
    assert given(both, "9") == [7, 7]


@pytest.mark.edge(73)
def test_parts_of_a_reserved_bundle_count_until_its_order_is_completed(both: TwoShops) -> None:
    """Rackbeat may take them off when the bundle is sent, not when it is booked."""
    for shop in both.worlds:
        mapping = shop.settings.mapping.model_copy(update={"bundle_stock": {"NH-1001": {ITEM: 2}}})
        shop.settings = shop.settings.model_copy(update={"mapping": mapping})
    both.run()
    assert [shown(shop)["NH-1001"] for shop in both.worlds] == [4, 4]
    order = buy(both.nordlys, 1, "NH-1001")
    both.forward(minutes=1)
    both.nordlys.observe()
    both.nordlys.reserve()
    both.forward(minutes=1)
    assert given(both, "8") == [6, 6]
    assert [shown(shop)["NH-1001"] for shop in both.worlds] == [3, 3]
    both.nordlys.act(action="set_status", order=int(order), status="completed")
    both.forward(minutes=1)
    assert given(both, "6") == [6, 6]


def test_order_that_cannot_be_read_counts(both: TwoShops) -> None:
    order = int(buy(both.nordlys))
    both.nordlys.shop_server.standin.shop.orders[order].currency = ""  # type: ignore[attr-defined]
    both.forward(minutes=1)
    assert given(both, "9") == [7, 7]
    with both.nordlys.ledger.begin() as tx:
        found = documents.find(tx, f"nordlys-{order}-order")
    assert found is not None
    assert found.verdict.code == "order_unreadable"


def test_a_reading_stored_during_a_push_raises_nothing_before_the_sales_since_it_are_seen(
    both: TwoShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever clears the task that reads, while a shop is being pushed."""
    monkeypatch.setattr(stock_flow, "ROWS_AT_ONCE", 1)
    both.set_stock("NH-1001", "31")
    both.set_stock("NH-1002", "32")
    both.forward(minutes=1)
    both.read()
    both.see()

    def meanwhile() -> None:
        both.forward(seconds=30)
        both.set_stock("NH-1002", "99")
        both.read()

    report = push(both.nordlys, selling=both.selling, before_batch=meanwhile)
    assert shown(both.nordlys)["NH-1001"] == 31
    assert shown(both.nordlys)["NH-1002"] < 99
    assert report.codes["sales_not_seen"] == 2


def test_a_push_that_comes_long_after_the_sales_were_seen_only_lowers(both: TwoShops) -> None:
    both.set_stock(ITEM, "9")
    both.set_stock("NH-1001", "1")
    both.forward(minutes=1)
    both.read()
    both.see()
    both.forward(minutes=6)
    report = push(both.nordlys, selling=both.selling)
    assert report.codes["sales_not_seen"] == 2
    assert (shown(both.nordlys)[ITEM], shown(both.nordlys)["NH-1001"]) == (8, 1)


# --- returns ----------------------------------------------------------------------------------------------------------


@pytest.mark.edge(75)
def test_returned_goods_are_for_sale_when_the_warehouse_has_received_them_not_when_the_money_goes(
    both: TwoShops,
) -> None:
    """The shop puts refunded goods back on its own; they may be broken, or still at the buyer's."""
    order = reserved(both)
    both.nordlys.ship(next(iter(both.nordlys.warehouse_server.dump()["orders"])))
    both.nordlys.act(action="set_status", order=int(order), status="completed")
    both.forward(minutes=1)
    both.run()
    assert [shown(shop)[ITEM] for shop in both.worlds] == [6, 6]
    both.nordlys.act(action="refund", order=int(order), restock=True)
    assert shown(both.nordlys)[ITEM] == 8
    both.forward(minutes=1)
    both.nordlys.warehouse_server.reset_counters()
    both.run()
    assert [shown(shop)[ITEM] for shop in both.worlds] == [6, 6]
    assert both.nordlys.warehouse_server.counters()["writes"] == 0
    both.nordlys.warehouse_server.act({"action": "receive", "item": ITEM, "quantity": 1})  # the other one is broken
    both.forward(minutes=1)
    both.run()
    assert [shown(shop)[ITEM] for shop in both.worlds] == [7, 7]


def test_what_a_shop_puts_back_when_an_order_is_cancelled_is_looked_at(both: TwoShops) -> None:
    """Here the goods had gone: the warehouse has two pieces less, whatever the shop makes of it."""
    order = reserved(both)
    both.nordlys.ship(next(iter(both.nordlys.warehouse_server.dump()["orders"])))
    both.run()
    both.nordlys.act(action="set_status", order=int(order), status="cancelled")
    assert shown(both.nordlys)[ITEM] == 8
    both.forward(minutes=1)
    both.run()
    assert shown(both.nordlys)[ITEM] == 6
    assert levels(both.nordlys)[ITEM].confirmed == 6


def stock_at_the_parent(both: TwoShops) -> None:
    """The variations of a T-shirt are one number in the warehouse, of which there are eight, and in the shop."""
    numbers = {f"NH-TS-{size}": "NH-TS" for size in "SML"}
    mapping = both.nordlys.settings.mapping.model_copy(update={"product_numbers": BySku(numbers)})
    both.nordlys = replace(both.nordlys, settings=both.nordlys.settings.model_copy(update={"mapping": mapping}))
    body = {"number": "NH-TS", "name": "T-shirt", "group": 1, "sales_price": 100}
    both.nordlys.warehouse.send(Call("POST", "/products", body=to_json(body)))
    both.set_stock("NH-TS", "8")
    both.nordlys.act(action="edit_product", sku="NH-TS", changes={"manage_stock": True, "stock_quantity": 0})
    for sku in numbers:
        both.nordlys.act(action="edit_product", sku=sku, changes={"manage_stock": False})
    both.run(compare=True)
    assert shown(both.nordlys)["NH-TS"] == 8


@pytest.mark.edge(74)
@pytest.mark.edge(75)
def test_what_is_put_back_at_a_product_by_its_variation_is_looked_at(both: TwoShops) -> None:
    stock_at_the_parent(both)
    order = buy(both.nordlys, 2, "NH-TS-S")
    both.forward(minutes=1)
    both.nordlys.observe()
    both.nordlys.reserve()
    both.nordlys.ship(next(iter(both.nordlys.warehouse_server.dump()["orders"])))
    both.nordlys.act(action="set_status", order=int(order), status="completed")
    both.forward(minutes=1)
    both.run()
    assert shown(both.nordlys)["NH-TS"] == 6
    both.nordlys.act(action="refund", order=int(order), restock=True)
    assert shown(both.nordlys)["NH-TS"] == 8
    both.forward(minutes=1)
    both.run()
    assert shown(both.nordlys)["NH-TS"] == 6
