"""Who an order's customer is in the accounts: class and identity, in the words that the accounts are searched by.

Pure. Sources: domain guide 5 and 13. A company's name alone makes no company: a number does.
"""

from __future__ import annotations

from enum import StrEnum

from pakhus.model import Order, Party
from pakhus.reasons import Verdict
from pakhus.rules.customer_mapping import CompanyCustomerEach, CustomerRule
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.vat_numbers import vat_number_of

_GLN_LENGTH = 13


class CustomerClass(StrEnum):
    """How a buyer is found, created and invoiced."""

    PRIVATE = "private"  # B2C
    COMPANY = "company"  # B2B: with a CVR or VAT number
    PUBLIC = "public"  # with an EAN (GLN): invoiced electronically


class IdentifyBy(StrEnum):
    """What a customer is found by in the accounts."""

    EMAIL = "email"
    PHONE = "phone"
    VAT_NUMBER = "vat_number"
    EAN = "ean"


def class_of(order: Order) -> CustomerClass | Verdict:
    """Return the buyer's class; an EAN that is none holds the order, since its invoice could not be delivered."""
    if order.buyer.ean:
        return CustomerClass.PUBLIC if ean_of(order) else Verdict.of("ean_invalid")
    return CustomerClass.COMPANY if vat_number_of(order) is not None else CustomerClass.PRIVATE


def rule_of(order: Order, mapping: AccountingMapping) -> tuple[CustomerClass, CustomerRule] | Verdict:
    """Return the buyer's class and the mapping's rule for it, or why the order is held."""
    found = class_of(order)
    if isinstance(found, Verdict):
        return found
    if found is CustomerClass.COMPANY:
        return _company_rule(order, mapping)
    if found is CustomerClass.PRIVATE:
        return found, mapping.customers
    if mapping.public_bodies is None:
        return Verdict.of("customer_class_unsupported", buyers="public bodies", key="public_bodies")
    missing = _missing_for_delivery(order.billing)
    return Verdict.of("ean_data_missing", missing=", ".join(missing)) if missing else (found, mapping.public_bodies)


def _company_rule(order: Order, mapping: AccountingMapping) -> tuple[CustomerClass, CustomerRule] | Verdict:
    rule, number = mapping.companies, vat_number_of(order)
    if rule is None:
        return Verdict.of("customer_class_unsupported", buyers="companies", key="companies")
    if isinstance(rule, CompanyCustomerEach) and number is not None and number.well_formed is False:
        if rule.invalid_number == "hold":
            return Verdict.of("vat_number_invalid", country=number.country or "?")
        return CustomerClass.PRIVATE, mapping.customers
    return CustomerClass.COMPANY, rule


def _missing_for_delivery(buyer: Party) -> list[str]:
    """What an electronic invoice cannot be sent without (economic.md 3.6)."""
    members = {
        "name": buyer.company or buyer.name,
        "address": buyer.street,
        "postcode": buyer.postcode,
        "city": buyer.city,
        "country": buyer.country,
        "contact person": buyer.name or buyer.company,
    }
    return [name for name, text in members.items() if not text.strip()]


def identity_of(order: Order, by: IdentifyBy) -> str | None:
    """Return the value that the buyer is found by, in its one form; None where the order has none that is valid."""
    match by:
        case IdentifyBy.EMAIL:
            return email_of(order)
        case IdentifyBy.PHONE:
            return phone_of(order)
        case IdentifyBy.VAT_NUMBER:
            number = vat_number_of(order)
            return number.text if number is not None and number.well_formed is not False else None
        case IdentifyBy.EAN:
            return ean_of(order)


def email_of(order: Order) -> str | None:
    """The e-mail address, in lower case."""
    return order.billing.email.strip().lower() or None


def phone_of(order: Order) -> str | None:
    """The phone number as E.164, read by the country of the bill."""
    return phone_number(order.billing.phone, order.billing.country)


def phone_number(text: str, country: str) -> str | None:
    """Return a phone number as E.164 (+4520123456); None when it is no possible number of that country or any."""
    import phonenumbers  # its table of all countries takes 70 ms to load, which only those who search by phone pay

    try:
        found = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def ean_of(order: Order) -> str | None:
    """The 13 digits of a public buyer; None when their number or their check digit is wrong."""
    return ean_in(order.buyer.ean)


def ean_in(text: str) -> str | None:
    """Return the EAN that a text is, without spaces, dots and dashes; None when it is none."""
    from stdnum import ean

    digits = "".join(character for character in text if character not in " .-")
    well_formed = len(digits) == _GLN_LENGTH and digits.isascii() and digits.isdigit()
    return digits if well_formed and ean.is_valid(digits) else None
