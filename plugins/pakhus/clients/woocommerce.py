"""A WooCommerce shop behind the webshop protocol (contract woocommerce.md; sections are named in the parts).

Recorded on WooCommerce 11.0 and 8.9. The parts share one connection; each is a file of its own: orders, fulfilment,
stock, products, webhooks, probe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from pakhus.clients import woocommerce_webhooks as webhooks
from pakhus.clients.budget import Budget
from pakhus.clients.http import Answer, Call
from pakhus.clients.webshop import (
    CallRecorder,
    Capability,
    ChangesPage,
    Hint,
    ProductChanges,
    Receipt,
    Resolution,
    RowOutcome,
    Seen,
    ShopFacts,
    WebhookState,
)
from pakhus.clients.woocommerce_api import WooCommerceApi, WooCommerceSettings
from pakhus.clients.woocommerce_fulfilment import WooCommerceFulfilment
from pakhus.clients.woocommerce_orders import WooCommerceOrders
from pakhus.clients.woocommerce_probe import WooCommerceProbe
from pakhus.clients.woocommerce_products import WooCommerceProducts
from pakhus.clients.woocommerce_stock import WooCommerceStock
from pakhus.model import Fulfilment, Product, ProductRef, StockLevel, Window

CAPABILITIES = frozenset(
    {
        Capability.CHANGES_BY_TIME,
        Capability.DELETIONS_VISIBLE,  # the bin; what is deleted for good is only missing
        Capability.CUSTOMER_NOTES,
        Capability.STOCK_BATCH,
        Capability.WEBHOOKS,
        Capability.CREDITS,
        Capability.PRODUCT_WRITE,
    }
)


class WooCommerceClient:
    """One shop. Safe to share between threads."""

    def __init__(self, api: WooCommerceApi, settings: WooCommerceSettings) -> None:
        self._api = api
        self._settings = settings
        self._addresses = tuple(address for address in (settings.base_url, settings.home_url) if address)
        self._orders = WooCommerceOrders(api, settings)
        self._fulfilment = WooCommerceFulfilment(api)
        self._stock = WooCommerceStock(api)
        self._products = WooCommerceProducts(api, self._stock)

    @classmethod
    def from_settings(cls, settings: WooCommerceSettings, budget: Budget | None = None) -> WooCommerceClient:
        """ConfigurationError when the address is none."""
        return cls(WooCommerceApi(settings, budget), settings)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES

    def send(self, call: Call) -> Answer:
        """Make a call that a writer planned; a CallRecorder ends here."""
        return self._api.send(call)

    def probe(self) -> ShopFacts:
        return WooCommerceProbe(self._api, self._settings).facts()

    def parse(self, order_id: str, body: bytes, read_at: datetime) -> Seen:
        return self._orders.parse(order_id, body, read_at)

    def changes(self, cursor: str | None) -> Iterator[ChangesPage]:
        return self._orders.changes(cursor)

    def acknowledge(self, cursor: str) -> None:
        """Nothing to do: the shop keeps no cursor."""

    def orders(self, ids: Sequence[str]) -> Iterator[Seen]:
        return self._orders.orders(ids)

    def placed(self, window: Window, cursor: str | None = None) -> Iterator[ChangesPage]:
        return self._orders.placed(window, cursor)

    def credits(self, order_id: str) -> Sequence[Seen]:
        return self._orders.credits(order_id)

    def parse_credit(self, credit_id: str, body: bytes, read_at: datetime) -> Seen:
        return self._orders.parse_credit(credit_id, body, read_at)

    def report_fulfilment(self, shipment: Fulfilment, calls: CallRecorder, *, notify: bool) -> Receipt:
        return self._fulfilment.report(shipment, calls, notify=notify)

    def note(self, order_id: str, text: str, calls: CallRecorder, *, key: str, to_customer: bool = False) -> Receipt:
        return self._fulfilment.note(order_id, text, calls, key=key, to_customer=to_customer)

    def resolve(self, skus: Sequence[str]) -> Resolution:
        return self._stock.resolve(skus)

    def set_stock(self, rows: Sequence[StockLevel], calls: CallRecorder, *, key: str) -> Sequence[RowOutcome]:
        """The shop knows no idempotency key; absolute quantities need none. It cannot compare `expected` either."""
        del key
        return self._stock.set_stock(rows, calls)

    def catalogue(self) -> Iterator[Product]:
        return self._products.catalogue()

    def product_changes(self, cursor: str | None) -> ProductChanges:
        return self._products.changes(cursor)

    def product(self, sku: str) -> Product | None:
        return self._products.one(sku)

    def new_product(self, sku: str) -> Product:
        return self._products.new(sku)

    def put_product(self, product: Product, calls: CallRecorder, *, fields: Collection[str] = ()) -> ProductRef:
        return self._products.put(product, calls, fields)

    def read_hint(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Hint | None:
        return webhooks.read_hint(headers, body, secrets, self._addresses)

    def webhooks(self, callback_url: str, secret: str) -> Sequence[WebhookState]:
        return webhooks.look_at_webhooks(self._api, callback_url, secret)

    def ensure_webhooks(self, callback_url: str, secret: str) -> Sequence[WebhookState]:
        return webhooks.ensure_webhooks(self._api, callback_url, secret)


__all__ = ["WooCommerceClient", "WooCommerceSettings"]
