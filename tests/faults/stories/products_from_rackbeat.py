"""Products of Rackbeat: one is new in the warehouse, one has another price; a price that the shop set for itself stays.

Each run is the flow `products` alone, to the shop and e-conomic; the faults strike the run that brings the changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pakhus.clients.http import Call, to_json
from tests.faults.scene import PATIENT, Scene, scene
from tests.faults.stories.products import NEW, PRICED, THEIRS, ProductsScene, ledger_findings, open_products
from tests.faults.story import Story
from tests.faults.truth import Finding, Truth
from tests.flows.product_world import with_products

# What each system must show in the end: the shop with VAT, the accounts without.
IN_SHOP = {NEW: "99.95", PRICED: "150.00", THEIRS: "75.00"}
IN_ACCOUNTS = {NEW: "79.96", PRICED: "120.00"}


@dataclass(slots=True)
class FromRackbeatScene(ProductsScene):
    """Its beginning: all are in step; then the warehouse changes, and the staff of the shop sets a price."""

    def prepare(self) -> None:
        self.pass_time(minutes=3)
        self.quietly()
        self.pass_time(minutes=20)
        warehouse = self.warehouse(PATIENT)
        new = {"number": NEW, "name": "Ny kop", "group": 1, "sales_price": "79.96"}
        warehouse.send(Call("POST", "/products", body=to_json(new)))
        self.act("rackbeat", action="edit_item", item=PRICED, changes={"sales_price": "120"})
        self.act(action="edit_product", sku=THEIRS, changes={"regular_price": "75.00"})
        self.pass_time(minutes=20)


def without_binned(data: dict[str, Any]) -> None:
    """Take what lies in the shop's bin out of shop and warehouse: its number is taken, and no list finds it."""
    shop = data["woocommerce"]
    binned = {one["sku"] for one in shop["products"] if one["status"] == "trash"}
    shop["products"] = [one for one in shop["products"] if one["sku"] not in binned]
    goods = data["rackbeat"]["products"]
    data["rackbeat"]["products"] = [one for one in goods if one["number"] not in binned]


@contextmanager
def products_scene(ledger_url: str) -> Iterator[Scene]:
    """Start the servers of this scene."""
    with scene(ledger_url, FromRackbeatScene, (), without_binned) as stage:
        stage.settings = with_products(stage.settings, master="rackbeat")
        yield stage


def findings(stage: Scene) -> list[Finding]:
    """Compare shop, accounts and ledger with what the warehouse says and people have set."""
    shop = stage.servers["woocommerce"].get("state")["products"]
    accounts = stage.servers["economic"].get("state")["products"]
    return [*_in_shop(shop), *_in_accounts(accounts), *ledger_findings(stage)]


def _in_shop(products: list[Mapping[str, Any]]) -> Iterator[Finding]:
    for sku, price in IN_SHOP.items():
        found = [one for one in products if one["sku"] == sku]
        if len(found) != 1:
            yield Finding("doubled" if found else "lost", f"the shop has {sku} {len(found)} times")
        for one in found:
            if Decimal(one["regular_price"]) != Decimal(price):
                kind = "untrue" if sku == THEIRS else "lost"
                yield Finding(kind, f"{sku} costs {one['regular_price']} in the shop, not {price}")


def _in_accounts(products: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for number, price in IN_ACCOUNTS.items():
        if number not in products:
            yield Finding("lost", f"the accounts have no {number}")
        elif Decimal(products[number]["salesPrice"]) != Decimal(price):
            yield Finding("lost", f"{number} costs {products[number]['salesPrice']} in the accounts, not {price}")


STORY = Story("products from rackbeat", products_scene, Truth(findings, open_products))
