"""Products, variations and coupons as a shop keeps them. Prices are text, as entered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from standin.woocommerce.money import ZERO, amount
from standin.woocommerce.order_state import Meta


@dataclass
class Product:
    """A product or, with ``parent_id``, a variation. ``stock`` is None where it is not managed."""

    id: int
    created: datetime
    modified: datetime
    type: str = "simple"
    parent_id: int = 0
    name: str = ""
    slug: str = ""
    sku: str = ""
    status: str = "publish"
    regular_price: str = ""
    sale_price: str = ""
    tax_class: str = ""
    tax_status: str = "taxable"
    manage_stock: bool = False
    stock: int | None = None
    stock_status: str = "instock"
    backorders: str = "no"
    low_stock_amount: int | None = None
    total_sales: int = 0
    virtual: bool = False
    downloadable: bool = False
    weight: str = ""
    global_unique_id: str = ""
    description: str = ""
    short_description: str = ""
    categories: list[dict[str, Any]] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)

    @property
    def price(self) -> str:
        """The price that counts now."""
        return self.sale_price or self.regular_price

    @property
    def price_amount(self) -> Decimal:
        """The price as a number, 0 without one."""
        return amount(self.price) or ZERO


@dataclass
class Coupon:
    """A coupon; ``discount_type`` is percent, fixed_cart or fixed_product."""

    id: int
    code: str
    amount: Decimal
    discount_type: str
    body: dict[str, Any] = field(default_factory=dict)
    used_by: list[str] = field(default_factory=list)
