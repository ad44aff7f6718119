"""How a booked invoice reaches its buyer."""

from dataclasses import replace
from typing import Any

import pytest

from pakhus.model import Buyer
from pakhus.rules.booking import send_by
from pakhus.rules.mappings import AccountingMapping
from pakhus.settings.sections import InvoicesSettings
from tests.rules.orders import line, order

EACH = {"mode": "each", "group": 1, "payment_terms": 11}
COLLECTIVE = {"mode": "collective", "number": 1}
PRIVATE = order([line("80.00", "20.00")], "100.00")
PUBLIC = replace(PRIVATE, buyer=Buyer(ean="5798000999992"))


def mapping(**customers: Any) -> AccountingMapping:
    private = {**EACH, "identify": "email"}
    return AccountingMapping.model_validate({"customers": private, "layout": 19, **customers})


def test_nothing_is_sent_unless_the_shop_wants_it() -> None:
    assert [send_by(one, InvoicesSettings(), mapping()) for one in (PRIVATE, PUBLIC)] == ["none", "none"]


@pytest.mark.parametrize(
    ("settings", "private", "public"),
    [
        (InvoicesSettings(send_email=True), "Email", "none"),  # a public buyer is not invoiced by mail
        (InvoicesSettings(send_ean=True), "none", "ean"),
        (InvoicesSettings(send_email=True, send_ean=True), "Email", "ean"),
    ],
)
def test_public_buyers_get_theirs_by_ean_and_others_by_mail(
    settings: InvoicesSettings, private: str, public: str
) -> None:
    assert (send_by(PRIVATE, settings, mapping()), send_by(PUBLIC, settings, mapping())) == (private, public)


def test_invoice_of_a_customer_for_all_is_mailed_to_nobody() -> None:
    """The address on that card is the merchant's, or some first buyer's."""
    wanted, company = InvoicesSettings(send_email=True), replace(PRIVATE, buyer=Buyer(vat_number="13585628"))
    assert send_by(PRIVATE, wanted, mapping(customers=COLLECTIVE)) == "none"
    companies = {**EACH, "identify": "vat_number"}
    assert send_by(company, wanted, mapping(customers=COLLECTIVE, companies=companies)) == "Email"
    assert send_by(company, wanted, mapping(companies=COLLECTIVE)) == "none"
