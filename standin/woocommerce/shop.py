"""The state of one shop: what its database would hold. Everything here can be frozen and thawed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from standin.woocommerce.money import ZERO
from standin.woocommerce.order_state import Meta, Note, Order, ProductLine, Refund
from standin.woocommerce.product_state import Coupon, Product
from standin.woocommerce.switches import Switches
from standin.woocommerce.webhook_state import Queued, Webhook

STATUS_NAMES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
_KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class ApiKey:
    """A consumer key: what it may do and as which user. ``role`` is administrator, shop_manager or customer."""

    consumer_key: str
    consumer_secret: str
    permissions: str = "read_write"
    role: str = "administrator"
    user_id: int = 1

    @property
    def manages_shop(self) -> bool:
        """Whether the user behind the key has rights at all."""
        return self.role in {"administrator", "shop_manager"}


@dataclass(frozen=True)
class TaxRate:
    """One row of the tax table; ``percent`` as in 25.0000."""

    id: int
    country: str
    percent: Decimal
    name: str
    on_shipping: bool = True
    compound: bool = False
    tax_class: str = ""

    @property
    def code(self) -> str:
        """``DK-MOMS-1``: country, name in capitals, priority."""
        return f"{self.country}-{self.name.upper()}-1"


@dataclass
class Ids:
    """Counters. ``post`` is shared by products, orders, refunds and coupons, as in WordPress."""

    post: int = 10
    item: int = 1
    meta: int = 1
    note: int = 1
    webhook: int = 1

    def take(self, kind: str) -> int:
        """The next id of a kind."""
        number: int = getattr(self, kind)
        setattr(self, kind, number + 1)
        return number

    def above(self, kind: str, used: int) -> None:
        """Never give out ``used`` or anything below it."""
        setattr(self, kind, max(getattr(self, kind), used + 1))


@dataclass
class Shop:
    """One shop. ``now`` is the moment of the request that is being carried out, whole seconds."""

    name: str
    switches: Switches = field(default_factory=Switches)
    now: datetime = datetime(2026, 11, 21, tzinfo=UTC)
    home: str = ""
    keys: list[ApiKey] = field(default_factory=list)
    tax_rates: list[TaxRate] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    reference: dict[str, Any] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    refunds: dict[int, Refund] = field(default_factory=dict)
    notes: dict[int, list[Note]] = field(default_factory=dict)
    coupons: dict[str, Coupon] = field(default_factory=dict)
    customers: dict[int, dict[str, Any]] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    queue: list[Queued] = field(default_factory=list)
    used_nonces: dict[str, dict[str, int]] = field(default_factory=dict)
    ignored_parameters: dict[str, int] = field(default_factory=dict)
    ids: Ids = field(default_factory=Ids)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    # --- settings ------------------------------------------------------------------------------------------------

    def is_on(self, option: str) -> bool:
        """Whether a yes/no setting of WooCommerce is ``yes``."""
        return self.options.get(option) == "yes"

    @property
    def prices_include_tax(self) -> bool:
        """Prices are entered with tax."""
        return self.is_on("woocommerce_prices_include_tax")

    @property
    def rounds_at_subtotal(self) -> bool:
        """Tax is rounded once per order, not per line."""
        return self.is_on("woocommerce_tax_round_at_subtotal")

    @property
    def is_old(self) -> bool:
        """8.9 and before: section 16 of the contract lists what is missing there."""
        return self.switches.major < 9

    def statuses(self) -> dict[str, str]:
        """Slug to name of all order statuses, plugins' own ones last."""
        return {**STATUS_NAMES, **self.switches.extra_statuses}

    def country(self) -> str:
        """The shop's own country."""
        return str(self.options.get("woocommerce_default_country", "DK")).split(":")[0]

    # --- products ------------------------------------------------------------------------------------------------

    def variations_of(self, parent: Product) -> list[Product]:
        """The variations of a parent, by id."""
        found = [p for p in self.products.values() if p.parent_id == parent.id and p.type == "variation"]
        return sorted(found, key=lambda p: p.id)

    def by_sku(self, sku: str, *, binned: bool = False) -> Product | None:
        """The product or variation with the SKU, blind to case; binned ones only where asked for."""
        wanted = sku.strip().lower()
        matches = (p for p in self.products.values() if wanted and p.sku.lower() == wanted)
        return next((p for p in matches if binned or p.status != "trash"), None)

    def refunds_of(self, order: Order) -> list[Refund]:
        """Newest first."""
        return sorted((r for r in self.refunds.values() if r.order_id == order.id), key=lambda r: -r.id)

    def refunded(self, order: Order) -> Decimal:
        """How much of an order was refunded."""
        return sum((r.amount for r in self.refunds_of(order)), ZERO)

    def goods(self, line: ProductLine) -> Product | None:
        """What a line is about now: its variation, else its product, None once both are deleted."""
        return self.products.get(line.variation_id) or self.products.get(line.product_id)

    # --- new rows ------------------------------------------------------------------------------------------------

    def new_order_key(self) -> str:
        """Random as in a real shop, the same again after a reset."""
        return "wc_order_" + "".join(self.chance.choice(_KEY_LETTERS) for _ in range(13))

    def new_meta(self, key: str, value: Any) -> Meta:
        """A row of meta data."""
        return Meta(self.ids.take("meta"), key, value)

    def add_note(self, order: Order, text: str, *, for_customer: bool = False, by_client: bool = False) -> Note:
        """A note on an order; it leaves the order's modification date alone."""
        note = Note(self.ids.take("note"), text, self.now, for_customer, by_client)
        self.notes.setdefault(order.id, []).append(note)
        return note

    # --- webhooks ------------------------------------------------------------------------------------------------

    def tell(self, topic: str, resource_id: int) -> None:
        """Queue a delivery for each active webhook of the topic; one that waits already is not doubled."""
        for webhook in self._listening(topic):
            queued = Queued(webhook.id, topic, resource_id, self.now)
            if not any(q.same_as(queued) for q in self.queue):
                self.queue.append(queued)

    def _listening(self, topic: str) -> Iterator[Webhook]:
        return (w for w in self.webhooks.values() if w.status == "active" and w.topic == topic)
