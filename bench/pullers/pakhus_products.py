"""Pakhus: one run of the products flow, the shop its master, the warehouse kept in step."""

from __future__ import annotations

import argparse
import json

from bench.pullers.measuring import run
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import ConnectionFacts, rackbeat_settings, woocommerce_settings
from pakhus.flows.product_rules import rules_for, target_in_rackbeat
from pakhus.flows.product_writing import ProductWriter
from pakhus.flows.products import ProductReader
from pakhus.ledger.connection import Ledger
from pakhus.rules.product_mapping import NewWarehouseProducts
from pakhus.settings import ProductsMaster, ShopSettings, load_shop

TARGET = "rackbeat__main"


def keep_in_step(options: argparse.Namespace) -> int:
    """Run until all that is due is done; returns how many products were changed."""
    settings = _settings()
    warehouse = json.loads((options.folder / "warehouse.json").read_text(encoding="utf-8"))
    there = ConnectionFacts(TARGET, host=f"{warehouse['url']}/api", password=warehouse["token"])
    here = ConnectionFacts("woocommerce__nordlys", host=options.url, login=options.key, password=options.secret)
    shop = WooCommerceClient.from_settings(woocommerce_settings(here, settings))
    ledger, rules = Ledger(options.ledger), rules_for(settings, TARGET)
    target = target_in_rackbeat(settings, RackbeatClient.from_settings(rackbeat_settings(there)))
    ProductReader(shop, ledger, settings, [rules]).read(whole=options.how == "import")
    changed = 0
    while True:
        report = ProductWriter(target, ledger, settings.shop, rules).write()
        changed += report.codes["product_changed"]
        if not report.remark:
            return changed


def _settings() -> ShopSettings:
    settings = load_shop("nordlys")
    new = NewWarehouseProducts(group=1, location=1)
    rackbeat = settings.mapping.rackbeat.model_copy(update={"new_products": new}) if settings.mapping.rackbeat else None
    products = settings.products.model_copy(update={"master": ProductsMaster.SHOP})
    mapping = settings.mapping.model_copy(update={"rackbeat": rackbeat})
    return settings.model_copy(update={"products": products, "mapping": mapping})


if __name__ == "__main__":
    run(keep_in_step)
