"""Customers and contacts of e-conomic as bodies (contracts/economic.md 3.1, 3.2). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pakhus.formats.economic import address_to_economic, given
from pakhus.model import Order
from pakhus.rules.customer_mapping import CustomerEach, CustomerField
from pakhus.rules.customers import CustomerClass, ean_of
from pakhus.rules.vat_numbers import vat_number_of

_NAME_LENGTH = 255
_EMAIL_LENGTH = 255
_PHONE_LENGTH = 50
_NUMBER_LENGTH = 40
_ACCOUNT_LENGTH = 50
# What PUT takes of what GET shows; anything left out would be cleared (section 3.1).
_TEXTS = (
    "customerNumber",
    "name",
    "currency",
    "address",
    "zip",
    "city",
    "country",
    "email",
    "mobilePhone",
    "telephoneAndFaxNumber",
    "corporateIdentificationNumber",
    "pNumber",
    "ean",
    "publicEntryNumber",
    "vatNumber",
    "website",
    "creditLimit",
    "barred",
    "eInvoicingDisabledByDefault",
)
_REFERENCES = {
    "customerGroup": "customerGroupNumber",
    "paymentTerms": "paymentTermsNumber",
    "vatZone": "vatZoneNumber",
    "layout": "layoutNumber",
    "salesPerson": "employeeNumber",
    "attention": "customerContactNumber",
    "customerContact": "customerContactNumber",
    "defaultDeliveryLocation": "deliveryLocationNumber",
}


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A buyer who becomes a customer; `vat_zone` is that of the invoice."""

    order: Order
    buyers: CustomerClass
    vat_zone: int


def customer_to_economic(new: NewCustomer, rule: CustomerEach, country_names: Mapping[str, str]) -> dict[str, Any]:
    """The body of POST /customers. A company or public body goes by its own name and numbers."""
    order, number = new.order, vat_number_of(new.order)
    private = new.buyers is CustomerClass.PRIVATE
    name = (order.billing.name or order.billing.company) if private else (order.billing.company or order.billing.name)
    unusable = number is None or private or number.well_formed is False
    cvr = "" if number is None or unusable else _as_cvr(number.country, number.digits, number.text)
    account = order.attributes.get("account_string", "")
    return {
        "name": name[:_NAME_LENGTH],
        "currency": order.currency,
        "customerGroup": {"customerGroupNumber": rule.group},
        "paymentTerms": {"paymentTermsNumber": rule.payment_terms},
        "vatZone": {"vatZoneNumber": rule.vat_zone or new.vat_zone},
        **given(
            email=order.billing.email[:_EMAIL_LENGTH],
            mobilePhone=order.billing.phone[:_PHONE_LENGTH],
            corporateIdentificationNumber=cvr,
        ),
        **(_of_public_body(ean_of(order) or "", account) if new.buyers is CustomerClass.PUBLIC else {}),
        **address_to_economic(order.billing, country_names),
    }


def contact_to_economic(order: Order) -> dict[str, Any]:
    """The body of POST /customers/{n}/contacts: the person who ordered."""
    buyer = order.billing
    return {
        "name": contact_name(order)[:_NAME_LENGTH],
        **given(email=buyer.email[:_EMAIL_LENGTH], phone=buyer.phone[:_PHONE_LENGTH]),
    }


def contact_name(order: Order) -> str:
    """The person who ordered, or who the bill is for where no person is named."""
    return order.billing.name or order.billing.company


def changing_members(
    order: Order, buyers: CustomerClass, fields: Collection[CustomerField], country_names: Mapping[str, str]
) -> dict[str, str]:
    """The members of a customer that follow an order; what the order does not say stays as it is."""
    buyer = order.billing
    private = buyers is CustomerClass.PRIVATE
    found: dict[str, str] = {}
    if CustomerField.NAME in fields:
        found |= given(name=((buyer.name if private else buyer.company) or "")[:_NAME_LENGTH])
    if CustomerField.EMAIL in fields:
        found |= given(email=buyer.email[:_EMAIL_LENGTH])
    if CustomerField.PHONE in fields:
        found |= given(mobilePhone=buyer.phone[:_PHONE_LENGTH])
    if CustomerField.ADDRESS in fields:
        found |= address_to_economic(buyer, country_names)
    return found


def replaced_customer(customer: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """The body of PUT /customers/{n}: everything as it is but for the changes, since what is not sent is cleared."""
    kept = {name: customer[name] for name in _TEXTS if name in customer}
    references = {name: {number: customer[name][number]} for name, number in _REFERENCES.items() if customer.get(name)}
    return {**kept, **references, **changes}


def contact_number(document: Mapping[str, Any]) -> str:
    """The contact's number; KeyError without it."""
    return str(int(document["customerContactNumber"]))


def _as_cvr(country: str, digits: str, text: str) -> str:
    """Danish numbers stand without prefix, as accountants and NemHandel write them."""
    return (digits if country == "DK" else text)[:_NUMBER_LENGTH]


def _of_public_body(ean: str, account: str) -> dict[str, str]:
    return given(ean=ean, publicEntryNumber=account[:_ACCOUNT_LENGTH])
