"""The seam for webshops: what a flow may ask of any shop platform (design, decision 12).

It speaks of facts, not of status: an adapter translates its platform's states into the facets of `Order` and keeps
N+1 reads, sessions and token refresh to itself. A new platform is a client, a format, a hook, a stand-in and contract
tests; no flow changes. Checked on paper against Shopify, PrestaShop and HostedShop in
docs/decisions/0003-webshop-protocol.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from pakhus.clients.http import Answer, Call
from pakhus.model import Credit, Fulfilment, Order, Product, ProductRef, StockLevel, Window
from pakhus.rulings import Side


class Capability(StrEnum):
    """What a platform can do; a flow asks before it relies on one."""

    CHANGES_BY_TIME = "changes_by_time"  # changes() finds edits, not only new orders
    DELETIONS_VISIBLE = "deletions_visible"  # changes() shows binned or deleted orders
    PARTIAL_FULFILMENT = "partial_fulfilment"  # the shop has shipments of its own
    TRACKING = "tracking"
    CUSTOMER_NOTES = "customer_notes"
    STOCK_BATCH = "stock_batch"
    WEBHOOKS = "webhooks"
    CREDITS = "credits"  # refunds can be read
    PRODUCT_WRITE = "product_write"
    REPORTS_CAPTURES = "reports_captures"


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What `probe` learnt: who answers, and the settings that decide how amounts are to be read."""

    platform: str
    version: str
    currency: str
    timezone: str
    prices_include_vat: bool
    vat_rounded_at_subtotal: bool | None  # None: the platform does not say
    identity: str  # two connections with the same identity reach the same shop
    states: Mapping[str, str]  # id -> title
    payment_methods: Mapping[str, str]  # id -> title
    problems: tuple[str, ...] = ()  # texts for `pakhus check`; each says what to do


@dataclass(frozen=True, slots=True)
class Seen:
    """One object as it was received: an order, a credit that the platform lists among its orders, or its absence.

    `body` is what the shop sent, without members that are no facts of the order. Both `order` and `credit` are None
    when it could not be understood (`problem` says which field and why) or is `gone`. Either way it is recorded:
    nothing that was seen vanishes. `read_at` is when the request that showed it began. `order` is as the shop has it;
    what is sent is made from `order_to`, which the rules of the settings have changed (docs/mapping.md).
    """

    id: str
    body: bytes
    read_at: datetime
    order: Order | None = None
    credit: Credit | None = None
    gone: bool = False
    problem: str = ""
    ruled: Mapping[Side, Order] = field(default_factory=dict)

    def order_to(self, side: Side) -> Order | None:
        """The order on its way to the warehouse or the accounts."""
        return self.ruled.get(side, self.order)


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """Some orders and the cursor that vouches for them once they are stored; it may be the previous page's again.

    `young` are the ids of orders that may still be in the making: they are left for the next reading.
    """

    orders: tuple[Seen, ...]
    cursor: str
    young: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ProductChanges:
    """Products that changed, and from where to ask the next time. Of a product that changed all variations come."""

    products: tuple[Product, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What a verified webhook said: look at this object. Never more (design, decision 5)."""

    entity: str  # order, product, shipment …; refunds and shipments name their order
    id: str


class RowResult(StrEnum):
    """What became of one row of a batch, judged from the answer, never from the HTTP status."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    STALE = "stale"  # the shop no longer shows what was expected; read again
    UNKNOWN = "unknown"  # the answer was lost; absolute values may be written again


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The result of one row; `confirmed` is the quantity that the shop says it has now."""

    sku: str
    result: RowResult
    confirmed: Decimal | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where SKUs live: each asked SKU is in `found`, in `ambiguous` (with the ids that share it), or unknown."""

    found: Mapping[str, ProductRef]
    ambiguous: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a write to the shop left there; `changed` is false when the shop already had it."""

    remote_ids: tuple[str, ...]
    changed: bool


class CallRecorder(Protocol):
    """Stores each request of a write before it leaves us, and what came back (design, decision 3)."""

    def send(self, call: Call) -> Answer:
        """Record `call`, send it through the adapter's transport, record the outcome."""


@dataclass(frozen=True, slots=True)
class WebhookState:
    """A registration of ours as the shop has it now.

    `id` is empty where there is none, `repaired` says that it was made anew in place of one that did not work, and
    `problem` what is wrong with it as it is now.
    """

    topic: str
    id: str
    active: bool
    repaired: bool = False
    problem: str = ""


class Webshop(Protocol):
    """A shop. Every method may raise the errors of `pakhus.errors`; none returns half a result as if it were whole."""

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def send(self, call: Call) -> Answer:
        """Make a call of a write that a CallRecorder has stored; the adapter's own transport."""

    def probe(self) -> ShopFacts:
        """Read only: check address, key and rights, and learn the settings."""

    def parse(self, order_id: str, body: bytes, read_at: datetime) -> Seen:
        """Understand a stored body again, without network: for replay and for previews of mappings."""

    def changes(self, cursor: str | None) -> Iterator[ChangesPage]:
        """Yield orders changed since `cursor` (opaque; None: from the start date).

        The caller stores a page and its cursor in one transaction before it asks for the next; each page's cursor is
        safe to go on from. An order may come more than once; none is left out for having moved while the list was read.
        """

    def acknowledge(self, cursor: str) -> None:
        """Tell the shop that everything up to `cursor` is stored; nothing to do on most platforms."""

    def orders(self, ids: Sequence[str]) -> Iterator[Seen]:
        """Yield each of these orders as it stands now; `gone` where the shop says that there is none."""

    def placed(self, window: Window, cursor: str | None = None) -> Iterator[ChangesPage]:
        """Yield the orders placed in a closed window, for audit and import; `cursor` resumes the same window."""

    def credits(self, order_id: str) -> Sequence[Seen]:
        """Return the order's refunds, oldest first; one that could not be understood has a problem."""

    def parse_credit(self, credit_id: str, body: bytes, read_at: datetime) -> Seen:
        """Understand a stored refund again, without network."""

    def report_fulfilment(self, shipment: Fulfilment, calls: CallRecorder, *, notify: bool) -> Receipt:
        """Tell the shop of one shipment; doing it again changes nothing.

        A platform that has no shipments of its own completes the order when `shipment.completes`. OrderClosedError
        when people have closed the order, NotFoundError when it is gone.
        """

    def note(self, order_id: str, text: str, calls: CallRecorder, *, key: str, to_customer: bool = False) -> Receipt:
        """Leave a note on the order, once per `key`; may notify the customer only if `to_customer`."""

    def resolve(self, skus: Sequence[str]) -> Resolution:
        """Return where each SKU lives."""

    def set_stock(self, rows: Sequence[StockLevel], calls: CallRecorder, *, key: str) -> Sequence[RowOutcome]:
        """Set absolute quantities; one outcome per row, in order. Raises only when no row left us."""

    def catalogue(self) -> Iterator[Product]:
        """Yield all products and variants."""

    def product_changes(self, cursor: str | None) -> ProductChanges:
        """Return products and variants changed since `cursor` (None: all of them); none of what was deleted."""

    def product(self, sku: str) -> Product | None:
        """Return the product or variant of this SKU as it stands now; DataError when several have it."""

    def new_product(self, sku: str) -> Product:
        """Return a product that the shop does not have yet, as it would have its price: VAT in it or not."""

    def put_product(self, product: Product, calls: CallRecorder, *, fields: Collection[str] = ()) -> ProductRef:
        """Create one product by its SKU, or write these fields of it (none: all that are known)."""

    def read_hint(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Hint | None:
        """Verify a webhook in constant time on the raw body with any of `secrets` (old and new while one is changed).

        None for a ping; AccessDeniedError for a bad signature, and for another shop than this one.
        """

    def webhooks(self, callback_url: str, secret: str) -> Sequence[WebhookState]:
        """Say how the webhooks are that `ensure_webhooks` would register; changes nothing."""

    def ensure_webhooks(self, callback_url: str, secret: str) -> Sequence[WebhookState]:
        """Register what is missing and repair what the shop has switched off."""
