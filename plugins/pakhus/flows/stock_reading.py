"""Read an agreement's available quantities once, and store for each of its shops what it is to show."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pakhus.clients.rackbeat import LARGEST_PAGE, RackbeatClient
from pakhus.clients.rackbeat_stock import read_available, read_available_of
from pakhus.clients.rackbeat_webhooks import INVENTORY
from pakhus.errors import CursorMovedError
from pakhus.flows.report import RunReport
from pakhus.flows.stock_account import ask_account
from pakhus.flows.stock_locations import LocationStock, at_locations
from pakhus.flows.unreserved_sales import shown_rules
from pakhus.ledger import inbox, stock
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.model import Available
from pakhus.reasons import Verdict
from pakhus.rules.stock import Level, wanted_of
from pakhus.rules.stock_locations import LocationTree, UnknownLocationError
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

STOCK = "stock"
_STORE_TRIES = 3
_HINTS_AT_ONCE = 10_000
# What was booked in Rackbeat is seen by no hint: that long at most it waits for the whole list.
_WHOLE_EVERY = timedelta(minutes=10)
_MOST_LOOKS = 5  # each is reckoned with by itself


@dataclass(frozen=True, slots=True)
class StockReader:
    """The stock of one Rackbeat agreement; `target` is its connection."""

    warehouse: RackbeatClient
    ledger: Ledger
    target: str

    def read(
        self, shops: Sequence[ShopSettings], selling: Sequence[ShopSettings] = (), *, hinted: bool = False
    ) -> RunReport:
        """Read all quantities, store what has changed. A product whose quantity is the same changes no row.

        `hinted`: a hint of the warehouse started this. Then only what it hints at is read, if all was read lately and
        that is less to ask.

        The warehouse's hints are taken out: what they were about is read.

        `shops` are given stock; `selling` are all that sell from it (none: the same).
        """
        report = RunReport(STOCK, self.target.partition("__")[2])
        ask_account(self.warehouse, self.ledger, self.target)
        with self.ledger.begin() as tx:
            hints = inbox.waiting(tx, self.target, INVENTORY, limit=_HINTS_AT_ONCE)
            whole = self._lately(tx, shops, len(hints)) if hinted else None
        moved = {hint.source_id for hint in hints}
        # Stamped before the first request: what is reserved while the list is read may or may not be in it.
        read_at = self.ledger.now()
        items = read_available(self.warehouse) if whole is None else self._some(moved)
        report.seen = len(items)
        for shop, free in self._free(shops, items, moved, report):
            for level in self._store(shop, selling or shops, read_at, free, whole):
                if level.reason:
                    report.add(Verdict.of(level.reason, sku=level.sku))
        self.ledger.persist(lambda tx: inbox.remove(tx, hints))
        return report

    @staticmethod
    def _lately(tx: Transaction, shops: Sequence[ShopSettings], hints: int) -> datetime | None:
        """When all was read, if that is good enough to read only what is hinted at."""
        readings = {stock.newest_reading(tx, shop.shop) for shop in shops}
        whole = readings.pop() if len(readings) == 1 else None
        if whole is None or whole < tx.now - _WHOLE_EVERY or hints == 0:
            return None
        looks = {moment for shop in shops for moment in stock.read_since(tx, shop.shop, whole).values()}
        if len(looks) >= _MOST_LOOKS:
            return None
        return whole if hints * LARGEST_PAGE < max(len(stock.levels(tx, shop.shop)) for shop in shops) else None

    def _some(self, numbers: Collection[str]) -> list[Available]:
        found = [read_available_of(self.warehouse, number) for number in sorted(numbers)]
        return [item for item in found if item is not None]

    def _free(
        self, shops: Sequence[ShopSettings], items: Sequence[Available], moved: Collection[str], report: RunReport
    ) -> Iterator[tuple[ShopSettings, Sequence[Available]]]:
        """Yield what is free for each shop. One whose settings name a location that is not there gets nothing new."""
        placed = [shop for shop in shops if shop.stock.locations]
        places = LocationStock(self.warehouse, self.ledger, self.target)
        tree = places.tree() if placed else LocationTree.of(())
        known = places.read(placed, items, moved) if placed else {}
        for shop in shops:
            try:
                chosen = tree.chosen(shop.stock.locations)
            except UnknownLocationError as error:
                problem = f"stock.locations of {shop.shop}: {error}; no stock is pushed to it"
                report.add(Verdict.of("configuration", problem=problem))
                continue
            yield shop, at_locations(tree, chosen, items, known) if shop.stock.locations else items

    def _store(
        self,
        shop: ShopSettings,
        selling: Sequence[ShopSettings],
        read_at: datetime,
        items: Sequence[Available],
        whole: datetime | None = None,
    ) -> Sequence[Level]:
        for _ in range(_STORE_TRIES):
            try:
                with self.ledger.begin() as tx:
                    rules = shown_rules(tx, shop, selling, read_at)
                    wanted = wanted_of(items, rules)
                    if whole is None:
                        changed = stock.store_reading(tx, shop.shop, read_at, wanted, rules)
                    else:
                        changed = stock.store_some(tx, shop.shop, whole, read_at, wanted, rules)
            except CursorMovedError:  # another run stores at this moment; the one that began later counts
                continue
            if changed is None:
                logger.info("%s: a newer reading is stored already", shop.shop)
            return changed or ()
        raise CursorMovedError(f"the stock of {shop.shop} is being stored by other runs all the time")
