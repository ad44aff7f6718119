"""Many products cost few requests: those in step none, those that changed a write each."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pakhus.flows.product_writing import LIST_FROM
from tests.flows import product_world
from tests.flows.product_world import edit, in_rackbeat, in_shop, quiet, run_products, settings_of, target_of
from tests.flows.world import World, world

SKUS = [f"NH-10{number:02}" for number in range(34)]


@pytest.fixture
def stocked(fresh_ledger_url: str) -> Iterator[World]:
    """Shop and warehouse have the goods, as they were made by others; the accounts take no part."""
    with world(fresh_ledger_url) as running:
        yield settings_of(running, economic=False, take_over=False)


def rename(shop: World, skus: list[str]) -> None:
    for sku in skus:
        edit(shop, sku, name=f"{sku} of this year")


def renamed(shop: World) -> list[str]:
    return sorted(number for number, row in in_rackbeat(shop).items() if row["name"].endswith("of this year"))


def those_in_both(shop: World) -> list[str]:
    """Products that the warehouse has and the shop sells by themselves."""
    found = [sku for sku in SKUS if sku in in_rackbeat(shop) and in_shop(shop, sku).status == "publish"]
    return found[: LIST_FROM + 2]


def test_products_in_step_are_noted_by_one_look_at_each_list(stocked: World) -> None:
    for sku in those_in_both(stocked):
        in_rackbeat(stocked)[sku]["description"] = "told by the warehouse"
    stocked.reset_counters()
    first = run_products(stocked)
    assert first.codes["product_in_step"] + first.codes["product_kept"] > LIST_FROM
    asked = stocked.warehouse_server.requests()
    singly = {request["path"] for request in asked if request["method"] == "GET"} - {"/api/products"}
    assert not singly & {f"/api/products/{sku}" for sku in those_in_both(stocked)}
    again = run_products(stocked, whole=True)
    assert (again.codes["product_in_step"], again.codes["product_kept"]) == (0, 0), "they were not noted"
    assert quiet(stocked)["warehouse"] == 0


def test_products_noted_at_the_first_look_follow_the_shop(stocked: World) -> None:
    run_products(stocked)
    rename(stocked, ["NH-1000"])
    assert run_products(stocked).codes["product_changed"] == 1
    assert renamed(stocked) == ["NH-1000"]


def test_many_that_changed_cost_a_list_and_a_write_each(stocked: World) -> None:
    skus = those_in_both(stocked)
    assert len(skus) > LIST_FROM
    run_products(stocked)
    rename(stocked, skus)
    stocked.reset_counters()
    run_products(stocked)
    asked = stocked.warehouse_server.requests()
    assert sorted(request["path"].rpartition("/")[2] for request in asked if request["method"] == "PUT") == skus
    assert len(asked) <= len(skus) + 2
    assert renamed(stocked) == skus


def test_an_old_list_does_not_stand_for_a_reading(stocked: World, monkeypatch: pytest.MonkeyPatch) -> None:
    skus = those_in_both(stocked)
    run_products(stocked)
    rename(stocked, skus)
    monkeypatch.setattr(product_world, "target_of", lambda shop, name: replace(target_of(shop, name), list_holds_s=0.0))
    stocked.reset_counters()
    run_products(stocked)
    asked = [request["path"] for request in stocked.warehouse_server.requests() if request["method"] == "GET"]
    assert {f"/api/products/{sku}" for sku in skus} <= set(asked)
