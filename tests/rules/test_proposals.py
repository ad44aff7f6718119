"""What settings are proposed from a system's lists: by the only row or the only fitting name, else it is asked."""

from decimal import Decimal

import pytest

from pakhus.rules.proposals import Asked, Choice, Proposal, chosen
from pakhus.rules.proposed_payments import Method, MoneyLists, Term, payments_proposed
from pakhus.rules.proposed_products import products_proposed
from pakhus.rules.proposed_settings import WarehouseLists, buyer_fields, warehouse
from pakhus.settings.documents import read_text
from pakhus.settings.proposed_files import mapping_text, payment_lines

LAYOUT = Asked("economic.layout", "layout", "e-conomic")
TERMS = (
    Term(1, "Netto 8 dage", "net"),
    Term(2, "Kontant", "paidInCash", 5825),
    Term(11, "Webshop, betalt online", "net"),
)
ACCOUNTS = (
    Choice("5820", "Bank"),
    Choice("5825", "Kortbetalinger, mellemregning"),
    Choice("5826", "MobilePay, mellemregning"),
    Choice("5830", "Kortfristet gæld"),
)
MONEY = MoneyLists(TERMS, ACCOUNTS, (Choice("1", "Daglig"), Choice("5", "Webshop")))


def rows(*names: str) -> list[Choice]:
    return [Choice(str(number), name) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (["Dansk standard"], "1"),  # the only one
        (["Dansk standard", "Webshop"], "2"),  # the only one that is called so
        (["WEBSHOP DK", "Webshop B2B"], ""),  # two are
        (["Dansk", "Engelsk"], ""),  # none is
        ([], ""),
    ],
)
def test_a_row_is_proposed_when_there_is_no_doubt_and_asked_about_otherwise(names: list[str], value: str) -> None:
    found = chosen(LAYOUT, rows(*names), {})
    assert (found.value, found.is_question) == (value, not value)
    assert found.reason


def test_an_answer_must_be_a_row_that_there_is() -> None:
    assert chosen(LAYOUT, rows("A", "B"), {"economic.layout": "2"}).value == "2"
    assert chosen(LAYOUT, rows("A", "B"), {"economic.layout": "7"}).is_question


@pytest.mark.parametrize(
    ("method", "value"),
    [
        (Method("bacs", "Bankoverførsel"), "{terms: 11}"),
        (
            Method("quickpay", "Betalingskort"),
            "{terms: 2, way: auto, clearing_account: 5825, journal: 5, open_terms: 11}",
        ),
        (Method("vipps_mobilepay", "MobilePay"), "{terms: 11, way: journal, clearing_account: 5826, journal: 5}"),
        (Method("sparxpres", "SparXpres"), ""),  # no account is called so
        (Method("klarna_payments", "Klarna"), ""),
        (Method("ean", "EAN-faktura"), ""),  # which terms public bodies have is agreed with nobody but them
        (Method("pw_gift_card", "Gavekort"), ""),
    ],
)
def test_money_goes_to_the_account_that_is_called_after_its_provider(method: Method, value: str) -> None:
    (found,) = payments_proposed([method], MONEY, {})
    assert found.value == value, found.reason


def test_two_accounts_of_a_provider_are_asked_about() -> None:
    two = MoneyLists(TERMS, (*ACCOUNTS, Choice("5827", "MobilePay, butik")), MONEY.journals)
    (found,) = payments_proposed([Method("mobilepay", "MobilePay")], two, {})
    assert found.is_question
    assert [choice.value for choice in found.choices] == ["5826", "5827"]


def test_a_product_must_carry_the_vat_that_its_line_needs() -> None:
    names = {"fragtmm": "Fragt", "F2": "Fragt med moms", "fragtum": "Fragt u/moms", "gebyr": "Gebyr", "rabat": "Rabat"}
    rates = {"fragtmm": Decimal(0), "F2": Decimal("0.25"), "fragtum": Decimal(0), "gebyr": Decimal(0)}
    found = {one.key.rpartition(".")[2]: one for one in products_proposed(names, rates, {})}
    assert found["shipping_taxed"].value == "F2"  # the usual number has no VAT
    assert found["shipping_untaxed"].value == "fragtum"
    assert found["rounding"].reason.startswith("TO DO")  # there is none: the usual number is to be made
    assert found["discount"].reason.startswith("TO DO")  # it cannot be sold


def test_stock_that_the_warehouse_does_not_explain_is_asked_about() -> None:
    group, location = (Choice("1", "Varer"), 25), (Choice("100", "Hovedlager"), True)
    empty = WarehouseLists(rows("Webshop"), rows("Netto"), rows("A"), [group], [location], [], None)
    found = {one.key: one for one in warehouse(empty, {})}
    assert found["rackbeat.stock_falls_at"].is_question
    told = WarehouseLists(rows("Webshop"), rows("Netto"), rows("A"), [group], [location], [], True)
    assert {one.key: one for one in warehouse(told, {})}["rackbeat.stock_falls_at"].value == "invoice"


def test_fields_of_plugins_are_told_by_their_values_then_by_their_names() -> None:
    found = {one.key: one.value for one in buyer_fields({"_ean": 3, "_billing_cvr": 2, "color": 9}, {"_ean": 3})}
    assert found == {"buyer_fields._ean": "ean", "buyer_fields._billing_cvr": "vat_number"}


def test_what_systems_call_their_rows_cannot_break_the_file() -> None:
    odd = "Webshop\n  layout: 1 # \"'{}[]: €"
    text = mapping_text(
        "skagen", [Proposal("economic.layout", "7", odd), Proposal("economic.payments.a:b", "{terms: 1}", odd)]
    )
    document = read_text(text, "skagen.yaml")
    assert not document.problems
    assert document.values["economic"] == {"layout": "7", "payments": {"a:b": {"terms": "1"}}}


def test_half_of_a_table_is_left_out_whole() -> None:
    proposals = (
        Proposal("economic.layout", "7", "the only one"),
        Proposal("economic.companies.mode", "each", "a customer each"),
        Proposal("economic.companies.group", "", "which?", (Choice("1", "A"), Choice("2", "B"))),
    )
    text = mapping_text("skagen", proposals)
    assert read_text(text, "").values["economic"] == {"layout": "7"}
    assert "# QUESTION: which?; one of: 1 (A), 2 (B)" in text


def test_lines_are_added_and_the_others_stay_as_they_are() -> None:
    text = "version: 1\neconomic:\n  layout: 7   # ours\n  payments:\n    # by the bookkeeper\n    bacs: {terms: 1}\n"
    added = payment_lines(text, [Proposal("economic.payments.cod", "{terms: 1}", "cash")])
    assert added is not None
    assert [line for line in added.splitlines() if "cod" not in line] == text.splitlines()
    assert set(read_text(added, "").values["economic"]["payments"]) == {"bacs", "cod"}


@pytest.mark.parametrize("payments", ["{bacs: {terms: 1}}", "{}"])
def test_a_table_in_one_line_is_left_to_the_person(payments: str) -> None:
    text = f"version: 1\neconomic:\n  payments: {payments}\n"
    assert payment_lines(text, [Proposal("economic.payments.cod", "{terms: 1}", "cash")]) is None
