"""What a shop's own doings may have changed of the quantities that it shows: looked at again by the next push.

A shop takes pieces off when it sells, and puts them back when an order is cancelled or refunded, whatever the warehouse
says of them: returned goods are for sale when the warehouse has received them (domain guide 8, 14). A push looks only
at what the shop has not confirmed; so what an order that changed is about counts as not confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable

from pakhus.clients.webshop import Seen
from pakhus.ledger import claims, inbox, stock
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Transaction
from pakhus.model import LineKind
from pakhus.rules.spelling import compared
from pakhus.settings import ShopSettings

SHOWN = "shown"
"""The entity of these hints in the inbox: a SKU of the shop, as it is compared."""

_MOST_AT_ONCE = 100_000


def doubt(tx: Transaction, settings: ShopSettings, orders: Iterable[Seen]) -> None:
    """Note the SKUs of orders that are news, in the transaction that stores them."""
    if not settings.stock.enabled:
        return
    lines = [line for seen in orders if seen.order is not None for line in seen.order.lines]
    skus = {compared(line.sku) for line in lines if line.kind is LineKind.PRODUCT and line.sku}
    if skus:
        inbox.add_all(tx, settings.shop, SHOWN, skus)


def take(tx: Transaction, settings: ShopSettings, claim: Claim) -> None:
    """Make the quantities of the noted SKUs unknown: the push that follows reads them in the shop.

    With a SKU all that is one product with it in the warehouse: the pieces of a variation may stand at its parent.
    """
    claims.require(tx, claim)
    shop, numbers = settings.shop, settings.mapping.product_numbers
    hints = inbox.waiting(tx, shop, SHOWN, limit=_MOST_AT_ONCE)
    if not hints:
        return
    noted = {compared(numbers.get(hint.source_id, hint.source_id)) for hint in hints}
    doubted = [level.sku for level in stock.levels(tx, shop) if compared(numbers.get(level.sku, level.sku)) in noted]
    stock.forget_confirmed(tx, shop, doubted)
    inbox.remove(tx, hints)
