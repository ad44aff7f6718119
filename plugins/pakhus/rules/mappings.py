"""What a mapping file says (include/mappings/<name>.yaml): tables and small declared rules, never code.

Shared by shops that sell through the same warehouse and accounts. Loaded and validated by `pakhus.settings`.
Sources: domain guide sections 4.2-4.5, 5 and 9.2; design, decisions 7, 8 and 13.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ProductNumber = Annotated[str, Field(min_length=1, max_length=25)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt setting must not be a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class CollectiveCustomer(Strict):
    """All buyers on one customer; the buyer's name and address still stand on each document."""

    mode: Literal["collective"]
    number: int = Field(gt=0, description="The customer's number")


class RackbeatCustomerEach(Strict):
    """A warehouse customer per buyer, found by e-mail, created with these defaults when missing."""

    mode: Literal["each"]
    group: int = Field(gt=0, description="Customer group number")
    payment_terms: int = Field(gt=0, description="Payment terms number")


class WarehouseMapping(Strict):
    """How orders look in Rackbeat."""

    customers: CollectiveCustomer | RackbeatCustomerEach = Field(discriminator="mode")
    layout: int | None = Field(None, gt=0, description="Layout number of orders")
    payment_terms: int | None = Field(None, gt=0, description="Payment terms number of orders; none: the customer's")
    vat_zone: str = Field("domestic", description="VAT zone of warehouse orders; nothing is invoiced from them")
    shipping_item: ProductNumber | None = Field(
        None, description="Product (in a group without stock) that carries freight; none: freight is left out"
    )


class EconomicCustomerEach(Strict):
    """A customer per buyer in the accounts, found by e-mail, created with these defaults when missing."""

    mode: Literal["each"]
    create: bool = Field(True, description="Create missing customers; false: such orders are held")
    group: int = Field(gt=0, description="Customer group number")
    payment_terms: int = Field(gt=0, description="Payment terms of customers we create")
    vat_zone: int = Field(1, gt=0, description="VAT zone of customers we create")


class ProductNumbers(Strict):
    """The product numbers of lines that are no products of the shop (domain guide 4.3)."""

    shipping_taxed: ProductNumber = "fragtmm"
    shipping_untaxed: ProductNumber = "fragtum"
    fee: ProductNumber = "gebyr"
    discount: ProductNumber = "rabat"
    rounding: ProductNumber = Field("diff", description="Carries the correction line; its group must have no VAT")
    by_sku: dict[str, ProductNumber] = Field(default_factory=dict, description="Shop SKU -> product number")
    by_rate: dict[str, ProductNumber] = Field(
        default_factory=dict,
        description="VAT rate as a fraction (0.25) -> generic product for SKUs that the accounts do not have",
    )


class PaymentMethod(Strict):
    """What a payment method of the shop means in the accounts."""

    terms: int = Field(gt=0, description="Payment terms number")
    layout: int | None = Field(None, gt=0, description="Layout of invoices paid this way; none: the usual one")


class RoundingMode(StrEnum):
    """How the agreement rounds VAT (economic.md 6.4: not documented, so it is a setting)."""

    DOCUMENT = "document"  # once per VAT code and document
    LINE = "line"  # once per line


class VatZones(Strict):
    """VAT zone numbers of the agreement and the countries whose VAT the shop charges as domestic."""

    domestic: int = 1
    eu: int = 2
    abroad: int = 3
    domestic_countries: frozenset[Country] = frozenset({"DK"})


class AccountingMapping(Strict):
    """How orders become invoices in e-conomic."""

    customers: CollectiveCustomer | EconomicCustomerEach = Field(discriminator="mode")
    layout: int = Field(gt=0, description="Layout number of invoices")
    products: ProductNumbers = ProductNumbers()
    payments: dict[str, PaymentMethod] = Field(
        default_factory=dict, description="Payment method's id in the shop -> terms; an unmapped method holds the order"
    )
    vat_zones: VatZones = VatZones()
    currencies: frozenset[Currency] = Field(frozenset({"DKK"}), description="Currencies that may be invoiced")
    rounding_mode: RoundingMode = RoundingMode.DOCUMENT
    lock_date: date | None = Field(None, description="No invoice is dated on or before this day")
    country_names: dict[Country, str] = Field(
        default_factory=dict, description="Country as it is to stand on invoices; else its Danish name"
    )

    def generic_product(self, rate: Decimal) -> str | None:
        """The generic product of a VAT rate, if the mapping has one."""
        for text, number in self.products.by_rate.items():
            if Decimal(text) == rate:
                return number
        return None


class Mapping(Strict):
    """A mapping file."""

    version: Literal[1]
    rackbeat: WarehouseMapping | None = None
    economic: AccountingMapping | None = None
    buyer_fields: dict[str, str] = Field(
        default_factory=dict,
        description="Meta field of the shop's orders -> vat_number, ean, requisition, or a name of your own",
    )
