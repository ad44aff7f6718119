"""The invoice of what refunds have left: the charge less the refunds to the øre, whenever they were made."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pakhus.model import Credit, Line, LineKind, Order
from pakhus.reasons import Verdict
from pakhus.rules.credits import Sale, plan_credit
from pakhus.rules.document_lines import planned_lines
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, VatOfProduct, plan_invoice
from pakhus.rules.mappings import RoundingMode
from pakhus.rules.refunded_invoices import less_refunds, refund_products
from pakhus.rules.validation import predict
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.orders import line, order
from tests.rules.test_credits import FACTS, MIXED, after, cases, code, invoice_of, mapping, next_refund, refund

D = Decimal
VAT = VatDecision(1, Scheme.DOMESTIC, "DK")


def facts_of(sold: Order) -> AccountsFacts:
    """The accounts know every product of an order at the rate that the shop charged."""
    found = {}
    for one in sold.lines:
        rate = one.vat_shares[0].rate if one.vat_shares else D(0)
        found[one.sku or "fragtmm"] = VatOfProduct(rate, code(rate))
    return AccountsFacts({**FACTS.vat, "afrund": VatOfProduct(D(0), ""), "diff": VatOfProduct(D(0), ""), **found}, {})


def whole(sold: Order, mode: RoundingMode = RoundingMode.DOCUMENT) -> InvoicePlan:
    """The invoice of an order of which nothing was refunded."""
    plan = plan_invoice(sold, mapping(mode), {}, VAT, facts_of(sold))
    assert isinstance(plan, InvoicePlan), plan
    return plan


def rest(sold: Order, *refunds: Credit, mode: RoundingMode = RoundingMode.DOCUMENT) -> InvoicePlan:
    plan = less_refunds(whole(sold, mode), sold, refunds, mapping(mode), facts_of(sold))
    assert isinstance(plan, InvoicePlan), plan
    return plan


def held(sold: Order, *refunds: Credit) -> Verdict:
    verdict = less_refunds(whole(sold), sold, refunds, mapping(), facts_of(sold))
    assert isinstance(verdict, Verdict), verdict
    return verdict


def amounts(plan: InvoicePlan) -> list[tuple[str, Decimal, Decimal]]:
    return [(one.product_number, one.quantity, one.unit_price) for one in plan.lines]


def totals(plan: InvoicePlan) -> tuple[Decimal, Decimal, Decimal]:
    return plan.predicted.net, plan.predicted.vat, plan.predicted.gross


GOODS = order(
    [line("453.60", "113.40", quantity="3", sku="NH-7"), line("159.20", "39.80", sku="NH-1", number=2)], "766.00"
)


def test_order_without_refunds_is_planned_as_it_was() -> None:
    plan = whole(GOODS)
    assert less_refunds(plan, GOODS, [], mapping(), facts_of(GOODS)) is plan


@pytest.mark.edge(44)
def test_pieces_that_came_back_are_not_invoiced() -> None:
    plan = rest(GOODS, refund("189.00", line("151.20", "37.80", sku="NH-7")))
    assert amounts(plan) == [("NH-7", D(2), D("151.20")), ("NH-1", D(1), D("159.20"))]
    assert totals(plan) == (D("461.60"), D("115.40"), D("577.00"))
    assert (plan.taken_off, plan.correction) == (D("189.00"), 0)


@pytest.mark.edge(44)
def test_line_that_came_back_whole_is_not_on_the_invoice() -> None:
    assert amounts(rest(GOODS, refund("199.00", line("159.20", "39.80", sku="NH-1", number=2)))) == [
        ("NH-7", D(3), D("151.20"))
    ]


@pytest.mark.edge(44)
def test_amount_alone_is_taken_off_over_the_rates_that_are_left() -> None:
    plan = rest(MIXED, refund("33.33"))
    assert amounts(plan)[2:] == [("refusion", D(1), D("-19.91")), ("vareum", D(1), D("-8.44"))]
    assert totals(plan) == (D("255.35"), D("44.82"), D("300.17"))


def test_price_of_pieces_that_is_not_exact_is_one_line_with_the_quantity_in_its_text() -> None:
    sold = order([line("172.70", "43.17", quantity="3", sku="NH-7")], "215.87")
    plan = rest(sold, refund("71.96", line("57.57", "14.39", sku="NH-7")))
    [goods] = [one for one in plan.lines if one.product_number == "NH-7"]
    assert (goods.quantity, goods.unit_price, plan.predicted.gross) == (D(1), D("115.13"), D("143.91"))
    assert goods.text == "2 × Vare 1"


def test_part_of_a_price_that_was_kept_when_all_pieces_came_back_stays_as_one_line() -> None:
    sold = order([line("200.00", "50.00", quantity="2", sku="NH-7")], "250.00")
    plan = rest(sold, refund("200.00", line("160.00", "40.00", quantity="2", sku="NH-7")))
    assert amounts(plan) == [("NH-7", D(1), D("40.00"))]


def test_money_back_for_goods_that_stay_is_a_deduction_beside_them() -> None:
    plan = rest(GOODS, refund("50.00", line("40.00", "10.00", quantity="0", sku="NH-7")))
    assert amounts(plan) == [
        ("NH-7", D(3), D("151.20")),
        ("NH-1", D(1), D("159.20")),
        ("refusion", D(1), D("-40.00")),
    ]


def test_refund_of_shipping_takes_the_freight_off() -> None:
    freight = line("31.20", "7.80", kind=LineKind.SHIPPING, number=2)
    sold = order([line("159.20", "39.80", sku="NH-1"), freight], "238.00")
    assert amounts(rest(sold, refund("39.00", freight))) == [("NH-1", D(1), D("159.20"))]


def test_nothing_is_invoiced_when_everything_went_back() -> None:
    assert held(GOODS, refund("766.00")) == Verdict.of("nothing_left_to_invoice", refunded=D("766.00"))
    parts = (refund("567.00", number=1), refund("199.00", number=2))
    assert held(GOODS, *parts).code == "nothing_left_to_invoice"


@pytest.mark.parametrize(
    ("back", "code"),
    [
        (refund("766.01"), "credit_exceeds_invoice"),
        (refund("100.00", line("159.20", "39.80", sku="NH-1", number=2)), "refund_lines_exceed_amount"),
        (refund("119.00", line("100.00", "19.00", rate="0.19", number=9)), "credit_rate_not_invoiced"),
    ],
)
def test_refund_that_could_not_be_credited_cannot_be_taken_off_either(back: Credit, code: str) -> None:
    assert held(GOODS, back).code == code


def test_products_of_refunds_are_those_of_the_rates_on_the_invoice() -> None:
    assert refund_products(whole(MIXED), mapping()) == ["refusion", "vareum"]


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_invoice_less_credit_notes_is_the_charge_less_the_refunds_whenever_they_are_made(
    case: tuple[Order, RoundingMode, list[int]], data: st.DataObject
) -> None:
    """The same refunds, some before the booking and the others after it, come to the same to the øre."""
    sold, mode, sizes = case
    made = _refunds(data, sold, mode, sizes)
    before = data.draw(st.integers(0, len(made)))
    plan = less_refunds(whole(sold, mode), sold, made[:before], mapping(mode), facts_of(sold))
    off = sum((one.amount.amount for one in made[:before]), D(0))
    if off == sold.total.amount:
        assert plan == Verdict.of("nothing_left_to_invoice", refunded=off)
        return
    assert isinstance(plan, InvoicePlan), plan
    assert plan.predicted.gross == sold.total.amount - off
    assert predict(plan.lines, mode) == plan.predicted
    assert abs(plan.correction) <= D("0.05") * (len(sold.lines) + len(plan.lines) + 2 * before + 2)
    assert all(one.unit_price.as_tuple().exponent >= -2 for one in plan.lines)  # type: ignore[operator]
    notes, credited = _credited(plan, sold, made[before:], mode)
    assert plan.predicted.gross + notes == sold.total.amount - off - credited


def _refunds(data: st.DataObject, sold: Order, mode: RoundingMode, sizes: list[int]) -> list[Credit]:
    """Refunds that can be credited one after the other."""
    invoiced, untouched, made = invoice_of(sold, mode), list[Line](sold.lines), list[Credit]()
    for number, size in enumerate(sizes, 1):
        credit = next_refund(data, untouched, invoiced, size, number)
        if credit is None:
            break
        plan = plan_credit(credit, Sale(sold, invoiced, mapping(mode), facts_of(sold)))
        if not isinstance(plan, Verdict):
            invoiced, made = after(invoiced, credit, plan, mode), [*made, credit]
    return made


def _credited(plan: InvoicePlan, sold: Order, later: Sequence[Credit], mode: RoundingMode) -> tuple[Decimal, Decimal]:
    """What the credit notes on the invoice of the rest come to, and the later refunds that they are of.

    None is held for rounding.
    """
    invoiced = replace(
        invoice_of(sold, mode),
        gross=plan.predicted.gross,
        lines=planned_lines(plan.lines, mode, VAT),
        texts={number: one.text for number, one in enumerate(plan.lines, 1)},
    )
    notes = credited = D(0)
    for credit in later:
        note = plan_credit(credit, Sale(sold, invoiced, mapping(mode), facts_of(sold)))
        if isinstance(note, Verdict):
            assert note.code in ("credit_exceeds_rate", "credit_rate_not_invoiced"), note
            continue
        invoiced = after(invoiced, credit, note, mode)
        notes, credited = notes + note.predicted.gross, credited + credit.amount.amount
    return notes, credited
