"""Products: read from their master, and store what they are to be in each other system (domain guide 2.1, 4.7, 15).

Only what has changed is read, where the master can say so; once a night, or when somebody asks, everything is, since a
list of changes does not show what was deleted. What is stored here is written by `product_writing`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from pakhus.clients.webshop import ProductChanges
from pakhus.errors import CursorMovedError
from pakhus.flows.product_targets import TargetRules
from pakhus.flows.report import RunReport
from pakhus.flows.stock_compare import is_due
from pakhus.ledger import cursors, product_facts
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.product_facts import Said
from pakhus.model import Product
from pakhus.reasons import Verdict
from pakhus.rules.initial_sync import sku_troubles
from pakhus.rules.sku_report import Catalogue
from pakhus.rules.spelling import folded
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

PRODUCTS = "products"
_CURSOR, _READ_WHOLE_ON, WHOLE_READ_AT = "products", "products_read_whole_on", "products_whole_read_at"


class ProductSource(Protocol):
    """Where the products come from: a webshop, or a warehouse."""

    def product_changes(self, cursor: str | None) -> ProductChanges:
        """Return the products that changed since the cursor; None: all of them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading found: products with their numbers, why others cannot be told, and what nobody can buy (SKU and
    number)."""

    products: Sequence[tuple[Product, str]]
    troubled: Sequence[tuple[str, Verdict]]
    unsold: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ProductReader:
    """Reads one shop's master. `rules` are its targets; `left_out` are numbers that are no goods."""

    source: ProductSource
    ledger: Ledger
    settings: ShopSettings
    rules: Sequence[TargetRules]

    def read(self, *, whole: bool = False) -> RunReport:
        """Read what has changed, or everything: at first, in the first run after 03:00, or when `whole`."""
        with self.ledger.begin() as tx:
            last = cursors.read(tx, self.settings.shop, _READ_WHOLE_ON)
            cursor, now = cursors.read(tx, self.settings.shop, _CURSOR), tx.now
        today = now.astimezone(ZoneInfo(self.settings.timezone))
        whole = whole or cursor is None or is_due(last, today)
        changes = self.source.product_changes(None if whole else cursor)
        reading = self._understood(changes.products)
        report = RunReport(PRODUCTS, self.settings.shop, seen=len(changes.products))
        for _, verdict in reading.troubled:
            report.add(verdict)

        def store(tx: Transaction) -> list[Verdict]:
            found = [verdict for rules in self.rules for verdict in self._store(tx, rules, reading, whole=whole)]
            cursors.move(tx, self.settings.shop, _CURSOR, changes.cursor, expected=cursor)
            if whole:
                _note(tx, self.settings.shop, _READ_WHOLE_ON, today.date().isoformat())
                _note(tx, self.settings.shop, WHOLE_READ_AT, now.isoformat())
            return found

        try:
            found = self.ledger.persist(store)
        except CursorMovedError:  # another run has read the same meanwhile, and stored it
            report.add(Verdict.of("claimed_elsewhere"))
            return report
        for verdict in found:
            report.add(verdict)
        logger.info("%s: %s products read%s", self.settings.shop, len(changes.products), ", all" if whole else "")
        return report

    def foreseen(self) -> Reading:
        """Read everything and store nothing: for a preview."""
        return self._understood(self.source.product_changes(None).products)

    def _understood(self, products: Sequence[Product]) -> Reading:
        """Tell apart what can be told to others, what has a number that nobody can use, and what nobody can buy."""
        left = self.settings.mapping.rackbeat.not_goods if self.settings.mapping.rackbeat else frozenset()
        targets = frozenset(rules.target for rules in self.rules)
        numbers = self.settings.mapping.product_numbers
        catalogue = Catalogue(self.settings.shop, list(products), numbers, together=targets, not_goods=left)
        troubles = sku_troubles(catalogue)
        well, troubled = [], []
        for product in catalogue.goods():
            number, trouble = catalogue.number(product), troubles.get(product.id or "")
            if trouble is not None:
                what = Verdict.of("product_sku_wrong", sku=product.sku or product.name, problem=trouble)
                troubled.append((folded(number), what))
            else:
                well.append((product, number))
        names = {folded(number) for _, number in well} | {name for name, _ in troubled}
        parents = {product.parent_id for product in products}
        offered = [one for one in products if one.id not in parents]
        unsold = {(one.sku, catalogue.number(one)) for one in offered if one.barred or not one.sold_alone}
        return Reading(well, troubled, frozenset(one for one in unsold if folded(one[1]) not in names))

    def _store(self, tx: Transaction, rules: TargetRules, reading: Reading, *, whole: bool) -> Iterable[Verdict]:
        said, unclear = [], []
        for product, known_as in reading.products:
            number = product.sku if rules.by_sku else known_as
            wanted = rules.wanted(product, number)
            if isinstance(wanted, Verdict):
                unclear.append((folded(number), wanted))
            else:
                said.append(Said(folded(number), number, product.id or number, wanted))
        names = {one.name for one in said}
        kept = names | {name for name, _ in (*unclear, *reading.troubled)}
        self._lose_renamed(tx, rules, said)
        product_facts.say(tx, rules.target, rules.master, list({one.name: one for one in said}.values()), whole=whole)
        lost = {folded(sku if rules.by_sku else number) for sku, number in reading.unsold if sku}
        if whole:
            known = product_facts.known(tx, rules.target).values()
            lost |= {row.name for row in known if rules.master in (row.master, *row.also)} - kept
        product_facts.lose(tx, rules.target, rules.master, sorted(lost), bars=rules.bars)
        return [verdict for _, verdict in unclear]

    @staticmethod
    def _lose_renamed(tx: Transaction, rules: TargetRules, said: Sequence[Said]) -> None:
        """What a product was called before is no product of the master any more, unless another one has that name."""
        names = {one.name for one in said}
        before = product_facts.of_sources(tx, rules.target, rules.master, [one.source_id for one in said])
        gone = sorted(row.name for row in before if row.name not in names and not row.is_gone)
        product_facts.lose(tx, rules.target, rules.master, gone, bars={})


def _note(tx: Transaction, shop: str, name: str, value: str) -> None:
    cursors.move(tx, shop, name, value, expected=cursors.read(tx, shop, name))
