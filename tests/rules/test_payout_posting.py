"""The worked payouts of domain guide 10.3 and 10.4 line by line, and what else a settlement may hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pakhus.model import Money
from pakhus.reasons import Verdict
from pakhus.rules.payout_accounts import PayoutAccounts
from pakhus.rules.payout_posting import PaidItem, PayoutPlan, plan_payout
from pakhus.settlements import Batch, BatchLine
from pakhus.vouchers import TEXT_LENGTH, Voucher, keyed
from tests.rules.settlements import MONDAY, batch, line

CLEARING, FEE, RESERVE, DISPUTE, BANK, DIFFERENCE, EXCHANGE, FEE_VAT = 5825, 7220, 5827, 5828, 5829, 7225, 7230, 7221
ACCOUNTS = PayoutAccounts(
    clearing=CLEARING, fee=FEE, reserve=RESERVE, dispute=DISPUTE, bank=BANK, difference=DIFFERENCE, exchange=EXCHANGE
)
KEY = "kort-po_1-payout"


def pays(order: str, amount: str, currency: str = "DKK", base: str = "", **open_invoice: int) -> PaidItem:
    weight = Decimal(base or amount)
    return PaidItem(f"nordlys-{order}-payment1", order, Money(Decimal(amount), currency), weight, **open_invoice)


def plan(
    of: Batch, paid: Mapping[int, Sequence[PaidItem]], accounts: PayoutAccounts = ACCOUNTS, **facts: Any
) -> PayoutPlan:
    found = plan_payout(of, paid, accounts, "DKK", KEY, **facts)
    assert isinstance(found, PayoutPlan), found
    voucher = Voucher(MONDAY.date(), "DKK", found.finance, found.customers)
    assert voucher.balance() == 0
    return found


def rows(found: PayoutPlan) -> list[tuple[int, str]]:
    return [(one.account, f"{one.amount:.2f}") for one in found.finance]


WORKED = [
    line(1, "499.00", fee="-7.24", order="A"),
    line(2, "254.87", fee="-3.70", order="B"),
    line(3, "1249.00", fee="-18.11", order="C"),
    line(4, "-71.96", "refund", order="B"),
]
PAID = {
    1: [pays("A", "499.00")],
    2: [pays("B", "254.87")],
    3: [pays("C", "1249.00")],
    4: [pays("B", "-71.96")],
}


def test_the_worked_payout_comes_out_line_by_line():
    found = plan(batch(*WORKED, line(5, "-1901.86", "payout")), PAID)
    assert rows(found) == [
        (CLEARING, "-499.00"),
        (CLEARING, "-254.87"),
        (CLEARING, "-1249.00"),
        (CLEARING, "71.96"),
        (FEE, "29.05"),
        (BANK, "1901.86"),
    ]
    debit = sum(one.amount for one in found.finance if one.amount > 0)
    assert (debit, found.customers) == (Decimal("2002.87"), ())
    assert all(one.text.split()[-1] == KEY for one in found.finance)
    assert found.finance[0].text == f"Udbetaling po_1 ordre A {KEY}"


@pytest.mark.edge(61)
def test_a_reserve_is_held_back_and_comes_back_as_a_payout_of_its_own():
    held = plan(batch(*WORKED, line(5, "-100.14", "reserve_hold"), line(6, "-1801.72", "payout")), PAID)
    assert rows(held)[-3:] == [(FEE, "29.05"), (RESERVE, "100.14"), (BANK, "1801.72")]
    back = plan(batch(line(1, "100.14", "reserve_release"), line(2, "-100.14", "payout")), {})
    assert rows(back) == [(RESERVE, "-100.14"), (BANK, "100.14")]


def test_a_gross_settled_payout_has_its_fees_elsewhere():
    gross = [replace(one, fee=Decimal(0), net=one.gross) for one in WORKED]
    found = plan(batch(*gross, line(5, "-1930.91", "payout")), PAID)
    assert rows(found)[-1] == (BANK, "1930.91")
    assert FEE not in {account for account, _ in rows(found)}


def euros(gross: str, fee: str) -> BatchLine:
    return line(1, gross, fee=fee, paid="100.00 EUR")


def test_what_a_provider_converts_loses_at_the_exchange():
    of = batch(euros("743.02", "-12.15"), line(2, "-730.87", "payout"))
    found = plan(of, {1: [pays("A", "100.00", "EUR", "746.00")]})
    assert rows(found) == [(CLEARING, "-746.00"), (FEE, "12.15"), (EXCHANGE, "2.98"), (BANK, "730.87")]


def in_euros() -> Batch:
    lines = [euros("100.00", "-2.57"), line(2, "-97.43", "payout")]
    return replace(batch(*(replace(one, settled_currency="EUR") for one in lines)), currency="EUR")


def test_a_payout_in_euros_loses_at_the_bank():
    paid = {1: [pays("A", "100.00", "EUR", "746.00")]}
    found = plan(in_euros(), paid, in_bank=Decimal("724.98"))
    assert rows(found) == [(CLEARING, "-746.00"), (FEE, "19.17"), (EXCHANGE, "1.85"), (BANK, "724.98")]


def test_until_the_bank_has_said_its_rate_a_payout_weighs_what_was_booked():
    found = plan(in_euros(), {1: [pays("A", "100.00", "EUR", "746.00")]})
    assert rows(found) == [(CLEARING, "-746.00"), (FEE, "19.17"), (BANK, "726.83")]


def test_a_payout_in_another_currency_without_a_document_has_no_rate():
    found = plan_payout(in_euros(), {}, ACCOUNTS, "DKK", KEY)
    assert isinstance(found, Verdict)
    assert found.code == "payout_rate_unknown"


@pytest.mark.edge(59)
def test_a_negative_payout_is_taken_from_the_bank():
    of = batch(line(1, "-300.00", "refund"), line(2, "300.00", "payout"))
    assert rows(plan(of, {1: [pays("A", "-300.00")]})) == [(CLEARING, "300.00"), (BANK, "-300.00")]


@pytest.mark.edge(60)
def test_a_carried_balance_stays_with_the_provider_until_it_is_paid():
    first = plan(batch(line(1, "-300.00", "refund"), closing="-300.00"), {1: [pays("A", "-300.00")]})
    assert rows(first) == [(CLEARING, "300.00"), (RESERVE, "-300.00")]
    second = batch(line(1, "500.00"), line(2, "-200.00", "payout"), opening="-300.00")
    assert rows(plan(second, {1: [pays("B", "500.00")]})) == [
        (CLEARING, "-500.00"),
        (RESERVE, "300.00"),
        (BANK, "200.00"),
    ]


@pytest.mark.edge(62)
def test_a_payout_that_failed_at_the_bank_is_reversed_and_owed_again():
    assert rows(plan(batch(line(1, "1901.86", "payout_failed"), closing="1901.86"), {})) == [
        (RESERVE, "1901.86"),
        (BANK, "-1901.86"),
    ]


@pytest.mark.edge(62)
def test_a_payout_that_failed_and_was_sent_again_is_two_movements_at_the_bank():
    of = batch(line(1, "952.49", "payout_failed"), line(2, "-952.49", "payout"))
    assert rows(plan(of, {})) == [(BANK, "-952.49"), (BANK, "952.49")]


@pytest.mark.edge(65)
def test_a_batch_of_fees_alone_is_taken_from_the_bank():
    of = batch(line(1, "-49.00", "fee"), line(2, "49.00", "payout"))
    assert rows(plan(of, {})) == [(FEE, "49.00"), (BANK, "-49.00")]


@pytest.mark.edge(68)
def test_a_chargeback_waits_on_its_account_until_it_is_won():
    lost = plan(batch(line(1, "-499.00", "chargeback", fee="-150.00"), line(2, "649.00", "payout")), {})
    assert rows(lost) == [(FEE, "150.00"), (DISPUTE, "499.00"), (BANK, "-649.00")]
    won = plan(batch(line(1, "499.00", "chargeback_reversal"), line(2, "-499.00", "payout")), {})
    assert rows(won) == [(DISPUTE, "-499.00"), (BANK, "499.00")]


def test_a_line_without_a_document_goes_to_the_difference_account():
    of = batch(line(1, "100.00"), line(2, "-100.00", "payout"))
    assert rows(plan(of, {})) == [(DIFFERENCE, "-100.00"), (BANK, "100.00")]


def test_an_invoice_that_stands_open_gets_a_customer_line():
    of = batch(line(1, "500.00", fee="-10.00"), line(2, "-490.00", "payout"))
    found = plan(of, {1: [pays("A", "500.00", customer=500123, invoice=40217)]})
    assert rows(found) == [(FEE, "10.00"), (BANK, "490.00")]
    (customer,) = found.customers
    assert (customer.customer, customer.invoice, customer.received.amount) == (500123, 40217, Decimal("500.00"))


VATTED = replace(line(1, "-100.00", "fee"), gross=Decimal(0), fee=Decimal("-100.00"), fee_vat=Decimal("-25.00"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"fee_vat": FEE_VAT}, [(FEE, "100.00"), (FEE_VAT, "25.00"), (BANK, "-125.00")]),
        ({"fee_vat_code": "I25"}, [(FEE, "125.00"), (BANK, "-125.00")]),
    ],
)
def test_vat_on_fees_goes_to_its_account_or_is_lifted_by_its_code(settings, expected):
    of = batch(replace(VATTED, net=Decimal("-125.00")), line(2, "125.00", "payout"))
    found = plan(of, {}, ACCOUNTS.model_copy(update=settings))
    assert rows(found) == expected
    assert {one.vat_code for one in found.finance} == {"", *(["I25"] if "fee_vat_code" in settings else [])}


def fee_with_vat(fee: str, vat: str) -> Batch:
    whole = Decimal(fee) + Decimal(vat)
    one = replace(line(1, "0.00", "fee"), fee=Decimal(fee), fee_vat=Decimal(vat), net=whole)
    return batch(one, line(2, f"{-whole}", "payout"))


def test_part_of_a_fee_that_carries_no_vat_is_not_lifted_with_the_rest():
    lifting = ACCOUNTS.model_copy(update={"fee_vat_code": "I25"})
    found = plan(fee_with_vat("-20.00", "-2.50"), {}, lifting)
    assert [(one.account, f"{one.amount:.2f}", one.vat_code) for one in found.finance] == [
        (FEE, "10.00", ""),
        (FEE, "12.50", "I25"),
        (BANK, "-22.50", ""),
    ]
    back = plan(fee_with_vat("20.00", "2.50"), {}, lifting)
    assert [one.amount for one in back.finance if one.vat_code] == [Decimal("-12.50")]


@pytest.mark.parametrize(
    ("fee", "vat"), [("-0.05", "-0.01"), ("-0.01", "-0.01"), ("-14.95", "-3.74"), ("-0.99", "-0.25")]
)
def test_vat_that_was_rounded_is_of_the_whole_fee(fee, vat):
    found = plan(fee_with_vat(fee, vat), {}, ACCOUNTS.model_copy(update={"fee_vat_code": "I25"}))
    assert [one.vat_code for one in found.finance if one.account == FEE] == ["I25"]


def test_more_vat_than_the_codes_rate_makes_of_the_fee_holds_the_payout():
    lifting = ACCOUNTS.model_copy(update={"fee_vat_code": "I25"})
    for fee, vat in (("-10.00", "-3.00"), ("-10.00", "2.50")):
        found = plan_payout(fee_with_vat(fee, vat), {}, lifting, "DKK", KEY)
        assert isinstance(found, Verdict)
        assert found.code == "payout_vat_unmapped"


def test_vat_on_fees_without_a_place_holds_the_payout():
    found = plan_payout(batch(replace(VATTED, net=Decimal("-125.00"))), {}, ACCOUNTS, "DKK", KEY)
    assert isinstance(found, Verdict)
    assert found.code == "payout_vat_unmapped"


def test_a_hundred_payments_may_be_one_line():
    lines = [line(number, "10.00") for number in range(1, 101)]
    paid = {number: [pays(str(number), "10.00")] for number in range(1, 101)}
    grouped = ACCOUNTS.model_copy(update={"grouping": "total"})
    found = plan(batch(*lines, line(101, "-1000.00", "payout")), paid, grouped)
    assert rows(found) == [(CLEARING, "-1000.00"), (BANK, "1000.00")]
    assert "100 salg" in found.finance[0].text


def in_currency(code: str, *lines: BatchLine) -> Batch:
    return replace(batch(*(replace(one, settled_currency=code) for one in lines)), currency=code)


def test_what_was_converted_before_it_weighs_at_the_settlements_rate_not_at_its_own():
    of = in_currency(
        "EUR",
        line(1, "100.00"),
        line(2, "92.00", paid="100.00 USD"),
        line(3, "-192.00", "payout"),
    )
    found = plan(of, {1: [pays("A", "100.00", "EUR", "746.00")], 2: [pays("B", "100.00", "USD", "690.00")]})
    assert rows(found) == [(CLEARING, "-746.00"), (CLEARING, "-690.00"), (EXCHANGE, "3.68"), (BANK, "1432.32")]


def test_what_was_paid_beyond_a_document_in_another_currency_is_no_exchange_gain():
    of = in_currency("EUR", line(1, "100.00"), line(2, "-100.00", "payout"))
    found = plan(of, {1: [pays("A", "90.00", "EUR", "671.40")]})
    assert rows(found) == [(CLEARING, "-671.40"), (DIFFERENCE, "-74.60"), (BANK, "746.00")]
    converted = batch(line(1, "743.02", paid="100.00 EUR"), line(2, "-743.02", "payout"))
    assert rows(plan(converted, {1: [pays("A", "90.00", "EUR", "671.40")]})) == [
        (CLEARING, "-671.40"),
        (DIFFERENCE, "-74.30"),
        (EXCHANGE, "2.68"),
        (BANK, "743.02"),
    ]


def test_a_refund_at_another_rate_than_its_invoices_loses_at_the_exchange():
    of = batch(line(1, "-745.10", "refund", paid="-100.00 EUR"), line(2, "745.10", "payout"))
    found = plan(of, {1: [pays("A", "-100.00", "EUR", "-746.00")]})
    assert rows(found) == [(CLEARING, "746.00"), (EXCHANGE, "-0.90"), (BANK, "-745.10")]


def test_a_fee_line_that_tells_its_vat_is_lifted_as_a_whole():
    fee = replace(line(1, "-100.00", "fee"), fee_vat=Decimal("-25.00"), net=Decimal("-125.00"))
    of = batch(fee, line(2, "125.00", "payout"))
    lifted = plan(of, {}, ACCOUNTS.model_copy(update={"fee_vat_code": "I25"}))
    assert [(one.account, f"{one.amount:.2f}", one.vat_code) for one in lifted.finance] == [
        (FEE, "125.00", "I25"),
        (BANK, "-125.00", ""),
    ]


def test_a_line_that_a_person_gave_an_account_goes_there_with_what_no_document_explains():
    of = batch(line(1, "100.00"), line(2, "60.00"), line(3, "-160.00", "payout"))
    found = plan(of, {2: [pays("B", "50.00")]}, elsewhere={1: 2990, 2: 7299})
    assert rows(found) == [(CLEARING, "-50.00"), (2990, "-100.00"), (7299, "-10.00"), (BANK, "160.00")]


def test_nothing_moved_is_no_voucher():
    found = plan_payout(batch(), {}, ACCOUNTS, "DKK", KEY)
    assert isinstance(found, Verdict)
    assert found.code == "payout_empty"


def test_a_text_that_is_too_long_keeps_the_key_by_which_its_voucher_is_found():
    of = replace(batch(line(1, "100.00"), line(2, "-100.00", "payout")), payout_reference="x" * 300)
    texts = [one.text for one in plan(of, {1: [pays("A", "100.00")]}).finance]
    assert all((len(text), text.split()[-1]) == (250, KEY) for text in texts)


def test_long_text_gives_way_to_the_key_by_which_its_voucher_is_found() -> None:
    key = "nordlys-1042-payment1"
    text = keyed(f"Ordre {'9' * 300}", key)
    assert (len(text), text.split()[-1]) == (TEXT_LENGTH, key)
    assert keyed("Ordre 1042", key) == f"Ordre 1042 {key}"
