"""What a mapping file says (include/mappings/<name>.yaml): tables and small declared rules, never code.

Shared by shops that sell through the same warehouse and accounts. Loaded and validated by `pakhus.settings`.
Sources: domain guide sections 4.2-4.5, 5 and 9.2; design, decisions 7, 8 and 13.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from pakhus.rules.customer_mapping import (
    CollectiveCustomer,
    CompanyCustomerEach,
    EconomicCustomerEach,
    PublicCustomerEach,
)
from pakhus.rules.exchange_rates import StatedRate
from pakhus.rules.field_rules import FieldRule
from pakhus.rules.mapping_fields import (
    BuyerField,
    BySku,
    Country,
    Currency,
    Day,
    MetaField,
    Pieces,
    ProductNumber,
    Rate,
    Strict,
    as_number,
)
from pakhus.rules.payment_methods import PaymentMethod, PaymentSign
from pakhus.rules.product_mapping import NewAccountsProducts, NewWarehouseProducts
from pakhus.rules.vat_mapping import VatRules


class RackbeatCustomerEach(Strict):
    """A warehouse customer per buyer, found by e-mail, created with these defaults when missing."""

    mode: Literal["each"] = Field(description="A customer per buyer")
    group: int = Field(gt=0, description="Customer group number")
    payment_terms: int = Field(gt=0, description="Payment terms number")


class TrackingField(Strict):
    """Where the merchant keeps tracking numbers: Rackbeat's shipments have no member for them (rackbeat.md 8)."""

    field: Annotated[int, BeforeValidator(as_number)] = Field(
        gt=0, description="Id of the custom field of Rackbeat's orders; several numbers are divided by commas or spaces"
    )
    carrier: str = Field("", description="The carrier's name, as buyers read it")
    address: str = Field("", description="Where a parcel is followed, with {number} in it; none: the number alone")


class BundleMode(StrEnum):
    """Which lines of a bundle the warehouse picks (domain guide 4.3); the invoice has the bundle's own line."""

    COMPONENTS = "components"
    PARENT = "parent"


class CommentPlace(StrEnum):
    """Where the buyer's comment goes in the warehouse's order (domain guide 4.2)."""

    NONE = "none"
    NOTE = "note"


class WarehouseMapping(Strict):
    """How orders look in Rackbeat."""

    customers: CollectiveCustomer | RackbeatCustomerEach = Field(
        discriminator="mode", description="Whose orders they are in the warehouse"
    )
    layout: int | None = Field(None, gt=0, description="Layout number of orders")
    payment_terms: int | None = Field(None, gt=0, description="Payment terms number of orders; none: the customer's")
    vat_zone: Literal["domestic", "eu", "abroad"] = Field(
        "domestic", description="VAT zone of warehouse orders; nothing is invoiced from them"
    )
    shipping_item: ProductNumber | None = Field(
        None, description="Product (in a group without stock) that carries freight; none: freight is left out"
    )
    stock_falls_at: Literal["shipping", "invoice"] | None = Field(
        None,
        description="When goods leave stock, by the account setting 'Inventory value associated with invoicing': "
        "shipping (off) or invoice (on); stock is pushed to shops only where this says shipping",
    )
    bundles: BundleMode = Field(
        BundleMode.COMPONENTS,
        description="Which lines of a bundle the warehouse picks: components (its parts) or parent (the bundle itself)",
    )
    bundles_hold_parts: bool = Field(
        False,
        description="Whether a booked order with a bundle of bundle_stock in one line lowers what Rackbeat says is "
        "available of its components; false: they count as sold until the order is completed",
    )
    not_goods: frozenset[str] = Field(
        frozenset(), description="SKUs of the shop that the warehouse does not have: services, gift cards, donations"
    )
    sends_gift_cards: bool = Field(
        False, description="Whether the warehouse sends the gift cards of economic.gift_cards.sold by post"
    )
    new_products: NewWarehouseProducts | None = Field(
        None,
        description="How products that are made in Rackbeat look there; needed for the first transfer of products, and "
        "where products.master is shop or rackbeat",
    )
    tracking: TrackingField | None = Field(None, description="Where tracking numbers stand; none: none are told")


class ProductNumbers(Strict):
    """The product numbers of lines that are no products of the shop."""

    shipping_taxed: ProductNumber = Field("fragtmm", description="Freight with VAT")
    shipping_untaxed: ProductNumber = Field("fragtum", description="Freight without VAT; its group must have no VAT")
    fee: ProductNumber = Field("gebyr", description="Fees that the buyer pays, such as a card surcharge")
    fee_untaxed: ProductNumber | None = Field(None, description="Fees without VAT; none: `fee`")
    discount: ProductNumber = Field("rabat", description="Discounts that are not on a line")
    discount_untaxed: ProductNumber | None = Field(None, description="Discounts on what has no VAT; none: `discount`")
    rounding: ProductNumber = Field("diff", description="Carries the correction line; its group must have no VAT")
    by_rate: dict[Rate, ProductNumber] = Field(
        default_factory=dict,
        description="VAT rate as a fraction (0.25) -> generic product for SKUs that the accounts do not have",
    )

    refund_by_rate: dict[Rate, ProductNumber] = Field(
        default_factory=dict,
        description="VAT rate as a fraction (0.25) -> product for refunds by amount; none: the generic product",
    )

    @field_validator("by_rate", "refund_by_rate")
    @classmethod
    def _each_rate_once(cls, by_rate: dict[str, str]) -> dict[str, str]:
        rates: dict[Decimal, str] = {}
        for text in by_rate:
            if (rate := Decimal(text)) in rates:
                raise ValueError(f"{rates[rate]} and {text} are the same rate; keep one")
            rates[rate] = text
        return by_rate

    @model_validator(mode="after")
    def _rounding_apart(self) -> ProductNumbers:
        others = {self.shipping_taxed, self.fee, self.discount, *self.by_rate.values(), *self.refund_by_rate.values()}
        if self.rounding in others:
            raise ValueError(
                f"rounding is {self.rounding!r}, which is another product too; it must be one of its own, without VAT"
            )
        return self


class CardPurpose(StrEnum):
    """When the VAT of a gift card is due (domain guide 6.6)."""

    MULTI = "multi"  # when it is redeemed: usable for goods of several rates or countries
    SINGLE = "single"  # when it is sold: rate and country are known then


class GiftCards(Strict):
    """Gift cards and store credit: what lowers an order without being a discount (domain guide 6.6)."""

    redeemed: CardPurpose = Field(
        CardPurpose.MULTI,
        description="What redeemed cards are: multi (a payment; the invoice is the full sale) or single (VAT was paid "
        "when the card was sold; the invoice carries the card as a line with VAT)",
    )
    shown_as: Literal["payment", "line"] = Field(
        "payment",
        description="How a redeemed multi-purpose card stands in the accounts: payment (the invoice is full, the card "
        "is registered as a payment from its debt account) or line (a line without VAT on debt_product)",
    )
    debt_product: ProductNumber = Field(
        "gavekort", description="Sold multi-purpose cards; its group has no VAT and posts to the gift card debt"
    )
    debt_account: int | None = Field(
        None, gt=0, description="Account of the gift card debt, from which redeemed cards are registered as paid"
    )
    single_product: ProductNumber = Field(
        "gavekortmoms", description="Redeemed single-purpose cards; its group has the VAT of `rate`"
    )
    rate: Rate = Field("0.25", description="VAT rate of single-purpose cards")
    sold: dict[str, CardPurpose] = Field(default_factory=dict, description="SKU of a sold gift card -> multi or single")
    fee_names: tuple[MetaField, ...] = Field(
        ("gavekort", "gift card", "giftcard", "tilgodebevis", "store credit", "butikskredit"),
        description="A negative fee with one of these words in its name is a redeemed card",
    )
    coupon_kinds: frozenset[MetaField] = Field(
        frozenset({"smart_coupon", "store_credit", "gift_card", "gift_certificate"}),
        description="Coupons of these kinds (discount_type) are redeemed cards",
    )
    lowered_total: Literal["hold", "card"] = Field(
        "hold",
        description="What a total below its lines' sum is, where nothing says why: hold, or card (a redeemed one)",
    )


class RoundingMode(StrEnum):
    """How the agreement rounds VAT (economic.md 6.4: not documented, so it is a setting)."""

    DOCUMENT = "document"  # once per VAT code and document
    LINE = "line"  # once per line


class VatZones(Strict):
    """VAT zone numbers of the agreement and the countries whose VAT the shop charges as domestic."""

    domestic: int = Field(1, gt=0, description="Number of the domestic zone")
    eu: int = Field(2, gt=0, description="Number of the zone for VAT-free sales to companies in the EU")
    abroad: int = Field(3, gt=0, description="Number of the zone for sales out of the EU")
    domestic_countries: frozenset[Country] = Field(
        frozenset({"DK"}), min_length=1, description="Countries whose VAT the shop charges as domestic"
    )

    @model_validator(mode="after")
    def _apart(self) -> VatZones:
        if len({self.domestic, self.eu, self.abroad}) < 3:
            raise ValueError("domestic, eu and abroad must be three different zones")
        return self


class AccountingMapping(Strict):
    """How orders become invoices in e-conomic."""

    customers: CollectiveCustomer | EconomicCustomerEach = Field(
        discriminator="mode", description="Whose the invoices of private buyers are in the accounts"
    )
    companies: CollectiveCustomer | CompanyCustomerEach | None = Field(
        None,
        discriminator="mode",
        description="Whose the invoices of buyers with a CVR or VAT number are; none: they are held",
    )
    public_bodies: PublicCustomerEach | None = Field(
        None, description="Whose the invoices of buyers with an EAN are; none: they are held"
    )
    layout: int = Field(gt=0, description="Layout number of invoices")
    products: ProductNumbers = Field(
        ProductNumbers(), description="Product numbers of lines that are no products of the shop"
    )
    new_products: NewAccountsProducts | None = Field(
        None,
        description="How products that are made in e-conomic look there; none: no product is made or changed there, "
        "whatever products.master says",
    )
    payments: dict[str, PaymentMethod] = Field(
        default_factory=dict, description="Payment method's id in the shop -> terms; an unmapped method holds the order"
    )
    customer_payment_sign: PaymentSign = Field(
        PaymentSign.NEGATIVE,
        description="How money received is signed on a customer payment in a journal: negative or positive; "
        "`check` compares it with the entries that the agreement has",
    )
    vat_zones: VatZones = Field(VatZones(), description="VAT zones of the agreement")
    vat: VatRules = Field(VatRules(), description="How VAT is treated beyond domestic sales")
    currencies: frozenset[Currency] = Field(
        frozenset({"DKK"}), min_length=1, description="Currencies that may be invoiced"
    )
    exchange_rates: dict[Currency, StatedRate] = Field(
        default_factory=dict,
        description="Currency -> how its orders state their exchange rate, as exchange_rate of buyer_fields or of a "
        "rule; of currencies that are not here the accounts' own rate of the invoice's day counts",
    )
    rounding_mode: RoundingMode = Field(
        RoundingMode.DOCUMENT,
        description="How the agreement rounds VAT: once per VAT code and document, or once per line",
    )
    discount_mode: Literal["net_price", "separate_line"] = Field(
        "net_price",
        description="Coupons: inside the price of each line, or full prices and a line of discount per rate",
    )
    gift_cards: GiftCards | None = Field(
        None, description="Gift cards and store credit; none: orders with such are held"
    )
    zero_total: Literal["skip", "invoice"] = Field(
        "skip", description="Orders of which nothing is charged: skip them, or invoice them over 0.00"
    )
    employee: int | None = Field(
        None, gt=0, description="Employee number that invoices carry as our reference; none: none"
    )
    closed_period: Literal["first_open_day", "hold"] = Field(
        "first_open_day",
        description="Where the day of a sale or refund is locked or its period closed: date the document on the first "
        "open day, an invoice with the true day as day of delivery, or hold it",
    )
    lock_date: Day | None = Field(None, description="No invoice or credit note is dated on or before this day")
    country_names: dict[Country, str] = Field(
        default_factory=dict, description="Country as it is to stand on invoices; else its Danish name"
    )

    @model_validator(mode="after")
    def _rates_of_invoiced_currencies(self) -> AccountingMapping:
        if others := sorted(self.exchange_rates.keys() - self.currencies):
            raise ValueError(f"exchange_rates has {', '.join(others)}, which currencies does not; add it there")
        return self

    def generic_product(self, rate: Decimal) -> str | None:
        """The generic product of a VAT rate, if the mapping has one."""
        return _of_rate(self.products.by_rate, rate)

    def refund_product(self, rate: Decimal) -> str | None:
        """The product of a refund by amount at a VAT rate: its own, else the generic one."""
        return _of_rate(self.products.refund_by_rate, rate) or self.generic_product(rate)


def _of_rate(by_rate: dict[str, str], rate: Decimal) -> str | None:
    return next((number for text, number in by_rate.items() if Decimal(text) == rate), None)


class Mapping(Strict):
    """A mapping file."""

    version: Annotated[Literal[1], BeforeValidator(as_number)] = Field(description="Version of this form of the file")
    rackbeat: WarehouseMapping | None = Field(None, description="How orders look in Rackbeat")
    economic: AccountingMapping | None = Field(None, description="How orders become invoices in e-conomic")
    product_numbers: Annotated[dict[str, ProductNumber], AfterValidator(BySku)] = Field(
        default_factory=BySku,
        description="Shop SKU (letter case and blanks around do not matter) -> product number in the warehouse and the "
        "accounts",
    )
    bundle_stock: dict[str, dict[ProductNumber, Pieces]] = Field(
        default_factory=dict,
        description="Shop SKU of a product that is made of others -> number of each component in the warehouse -> "
        "pieces of it in one; the shop shows as many as the components make",
    )
    buyer_fields: dict[MetaField, BuyerField] = Field(
        default_factory=dict,
        description=(
            "Meta field of the shop's orders -> vat_number, vat_number_valid, vat_exempt, ean, requisition, "
            "account_string, drop_point, is_test, exchange_rate, or a name of your own"
        ),
    )
    rules: tuple[FieldRule, ...] = Field(
        (), description="Rules about fields of the order, in their order, before the shop's own; docs/mapping.md"
    )

    @property
    def new_products_in(self) -> frozenset[str]:
        """The systems (rackbeat, economic) of which the mapping says how products that are made there look."""
        parts = {"rackbeat": self.rackbeat, "economic": self.economic}
        return frozenset(name for name, part in parts.items() if part is not None and part.new_products is not None)
