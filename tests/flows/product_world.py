"""A shop whose products are kept in step: its settings, and one run of `<shop>__products`."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from pakhus.flows.report import RunReport
from pakhus.rules.product_mapping import NewAccountsProducts
from pakhus.settings import ProductsMaster, ProductsSettings, ShopSettings
from stack import ROOT
from tests.flows.world import World

ACCOUNTS_GROUPS = NewAccountsProducts(groups={"": 1, "reduced-rate": 1}, unit=1)


def with_products(settings: ShopSettings, *, economic: bool = True, **products: Any) -> ShopSettings:
    """The shop's settings with products on, in Rackbeat and (`economic`) in e-conomic."""
    mapping = settings.mapping
    if economic:
        assert mapping.economic is not None
        part = mapping.economic.model_copy(update={"new_products": ACCOUNTS_GROUPS})
        mapping = mapping.model_copy(update={"economic": part})
    chosen = ProductsSettings.model_validate({"master": "shop", **products})
    return settings.model_copy(update={"mapping": mapping, "products": chosen})


def target_of(shop: World, name: str) -> ProductTarget:
    if name == shop.settings.connection:
        return target_in_shop(shop.settings, shop.shop)
    if name.startswith("rackbeat__"):
        return target_in_rackbeat(shop.settings, shop.warehouse)
    return target_in_economic(shop.settings, shop.accounts)


def run_products(shop: World, *, whole: bool = False, workers: int = 2) -> RunReport:
    """One run: read the master, write each target."""
    rules = product_rules(shop.settings)
    source: ProductSource = shop.shop
    if shop.settings.products.master is ProductsMaster.RACKBEAT:
        source = warehouse_source(shop.settings, shop.warehouse, shop.ledger)
    report = ProductReader(source, shop.ledger, shop.settings, rules).read(whole=whole)
    for one in rules:
        report.merge(ProductWriter(target_of(shop, one.target), shop.ledger, shop.settings.shop, one, workers).write())
    return report


def quiet(shop: World, **options: Any) -> dict[str, int]:
    """Run once more; returns the requests of each system that wrote or was read."""
    shop.reset_counters()
    run_products(shop, **options)
    names = ("shop", "warehouse", "accounts")
    return {name: server.counters()["requests"] for name, server in zip(names, shop.servers, strict=True)}


def edit(shop: World, product: str, /, **changes: Any) -> None:
    """Somebody edits a product in the shop; the clock moves on, so that it shows as changed."""
    shop.forward(minutes=5)
    shop.act(action="edit_product", sku=product, changes=changes)


def in_rackbeat(shop: World) -> dict[str, dict[str, Any]]:
    products: dict[str, dict[str, Any]] = shop.warehouse_server.standin.state.products  # type: ignore[attr-defined]
    return products


def in_shop(shop: World, sku: str) -> Any:
    """A product as the shop's database has it: what plugins and imports write passes no form."""
    rows: dict[int, Any] = shop.shop_server.standin.shop.products  # type: ignore[attr-defined]
    return next(row for row in rows.values() if row.sku == sku)


def in_economic(shop: World) -> dict[str, dict[str, Any]]:
    products: dict[str, dict[str, Any]] = shop.accounts_server.standin.state.products  # type: ignore[attr-defined]
    return products


def settings_of(shop: World, **products: Any) -> World:
    return replace(shop, settings=with_products(shop.settings, **products))


def numbers(rows: Sequence[Any]) -> list[str]:
    return [row.number for row in rows]


def include_with_products(folder: Path, *, master: str = "shop") -> Path:
    """A copy of the project's settings in which nordlys' products are kept in step; returns the folder of settings."""
    include = folder / "include"
    shutil.copytree(ROOT / "include", include)
    shop, mapping = include / "shops" / "nordlys.yaml", include / "mappings" / "standard.yaml"
    shop.write_text(f"{shop.read_text(encoding='utf-8')}\nproducts:\n  master: {master}\n", encoding="utf-8")
    part = "economic:\n  new_products: {groups: {'': 1, reduced-rate: 1}, unit: 1}\n"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("economic:\n", part, 1), encoding="utf-8")
    return include
