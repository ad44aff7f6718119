"""What a mapping file says about customers in the accounts, per class of buyer (domain guide 4.4 and 5)."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from pakhus.rules.mapping_fields import Strict


class CustomerField(StrEnum):
    """What of an existing customer may follow the newest order. VAT zone, currency and group never do."""

    NAME = "name"
    ADDRESS = "address"
    EMAIL = "email"
    PHONE = "phone"


class CollectiveCustomer(Strict):
    """All buyers on one customer; the buyer's name and address still stand on each document."""

    mode: Literal["collective"] = Field(description="One customer for all buyers")
    number: int = Field(gt=0, description="The customer's number")


class CustomerEach(Strict):
    """A customer per buyer in the accounts, created with these defaults when missing."""

    mode: Literal["each"] = Field(description="A customer per buyer")
    create: bool = Field(True, description="Create missing customers; false: such orders are held")
    update: frozenset[CustomerField] = Field(
        frozenset(), description="What of an existing customer follows the newest order; none: nothing is changed"
    )
    group: int = Field(gt=0, description="Customer group number")
    payment_terms: int = Field(gt=0, description="Payment terms of customers we create")
    vat_zone: int | None = Field(
        None, gt=0, description="VAT zone of customers we create; none: that of their first invoice"
    )


class EconomicCustomerEach(CustomerEach):
    """Private buyers: a customer each, found by e-mail or phone."""

    identify: Literal["email", "phone"] = Field("email", description="What a private buyer is found by")


class CompanyCustomerEach(CustomerEach):
    """Companies: a customer each, found by CVR or VAT number, e-mail or phone."""

    identify: Literal["vat_number", "email", "phone"] = Field("vat_number", description="What a company is found by")
    invalid_number: Literal["hold", "private"] = Field(
        "hold",
        description="A buyer whose number has wrong check digits: held, or treated as a private one",
    )


class PublicCustomerEach(CustomerEach):
    """Public bodies: a customer for each EAN, with a contact person for each who orders."""

    identify: Literal["ean", "vat_number"] = Field("ean", description="What a public body is found by")


AnyCustomerEach = EconomicCustomerEach | CompanyCustomerEach | PublicCustomerEach
CustomerRule = CollectiveCustomer | AnyCustomerEach
