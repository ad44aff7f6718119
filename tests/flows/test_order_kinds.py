"""Odd orders on their way to the warehouse: each is reserved as its buyer meant it, or held with its reason."""

from typing import Any

import pytest

from pakhus.rules.mappings import CardPurpose, CommentPlace, GiftCards
from pakhus.settings import Pickup
from tests.flows.test_order_life import document, goods, in_shop, place, set_status, settle, there, with_orders
from tests.flows.test_order_life import nordlys as nordlys  # the fixture: a shop without earlier orders
from tests.flows.world import World

PICKUP = {"method_id": "local_pickup", "instance_id": "4", "method_title": "Afhentning", "total": "0.00"}


@pytest.mark.edge(17)
def test_company_without_vat_number_is_reserved_under_its_name(nordlys: World) -> None:
    order = place(nordlys, billing={"company": "Øst Keramik ApS", "email": "kontor@example.dk"})
    [row] = there(nordlys, order)
    assert (row["billing"]["name"], row["is_booked"]) == ("Øst Keramik ApS", True)


@pytest.mark.edge(18)
def test_renewal_of_a_subscription_is_an_order_of_its_own(nordlys: World) -> None:
    first = place(nordlys)
    meta = [{"key": "_subscription_renewal", "value": first}]
    renewal = place(nordlys, meta_data=meta)
    assert [len(there(nordlys, order)) for order in (first, renewal)] == [1, 1]
    numbers = [row["customer_id"] for order in (first, renewal) for row in there(nordlys, order)]
    assert len(set(numbers)) == 1


@pytest.mark.edge(19)
def test_pre_order_waits_in_its_plugins_state_and_is_reserved_when_that_ends(nordlys: World) -> None:
    with_orders(nordlys, ignore_states=frozenset({"pre-ordered"}))
    nordlys.shop_server.configure({"extra_statuses": {"pre-ordered": "Pre-ordered"}})
    order = place(nordlys, paid=False)
    set_status(nordlys, order, "pre-ordered")
    settle(nordlys)
    assert (document(nordlys, order).reason, there(nordlys, order)) == ("state_not_listed", [])
    set_status(nordlys, order, "processing")
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"


@pytest.mark.edge(21)
def test_comment_arrives_whole_with_emoji_and_as_text(nordlys: World) -> None:
    order = place(nordlys, customer_note='Ring <b>først</b> 🔔&amp; 🐈‍⬛\nStil den i skuret <3 "tak"')
    [row] = there(nordlys, order)
    assert row["note"] == 'Ring først 🔔& 🐈‍⬛\nStil den i skuret <3 "tak"'


def test_comment_that_is_too_long_ends_in_an_ellipsis(nordlys: World) -> None:
    order = place(nordlys, customer_note="æ" * 900)
    [row] = there(nordlys, order)
    assert (len(row["note"]), row["note"][-2:]) == (800, "æ…")


@pytest.mark.edge(22)
def test_long_street_is_spread_over_two_lines_and_what_does_not_fit_then_is_held(nordlys: World) -> None:
    street = "Fællesadministrationens gårdhave, " * 10
    order = place(nordlys, shipping={"address_1": street.strip(), "address_2": ""})
    [row] = there(nordlys, order)
    shown = f"{row['delivery']['street']} {row['delivery']['street2']}"
    assert shown.replace(",", "") == street.strip().replace(",", "")
    held = place(nordlys, shipping={"address_1": "x" * 300})
    found = document(nordlys, held)
    assert (found.reason, found.reason_parameters["part"]) == ("address_too_long", "delivery street")


@pytest.mark.edge(24)
def test_order_that_is_fetched_says_so_to_the_warehouse(nordlys: World) -> None:
    order = place(nordlys, shipping_line=PICKUP, customer_note="Fredag")
    [row] = there(nordlys, order)
    assert (row["note"], row["is_booked"]) == ("Pick-up in store\nFredag", True)


@pytest.mark.edge(24)
def test_order_that_is_fetched_can_be_left_out_of_the_warehouse(nordlys: World) -> None:
    with_orders(nordlys, pickup=Pickup.SKIP)
    order = place(nordlys, shipping_line=PICKUP)
    assert (document(nordlys, order).reason, there(nordlys, order)) == ("picked_up_in_store", [])


@pytest.mark.edge(25)
def test_order_of_five_hundred_lines_is_reserved_line_by_line(nordlys: World) -> None:
    skus = [
        row["sku"]
        for row in nordlys.shop_server.dump()["products"]
        if (row["stock_quantity"] or 0) >= 60 and row["status"] == "publish"
    ]
    wanted = [(skus[number % len(skus)], 1) for number in range(500)]
    order = place(nordlys, *wanted)
    [row] = there(nordlys, order)
    assert (len(in_shop(nordlys, order)["line_items"]), len(row["lines"])) == (500, 500)
    assert sum(line["quantity"] for line in row["lines"]) == 500
    assert document(nordlys, order).reason == "transferred"


def test_unpaid_order_is_reserved_only_for_methods_that_are_paid_later(nordlys: World) -> None:
    with_orders(nordlys, prepay_later=frozenset({"bacs"}))
    by_bank = place(nordlys, payment_method="bacs")
    by_cheque = place(nordlys, payment_method="cheque")
    assert {in_shop(nordlys, order)["status"] for order in (by_bank, by_cheque)} == {"on-hold"}
    assert [document(nordlys, order).reason for order in (by_bank, by_cheque)] == ["transferred", "payment_awaited"]
    set_status(nordlys, by_cheque, "processing")
    set_status(nordlys, by_bank, "cancelled")
    settle(nordlys)
    assert [len(there(nordlys, order)) for order in (by_bank, by_cheque)] == [0, 1]


def test_orders_are_made_and_left_to_people_to_book_where_the_shop_does_not_reserve(nordlys: World) -> None:
    with_orders(nordlys, reserve=False)
    order = place(nordlys)
    assert not there(nordlys, order)[0]["is_booked"]
    line = in_shop(nordlys, order)["line_items"][0]["id"]
    nordlys.act(action="edit_line", order=int(order), line=line, quantity=4)
    settle(nordlys)
    assert (goods(nordlys, order), there(nordlys, order)[0]["is_booked"]) == ({"NH-1018": 4}, False)


def test_comment_stays_out_of_the_warehouse_where_the_shop_says_so(nordlys: World) -> None:
    with_orders(nordlys, comment=CommentPlace.NONE)
    order = place(nordlys, customer_note="Ring først")
    assert there(nordlys, order)[0]["note"] is None


@pytest.mark.edge(2)
def test_gift_cards_and_services_are_left_out_of_the_warehouse(nordlys: World) -> None:
    mapping = nordlys.settings.mapping
    assert mapping.rackbeat is not None
    assert mapping.economic is not None
    cards = GiftCards(sold={"NH-1018": CardPurpose.MULTI})
    changed = mapping.model_copy(
        update={
            "rackbeat": mapping.rackbeat.model_copy(update={"not_goods": frozenset({"NH-1004"})}),
            "economic": mapping.economic.model_copy(update={"gift_cards": cards}),
        }
    )
    nordlys.settings = nordlys.settings.model_copy(update={"mapping": changed})
    order = place(nordlys, ("NH-1018", 1), ("NH-1004", 1), ("NH-1001", 1))
    only_cards = place(nordlys, ("NH-1018", 1))
    assert goods(nordlys, order) == {"NH-1001": 1}
    assert (document(nordlys, only_cards).reason, there(nordlys, only_cards)) == ("nothing_to_reserve", [])


def change_product(world: World, change: str) -> None:
    action: dict[str, Any] = {"action": "delete_product", "sku": "NH-1018"}
    if change == "renamed":
        action = {"action": "edit_product", "sku": "NH-1018", "changes": {"sku": "NH-1018-B"}}
    world.act(**action)


@pytest.mark.edge(8)
@pytest.mark.parametrize("change", ["renamed", "deleted"])
def test_reserved_goods_stay_the_same_when_their_product_is_renamed_or_deleted(nordlys: World, change: str) -> None:
    order = place(nordlys, ("NH-1018", 2), ("NH-1001", 1))
    change_product(nordlys, change)
    lines = in_shop(nordlys, order)["line_items"]
    nordlys.act(action="edit_line", order=int(order), line=lines[1]["id"], quantity=3)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 2, "NH-1001": 3}
    assert document(nordlys, order).reason == "transferred"
