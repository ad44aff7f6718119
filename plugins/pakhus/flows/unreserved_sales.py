"""What all shops of a warehouse have sold and it has not reserved: absolute quantities must not sell that again.

The blind window between "sold" and "reserved" (domain guide 14; design, section 6). A sale counts as reserved only when
its booking was confirmed before the reading of the warehouse began, and it is seen only once its shop was read after
that. While a shop could not be read since, quantities are only lowered.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pakhus.clients.stored_bodies import bodies_of
from pakhus.errors import CursorMovedError
from pakhus.flows.observation import GONE, Observer
from pakhus.flows.refund_reading import is_named_only, stored_refunds
from pakhus.flows.report import RunReport
from pakhus.flows.warehouse_changes import goods_rules
from pakhus.ledger import cursors, stock, unreserved
from pakhus.ledger.connection import Transaction
from pakhus.ledger.unreserved import UnreservedOrder
from pakhus.model import ZERO, Order
from pakhus.reasons import Verdict
from pakhus.rules.refunded_goods import less_refunded
from pakhus.rules.sold import added, is_sold, pieces_of, pieces_of_skus, reserved_pieces
from pakhus.rules.stock_shown import ShownRules
from pakhus.rulings import Side
from pakhus.settings import ShopSettings

_SEEN = "sales_seen_at"
_TRIES = 3
# By then an order that was in the making when its list was read has been made (woocommerce.md 5).
_MADE_AFTER_S = 6.0
# Sales seen longer ago say too little: a push of thousands of products, or one that is tried again, is not to raise on
# the strength of them.
LONGEST_SIGHT_AGE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SalesReader:
    """Reads what a shop has sold, as the observer does: versions stored, orders judged, the cursor moved."""

    observer: Observer
    pause: Callable[[float], object] = time.sleep

    def see(self) -> RunReport:
        """Read to the end and note since when all sales are known. CursorMovedError while others read all the time.

        Orders of the last seconds are left out of a reading, since they may be in the making. They are sold all the
        same: they are read by themselves when they have been made.
        """
        ledger, shop = self.observer.ledger, self.observer.settings.shop
        for _ in range(_TRIES):
            began = ledger.now()
            try:
                report = self.observer.observe()
                if report.young:
                    self.pause(_MADE_AFTER_S)
                    report.merge(self.observer.look_again(sorted(report.young)))
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
    """Return the shops whose sales were not read since the reading of the warehouse began, or too long ago."""
    found = []
    since = max(read_at, tx.now - LONGEST_SIGHT_AGE)
    for shop in shops:
        seen = cursors.read(tx, shop.shop, _SEEN)
        if seen is None or datetime.fromisoformat(seen) < since:
            found.append(shop.shop)
    return found


def shown_rules(
    tx: Transaction, settings: ShopSettings, selling: Sequence[ShopSettings], read_at: datetime
) -> ShownRules:
    """What decides about a shop's quantities after a reading that began at `read_at`; `selling` are all its shops.

    Of items that were read by themselves since, what was reserved before that is taken off already.
    """
    target, since = settings.rackbeat_target or "", stock.read_since(tx, settings.shop, read_at)
    taken = _taken(tx, target, selling, read_at)
    for moment in set(since.values()):
        later = _taken(tx, target, selling, moment)
        taken |= {number: later.get(number, ZERO) for number, read in since.items() if read == moment}
    return ShownRules(
        product_numbers=settings.mapping.product_numbers,
        taken=taken,
        safety=Decimal(settings.stock.safety),
        last_pieces=Decimal(settings.stock.last_pieces),
        bundles=_bundles(settings),
    )


def _bundles(settings: ShopSettings) -> dict[str, dict[str, Decimal]]:
    made = settings.mapping.bundle_stock
    return {sku: {number: Decimal(pieces) for number, pieces in parts.items()} for sku, parts in made.items()}


def _taken(tx: Transaction, target: str, selling: Sequence[ShopSettings], read_at: datetime) -> dict[str, Decimal]:
    shops = {shop.shop: shop for shop in selling}
    taken: dict[str, Decimal] = defaultdict(Decimal)
    bundling = [name for name, shop in shops.items() if shop.mapping.bundle_stock and not _holds_parts(shop)]
    over = frozenset[str]().union(*(bodies_of(shop).over_states for shop in selling))
    for stored in unreserved.orders(tx, target, read_at, over=over, whole=bundling):
        shop = shops.get(stored.scope)
        for number, pieces in _sold(tx, stored, shop).items() if shop else ():
            taken[number] += pieces
    return dict(taken)


def _sold(tx: Transaction, stored: UnreservedOrder, shop: ShopSettings) -> Mapping[str, Decimal]:
    """The pieces of an order that the warehouse has not reserved: all of them, or what was added since it did."""
    if stored.problem == GONE:
        return {}
    order = _order(tx, stored.body, stored, shop)
    if order is None:
        sold = bodies_of(shop).sold(stored.body)
        return pieces_of_skus(sold, shop.mapping.product_numbers, _bundles(shop))
    if not is_sold(order.lifecycle, stored.verdict):
        return {}
    numbers, rules, bundles = shop.mapping.product_numbers, goods_rules(shop), _bundles(shop)
    now = pieces_of(order, numbers, rules, bundles)
    before = _order(tx, stored.reserved_body, stored, shop) if stored.reserved_body else None
    if before is None:
        return now
    return added(reserved_pieces(before, numbers, rules, bundles, with_parts=_holds_parts(shop)), now)


def _holds_parts(shop: ShopSettings) -> bool:
    return shop.mapping.rackbeat is not None and shop.mapping.rackbeat.bundles_hold_parts


def _order(tx: Transaction, body: bytes, stored: UnreservedOrder, shop: ShopSettings) -> Order | None:
    """An order without what its refunds name, so far as they were read: those goods are for sale again."""
    bodies = bodies_of(shop)
    order = bodies.seen(stored.source_id, body, stored.read_at).order_to(Side.WAREHOUSE)
    if order is None:
        return None
    refunds = [one for one in stored_refunds(tx, shop.shop, order).values() if not is_named_only(one.body)]
    known = [bodies.credit(one.source_id, one.body, stored.read_at).credit for one in refunds]
    left = less_refunded(order, [one for one in known if one is not None], goods_rules(shop).bundles)
    return order if isinstance(left, Verdict) else left
