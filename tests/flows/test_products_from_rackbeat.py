"""Rackbeat as the master of a shop's products: simple ones are made as drafts, only what is ours is changed."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.http import Call, to_json
from pakhus.ledger.schema import attempts, documents
from pakhus.model import Product
from tests.flows.product_world import in_economic, in_rackbeat, run_products, settings_of
from tests.flows.world import World, world

D = Decimal


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    """The shop, and a warehouse that has its goods under the names and prices of the seed."""
    with world(fresh_ledger_url) as running:
        for product in running.shop_server.standin.dump()["products"]:  # type: ignore[attr-defined]
            if product["status"] == "trash":  # its SKU is taken, and no list finds it
                in_rackbeat(running).pop(product["sku"], None)
        yield settings_of(running, master="rackbeat")


def make(shop: World, number: str, **members: Any) -> None:
    """Somebody makes a product in the warehouse."""
    shop.forward(minutes=20)
    body = {"number": number, "name": f"Vare {number}", "group": 1, "sales_price": "79.96", **members}
    shop.warehouse.send(Call("POST", "/products", body=to_json(body)))


def change(shop: World, number: str, **changes: Any) -> None:
    shop.forward(minutes=20)
    shop.warehouse_server.act({"action": "edit_item", "item": number, "changes": changes})


def sold(shop: World, sku: str) -> Product:
    found = shop.shop.product(sku)
    assert found is not None
    return found


def test_a_new_product_becomes_a_draft_with_the_price_that_the_shop_s_prices_mean(nordlys: World) -> None:
    run_products(nordlys)
    make(nordlys, "NY-1", description="Stentøj < 30 cl & glasur", barcode="5701234567899")
    report = run_products(nordlys)
    assert report.codes["product_created"] == 2  # in the shop and in the accounts
    made = sold(nordlys, "NY-1")
    assert made.price is not None
    assert (made.name, made.price.amount, made.barred) == ("Vare NY-1", D("99.95"), True)
    assert (made.description, made.barcode) == ("Stentøj < 30 cl & glasur", "5701234567899")
    assert D(in_economic(nordlys)["NY-1"]["salesPrice"]) == D("79.96")


def test_a_new_product_is_for_sale_at_once_where_that_is_wanted(nordlys: World) -> None:
    shop = settings_of(nordlys, master="rackbeat", publish=True)
    make(shop, "NY-1")
    run_products(shop)
    assert not sold(shop, "NY-1").barred


def test_a_second_run_writes_nothing(nordlys: World) -> None:
    run_products(nordlys)
    nordlys.reset_counters()
    run_products(nordlys)
    run_products(nordlys, whole=True)
    assert nordlys.writes() == 0


def test_only_what_the_warehouse_changed_is_written(nordlys: World) -> None:
    nordlys.act(action="edit_product", sku="NH-1000", changes={"description": "<p>Skrevet <b>af</b> os</p>"})
    run_products(nordlys)
    change(nordlys, "NH-1000", sales_price="120")
    nordlys.reset_counters()
    run_products(nordlys)
    assert nordlys.shop_server.counters()["writes"] == 1
    shown = nordlys.shop_server.standin.dump()["products"]  # type: ignore[attr-defined]
    cup = next(row for row in shown if row["sku"] == "NH-1000")
    assert (cup["regular_price"], cup["description"]) == ("150.00", "<p>Skrevet <b>af</b> os</p>")


def test_a_variation_gets_its_price_and_keeps_its_name(nordlys: World) -> None:
    run_products(nordlys)
    before = sold(nordlys, "NH-TS-M")
    change(nordlys, "NH-TS-M", sales_price="200", name="Bluse, mellem")
    run_products(nordlys)
    after = sold(nordlys, "NH-TS-M")
    assert after.price is not None
    assert (after.price.amount, after.name) == (D("250.00"), before.name)


def test_a_price_that_the_staff_set_in_the_shop_stays_until_the_warehouse_changes_it(nordlys: World) -> None:
    run_products(nordlys)
    nordlys.act(action="edit_product", sku="NH-1000", changes={"regular_price": "99.00"})
    report = run_products(nordlys, whole=True)
    assert report.codes["product_kept"] == 1
    assert sold(nordlys, "NH-1000").price.amount == D("99.00")  # type: ignore[union-attr]
    change(nordlys, "NH-1000", sales_price="120")
    run_products(nordlys)
    assert sold(nordlys, "NH-1000").price.amount == D("150.00")  # type: ignore[union-attr]


def test_services_are_not_made_in_the_shop(nordlys: World) -> None:
    make(nordlys, "MONTERING", group=2)
    run_products(nordlys)
    assert nordlys.shop.product("MONTERING") is None


def test_a_barred_product_is_not_made_and_one_that_is_there_is_hidden_where_that_is_wanted(nordlys: World) -> None:
    shop = settings_of(nordlys, master="rackbeat", unpublished="bar")
    make(shop, "NY-1", is_barred=True)
    run_products(shop)
    assert shop.shop.product("NY-1") is None
    change(shop, "NH-1000", is_barred=True)
    run_products(shop)
    assert sold(shop, "NH-1000").barred


def test_a_sku_that_stands_on_a_product_with_variations_is_held(nordlys: World) -> None:
    make(nordlys, "NH-TS", name="T-shirt, alle")
    report = run_products(nordlys)
    assert report.codes["refused"] == 1
    with nordlys.ledger.begin() as tx:
        told = tx.connection.execute(select(documents.c.reason_parameters).where(documents.c.reason == "refused"))
        assert "sold by its variations" in told.scalar_one()["problem"]


def test_a_lost_answer_makes_no_second_product(nordlys: World) -> None:
    run_products(nordlys)
    make(nordlys, "NY-1")
    nordlys.shop_server.faults.set([{"kind": "answer_lost", "method": "POST", "nth": 1}])
    report = run_products(nordlys)
    assert report.codes["outcome_unknown"] + report.codes["remote_unavailable"] >= 1
    nordlys.forward(minutes=10)
    run_products(nordlys)
    rows = [row for row in nordlys.shop_server.standin.dump()["products"] if row["sku"] == "NY-1"]  # type: ignore[attr-defined]
    assert len(rows) == 1
    with nordlys.ledger.begin() as tx:
        left = tx.connection.execute(attempts.select().where(attempts.c.status.in_(("sent", "unknown")))).all()
    assert left == []


def test_a_sku_that_is_in_the_shop_s_bin_is_held(nordlys: World) -> None:
    run_products(nordlys)
    nordlys.act(action="bin_product", sku="NH-1000")
    change(nordlys, "NH-1000", sales_price="120")
    report = run_products(nordlys)
    assert report.codes["product_removed"] == 1
