"""What is free at the locations that a shop may sell from, where its settings name some (rackbeat.md section 4).

The API tells what lies where one item at a time. So an item's rows are kept, and read again when its quantities over
all locations changed, or after an hour (goods moved from one location to another), some hundred in a run. Until then
what the shop is given may fall, but not rise.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.rackbeat_locations import read_locations, read_places
from pakhus.ledger import stock, stock_places
from pakhus.ledger.connection import Ledger
from pakhus.ledger.stock_places import KnownPlaces
from pakhus.model import Available
from pakhus.rules.spelling import compared
from pakhus.rules.stock import Level
from pakhus.rules.stock_locations import LocationTree
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

# Most that are read in a run: less than a minute of an agreement's limit on calls.
MOST_IN_A_RUN = 300
_GOOD_FOR = timedelta(hours=1)
# Of these a shop shows nothing, wherever they lie.
_NOT_SHOWN = frozenset({"sku_not_in_shop", "stock_not_managed", "stock_at_parent"})


@dataclass(frozen=True, slots=True)
class LocationStock:
    """The locations of one agreement (`target` is its connection) and what is known of items there."""

    warehouse: RackbeatClient
    ledger: Ledger
    target: str

    def tree(self) -> LocationTree:
        """Read the account's locations."""
        return LocationTree.of(read_locations(self.warehouse))

    def read(
        self, shops: Sequence[ShopSettings], items: Sequence[Available], moved: Collection[str] = ()
    ) -> dict[str, KnownPlaces]:
        """Read the rows of items that these shops show, as many as a run may; returns all that is known then.

        `moved` are items whose rows are to be read in any case: something was said to have happened to them.
        """
        with self.ledger.begin() as tx:
            known, now = stock_places.load(tx, self.target), tx.now
            wanted = self._wanted(items, [set(_not_shown(stock.levels(tx, shop.shop), shop)) for shop in shops], shops)
        due = [item for item in wanted if _is_due(known.get(item.number), item, now, moved)]
        due.sort(key=lambda item: (not _is_changed(known.get(item.number), item, moved), _read_at(known, item, now)))
        for item in due[:MOST_IN_A_RUN]:
            read_at = self.ledger.now()
            rows = KnownPlaces(item.stock, item.quantity, read_places(self.warehouse, item.number), read_at)
            known[item.number] = rows
            self.ledger.persist(partial(stock_places.store, target=self.target, number=item.number, known=rows))
        if len(due) > MOST_IN_A_RUN:
            logger.info("%s: the locations of %s products are left to read", self.target, len(due) - MOST_IN_A_RUN)
        return known

    @staticmethod
    def _wanted(
        items: Iterable[Available], not_shown: Sequence[Collection[str]], shops: Sequence[ShopSettings]
    ) -> list[Available]:
        """Items that have something free and that one of the shops shows, as far as is known, or makes bundles of."""
        parts = {compared(part) for shop in shops for made in shop.mapping.bundle_stock.values() for part in made}
        return [
            item
            for item in items
            if (item.quantity or 0) > 0
            and (compared(item.number) in parts or any(compared(item.number) not in skipped for skipped in not_shown))
        ]


def at_locations(
    tree: LocationTree, chosen: Collection[str], items: Iterable[Available], known: Mapping[str, KnownPlaces]
) -> list[Available]:
    """Return the items with what is free at the chosen locations in the place of what is free in all."""
    return [_at(tree, chosen, item, known.get(item.number)) for item in items]


def _at(tree: LocationTree, chosen: Collection[str], item: Available, rows: KnownPlaces | None) -> Available:
    if item.quantity is None or item.quantity <= 0:
        return item
    if rows is None:
        return replace(item, quantity=None, awaited=True)
    free = tree.free(item, rows.places, chosen)
    before = tree.free(replace(item, quantity=rows.available, stock=rows.stock), rows.places, chosen)
    if free is None or before is None:
        return replace(item, quantity=None)
    return replace(item, quantity=min(free, before))


def _not_shown(levels: Iterable[Level], shop: ShopSettings) -> list[str]:
    """The numbers that a shop shows nothing of."""
    shown = {_number(level.sku, shop) for level in levels if level.reason not in _NOT_SHOWN}
    return [number for level in levels if (number := _number(level.sku, shop)) not in shown]


def _number(sku: str, shop: ShopSettings) -> str:
    return compared(shop.mapping.product_numbers.get(sku, sku))


def _is_due(rows: KnownPlaces | None, item: Available, now: datetime, moved: Collection[str]) -> bool:
    return rows is None or _is_changed(rows, item, moved) or rows.read_at < now - _GOOD_FOR


def _is_changed(rows: KnownPlaces | None, item: Available, moved: Collection[str]) -> bool:
    told = item.number in moved
    return rows is None or told or (rows.stock, rows.available) != (item.stock, item.quantity)


def _read_at(known: Mapping[str, KnownPlaces], item: Available, now: datetime) -> datetime:
    rows = known.get(item.number)
    return now if rows is None else rows.read_at
