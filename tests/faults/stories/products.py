"""A scene of products: one is new in the shop, one has another price, one is hidden, of one a bookkeeper has the say.

Each run is the flow `products` alone, to Rackbeat and e-conomic; the faults strike the run that brings the changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import create_engine, select

from pakhus.clients import economic_products
from pakhus.clients.http import Limits
from pakhus.flows.product_rules import (
    product_rules,
    target_in_economic,
    target_in_rackbeat,
    target_in_shop,
    warehouse_source,
)
from pakhus.flows.product_targets import ProductTarget
from pakhus.flows.product_writing import ProductWriter
from pakhus.flows.products import ProductReader, ProductSource
from pakhus.formats.economic_products import replaced_product
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import attempts, documents, product_facts
from pakhus.model import Money, Product
from pakhus.settings import ProductsMaster
from tests.faults.scene import PATIENT, Scene, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, Truth, nothing_open
from tests.flows.product_world import with_products

NEW, PRICED, HIDDEN, THEIRS = "NH-NY", "NH-1000", "NH-1001", "NH-1002"
KEPT = (PRICED, HIDDEN, THEIRS)
SYSTEMS = {"rackbeat": "sales_price", "economic": "salesPrice"}
# What each system must show in the end, without VAT.
PRICES = {
    "rackbeat": {NEW: "80.00", PRICED: "120.00", THEIRS: "160.00"},
    "economic": {NEW: "80.00", PRICED: "120.00", THEIRS: "95.00"},
}


@dataclass(slots=True)
class ProductsScene(PreparedScene):
    """Its beginning: all are in step; then the shop changes, and a bookkeeper sets a price."""

    def trim(self) -> None:
        """Leave only the products of the story in the shop, and begin from there."""
        shop = self.servers["woocommerce"]
        for product in shop.get("state")["products"]:
            alone = product["type"] != "variation" and product["status"] != "trash"
            if alone and product["sku"] and product["sku"] not in KEPT:
                shop.post("act", {"action": "delete_product", "sku": product["sku"]})
        self.servers["rackbeat"].post("act", {"action": "set_stock", "item": HIDDEN, "quantity": 0})
        self.snapshots = {name: server.post("snapshot")["id"] for name, server in self.servers.items()}

    def prepare(self) -> None:
        """The changes are made in the shop and not yet read."""
        self.pass_time(minutes=3)
        self.quietly()
        self.pass_time(minutes=5)
        self._make_new()
        for sku, changes in (
            (PRICED, {"regular_price": "150.00"}),
            (HIDDEN, {"status": "draft"}),
            (THEIRS, {"regular_price": "200.00"}),
        ):
            self.servers["woocommerce"].post("act", {"action": "edit_product", "sku": sku, "changes": changes})
        accounts = self.accounts(PATIENT)
        row = accounts.find_product(THEIRS)
        accounts.send(economic_products.replace_product(THEIRS, replaced_product(row, {"price": "95.00"})))
        self.pass_time(minutes=2)

    def _make_new(self) -> None:
        shop = self.shop(PATIENT)
        new = Product(NEW, "Ny kop", Money(Decimal("100.00"), "DKK"), price_includes_vat=True, manages_stock=False)
        shop.put_product(new, shop)

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        rules = product_rules(self.settings)
        ProductReader(self._source(limits, ledger), ledger, self.settings, rules).read()
        for one in rules:
            target = self._target(one.target, limits)
            ProductWriter(target, ledger, self.settings.shop, one, workers=1).write()

    def _source(self, limits: Limits, ledger: Ledger) -> ProductSource:
        if self.settings.products.master is ProductsMaster.RACKBEAT:
            return warehouse_source(self.settings, self.warehouse(limits), ledger)
        return self.shop(limits)

    def _target(self, name: str, limits: Limits) -> ProductTarget:
        if name == self.settings.connection:
            return target_in_shop(self.settings, self.shop(limits))
        if name == self.settings.rackbeat_target:
            return target_in_rackbeat(self.settings, self.warehouse(limits))
        return target_in_economic(self.settings, self.accounts(limits))


@contextmanager
def products_scene(ledger_url: str) -> Iterator[Scene]:
    """Start the servers of this scene."""
    with scene(ledger_url, ProductsScene, ()) as stage:
        assert isinstance(stage, ProductsScene)
        stage.settings = with_products(stage.settings, unpublished="bar")
        stage.trim()
        yield stage


def product_findings(scene: Scene) -> list[Finding]:
    """Compare warehouse, accounts and ledger with what the shop says and people have set."""
    return [finding for system in SYSTEMS for finding in _shown(scene, system)] + list(ledger_findings(scene))


def open_products(scene: Scene) -> int:
    """How many products still wait for an outcome or their turn, or were not looked at since they changed."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        waiting = select(documents.c.id).where(
            documents.c.kind == "product", documents.c.status.in_(("due", "waiting"))
        )
        unseen = select(product_facts.c.name).where(product_facts.c.revision > product_facts.c.treated)
        told = connection.execute(select(product_facts.c.name).where(product_facts.c.number == NEW)).all()
        found = len(connection.execute(waiting).all()) + len(connection.execute(unseen).all())
    engine.dispose()
    return found or int(len(told) < len(SYSTEMS))


def _shown(scene: Scene, system: str) -> Iterator[Finding]:
    products = scene.servers[system].get("state")["products"]
    for number, price in PRICES[system].items():
        if number not in products:
            yield Finding("lost", f"{system} has no {number}")
        elif Decimal(products[number][SYSTEMS[system]]) != Decimal(price):
            shown = products[number][SYSTEMS[system]]
            yield Finding("lost" if number != THEIRS else "untrue", f"{number} costs {shown} in {system}, not {price}")
    barred = products[HIDDEN].get("is_barred") or products[HIDDEN].get("barred")
    if not barred:
        yield Finding("lost", f"{HIDDEN} is not barred in {system}")


def ledger_findings(scene: Scene) -> Iterator[Finding]:
    """What the ledger says of the products that were made, and of those that are held."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        made = connection.execute(
            select(documents.c.target)
            .join(attempts, attempts.c.document_id == documents.c.id)
            .where(attempts.c.step == "create_product", attempts.c.status.in_(("ok", "adopted")))
            .where(documents.c.remote_id == NEW)
        ).all()
        wrong = connection.execute(
            select(documents.c.key, documents.c.reason).where(
                documents.c.kind == "product", documents.c.status.in_(("held", "failed"))
            )
        ).all()
    engine.dispose()
    yield from nothing_open(scene)
    if len(made) != len(SYSTEMS):
        yield Finding("untrue", f"the ledger knows that {NEW} was made in {len(made)} systems, not in {len(SYSTEMS)}")
    if wrong:
        yield Finding("untrue", f"held or failed: {[(row.key, row.reason) for row in wrong]}")


PRODUCTS_KEPT = Truth(product_findings, open_products)
STORY = Story("products", products_scene, PRODUCTS_KEPT)
