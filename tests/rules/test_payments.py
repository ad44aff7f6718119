"""How money gets into the accounts (domain guide 9.1): by the term, in the journal, or not before the bank."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pakhus.model import Money, Order, Payment, PaymentState
from pakhus.reasons import Verdict
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay
from pakhus.rules.payments import (
    BookedAmount,
    InvoiceTerms,
    PaymentPart,
    parts_of,
    payment_verdict,
    repayment_verdict,
    terms_of,
    way_of,
)
from tests.rules.orders import PLACED, line, order

CARD = PaymentMethod(terms=2, way=PaymentWay.AUTO, clearing_account=5825, journal=5, open_terms=11)
GIFT = PaymentMethod(terms=11, way=PaymentWay.JOURNAL, clearing_account=14300, journal=5)
BY_TERM = PaymentMethod(terms=2, way=PaymentWay.TERM, clearing_account=5825)
ACCOUNT = PaymentMethod(terms=4)
METHODS = {"card": CARD, "gift_card": GIFT, "strict": BY_TERM, "account": ACCOUNT}
PAID, OPEN = InvoiceTerms(2, None), InvoiceTerms(11, None)


def paid(*payments: Payment, total: str = "500.00", state: PaymentState = PaymentState.PAID) -> Order:
    return replace(order([line("400.00", "100.00")], total), payments=payments, payment_state=state)


def payment(method: str = "card", amount: str | None = None, currency: str = "DKK", transaction: str = "") -> Payment:
    money = None if amount is None else Money(Decimal(amount), currency)
    return Payment(method, amount=money, transaction_id=transaction)


def booked(terms: int = 11, gross: str = "500.00", **members: object) -> BookedAmount:
    return BookedAmount(Money(Decimal(gross), "DKK"), terms, PLACED, **members)  # type: ignore[arg-type]


def parts(of: Order) -> tuple[PaymentPart, ...]:
    found = parts_of(of)
    assert not isinstance(found, Verdict)
    return found


def verdict(of: Order, number: int = 1, amount: BookedAmount | None = None, days: int = 0) -> Verdict:
    found = parts(of)
    now = PLACED + timedelta(days=days)
    return payment_verdict(of, found[number - 1], found[: number - 1], METHODS, amount or booked(), now)


# --- which terms the invoice gets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [None, "500.00"])
def test_one_captured_payment_of_the_whole_amount_is_told_by_the_term(amount):
    assert terms_of(paid(payment(amount=amount)), METHODS) == PAID


@pytest.mark.parametrize(
    "of",
    [
        paid(payment(), state=PaymentState.AUTHORISED),
        paid(payment(amount="499.99")),
        paid(payment(amount="67.02", currency="EUR")),
        paid(payment(amount="300.00"), payment("gift_card", "200.00")),
    ],
)
def test_all_other_payments_leave_the_invoice_open_for_the_journal(of):
    assert terms_of(of, METHODS) == OPEN


def test_sales_on_account_keep_their_due_date():
    assert terms_of(paid(payment("account"), state=PaymentState.UNPAID), METHODS) == InvoiceTerms(4, None)


def test_a_method_that_only_knows_the_term_holds_what_the_term_cannot_say():
    found = terms_of(paid(payment("strict"), state=PaymentState.AUTHORISED), METHODS)
    assert isinstance(found, Verdict)
    assert (found.code, "not captured" in found.text()) == ("payment_not_by_term", True)


@pytest.mark.edge(55)
def test_a_renamed_method_is_told_by_its_id_and_an_unknown_one_holds():
    renamed = replace(payment(), title="Kortbetaling (ny tekst)")
    assert terms_of(paid(renamed), METHODS) == PAID
    found = terms_of(paid(replace(payment("kort"), title="card")), METHODS)
    assert isinstance(found, Verdict)
    assert (found.code, dict(found.parameters)["method"]) == ("payment_method_unmapped", "kort")


@pytest.mark.edge(56)
def test_one_wallet_over_two_ways_has_two_clearing_accounts():
    """MobilePay through a gateway is paid out by the gateway, else by Vipps MobilePay itself."""
    methods = {"quickpay_mobilepay": CARD, "vipps_mobilepay": CARD.model_copy(update={"clearing_account": 5826})}
    for name, account in (("quickpay_mobilepay", "5825"), ("vipps_mobilepay", "5826")):
        of = paid(payment(name))
        assert terms_of(of, methods) == PAID
        by_term = replace(booked(), terms=PAID.terms)
        found = payment_verdict(of, parts(of)[0], [], methods, by_term, PLACED)
        assert (found.code, dict(found.parameters)["account"]) == ("paid_by_term", account)


# --- what is entered for a booked invoice ----------------------------------------------------------------------------


def test_what_the_term_has_paid_is_not_entered_again():
    assert verdict(paid(payment()), amount=booked(terms=2)).code == "paid_by_term"


def test_an_invoice_that_somebody_gave_other_terms_is_left_to_people():
    assert way_of(BY_TERM, booked(terms=4)) is PaymentWay.OPEN


@pytest.mark.edge(50)
def test_two_methods_on_one_order_are_two_payments_on_two_accounts():
    of = paid(payment(amount="300.00"), payment("gift_card"))
    assert [(part.method, part.amount.amount) for part in parts(of)] == [
        ("card", Decimal("300.00")),
        ("gift_card", Decimal("200.00")),
    ]
    assert [verdict(of, number).code for number in (1, 2)] == ["due", "due"]


def test_two_payments_that_do_not_say_what_they_cover_are_held():
    found = parts_of(paid(payment(), payment("gift_card")))
    assert isinstance(found, Verdict)
    assert found.code == "payment_amounts_unknown"


@pytest.mark.edge(51)
def test_a_partial_capture_is_entered_as_far_as_it_goes():
    assert verdict(paid(payment(amount="300.00"))).code == "due"


@pytest.mark.edge(52)
def test_a_capture_in_two_parts_is_two_payments():
    of = paid(payment(amount="300.00", transaction="c1"), payment(amount="200.00", transaction="c2"))
    assert [verdict(of, number).code for number in (1, 2)] == ["due", "due"]
    assert [part.provider_ids for part in parts(of)] == [{"c1"}, {"c2"}]


@pytest.mark.edge(53)
@pytest.mark.parametrize(
    ("state", "days", "code"),
    [
        (PaymentState.AUTHORISED, 1, "not_captured"),
        (PaymentState.AUTHORISED, 8, "never_captured"),
        (PaymentState.UNPAID, 8, "never_captured"),
        (PaymentState.VOIDED, 1, "authorisation_ended"),
    ],
)
def test_an_authorisation_that_is_not_captured_waits_a_week_then_a_person_is_asked(state, days, code):
    assert verdict(paid(payment(), state=state), days=days).code == code


@pytest.mark.edge(54)
def test_a_capture_in_another_currency_is_held():
    found = verdict(paid(payment(amount="67.02", currency="EUR")))
    assert (found.code, "67.02 EUR" in found.text()) == ("capture_currency_differs", True)


@pytest.mark.edge(58)
def test_a_surcharge_of_the_provider_is_held_with_what_is_left():
    found = verdict(paid(payment(amount="505.00")))
    assert (found.code, dict(found.parameters)["left"]) == ("captured_more", "500.00 DKK")
    second = verdict(paid(payment(amount="300.00"), payment(amount="205.00")), 2)
    assert (second.code, dict(second.parameters)["left"]) == ("captured_more", "200.00 DKK")


def test_invoice_of_which_a_part_is_entered_is_not_paid_beyond_what_is_open():
    found = verdict(paid(payment()), amount=booked(open=Decimal(300)))
    assert (found.code, dict(found.parameters)["left"]) == ("captured_more", "300 DKK")
    two = paid(payment(amount="300.00"), payment(amount="200.00"))
    for still_open in ("500.00", "200.00"):  # the first voucher waits in the journal, or is booked
        assert verdict(two, 2, amount=booked(open=Decimal(still_open))).code == "due"


def test_what_somebody_has_paid_already_is_not_paid_again():
    assert verdict(paid(payment()), amount=booked(open=Decimal(0))).code == "already_paid"


# --- credit notes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "code"),
    [
        (PaymentWay.TERM, "paid_by_term"),
        (PaymentWay.JOURNAL, "due"),
        (PaymentWay.OPEN, "left_open"),
        (None, "invoice_payment_open"),
    ],
)
def test_a_credit_note_is_paid_out_by_the_way_its_invoice_was_paid(way, code):
    assert repayment_verdict(way, booked(gross="-100.00", open=Decimal(-100))).code == code


# --- the settings of a method ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"way": "auto", "clearing_account": 5825}, "journal, open_terms"),
        ({"way": "term"}, "clearing_account"),
        ({"way": "journal", "clearing_account": 5825}, "journal"),
        ({"way": "auto", "clearing_account": 5825, "journal": 5, "open_terms": 2}, "other terms"),
    ],
)
def test_refuses_a_method_that_lacks_what_its_way_needs(values, text):
    with pytest.raises(ValueError, match=text):
        PaymentMethod(terms=2, **values)
