"""Whatever a shop charged is what is booked, or the order is held with the cause that is in it."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pakhus.model import LineKind, Order
from pakhus.reasons import Verdict
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, plan_invoice
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, ProductNumbers, RoundingMode
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.agreement import FACTS, PRODUCTS, RATES, answer, product_of
from tests.rules.shop_orders import Planted, planted_orders, shop_orders

D = Decimal
MODES = st.sampled_from(RoundingMode)
DISCOUNTS = st.sampled_from(["net_price", "separate_line"])
# Freight, fees and discounts go on the generic product of the rate that the shop charged on them.
NUMBERS = ProductNumbers(
    shipping_taxed="fragt",
    shipping_untaxed="fragt0",
    fee="gebyr",
    discount="rabat",
    rounding="afrund",
    by_rate={str(rate): product_of(rate) for rate in RATES},
)


def mapping(mode: RoundingMode, discounts: str = "net_price") -> AccountingMapping:
    return AccountingMapping(
        customers=CollectiveCustomer(mode="collective", number=1),
        layout=19,
        products=NUMBERS,
        rounding_mode=mode,
        discount_mode=discounts,  # type: ignore[arg-type]
    )


def plan(one: Order, mode: RoundingMode, discounts: str, facts: AccountsFacts = FACTS) -> InvoicePlan | Verdict:
    return plan_invoice(one, mapping(mode, discounts), {}, VatDecision(1, Scheme.DOMESTIC, "DK"), facts)


def without_generic() -> AccountingMapping:
    return mapping(RoundingMode.DOCUMENT).model_copy(update={"products": NUMBERS.model_copy(update={"by_rate": {}})})


@given(one=shop_orders(), mode=MODES, discounts=DISCOUNTS)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_the_accounts_answer_is_what_was_charged(one: Order, mode: RoundingMode, discounts: str) -> None:
    found = plan(one, mode, discounts)
    if not one.total.amount:
        assert isinstance(found, Verdict)
        assert found.code == "nothing_charged"
        return
    assert isinstance(found, InvoicePlan), found  # none is held for rounding alone
    answered = answer(found.lines, mode.value)
    assert answered == found.predicted
    assert answered.gross == one.total.amount
    # A correction is rounding: a cent a line and one for the document at the most.
    assert abs(found.correction) <= D("0.01") * (len(found.lines) + 1)
    assert all(each.quantity == round(each.quantity, 2) for each in found.lines)
    assert all(each.unit_price == round(each.unit_price, 2) for each in found.lines)


@given(one=shop_orders(most=8), mode=MODES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_answer_of_an_agreement_that_rounds_otherwise_is_never_taken_for_right(one: Order, mode: RoundingMode) -> None:
    found = plan(one, mode, "net_price")
    if isinstance(found, Verdict):
        return
    other = next(each for each in RoundingMode if each is not mode)
    answered = answer(found.lines, other.value)
    assert (answered == found.predicted) == (answered.gross == one.total.amount)


@given(case=planted_orders(), mode=MODES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_order_with_a_mistake_in_it_is_held_with_that_mistake(case: Planted, mode: RoundingMode) -> None:
    accounting = without_generic() if "product_missing" in case.codes else mapping(mode)
    facts = FACTS
    if "product_missing" in case.codes:  # the shop's other lines have products of their own
        rates = {each.vat_shares[0].rate for each in case.order.lines if each.vat_shares}
        extra = {"fragt": max(rates), "gebyr": max(rates), "fragt0": D(0), "rabat": D(0)}
        facts = AccountsFacts({**FACTS.vat, **{name: FACTS.vat[product_of(rate)] for name, rate in extra.items()}}, {})
    found = plan_invoice(case.order, accounting, {}, VatDecision(1, Scheme.DOMESTIC, "DK"), facts)
    if isinstance(found, Verdict) and found.code == "nothing_charged":
        return
    assert isinstance(found, Verdict), found
    assert found.code in case.codes


@pytest.mark.edge(31)
@given(one=shop_orders(most=12))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_net_of_each_rate_is_what_the_shop_charged_at_it(one: Order) -> None:
    found = plan(one, RoundingMode.DOCUMENT, "net_price")
    if isinstance(found, Verdict):
        return
    for rate in RATES:
        charged = sum((each.net for each in one.lines if _rate(each) == rate), D(0))
        invoiced = sum((each.net for each in found.lines if each.order_line_id and each.rate == rate), D(0))
        assert charged == invoiced


def _rate(line: object) -> Decimal:
    shares = getattr(line, "vat_shares", ())
    return shares[0].rate if shares else D(0)


def test_generator_makes_what_it_is_to_make() -> None:
    """Every product of the agreement has its rate; freight, fees and discounts are made, too."""
    assert set(PRODUCTS) >= {product_of(rate) for rate in RATES}
    kinds: set[LineKind] = set()

    @given(shop_orders(most=10))
    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def look(one: Order) -> None:
        kinds.update(each.kind for each in one.lines)

    look()
    assert kinds >= {LineKind.PRODUCT, LineKind.SHIPPING, LineKind.FEE, LineKind.DISCOUNT}
