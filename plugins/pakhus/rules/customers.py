"""Who an order's customer is in the accounts: class and identity, in the words that the accounts are searched by.

Pure. Sources: domain guide 5 and 13. A company's name alone makes no company: a number does.
"""

from __future__ import annotations

from enum import StrEnum

from pakhus.model import Order
from pakhus.reasons import Verdict
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
    from stdnum import ean

    digits = "".join(character for character in order.buyer.ean if character not in " .-")
    well_formed = len(digits) == _GLN_LENGTH and digits.isascii() and digits.isdigit()
    return digits if well_formed and ean.is_valid(digits) else None
