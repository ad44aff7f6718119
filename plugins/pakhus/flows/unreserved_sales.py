"""What all shops of a warehouse have sold and it has not reserved: absolute quantities must not sell that again.

The blind window between "sold" and "reserved" (domain guide 14; design, section 6). A sale counts as reserved only when
its booking was confirmed before the reading of the warehouse began, and it is seen only once its shop was read after
that. While a shop could not be read since, quantities are only lowered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pakhus.clients.stored_bodies import bodies_of
from pakhus.errors import CursorMovedError
from pakhus.flows.observation import Observer
from pakhus.flows.report import RunReport
from pakhus.flows.warehouse_changes import goods_rules
from pakhus.ledger import cursors, unreserved
from pakhus.ledger.connection import Transaction
from pakhus.model import Lifecycle, Order
from pakhus.reasons import Verdict
from pakhus.rules.goods import product_number, wanted_lines
from pakhus.rules.stock_shown import ShownRules, compared
from pakhus.rulings import Side
from pakhus.settings import ShopSettings

_SEEN = "sales_seen_at"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class SalesReader:
    """Reads what a shop has sold, as the observer does: versions stored, orders judged, the cursor moved."""

    observer: Observer

    def see(self) -> RunReport:
        """Read to the end and note since when all sales are known. CursorMovedError while others read all the time."""
        ledger, shop = self.observer.ledger, self.observer.settings.shop
        for _ in range(_TRIES):
            began = ledger.now()
            try:
                report = self.observer.observe()
                with ledger.begin() as tx:
                    _note_seen(tx, shop, began)
            except CursorMovedError:  # another run reads at this moment: begin again from its place
                continue
            return report
        raise CursorMovedError(f"the orders of {shop} are being read by other runs all the time")


def _note_seen(tx: Transaction, shop: str, began: datetime) -> None:
    before = cursors.read(tx, shop, _SEEN)
    if before is None or datetime.fromisoformat(before) < began:
        cursors.move(tx, shop, _SEEN, began.isoformat(), expected=before)


def unseen(tx: Transaction, shops: Sequence[ShopSettings], read_at: datetime) -> list[str]:
    """Return the shops whose sales were not read since the reading of the warehouse began."""
    found = []
    for shop in shops:
        seen = cursors.read(tx, shop.shop, _SEEN)
        if seen is None or datetime.fromisoformat(seen) < read_at:
            found.append(shop.shop)
    return found


def shown_rules(
    tx: Transaction, settings: ShopSettings, selling: Sequence[ShopSettings], read_at: datetime
) -> ShownRules:
    """What decides about a shop's quantities after a reading that began at `read_at`; `selling` are all its shops."""
    bundles = settings.mapping.bundle_stock
    return ShownRules(
        product_numbers=settings.mapping.product_numbers,
        taken=_taken(tx, settings.rackbeat_target or "", selling, read_at),
        safety=Decimal(settings.stock.safety),
        last_pieces=Decimal(settings.stock.last_pieces),
        bundles={sku: {number: Decimal(pieces) for number, pieces in made.items()} for sku, made in bundles.items()},
    )


def _taken(tx: Transaction, target: str, selling: Sequence[ShopSettings], read_at: datetime) -> dict[str, Decimal]:
    shops = {shop.shop: shop for shop in selling}
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for stored in unreserved.orders(tx, target, read_at):
        shop = shops.get(stored.scope)
        order = bodies_of(shop).seen(stored.source_id, stored.body, read_at).order_to(Side.WAREHOUSE) if shop else None
        if shop is not None and order is not None and order.lifecycle is Lifecycle.OPEN:
            _add(taken, order, shop)
    return dict(taken)


def _add(taken: dict[str, Decimal], order: Order, shop: ShopSettings) -> None:
    """Count the pieces of an order. A line without a number is no item of the warehouse's: nothing of it is offered."""
    for line in wanted_lines(order, goods_rules(shop)):
        number = product_number(line, shop.mapping.product_numbers)
        if not isinstance(number, Verdict):
            taken[compared(number)] += line.quantity
