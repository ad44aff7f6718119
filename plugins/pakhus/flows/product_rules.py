"""Whose products a shop's are, and what they are to be in each system, by its settings (domain guide 2.1, 4.7)."""

from __future__ import annotations

from functools import partial

from pakhus.clients.economic import EconomicClient
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.product_targets import ProductTarget, TargetRules
from pakhus.flows.products import ProductSource
from pakhus.flows.products_in_economic import ProductsInEconomic
from pakhus.flows.products_in_rackbeat import ProductsInRackbeat
from pakhus.flows.products_in_shop import ProductsInShop, fields_of_shop
from pakhus.flows.warehouse_catalogue import WarehouseCatalogue
from pakhus.ledger.connection import Ledger
from pakhus.rules.product_mapping import NewAccountsProducts, NewWarehouseProducts
from pakhus.rules.product_sync import BARRED, GROUP, YES, Manners, in_economic, in_rackbeat, in_shop
from pakhus.settings import ProductsMaster, ShopSettings, Unpublished


def product_rules(settings: ShopSettings) -> tuple[TargetRules, ...]:
    """Return the rules of each system that the shop's products are kept in step in; empty: of none."""
    match settings.products.master:
        case ProductsMaster.SHOP:
            found = (_warehouse(settings), _accounts(settings, settings.shop))
        case ProductsMaster.RACKBEAT:
            found = (_shop(settings), _accounts(settings, str(settings.rackbeat_target)))
        case ProductsMaster.NONE:
            found = (None, None)
    return tuple(rules for rules in found if rules is not None)


def rules_for(settings: ShopSettings, target: str) -> TargetRules:
    """Return the rules of one system; ConfigurationError when the shop's products do not go there."""
    for rules in product_rules(settings):
        if rules.target == target:
            return rules
    raise ConfigurationError(f"{settings.shop} sends no products to {target}: see products.master and new_products")


def target_in_rackbeat(settings: ShopSettings, warehouse: RackbeatClient) -> ProductTarget:
    """Return the warehouse as a target; ConfigurationError where the mapping does not say how products look there."""
    new = _new_in_rackbeat(settings)
    if new is None:
        raise ConfigurationError(f"{settings.mapping_name}.yaml has no rackbeat.new_products; add it")
    return ProductsInRackbeat(warehouse, new)


def target_in_shop(settings: ShopSettings, shop: Webshop) -> ProductTarget:
    """Return the shop as a target of its warehouse; ConfigurationError where nothing says what prices are there."""
    new = _new_in_rackbeat(settings)
    if new is None:
        raise ConfigurationError(f"{settings.mapping_name}.yaml has no rackbeat.new_products; add it")
    return ProductsInShop(shop, new, settings.products.publish)


def warehouse_source(settings: ShopSettings, warehouse: RackbeatClient, ledger: Ledger) -> ProductSource:
    """Return the warehouse as the master of the shop's products."""
    new = _new_in_rackbeat(settings)
    if new is None:
        raise ConfigurationError(f"{settings.mapping_name}.yaml has no rackbeat.new_products; add it")
    return WarehouseCatalogue(warehouse, ledger, settings, new)


def target_in_economic(settings: ShopSettings, accounts: EconomicClient) -> ProductTarget:
    """Return the accounts as a target; ConfigurationError where the mapping does not say how products look there."""
    new = _new_in_economic(settings)
    if new is None:
        raise ConfigurationError(f"{settings.mapping_name}.yaml has no economic.new_products; add it")
    return ProductsInEconomic(accounts, new)


def _new_in_rackbeat(settings: ShopSettings) -> NewWarehouseProducts | None:
    return settings.mapping.rackbeat.new_products if settings.mapping.rackbeat else None


def _new_in_economic(settings: ShopSettings) -> NewAccountsProducts | None:
    return settings.mapping.economic.new_products if settings.mapping.economic else None


def _warehouse(settings: ShopSettings) -> TargetRules | None:
    new, target = _new_in_rackbeat(settings), settings.rackbeat_target
    if new is None or target is None:
        return None
    owned = frozenset(settings.products.fields) | {BARRED}
    return TargetRules(
        target,
        settings.shop,
        Manners(owned, take_over=settings.products.take_over),
        partial(in_rackbeat, new=new, owned=owned),
        create_missing=settings.products.create_missing,
        bars=_bars(settings),
        hold_renamed=True,
    )


def _shop(settings: ShopSettings) -> TargetRules:
    """The shop as a target of its warehouse: whether a product is for sale there is ours only where that is wanted."""
    bars = _bars(settings)
    return TargetRules(
        settings.connection,
        str(settings.rackbeat_target),
        Manners(fields_of_shop(settings.products.fields, bars=bool(bars)), take_over=settings.products.take_over),
        in_shop,
        create_missing=settings.products.create_missing,
        bars=bars,
        by_sku=True,
    )


def _accounts(settings: ShopSettings, master: str) -> TargetRules | None:
    new, target = _new_in_economic(settings), settings.economic_target
    if new is None or target is None:
        return None
    owned = frozenset(settings.products.fields) | {BARRED, GROUP}
    return TargetRules(
        target,
        master,
        Manners(owned, people_win=True, take_over=settings.products.take_over),
        partial(in_economic, new=new, owned=owned),
        create_missing=settings.products.create_missing,
        bars=_bars(settings),
    )


def _bars(settings: ShopSettings) -> dict[str, str]:
    return {BARRED: YES} if settings.products.unpublished is Unpublished.BAR else {}
