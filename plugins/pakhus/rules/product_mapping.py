"""How products that are made in Rackbeat and e-conomic look there; parts of a mapping file.

Sources: rackbeat.md 3.3, 5.1; economic.md 4.1, 4.2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from pakhus.rules.mapping_fields import Currency, Rate, Strict

UNTAXED = "none"
"""In `groups`: what the shop charges no VAT on (tax status none, or on freight only), whatever its tax class."""


class PricedProducts(Strict):
    """What prices are in a system that has them without VAT."""

    currency: Currency = Field("DKK", description="Base currency of the account: its own prices have no other")
    vat_rates: dict[str, Rate] = Field(
        default_factory=lambda: {"": "0.25"},
        description="Tax class in the shop (slug; empty: standard) -> VAT rate that is in the shop's prices, where the "
        "shop says that VAT is in them; a product of another class is left out and named",
    )

    def rate_of(self, tax_class: str) -> Decimal | None:
        """The VAT rate that is in prices of a tax class, if the mapping has it. The standard class has two names."""
        text = self.vat_rates.get(_class_name(tax_class))
        return None if text is None else Decimal(text)


class NewWarehouseProducts(PricedProducts):
    """The numbers that a product which Pakhus makes in Rackbeat is given."""

    group: int = Field(gt=0, description="Product group in Rackbeat; one that keeps stock")
    location: int = Field(gt=0, description="Location on which the initial stock is counted")
    unit: int | None = Field(None, gt=0, description="Unit number; none: none is sent")


class NewAccountsProducts(PricedProducts):
    """The numbers that a product which Pakhus makes in e-conomic is given."""

    groups: dict[str, Annotated[int, Field(gt=0)]] = Field(
        min_length=1,
        description="Tax class in the shop (slug; empty: standard; none: what no VAT is charged on) -> product group "
        "in e-conomic, which decides the account and the VAT; a product of another class is left out and named",
    )
    unit: int | None = Field(None, gt=0, description="Unit number; none: none is sent")

    currency_prices: bool = Field(
        False,
        description="Whether a price in another currency than `currency` becomes the product's price in that currency; "
        "false: such a product is left out and named",
    )

    def group_of(self, tax_class: str) -> int | None:
        """The product group of a tax class, if the mapping has it."""
        return self.groups.get(_class_name(tax_class))


def _class_name(tax_class: str) -> str:
    return "" if tax_class == "standard" else tax_class
