"""How products that are made in Rackbeat look there; part of a mapping file. Source: rackbeat.md 3.3, 5.1."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from pakhus.rules.mapping_fields import Currency, Rate, Strict


class NewWarehouseProducts(Strict):
    """The numbers that a product which Pakhus makes in Rackbeat is given."""

    group: int = Field(gt=0, description="Product group in Rackbeat; one that keeps stock")
    location: int = Field(gt=0, description="Location on which the initial stock is counted")
    unit: int | None = Field(None, gt=0, description="Unit number; none: none is sent")
    currency: Currency = Field("DKK", description="Base currency of the account: prices there have no other")
    vat_rates: dict[str, Rate] = Field(
        default_factory=lambda: {"": "0.25"},
        description="Tax class in the shop (slug; empty: standard) -> VAT rate that is in the shop's prices, where the "
        "shop says that VAT is in them; a product of another class is left out and named",
    )

    def rate_of(self, tax_class: str) -> Decimal | None:
        """The VAT rate that is in prices of a tax class, if the mapping has it. The standard class has two names."""
        name = "" if tax_class == "standard" else tax_class
        text = self.vat_rates.get(name)
        return None if text is None else Decimal(text)
