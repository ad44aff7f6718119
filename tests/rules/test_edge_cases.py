"""Odd orders, by the rules alone: what becomes of each is a plan that equals the charge, or a named reason."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pakhus.model import Lifecycle, Line, LineKind, Order, VatShare
from pakhus.reasons import Verdict
from pakhus.rules.goods import goods_of
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, VatOfProduct, plan_invoice
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer
from pakhus.rules.states import StateRules, invoice_verdict, reservation_verdict
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.orders import PLACED, line, order

D = Decimal
DOMESTIC = VatDecision(1, Scheme.DOMESTIC, "DK")
TAXED = VatOfProduct(D("0.25"), "U25")
UNTAXED = VatOfProduct(D(0), "")
FACTS = AccountsFacts({"NH-1": TAXED, "fragtmm": TAXED, "gebyr": TAXED, "rabat": TAXED, "diff": UNTAXED}, {})
RULES = StateRules(PLACED - timedelta(days=1), reserve={"processing"}, invoice={"completed"})


def plan(charged: Order, **changes: object) -> InvoicePlan | Verdict:
    mapping = AccountingMapping(customers=CollectiveCustomer(mode="collective", number=1), layout=19, **changes)
    return plan_invoice(charged, mapping, {}, DOMESTIC, FACTS)


def equal_plan(charged: Order, **changes: object) -> InvoicePlan:
    """The plan, which equals what was charged."""
    found = plan(charged, **changes)
    assert isinstance(found, InvoicePlan), found
    assert found.predicted.gross == charged.total.amount
    return found


@pytest.mark.edge(3)
def test_order_of_shipping_alone_is_invoiced_and_has_nothing_to_reserve() -> None:
    charged = order([line("31.20", "7.80", kind=LineKind.SHIPPING)], "39.00")
    assert equal_plan(charged).lines[0].product_number == "fragtmm"
    assert goods_of(charged, {}) == Verdict.of("nothing_to_reserve")


@pytest.mark.edge(1, 4)
def test_order_that_a_coupon_made_free_is_reserved_and_planned_at_zero_without_correction() -> None:
    charged = order([line("0.00", "0.00", quantity="2", rate=None)], "0.00")
    found = equal_plan(charged, zero_total="invoice")
    assert (found.predicted.gross, found.correction) == (0, 0)
    assert [(each.quantity, each.unit_price) for each in found.lines] == [(2, 0)]
    goods = goods_of(charged, {})
    assert not isinstance(goods, Verdict)
    assert goods[0].line.quantity == 2


@pytest.mark.edge(5)
def test_half_a_metre_keeps_its_quantity_and_price() -> None:
    found = equal_plan(order([line("60.00", "15.00", quantity="1.5")], "75.00"))
    assert (found.lines[0].quantity, found.lines[0].unit_price) == (D("1.5"), D("40.00"))


@pytest.mark.edge(6)
def test_fee_below_zero_becomes_a_discount_line_with_its_vat() -> None:
    goods, discount = line("80.00", "20.00"), line("-8.00", "-2.00", kind=LineKind.DISCOUNT, number=2)
    found = equal_plan(order([goods, discount], "90.00"))
    assert (found.lines[1].product_number, found.lines[1].net) == ("rabat", D("-8.00"))
    assert found.correction == 0


@pytest.mark.edge(7)
def test_free_gift_stays_on_the_invoice_at_price_zero() -> None:
    found = equal_plan(order([line("80.00", "20.00"), line("0.00", "0.00", rate=None, number=2)], "100.00"))
    assert [each.unit_price for each in found.lines] == [D("80.00"), 0]


@pytest.mark.edge(33)
def test_shipping_whose_vat_no_division_explains_is_held() -> None:
    shares = (VatShare(D("0.25"), D("5.00")), VatShare(D("0.12"), D("1.00")))
    mixed: Line = replace(line("28.00", "6.00", kind=LineKind.SHIPPING, number=2), vat_shares=shares)
    found = plan(order([line("80.00", "20.00"), mixed], "134.00"))
    assert isinstance(found, Verdict)
    assert (found.code, dict(found.parameters)["line"]) == ("mixed_rates_on_line", "2")


@pytest.mark.edge(38)
def test_currency_of_three_decimals_is_held_not_rounded() -> None:
    found = plan(order([line("9.876", "2.469")], "12.345", currency="KWD"), currencies={"KWD"})
    assert isinstance(found, Verdict)
    assert found.code == "currency_decimals"


@pytest.mark.edge(20)
@pytest.mark.parametrize(("state", "lifecycle"), [("processing", Lifecycle.OPEN), ("completed", Lifecycle.COMPLETED)])
def test_order_in_test_mode_is_neither_reserved_nor_invoiced(state: str, lifecycle: Lifecycle) -> None:
    tried = replace(order([line("80.00", "20.00")], "100.00", state=state, lifecycle=lifecycle), is_test=True)
    assert reservation_verdict(tried, RULES).code == "test_order"
    assert invoice_verdict(tried, RULES).code == "test_order"
