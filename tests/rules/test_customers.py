"""Who a buyer is: class, rule and identity, in one form whatever way it was written (domain guide 5 and 13)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Buyer, Order, Party
from pakhus.reasons import Verdict
from pakhus.rules.customer_mapping import CollectiveCustomer, CompanyCustomerEach, EconomicCustomerEach
from pakhus.rules.customers import CustomerClass, IdentifyBy, class_of, ean_of, identity_of, phone_number, rule_of
from pakhus.rules.mappings import AccountingMapping
from tests.rules.orders import DENMARK, line, order

EAN, CVR = "5790000000012", "13585628"
SOLD = order([line("80.00", "20.00")], "100.00")


def bought(billing: Party = DENMARK, **buyer: str) -> Order:
    return replace(SOLD, billing=billing, buyer=Buyer(**buyer))


def mapping(**parts: Any) -> AccountingMapping:
    private = {"mode": "each", "group": 1, "payment_terms": 11}
    return AccountingMapping.model_validate({"customers": private, "layout": 21, **parts})


COMPANIES = {"mode": "each", "group": 2, "payment_terms": 4}


@pytest.mark.parametrize(
    ("buyer", "expected"),
    [
        ({}, CustomerClass.PRIVATE),
        ({"vat_number": CVR}, CustomerClass.COMPANY),
        ({"vat_number": f"DK {CVR}"}, CustomerClass.COMPANY),
        ({"vat_number": "ingen"}, CustomerClass.PRIVATE),
        ({"ean": EAN}, CustomerClass.PUBLIC),
        ({"ean": EAN, "vat_number": CVR}, CustomerClass.PUBLIC),
    ],
)
def test_numbers_make_the_class(buyer: dict[str, str], expected: CustomerClass) -> None:
    assert class_of(bought(**buyer)) is expected


@pytest.mark.edge(17)
def test_companys_name_alone_makes_no_company() -> None:
    assert class_of(bought(replace(DENMARK, company="Firma A/S"))) is CustomerClass.PRIVATE


@pytest.mark.parametrize(
    "ean", ["5790000000013", "579000000001", "57900000000123", "579000000001X", "nej", "٥٧٩٠٠٠٠٠٠٠٠١٢"]
)
def test_wrong_ean_holds_the_order_before_anything_is_booked(ean: str) -> None:
    found = class_of(bought(ean=ean))
    assert isinstance(found, Verdict)
    assert found.code == "ean_invalid"


@given(st.integers(0, 999_999_999_999))
def test_exactly_one_of_ten_last_digits_makes_an_ean(start: int) -> None:
    # GS1: weights 1 and 3 by turns from the left of twelve digits.
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(f"{start:012}"))
    right = -weighted % 10
    for digit in range(10):
        written = f"{start:012}{digit}"
        spaced = f"{written[:4]} {written[4:8]}-{written[8:]}"
        assert ean_of(bought(ean=spaced)) == (written if digit == right else None)


def test_a_class_without_rule_is_held_with_the_key_that_is_missing() -> None:
    for buyer, key in (({"vat_number": CVR}, "companies"), ({"ean": EAN}, "public_bodies")):
        found = rule_of(bought(**buyer), mapping())
        assert isinstance(found, Verdict)
        assert (found.code, dict(found.parameters)["key"]) == ("customer_class_unsupported", key)


def test_each_class_has_its_own_rule() -> None:
    parts = mapping(companies=COMPANIES, public_bodies=COMPANIES)
    assert rule_of(bought(), parts) == (CustomerClass.PRIVATE, parts.customers)
    assert rule_of(bought(vat_number=CVR), parts) == (CustomerClass.COMPANY, parts.companies)
    assert rule_of(bought(ean=EAN), parts) == (CustomerClass.PUBLIC, parts.public_bodies)
    together = mapping(companies={"mode": "collective", "number": 7})
    assert rule_of(bought(vat_number=CVR), together) == (
        CustomerClass.COMPANY,
        CollectiveCustomer(mode="collective", number=7),
    )


def test_number_with_wrong_check_digits_is_held_or_makes_a_private_buyer_as_the_mapping_says() -> None:
    found = rule_of(bought(vat_number="12345678"), mapping(companies=COMPANIES))
    assert isinstance(found, Verdict)
    assert found.code == "vat_number_invalid"
    as_private = mapping(companies={**COMPANIES, "invalid_number": "private"})
    assert rule_of(bought(vat_number="12345678"), as_private) == (CustomerClass.PRIVATE, as_private.customers)


def test_public_body_without_what_nemhandel_needs_is_held() -> None:
    nowhere = replace(DENMARK, street="", city=" ")
    found = rule_of(bought(nowhere, ean=EAN), mapping(public_bodies=COMPANIES))
    assert isinstance(found, Verdict)
    assert (found.code, dict(found.parameters)) == ("ean_data_missing", {"missing": "address, city"})


def test_defaults_are_the_conservative_ones() -> None:
    private = EconomicCustomerEach(mode="each", group=1, payment_terms=11)
    assert (private.identify, private.create, private.update, private.vat_zone) == ("email", True, frozenset(), None)
    company = CompanyCustomerEach(mode="each", group=1, payment_terms=11)
    assert (company.identify, company.invalid_number) == ("vat_number", "hold")


@pytest.mark.edge(15)
def test_order_without_email_has_no_identity_by_it() -> None:
    nobody = bought(replace(DENMARK, email="  "))
    assert identity_of(nobody, IdentifyBy.EMAIL) is None
    assert identity_of(bought(replace(DENMARK, phone="n/a")), IdentifyBy.PHONE) is None
    assert identity_of(bought(), IdentifyBy.VAT_NUMBER) is None
    assert identity_of(bought(), IdentifyBy.EAN) is None


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("20 12 34 56", "DK", "+4520123456"),
        ("+45 20123456", "DK", "+4520123456"),
        ("0045 20 12 34 56", "DK", "+4520123456"),
        ("(+45) 2012-3456", "SE", "+4520123456"),
        ("070-123 45 67", "SE", "+46701234567"),
        ("+46701234567", "DK", "+46701234567"),
        ("123", "DK", None),
        ("", "DK", None),
        ("20123456", "", None),
    ],
)
def test_phone_numbers_are_one_by_the_country_of_the_bill(text: str, country: str, expected: str | None) -> None:
    assert phone_number(text, country) == expected


@given(st.integers(20_000_000, 31_999_999), st.lists(st.integers(1, 7), max_size=4, unique=True), st.booleans())
def test_a_phone_number_is_the_same_however_it_is_spaced(number: int, gaps: list[int], prefixed: bool) -> None:
    digits = str(number)
    spaced = "".join(f" {digit}" if place in gaps else digit for place, digit in enumerate(digits))
    written = f"+45 {spaced}" if prefixed else spaced
    assert phone_number(written, "DK") == phone_number(digits, "DK")


@given(st.emails(), st.text(" \t", max_size=3))
def test_an_email_is_the_same_in_any_case(email: str, around: str) -> None:
    shouted = bought(replace(DENMARK, email=f"{around}{email.upper()}{around}"))
    quiet = bought(replace(DENMARK, email=email))
    assert identity_of(shouted, IdentifyBy.EMAIL) == identity_of(
        replace(quiet, billing=replace(quiet.billing, email=email.upper().lower())), IdentifyBy.EMAIL
    )


@given(
    st.builds(
        Buyer,
        customer_id=st.none() | st.just("7"),
        vat_number=st.text(max_size=16),
        ean=st.text(max_size=16),
        requisition=st.text(max_size=8),
    ),
    st.sampled_from(["DK", "DE", "NO", "", "QQ"]),
)
def test_whatever_a_checkout_lets_pass_has_a_class_or_a_reason(buyer: Buyer, country: str) -> None:
    odd = replace(SOLD, buyer=buyer, billing=replace(DENMARK, country=country))
    parts = mapping(companies=COMPANIES, public_bodies=COMPANIES)
    found = rule_of(odd, parts)
    assert isinstance(found, (Verdict, tuple))
    for by in IdentifyBy:
        value = identity_of(odd, by)
        assert value is None or value.strip() == value != ""
