"""The Airflow pools that the shops' tasks run in. A task whose pool is missing waits for ever, without a word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pakhus.settings.shop import ShopSettings

# Requests in flight that each system is given (design, decision 2): a task of the pool makes about one at a time.
AGREEMENT_SLOTS = 4
SHOP_SLOTS = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool; its name is that of the connection whose calls it bounds."""

    name: str
    slots: int
    description: str


def pools_of(shops: Iterable[ShopSettings]) -> tuple[Pool, ...]:
    """Return the pools that these shops need, by name: one per agreement, one per shop."""
    found: dict[str, Pool] = {}
    for shop in shops:
        if shop.rackbeat_target:
            text = f"Calls to the Rackbeat agreement {shop.rackbeat}"
            found[shop.rackbeat_target] = Pool(shop.rackbeat_target, AGREEMENT_SLOTS, text)
        if shop.economic_target:
            text = f"Calls to the e-conomic agreement {shop.economic}"
            found[shop.economic_target] = Pool(shop.economic_target, AGREEMENT_SLOTS, text)
        found[shop.connection] = Pool(shop.connection, SHOP_SLOTS, f"Calls to the shop {shop.shop}")
    return tuple(found[name] for name in sorted(found))


def pools_json(pools: Iterable[Pool]) -> dict[str, dict[str, object]]:
    """Return what `airflow pools import` reads."""
    return {
        pool.name: {"slots": pool.slots, "description": pool.description, "include_deferred": False} for pool in pools
    }
