"""Products that two shops sell from one warehouse and one set of accounts, and the first transfer beside the flow."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from pakhus.clients.woocommerce_api import write
from pakhus.flows.initial_sync import InitialSync
from pakhus.ledger.schema import documents
from pakhus.reasons import Verdict
from tests.flows.product_world import edit, in_economic, in_rackbeat, run_products, settings_of
from tests.flows.test_products import empty_systems
from tests.flows.world import World, beside

D = Decimal
SHARED = "BEGGE-1"


@pytest.fixture
def two(fresh_ledger_url: str) -> Iterator[tuple[World, World]]:
    """Two shops, one warehouse and one set of accounts without their goods; both sell one product, called otherwise."""
    with empty_systems(fresh_ledger_url) as nordlys, beside(nordlys) as fjordliv:
        second = settings_of(fjordliv)
        for shop, name, sku, price in ((nordlys, "Kop", SHARED, "125.00"), (second, "Krus", "begge-1", "150.00")):
            sell(shop, name, sku, price)
        yield nordlys, second


def sell(shop: World, name: str, sku: str, price: str) -> None:
    """The staff of a shop makes a product there."""
    body = {"name": name, "sku": sku, "regular_price": price, "type": "simple", "status": "publish"}
    shop.shop.send(write("POST", "/products", body))


def written(shop: World, number: str) -> list[str]:
    """Which numbers the warehouse has that people could take for this one."""
    return [one for one in in_rackbeat(shop) if one.lower() == number.lower()]


def test_the_shop_that_was_read_first_is_its_master(two: tuple[World, World]) -> None:
    nordlys, fjordliv = two
    run_products(nordlys)
    run_products(fjordliv)
    edit(fjordliv, "begge-1", regular_price="175.00", name="Stort krus")
    run_products(fjordliv)
    run_products(nordlys, whole=True)
    assert written(nordlys, SHARED) == [SHARED]
    made = in_rackbeat(nordlys)[SHARED]
    assert (made["name"], made["sales_price"]) == ("Kop", D("100.00"))


def test_when_the_master_sells_it_no_more_the_other_becomes_its_master(two: tuple[World, World]) -> None:
    nordlys, fjordliv = (settings_of(shop, unpublished="bar") for shop in two)
    run_products(nordlys)
    run_products(fjordliv)
    edit(nordlys, SHARED, status="draft")
    run_products(nordlys)
    assert in_rackbeat(nordlys)[SHARED]["is_barred"] is False  # the other shop sells it
    edit(fjordliv, "begge-1", name="Stort krus")
    run_products(fjordliv)
    assert written(nordlys, SHARED) == [SHARED]
    assert in_rackbeat(nordlys)[SHARED]["name"] == "Stort krus"


def test_two_shops_at_one_moment_make_it_once(two: tuple[World, World]) -> None:
    before = len(in_rackbeat(two[0]))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_products, two))
    for shop in two:
        shop.forward(minutes=10)
        run_products(shop)
    assert len(written(two[0], SHARED)) == 1
    sent = [
        one for one in two[0].warehouse_server.requests() if (one["method"], one["path"]) == ("POST", "/api/products")
    ]
    assert len(sent) == len(in_rackbeat(two[0])) - before
    assert sum(1 for number in in_economic(two[0]) if number.lower() == "begge-1") == 1


def test_two_runs_of_one_shop_at_one_moment_write_everything_once(two: tuple[World, World]) -> None:
    nordlys, _ = two
    before = len(in_rackbeat(nordlys))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_products, (nordlys, nordlys)))
    nordlys.forward(minutes=10)
    run_products(nordlys)
    sent = [one for one in nordlys.warehouse_server.requests() if one["method"] == "POST"]
    assert len(sent) == len(in_rackbeat(nordlys)) - before


def test_the_first_transfer_counts_the_stock_of_what_the_flow_has_made(two: tuple[World, World]) -> None:
    nordlys, _ = two
    run_products(nordlys)
    report = InitialSync(nordlys.shop, nordlys.warehouse, nordlys.ledger, nordlys.settings).run()
    assert report.codes["initial_stock_set"] > 10
    stock = nordlys.warehouse_server.standin.state.stock_of("NH-1000")  # type: ignore[attr-defined]
    assert stock == 45


def test_what_the_first_transfer_made_is_kept_in_step(two: tuple[World, World]) -> None:
    nordlys, _ = two
    InitialSync(nordlys.shop, nordlys.warehouse, nordlys.ledger, nordlys.settings).run()
    nordlys.warehouse_server.reset_counters()
    run_products(nordlys)
    assert nordlys.warehouse_server.counters()["writes"] == 0
    edit(nordlys, "NH-1000", regular_price="150.00")
    run_products(nordlys)
    assert in_rackbeat(nordlys)["NH-1000"]["sales_price"] == D("120.00")


def test_an_order_that_was_held_for_a_missing_product_goes_on(two: tuple[World, World]) -> None:
    nordlys, _ = two
    held = Verdict.of("product_missing", sku="NH-1000", system="Rackbeat")
    with nordlys.ledger.begin() as tx:
        row = {
            "key": "nordlys-1-order",
            "scope": "nordlys",
            "flow": "orders",
            "kind": "reservation",
            "target": "rackbeat__main",
            "status": held.status,
            "reason": held.code,
            "reason_parameters": dict(held.parameters),
            "since": tx.now,
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        tx.connection.execute(documents.insert().values(row))
    run_products(nordlys)
    with nordlys.ledger.begin() as tx:
        due_at = tx.connection.execute(documents.select().where(documents.c.key == "nordlys-1-order")).one().due_at
        assert due_at is not None
        assert due_at <= tx.now
