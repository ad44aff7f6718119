"""The systems of a shop's products, by their connections: where they come from, and where they go."""

from __future__ import annotations

from hooks.economic_hook import EconomicHook
from hooks.rackbeat_hook import RackbeatHook
from hooks.woocommerce_hook import WooCommerceHook
from pakhus.clients.webshop import Webshop
from pakhus.flows.product_rules import target_in_economic, target_in_rackbeat, target_in_shop, warehouse_source
from pakhus.flows.product_targets import ProductTarget
from pakhus.flows.products import ProductSource
from pakhus.ledger.connection import Ledger
from pakhus.settings import ProductsMaster, ShopSettings


def product_source(settings: ShopSettings, ledger: Ledger, shop: Webshop) -> ProductSource:
    """Return the master of the shop's products."""
    if settings.products.master is ProductsMaster.RACKBEAT and settings.rackbeat_target is not None:
        return warehouse_source(settings, RackbeatHook(settings.rackbeat_target).client(ledger), ledger)
    return shop


def product_target(settings: ShopSettings, target: str, ledger: Ledger) -> ProductTarget:
    """Return one of the systems that the shop's products go to."""
    if target == settings.connection:
        return target_in_shop(settings, WooCommerceHook(target).client(settings))
    if target == settings.rackbeat_target:
        return target_in_rackbeat(settings, RackbeatHook(target).client(ledger))
    return target_in_economic(settings, EconomicHook(target).client(ledger))
