"""Products kept in step from the shop: made once, only changes written, what people have made stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from pakhus.clients.http import Call, to_json
from pakhus.clients.woocommerce_api import write
from pakhus.ledger.schema import attempts
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.flows.product_world import edit, in_economic, in_rackbeat, in_shop, quiet, run_products, settings_of
from tests.flows.world import World, world

D = Decimal


@contextmanager
def empty_systems(ledger_url: str) -> Iterator[World]:
    """A shop, and a warehouse and accounts that have none of its goods."""
    with world(ledger_url) as running:
        clock = running.shop_server.clock
        with (
            StandinServer(create("rackbeat", "new", default_seed("rackbeat"), {}, clock), clock=clock) as warehouse,
            StandinServer(create("economic", "new", default_seed("economic"), {}, clock), clock=clock) as accounts,
        ):
            running.warehouse_server, running.accounts_server = warehouse, accounts
            yield settings_of(running)


@pytest.fixture
def empty(fresh_ledger_url: str) -> Iterator[World]:
    with empty_systems(fresh_ledger_url) as running:
        yield running


@pytest.fixture
def stocked(fresh_ledger_url: str) -> Iterator[World]:
    """All three systems have the goods, as they were made by others."""
    with world(fresh_ledger_url) as running:
        yield settings_of(running)


def test_products_are_made_where_they_are_not(empty: World) -> None:
    edit(empty, "NH-1000", description="<p>Stentøj &amp; glasur.</p><p>30 cl</p>")
    report = run_products(empty)
    made = in_rackbeat(empty)["NH-1000"]
    assert (made["name"], made["sales_price"], made["description"]) == (
        "Kaffekop",
        D("100.00"),
        "Stentøj & glasur.\n30 cl",
    )
    booked = in_economic(empty)["NH-1000"]
    assert (booked["name"], D(booked["salesPrice"]), booked["group"]) == ("Kaffekop", D("100.00"), 1)
    assert in_rackbeat(empty)["NH-TS-M"]["name"] == "T-shirt - M"
    assert "NH-TS" not in in_rackbeat(empty)  # a product with variations is not what is sold
    assert report.codes["product_created"] > 40
    assert report.codes["product_sku_wrong"] == 3
    assert not report.alarms()


def test_a_second_run_writes_nothing_and_asks_once(empty: World) -> None:
    run_products(empty)
    assert quiet(empty) == {"shop": 1, "warehouse": 0, "accounts": 0}
    assert empty.writes() == 0


def test_a_second_whole_run_writes_nothing(empty: World) -> None:
    run_products(empty)
    quiet(empty, whole=True)
    assert empty.writes() == 0


def test_only_what_changed_is_written(empty: World) -> None:
    run_products(empty)
    edit(empty, "NH-1000", regular_price="150.00")
    empty.reset_counters()
    report = run_products(empty)
    assert report.codes["product_changed"] == 2
    assert empty.writes() == 2
    assert in_rackbeat(empty)["NH-1000"]["sales_price"] == D("120.00")
    assert D(in_economic(empty)["NH-1000"]["salesPrice"]) == D("120.00")
    sent = empty.warehouse_server.requests()[-1]
    assert sent["method"] == "PUT"


def test_a_price_that_a_person_changed_in_the_accounts_stays_for_good(empty: World) -> None:
    run_products(empty)
    in_economic(empty)["NH-1000"]["salesPrice"] = D("95.00")
    for price in ("150.00", "175.00"):
        edit(empty, "NH-1000", regular_price=price, name=f"Kop til {price}")
        report = run_products(empty)
        assert report.codes["product_kept"] == 1
    booked = in_economic(empty)["NH-1000"]
    assert (D(booked["salesPrice"]), booked["name"]) == (D("95.00"), "Kop til 175.00")
    assert in_rackbeat(empty)["NH-1000"]["sales_price"] == D("140.00")


def test_once_a_person_makes_it_the_same_it_follows_again(empty: World) -> None:
    run_products(empty)
    in_economic(empty)["NH-1000"]["salesPrice"] = D("95.00")
    edit(empty, "NH-1000", regular_price="150.00")
    run_products(empty)
    in_economic(empty)["NH-1000"]["salesPrice"] = D("120.00")
    run_products(empty, whole=True)
    edit(empty, "NH-1000", regular_price="200.00")
    run_products(empty)
    assert D(in_economic(empty)["NH-1000"]["salesPrice"]) == D("160.00")


def test_what_a_person_changed_in_the_warehouse_stays_until_the_shop_changes_it(empty: World) -> None:
    run_products(empty)
    in_rackbeat(empty)["NH-1000"].update(name="Hylde 4: kaffekop", sales_price=D("7.00"), barcode="5701234567899")
    report = run_products(empty, whole=True)
    assert report.codes["product_kept"] == 1
    assert run_products(empty, whole=True).codes["product_kept"] == 0  # told once
    edit(empty, "NH-1000", regular_price="150.00")
    run_products(empty)
    made = in_rackbeat(empty)["NH-1000"]
    assert (made["name"], made["sales_price"], made["barcode"]) == ("Hylde 4: kaffekop", D("120.00"), "5701234567899")


def test_members_that_are_not_ours_survive_a_change(empty: World) -> None:
    run_products(empty)
    in_economic(empty)["NH-1000"].update(costPrice=D("40.00"), recommendedPrice=D("99.00"), unit=1)
    in_rackbeat(empty)["NH-1000"].update(recommended_cost_price=D("40.00"), min_stock=D(5), default_location_id=100)
    edit(empty, "NH-1000", name="Krus")
    run_products(empty)
    booked, made = in_economic(empty)["NH-1000"], in_rackbeat(empty)["NH-1000"]
    assert (booked["name"], D(booked["costPrice"]), D(booked["recommendedPrice"])) == ("Krus", D("40.00"), D("99.00"))
    assert (made["name"], made["recommended_cost_price"], made["min_stock"]) == ("Krus", D("40.00"), D(5))


def test_what_was_there_before_is_left_as_it_is_and_told(stocked: World) -> None:
    in_rackbeat(stocked)["NH-1000"]["name"] = "Deres kop"
    in_economic(stocked)["NH-1000"]["salesPrice"] = D("1.00")
    report = run_products(stocked)
    assert report.codes["product_kept"] >= 2
    assert report.codes["product_created"] == 0
    assert in_rackbeat(stocked)["NH-1000"]["name"] == "Deres kop"
    edit(stocked, "NH-1000", name="Vores kop", regular_price="150.00")
    run_products(stocked)
    assert in_rackbeat(stocked)["NH-1000"]["name"] == "Vores kop"  # the shop's own change follows
    assert D(in_economic(stocked)["NH-1000"]["salesPrice"]) == D("1.00")


def test_what_was_there_before_is_taken_over_where_that_is_wanted(stocked: World) -> None:
    in_rackbeat(stocked)["NH-1000"].update(name="Deres kop", is_barred=True)
    in_economic(stocked)["NH-1000"].update(name="Deres kop", group=2)
    over = settings_of(stocked, take_over=True)
    run_products(over)
    assert in_rackbeat(over)["NH-1000"]["name"] == in_economic(over)["NH-1000"]["name"] == "Kaffekop"
    assert in_rackbeat(over)["NH-1000"]["is_barred"] is True  # somebody has barred it
    assert in_economic(over)["NH-1000"]["group"] == 2  # decides account and VAT


def test_only_the_fields_that_are_ours_follow(empty: World) -> None:
    only = settings_of(empty, fields=["price"])
    run_products(only)
    assert in_rackbeat(only)["NH-1000"]["name"] == "Kaffekop"  # a new product has all
    edit(only, "NH-1000", name="Krus", regular_price="150.00")
    run_products(only)
    assert (in_rackbeat(only)["NH-1000"]["name"], in_rackbeat(only)["NH-1000"]["sales_price"]) == (
        "Kaffekop",
        D("120.00"),
    )


def test_nothing_is_made_where_that_is_off(empty: World) -> None:
    off = settings_of(empty, create_missing=False)
    report = run_products(off)
    assert off.writes() == 0
    assert report.codes["product_not_made"] > 70


@pytest.mark.parametrize("policy", ["keep", "bar"])
def test_what_the_shop_sells_no_more_is_kept_or_barred(empty: World, policy: str) -> None:
    shop = settings_of(empty, unpublished=policy)
    run_products(shop)
    in_rackbeat(shop)
    shop.warehouse_server.act({"action": "set_stock", "item": "NH-1003", "quantity": "3"})
    for sku in ("NH-1001", "NH-1003"):
        edit(shop, sku, status="draft")
    shop.act(action="delete_product", sku="NH-1002")
    run_products(shop, whole=True)
    barred = policy == "bar"
    for number in ("NH-1001", "NH-1002"):
        assert in_rackbeat(shop)[number]["is_barred"] is barred
        assert bool(in_economic(shop)[number].get("barred")) is barred
    assert in_rackbeat(shop)["NH-1003"]["is_barred"] is False  # pieces of it are there
    edit(shop, "NH-1001", status="publish")
    run_products(shop)
    assert in_rackbeat(shop)["NH-1001"]["is_barred"] is False
    assert not in_economic(shop)["NH-1001"].get("barred")


def test_a_renamed_product_waits_for_its_number_in_the_warehouse_and_is_new_in_the_accounts(empty: World) -> None:
    run_products(empty)
    edit(empty, "NH-1000", sku="NH-KOP")
    report = run_products(empty)
    assert report.codes["product_renamed"] == 1
    assert "NH-KOP" not in in_rackbeat(empty)
    assert "NH-KOP" in in_economic(empty)  # a number cannot be changed there
    empty.warehouse_server.act({"action": "edit_item", "item": "NH-1000", "changes": {"number": "NH-KOP"}})
    empty.forward(days=1, minutes=10)
    run_products(empty)
    edit(empty, "NH-KOP", regular_price="150.00")
    run_products(empty)
    assert in_rackbeat(empty)["NH-KOP"]["sales_price"] == D("120.00")
    assert "NH-1000" not in in_rackbeat(empty)


def test_what_a_person_deleted_is_not_made_again(empty: World) -> None:
    run_products(empty)
    del in_rackbeat(empty)["NH-1000"]
    report = run_products(empty, whole=True)
    assert report.codes["product_removed"] == 1
    edit(empty, "NH-1000", name="Krus")
    run_products(empty)
    assert "NH-1000" not in in_rackbeat(empty)


def test_a_product_whose_class_nobody_has_mapped_is_held_and_named(empty: World) -> None:
    edit(empty, "NH-1000", tax_class="nulmoms")
    report = run_products(empty)
    assert report.codes["product_price_unknown"] == 2
    assert "NH-1000" not in in_rackbeat(empty)


def test_a_name_is_cut_to_what_each_system_takes(empty: World) -> None:
    long = "kop " * 100
    edit(empty, "NH-1000", name=long, description=f"<p>{'stentøj ' * 1000}</p>")
    run_products(empty)
    made, booked = in_rackbeat(empty)["NH-1000"], in_economic(empty)["NH-1000"]
    assert (len(made["name"]), len(booked["name"])) == (252, 300)
    assert len(booked["description"]) <= 500
    assert booked["description"].endswith("stentøj…")


def prices(shop: World, number: str) -> dict[str, D]:
    """A product's prices in other currencies, as the accounts have them."""
    return {code: row["price"] for code, row in in_economic(shop)[number].get("prices", {}).items()}


def in_euros(shop: World) -> World:
    """The shop's prices are in EUR, the accounts' in DKK; only the accounts take part."""
    shop.shop.send(write("PUT", "/settings/general/woocommerce_currency", {"value": "EUR"}))
    mapping = shop.settings.mapping
    assert mapping.economic is not None
    assert mapping.economic.new_products is not None
    new = mapping.economic.new_products.model_copy(update={"currency_prices": True})
    part = mapping.economic.model_copy(update={"new_products": new})
    changed = mapping.model_copy(update={"economic": part})
    return replace(shop, settings=shop.settings.model_copy(update={"mapping": changed, "rackbeat": None}))


def test_a_price_in_another_currency_is_the_product_s_price_in_it(empty: World) -> None:
    shop = in_euros(empty)
    run_products(shop)
    assert prices(shop, "NH-1000") == {"EUR": D("100.00")}
    assert "salesPrice" not in in_economic(shop)["NH-1000"]
    edit(shop, "NH-1000", regular_price="150.00")
    run_products(shop)
    assert prices(shop, "NH-1000") == {"EUR": D("120.00")}
    shop.reset_counters()
    run_products(shop)
    run_products(shop, whole=True)
    assert shop.writes() == 0


def test_a_price_in_another_currency_that_a_bookkeeper_set_stays(empty: World) -> None:
    shop = in_euros(empty)
    run_products(shop)
    in_economic(shop)["NH-1000"]["prices"]["EUR"]["price"] = D("95.00")
    edit(shop, "NH-1000", regular_price="150.00", name="Krus")
    report = run_products(shop)
    assert report.codes["product_kept"] == 1
    assert (prices(shop, "NH-1000"), in_economic(shop)["NH-1000"]["name"]) == ({"EUR": D("95.00")}, "Krus")


def test_a_product_whose_price_was_lost_on_the_way_gets_it_later(empty: World) -> None:
    shop = in_euros(empty)
    shop.accounts_server.faults.set([{"kind": "answer_lost", "method": "POST", "path_regex": "NH-1000/pricing"}])
    run_products(shop)
    shop.forward(minutes=10)
    run_products(shop)
    assert prices(shop, "NH-1000") == {"EUR": D("100.00")}
    with shop.ledger.begin() as tx:
        left = tx.connection.execute(attempts.select().where(attempts.c.status.in_(("sent", "unknown")))).all()
    assert left == []


def test_a_product_that_the_warehouse_spells_otherwise_is_not_made_a_second_time(empty: World) -> None:
    body = {"number": "nh-1000", "name": "Kaffekop", "group": 1, "sales_price": 100}
    empty.warehouse.send(Call("POST", "/products", body=to_json(body)))
    report = run_products(empty)
    assert "NH-1000" not in in_rackbeat(empty)
    assert "NH-1000" in in_economic(empty)
    assert report.codes["product_sku_wrong"] == 4  # and three of the recorded shop's own
    in_rackbeat(empty)["NH-1000"] = {**in_rackbeat(empty).pop("nh-1000"), "number": "NH-1000"}  # a person mends it
    empty.forward(days=1)
    run_products(empty)
    edit(empty, "NH-1000", name="Kop")
    run_products(empty)
    assert in_rackbeat(empty)["NH-1000"]["name"] == "Kop"


def test_a_new_product_among_known_ones_is_not_made_beside_its_other_spelling(empty: World) -> None:
    run_products(empty)
    body = {"number": "ny-1", "name": "Ny", "group": 1, "sales_price": 100}
    empty.warehouse.send(Call("POST", "/products", body=to_json(body)))
    new = {"name": "Ny", "sku": "NY-1", "type": "simple", "status": "publish", "regular_price": "10"}
    empty.shop.send(write("POST", "/products", new))
    empty.forward(minutes=5)
    run_products(empty)
    assert "NY-1" not in in_rackbeat(empty)


def test_a_price_that_is_no_number_holds_its_own_product_alone(empty: World) -> None:
    run_products(empty)
    in_shop(empty, "NH-1001").regular_price = "199,95"
    edit(empty, "NH-1000", name="Kop")
    report = run_products(empty, whole=True)
    assert "199,95" in report.causes["product_price_unknown"]
    assert in_rackbeat(empty)["NH-1000"]["name"] == "Kop"
    assert in_rackbeat(empty)["NH-1001"]["sales_price"] == D("79.96")


def test_a_product_that_becomes_a_set_of_others_is_sold_no_more(empty: World) -> None:
    run_products(empty)
    in_shop(empty, "NH-1001").type = "grouped"
    edit(empty, "NH-1001", name="Sæt")
    report = run_products(empty)
    assert report.codes["product_unsold"] == 2
    assert in_rackbeat(empty)["NH-1001"]["name"] == "Tallerken dyb"


def test_a_second_product_with_the_number_of_one_that_is_known_changes_nothing(empty: World) -> None:
    """The shop tells "NH 1000" from "NH-1000", people and spreadsheets do not tell it from "NH1000"."""
    body = {"name": "Kop", "sku": "NY 1", "regular_price": "125.00", "type": "simple", "status": "publish"}
    empty.shop.send(write("POST", "/products", body))
    run_products(empty)
    empty.forward(minutes=5)
    empty.shop.send(write("POST", "/products", {**body, "name": "En anden kop", "sku": "NY1"}))
    for whole in (False, True, False):
        report = run_products(empty, whole=whole)
        assert (in_rackbeat(empty)["NY 1"]["name"], "NY1" in in_rackbeat(empty)) == ("Kop", False)
    run_products(empty, whole=True)
    assert report.codes["product_sku_wrong"] == 0  # said in whole readings, which see both
    empty.act(action="delete_product", sku="NY 1")
    run_products(empty, whole=True)
    assert in_rackbeat(empty)["NY 1"]["name"] == "En anden kop"
