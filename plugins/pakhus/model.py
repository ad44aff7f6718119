"""The objects that flows, rules and formats share: frozen, with aware times and decimal money.

Sources: domain guide sections 1, 3, 7 and 11; design, decisions 7 and 12. Nothing here knows a remote system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from pakhus.discounts import Coupon
from pakhus.rulings import Ruling

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's major unit (kroner, not øre). Never made from a float."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"money needs a Decimal, got {type(self.amount).__name__}")
        if not self.amount.is_finite():
            raise ValueError(f"money must be a finite number, got {self.amount}")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"currency must be a three-letter ISO code, got {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same_currency(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same_currency(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.amount


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time, `start` <= t < `end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware times")
        if self.end <= self.start:
            raise ValueError(f"a window must not be empty: {self.start} to {self.end}")


class Lifecycle(StrEnum):
    """What has become of the order as a whole."""

    DRAFT = "draft"  # the buyer is still in the checkout
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DELETED = "deleted"  # in the shop's bin, or gone
    UNKNOWN = "unknown"  # a state that no adapter knows


class PaymentState(StrEnum):
    """How far the money is, as the shop says; settlements are the truth (domain guide 2.1)."""

    UNPAID = "unpaid"
    AUTHORISED = "authorised"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    VOIDED = "voided"  # an authorisation given back or expired
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    UNKNOWN = "unknown"


class FulfilmentState(StrEnum):
    """How far the goods are, as the shop says."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"
    NOT_REQUIRED = "not_required"  # nothing of it ships
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Where an amount comes from (design, decision 12)."""

    STATED = "stated"  # a field of the order
    COMPUTED = "computed"  # summed by the adapter, the platform states none
    CAPTURED = "captured"  # what the payment provider took


class LineKind(StrEnum):
    """What a line is about; decides the product number it gets elsewhere (domain guide 4.3)."""

    PRODUCT = "product"
    SHIPPING = "shipping"
    FEE = "fee"
    DISCOUNT = "discount"
    GIFT_CARD_SALE = "gift_card_sale"
    GIFT_CARD_REDEEMED = "gift_card_redeemed"


@dataclass(frozen=True, slots=True)
class VatShare:
    """One VAT rate's part of a line, as the shop states it. `rate` is a fraction: 0.25 for 25 %."""

    rate: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order or a credit, amounts in the order's currency, after discount.

    `net` and `vat` are for the whole line as the shop charged them. `sku` is None where the shop has none to give
    (never an empty string). `vat_shares` names the rates the shop applied: empty means that no VAT was charged, None
    that the shop does not say. A redeemed gift card is a negative line; the order's `total` is what was left to pay.
    `ships` is None where the shop does not say.
    """

    id: str
    kind: LineKind
    name: str
    quantity: Decimal
    net: Decimal
    vat: Decimal
    sku: str | None = None
    product_id: str | None = None
    variant_id: str | None = None
    vat_shares: tuple[VatShare, ...] | None = ()
    vat_basis: Basis = Basis.STATED
    ships: bool | None = None
    discount_net: Decimal = ZERO  # already inside `net`
    discount_vat: Decimal = ZERO  # already inside `vat`
    parent_line_id: str | None = None  # the bundle line this one is a part of


@dataclass(frozen=True, slots=True)
class Party:
    """A name and address as the buyer gave it. `country` is ISO 3166 alpha-2, or empty where the shop has none."""

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought: the shop's own customer id (None for a guest) and what identifies a company or public buyer."""

    customer_id: str | None = None
    vat_number: str = ""
    ean: str = ""
    requisition: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """How the order was paid. `method` is the stable id; `title` is for people only (domain guide 9.2)."""

    method: str
    title: str = ""
    id: str = ""
    transaction_id: str = ""
    amount: Money | None = None  # None: the shop does not say how much this payment covers
    authorised_at: datetime | None = None
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A shop's order as it stood when it was read.

    `total` is what the customer is asked to pay, VAT included; `vat_total` the VAT in it as the header states it.
    `refunded` is the sum of the refunds known with the order, positive. `modified_at` is None where the platform has
    no such stamp. `attributes` holds mapped plugin fields that no other member has.
    """

    shop: str
    id: str
    number: str
    native_state: str
    lifecycle: Lifecycle
    payment_state: PaymentState
    fulfilment_state: FulfilmentState
    total: Money
    total_basis: Basis
    vat_total: Decimal
    lines: tuple[Line, ...]
    billing: Party
    shipping: Party
    placed_at: datetime
    modified_at: datetime | None = None
    paid_at: datetime | None = None
    completed_at: datetime | None = None
    buyer: Buyer = Buyer()
    payments: tuple[Payment, ...] = ()
    vat_basis: Basis = Basis.STATED
    refunded: Decimal = ZERO
    credit_ids: tuple[str, ...] = ()  # the refunds known with the order
    coupons: tuple[Coupon, ...] = ()  # already inside the lines
    shipping_method: str = ""
    drop_point: str = ""
    note: str = ""
    is_test: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    ruling: Ruling | None = None  # what a rule of the settings says of it

    @property
    def currency(self) -> str:
        return self.total.currency


@dataclass(frozen=True, slots=True)
class Credit:
    """One refund of an order. `amount` is positive; lines, where the shop has them, are positive parts of it."""

    shop: str
    order_id: str
    id: str
    amount: Money
    lines: tuple[Line, ...]
    created_at: datetime
    vat: Decimal | None = None  # None: the shop does not split the amount
    transactions: tuple[Payment, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """How many of an order line went with one shipment. `line_id` is None where only the SKU is known."""

    sku: str
    quantity: Decimal
    line_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a buyer follows a parcel by."""

    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """One shipment to be reported to the shop. `completes` is true when nothing of the order is left to ship."""

    shop: str
    order_id: str
    id: str
    shipped_at: datetime
    lines: tuple[ShippedLine, ...]
    completes: bool
    parcels: tuple[Parcel, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRef:
    """Where a SKU lives in a shop. `parent_id` is set for a variant that can only be written through its parent."""

    sku: str
    id: str
    parent_id: str | None = None
    stock_id: str | None = None  # where the platform keeps stock under an id of its own
    manages_stock: bool = True
    stock: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Available:
    """What the warehouse has free of an item: in stock minus in orders, over all locations; may be negative.

    `quantity` is None when the warehouse's number could not be understood, or, `awaited`, is not read yet.
    """

    number: str
    quantity: Decimal | None
    stock: Decimal | None = None
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class StockLevel:
    """The absolute quantity a shop is to show for a product.

    `expected` is what the shop showed when the quantity was decided; a platform that can compare refuses a stale row.
    """

    product: ProductRef
    quantity: Decimal
    expected: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product or variant as master data. `price` is net when `price_includes_vat` is false."""

    sku: str
    name: str
    price: Money | None
    price_includes_vat: bool
    description: str = ""
    barcode: str = ""
    id: str | None = None
    parent_id: str | None = None
    tax_class: str = ""
    manages_stock: bool = True
    stock: Decimal | None = None
    barred: bool = False
    taxable: bool = True
    price_problem: str = ""  # why the price, which is None then, cannot be understood
    sold_alone: bool = True  # False: a set of others, or a product of variations


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of an accounting document: `quantity` × `unit_price` is exact at two decimals."""

    product_number: str
    text: str
    quantity: Decimal
    unit_price: Decimal
    rate: Decimal
    vat_code: str
    order_line_id: str | None = None  # None for the correction line

    @property
    def net(self) -> Decimal:
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True)
class Totals:
    """Net, VAT and gross of a document, two decimals."""

    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as it is to be drafted: `key` is our reference in the accounts, `predicted` what they must answer."""

    key: str
    currency: str
    invoice_date: date
    customer_number: int
    recipient: Party
    delivery: Party
    vat_zone: int
    layout: int
    payment_terms: int
    lines: tuple[InvoiceLine, ...]
    predicted: Totals
    correction: Decimal = ZERO
    heading: str = ""
    text: str = ""
    delivery_date: date | None = None
    exchange_rate: Decimal | None = None
    ean: str = ""
    requisition: str = ""  # takes our key's place in the reference
    contact: int | None = None  # the person of a public body
    account_string: str = ""
    employee: int | None = None
    credits_key: str = ""  # a credit note: the key of its invoice


def as_utc(moment: datetime) -> datetime:
    """Return an aware `moment` in UTC; a naive one is refused, since nobody can say what it means."""
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {moment.isoformat()}")
    return moment.astimezone(UTC)
