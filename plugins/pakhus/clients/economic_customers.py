"""How customers are searched for in e-conomic: by what stands on their cards, however it is written there.

Cards are free text (contracts/economic.md 3.5): the filter asks for the usual ways of writing, and the comparison is
ours, in the one normalised form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pakhus.clients.economic import EconomicClient, filter_value
from pakhus.rules.customers import IdentifyBy, phone_number
from pakhus.rules.vat_numbers import read_number

_PHONES = ("mobilePhone", "telephoneAndFaxNumber")


def customers_named(accounts: EconomicClient, by: IdentifyBy, value: str) -> list[Any]:
    """Return the customers that carry this value, in its normalised form (rules.customers)."""
    match by:
        case IdentifyBy.EMAIL:
            return accounts.customers_with_email(value)
        case IdentifyBy.PHONE:
            return _with_phone(accounts, value)
        case IdentifyBy.VAT_NUMBER:
            return _with_number(accounts, value)
        case IdentifyBy.EAN:
            return _where(accounts, ("ean",), [value], lambda text: "".join(text.split()) == value)


def _with_phone(accounts: EconomicClient, value: str) -> list[Any]:
    import phonenumbers  # only those who search by phone pay for its tables

    parsed = phonenumbers.parse(value)
    country = phonenumbers.region_code_for_number(parsed) or ""
    forms = phonenumbers.PhoneNumberFormat
    national = phonenumbers.format_number(parsed, forms.NATIONAL)
    written = [
        value,
        phonenumbers.format_number(parsed, forms.INTERNATIONAL),
        national,
        "".join(character for character in national if character.isdigit()),
        f"00{value.removeprefix('+')}",
        f"+{parsed.country_code} {parsed.national_number}",
    ]
    return _where(accounts, _PHONES, written, lambda text: phone_number(text, country) == value)


def _with_number(accounts: EconomicClient, value: str) -> list[Any]:
    """By CVR or VAT number; a Danish one stands with or without its prefix."""
    country, digits = value[:2], value[2:]
    written = [value, f"{country} {digits}", digits, f"{country}-{digits}"]
    home = "GR" if country == "EL" else country
    return _where(accounts, ("corporateIdentificationNumber",), written, lambda text: read_number(text, home) == value)


def _where(
    accounts: EconomicClient, members: Sequence[str], written: Iterable[str], same: Callable[[str], bool]
) -> list[Any]:
    forms = list(dict.fromkeys(written))
    condition = "$or:".join(f"{member}$eq:{filter_value(form)}" for member in members for form in forms)
    rows = accounts.rows("/customers", "customerNumber", condition)
    return [row for row in rows if any(same(str(row.get(member) or "")) for member in members)]
