"""Orders, their lines, refunds and notes as a shop keeps them. Amounts are Decimal with up to six decimals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from standin.woocommerce.money import ZERO

BILLING = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
    "email",
    "phone",
)
SHIPPING = tuple(name for name in BILLING if name != "email")


@dataclass
class Meta:
    """One row of meta data; ``value`` is any JSON."""

    id: int
    key: str
    value: Any


def put_meta(rows: list[Meta], new: Meta) -> None:
    """Overwrite the first row of the same key, else append (contract section 9)."""
    for row in rows:
        if row.key == new.key:
            row.value = new.value
            return
    rows.append(new)


def meta_value(rows: list[Meta], key: str) -> Any:
    """The value under a key, None without one."""
    return next((row.value for row in rows if row.key == key), None)


@dataclass
class Taxed:
    """What lines, shipping and fees share. ``taxes`` is rate id to amount, unrounded."""

    id: int
    total: Decimal = ZERO
    total_tax: Decimal = ZERO
    taxes: dict[int, Decimal] = field(default_factory=dict)
    tax_status: str = "taxable"
    tax_class: str = ""
    meta: list[Meta] = field(default_factory=list)


@dataclass
class ProductLine(Taxed):
    """A line with goods; ``subtotal`` is before discounts, both exclude tax."""

    name: str = ""
    product_id: int = 0
    variation_id: int = 0
    quantity: int = 1
    subtotal: Decimal = ZERO
    subtotal_tax: Decimal = ZERO
    subtotal_taxes: dict[int, Decimal] = field(default_factory=dict)


@dataclass
class ShippingLine(Taxed):
    """A shipping line."""

    method_title: str = ""
    method_id: str = ""
    instance_id: str = ""


@dataclass
class FeeLine(Taxed):
    """A fee; negative ones are discounts of the client's own making."""

    name: str = ""


@dataclass
class CouponLine:
    """A coupon that was used; its discount is inside the lines already."""

    id: int
    code: str
    coupon_id: int
    discount_type: str
    nominal_amount: Decimal
    discount: Decimal = ZERO
    discount_tax: Decimal = ZERO
    meta: list[Meta] = field(default_factory=list)


@dataclass
class TaxLine:
    """The sum of one rate."""

    id: int
    rate_id: int
    rate_code: str
    label: str
    percent: Decimal
    tax_total: Decimal = ZERO
    shipping_tax_total: Decimal = ZERO


@dataclass
class Totals:
    """The amounts in an order's header."""

    discount_total: Decimal = ZERO
    discount_tax: Decimal = ZERO
    shipping_total: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    cart_tax: Decimal = ZERO
    total: Decimal = ZERO
    total_tax: Decimal = ZERO


@dataclass
class Order:
    """One order. ``half_made_reads``: so many lists still see it as it was in the middle of its creation."""

    id: int
    created: datetime
    modified: datetime
    status: str = "pending"
    parent_id: int = 0
    currency: str = "DKK"
    version: str = ""
    prices_include_tax: bool = True
    completed: datetime | None = None
    paid: datetime | None = None
    totals: Totals = field(default_factory=Totals)
    customer_id: int = 0
    order_key: str = ""
    billing: dict[str, str] = field(default_factory=lambda: dict.fromkeys(BILLING, ""))
    shipping: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SHIPPING, ""))
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    customer_ip_address: str = ""
    customer_user_agent: str = ""
    created_via: str = "rest-api"
    customer_note: str = ""
    cart_hash: str = ""
    meta: list[Meta] = field(default_factory=list)
    lines: list[ProductLine] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    fees: list[FeeLine] = field(default_factory=list)
    coupons: list[CouponLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)
    stock_reduced: bool = False
    sales_recorded: bool = False
    half_made_reads: int = 0

    def taxed_lines(self) -> list[Taxed]:
        """Goods, then fees: what the cart tax is made of."""
        return [*self.lines, *self.fees]


@dataclass
class Refund:
    """A refund; ``amount`` is positive, its lines are negative."""

    id: int
    order_id: int
    created: datetime
    amount: Decimal
    reason: str = ""
    refunded_by: int = 1
    refunded_payment: bool = False
    meta: list[Meta] = field(default_factory=list)
    lines: list[ProductLine] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    fees: list[FeeLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)

    @property
    def total_tax(self) -> Decimal:
        """The tax in its lines, negative; zero for a refund by amount only."""
        return sum((t.tax_total + t.shipping_tax_total for t in self.tax_lines), ZERO)


@dataclass
class Note:
    """An order note. ``by_client``: written over the API, not by the shop itself."""

    id: int
    text: str
    created: datetime
    for_customer: bool = False
    by_client: bool = False
