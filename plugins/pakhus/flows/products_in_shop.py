"""Products in a webshop whose master is the warehouse: simple products made, and the fields that are ours changed.

Prices are compared without VAT and written as the shop has its own. Of a variation only its price and barcode are ours:
its name and its texts are its product's. Nobody but the shop makes variations (domain guide 2.1, 4.7).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from pakhus.clients.http import to_json
from pakhus.clients.webshop import Webshop
from pakhus.errors import DataError
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.product_targets import CREATE, UPDATE, Hand, Shown
from pakhus.flows.recorded_calls import RecordedCalls
from pakhus.ledger import attempts
from pakhus.model import Money, Product
from pakhus.reasons import Verdict
from pakhus.rules.product_mapping import PricedProducts
from pakhus.rules.product_prices import net_price, shop_price
from pakhus.rules.product_sync import BARCODE, BARRED, DESCRIPTION, NAME, NO, PRICE, TAX_CLASS, YES, Values


@dataclass(frozen=True, slots=True)
class ProductsInShop:
    """The products of one shop. It is read right before it is written, and a write is done again rather than searched.

    `basis` says what the warehouse's prices are; `publish`: whether new products are for sale at once.
    """

    shop: Webshop
    basis: PricedProducts
    publish: bool = False
    system: str = "the shop"
    list_holds_s: float = 0.0  # its catalogue takes minutes to read

    def listing(self) -> dict[str, Shown]:
        return {one.sku: self._shown(one) for one in self.shop.catalogue() if one.sku and one.sold_alone}

    def numbers(self) -> Collection[str]:
        return ()  # shops find a SKU in any case

    def find(self, number: str, fields: Collection[str] = ()) -> Shown | None:
        del fields  # all are shown
        product = self.shop.product(number)
        return None if product is None else self._shown(product)

    def settle(self, hand: Hand, number: str) -> bool:
        for step in (CREATE, UPDATE):
            calls = self._calls(hand, step)
            calls.wait_for_late_effects()
            there = self.shop.product(number) if hand.is_open(step) else None
            if there is not None:
                calls.adopt(there.id or number, to_json({"id": there.id, "sku": there.sku}))
            else:
                calls.supersede()
        with hand.ledger.begin() as tx:
            return bool(attempts.done_of(tx, hand.document.id, [CREATE]))

    def create(self, hand: Hand, number: str, values: Values) -> Shown:
        if values.get(TAX_CLASS):
            problem = f"its group in Rackbeat has {values[TAX_CLASS]} VAT: make it in the shop, in its tax class"
            raise stop("product_price_unknown", sku=number, problem=problem)
        pricing = self.shop.new_product(number)
        new = replace(
            pricing,
            name=values[NAME],
            description=values.get(DESCRIPTION, ""),
            barcode=values.get(BARCODE, ""),
            price=self._price(values, pricing),
            barred=not self.publish,
        )
        self.shop.put_product(new, self._calls(hand, CREATE))
        return self._again(number, new)

    def update(self, hand: Hand, shown: Shown, changes: Values) -> Shown:
        before = self._product(shown)
        changed = replace(
            before,
            name=changes.get(NAME, before.name),
            description=changes.get(DESCRIPTION, before.description),
            barcode=changes.get(BARCODE, before.barcode),
            price=self._price(changes, before) or before.price,
            barred=changes[BARRED] == YES if BARRED in changes else before.barred,
        )
        self.shop.put_product(changed, self._calls(hand, UPDATE), fields=tuple(changes))
        return self._again(shown.number, changed)

    def _calls(self, hand: Hand, step: str) -> RecordedCalls:
        return RecordedCalls(hand.ledger, hand.claim, hand.document, step, self.shop.send)

    def _again(self, number: str, written: Product) -> Shown:
        """What the shop shows after a write; what it has made of texts is its own affair."""
        return self.find(number) or self._shown(written)

    def _product(self, shown: Shown) -> Product:
        product = shown.row.get("product")
        if not isinstance(product, Product):
            raise DataError(f"{shown.number} was not read from the shop")
        return product

    def _price(self, values: Values, product: Product) -> Money | None:
        if not values.get(PRICE):
            return None
        price = shop_price(Decimal(values[PRICE]), product, self.basis)
        if isinstance(price, Verdict):
            raise StoppedError(price)
        return price

    def _shown(self, product: Product) -> Shown:
        values: dict[str, str] = {BARCODE: product.barcode, BARRED: YES if product.barred else NO}
        if product.parent_id is None:
            values |= {NAME: product.name, DESCRIPTION: product.description}
        net = net_price(product, self.basis)
        problem = net if isinstance(net, Verdict) else None
        if not isinstance(net, Verdict):
            values[PRICE] = f"{net:f}" if product.price is not None else ""
        return Shown(product.sku, values, {"product": product}, problem=problem)


def fields_of_shop(fields: Collection[str], *, bars: bool) -> frozenset[str]:
    """What follows the warehouse in a shop; whether a product is for sale only where that is wanted."""
    return frozenset(fields) | ({BARRED} if bars else frozenset())
