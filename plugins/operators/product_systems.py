"""The systems of a shop's products, by their connections: where they come from, and where they go."""

from __future__ import annotations

from hooks.economic_hook import EconomicHook
from hooks.rackbeat_hook import RackbeatHook
from pakhus.clients.webshop import Webshop
from pakhus.flows.product_rules import target_in_economic, target_in_rackbeat
from pakhus.flows.product_targets import ProductTarget
from pakhus.flows.products import ProductSource
from pakhus.ledger.connection import Ledger
from pakhus.settings import ShopSettings


def product_source(settings: ShopSettings, ledger: Ledger, shop: Webshop) -> ProductSource:
    """Return the master of the shop's products."""
    del settings, ledger
    return shop


def product_target(settings: ShopSettings, target: str, ledger: Ledger) -> ProductTarget:
    """Return one of the systems that the shop's products go to."""
    if target == settings.rackbeat_target:
        return target_in_rackbeat(settings, RackbeatHook(target).client(ledger))
    return target_in_economic(settings, EconomicHook(target).client(ledger))
