"""Shop and warehouse, shop and accounts, or all three: each does its own part, and asks only whom it has."""

from __future__ import annotations

from typing import Any

import pytest

from pakhus.errors import ConfigurationError
from pakhus.flows.invoices import biller
from pakhus.flows.observation import Observer
from pakhus.flows.orders import reserver
from pakhus.flows.proof import Prover
from pakhus.ledger.schema import documents
from pakhus.rules.proof import DayStatus
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import starting, today
from tests.flows.world import World


def having(world: World, **agreements: str | None) -> World:
    """The shop with these agreements, starting tomorrow: the recorded shop's own orders are none of ours."""
    world.settings = starting(world, days=1).model_copy(update=agreements)
    world.forward(days=2)
    return world


def kinds(world: World, order: str) -> dict[str, str]:
    """Reason by kind of what is to become of an order."""
    with world.ledger.begin() as tx:
        rows = tx.connection.execute(documents.select().where(documents.c.key.like(f"nordlys-{order}-%"))).all()
    return {found.kind: found.reason for found in rows}


def asked(server: Any) -> int:
    return len(server.requests())


def test_shop_and_accounts_invoices_by_the_shops_state_and_never_asks_a_warehouse(nordlys: World) -> None:
    shop = having(nordlys, rackbeat=None)
    waiting, done = place(shop), place(shop)
    ship(shop, done)
    shop.observe()
    report = shop.book()
    assert report.codes["transferred"] == 1
    assert kinds(shop, done).keys() - {"payment"} == {"invoice"}
    assert kinds(shop, waiting)["invoice"] == "not_shipped"
    ship(shop, waiting)
    shop.observe()
    shop.book()
    assert row(shop, f"nordlys-{waiting}-invoice").reason == "transferred"
    assert asked(shop.warehouse_server) == 0
    proven = Prover(_observer(shop), shop.accounts).prove(today(shop))
    assert (proven.status, set(proven.proof.sums)) == (DayStatus.PROVEN, {"shop", "ledger", "invoices", "accounts"})
    with pytest.raises(ConfigurationError, match="names no Rackbeat agreement"):
        reserver(shop.shop, shop.warehouse, shop.ledger, shop.settings)


def test_shop_and_warehouse_reserves_and_ships_and_never_asks_the_accounts(nordlys: World) -> None:
    shop = having(nordlys, economic=None)
    order = place(shop)
    shop.observe()
    shop.reserve()
    assert kinds(shop, order) == {"reservation": "transferred"}
    reserved = row(shop, f"nordlys-{order}-order").remote_id
    shop.ship(reserved)
    shop.forward(minutes=20)
    shop.fulfil()
    assert [one["status"] for one in shop.shop_server.dump()["orders"] if str(one["id"]) == order] == ["completed"]
    assert asked(shop.accounts_server) == 0
    proven = Prover(_observer(shop), None).prove(today(shop))
    assert proven.status is DayStatus.PROVEN
    assert "accounts" not in proven.proof.sums
    with pytest.raises(ConfigurationError, match="names no e-conomic agreement"):
        biller(shop.shop, shop.accounts, shop.ledger, shop.settings)


def test_all_three_invoices_what_the_warehouse_has_shipped(nordlys: World) -> None:
    shop = having(nordlys)
    order = place(shop)
    shop.run()
    assert kinds(shop, order) == {"reservation": "transferred", "invoice": "not_shipped"}
    shop.ship(row(shop, f"nordlys-{order}-order").remote_id)
    shop.forward(minutes=20)
    shop.fulfil()
    shop.observe()
    shop.book()
    assert row(shop, f"nordlys-{order}-invoice").reason == "transferred"
    assert Prover(_observer(shop), shop.accounts).prove(today(shop)).status is DayStatus.PROVEN


def test_an_agreement_that_comes_later_takes_the_orders_that_are_due_for_it(nordlys: World) -> None:
    shop = having(nordlys, economic=None)
    order = place(shop)
    shop.observe()
    shop.reserve()
    ship(shop, order)
    shop.observe()
    assert "invoice" not in kinds(shop, order)
    shop.settings = shop.settings.model_copy(update={"economic": "main"})
    shop.observe()
    shop.book()
    assert row(shop, f"nordlys-{order}-invoice").reason == "transferred"


def _observer(world: World) -> Observer:
    return Observer(world.shop, world.ledger, world.settings)
