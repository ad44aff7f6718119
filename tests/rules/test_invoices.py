"""Lines, predictions and corrections of invoices, with the worked numbers of domain guide section 7."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pakhus.model import LineKind, Order
from pakhus.reasons import Verdict
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, VatOfProduct, numbers_needed, plan_invoice
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, RoundingMode
from pakhus.rules.money import exact_unit_price, rounded, vat_is_explained
from pakhus.rules.validation import predict
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.orders import line, order

D = Decimal
DOMESTIC = VatDecision(1, Scheme.DOMESTIC, "DK")
U25 = VatOfProduct(D("0.25"), "U25")
NO_VAT = VatOfProduct(D(0), "")
FACTS = AccountsFacts(
    vat={"NH-1": U25, "NH-2": U25, "BOG-0": NO_VAT, "fragtmm": U25, "fragtum": NO_VAT, "gebyr": U25, "diff": NO_VAT},
    unsellable={},
)


def mapping(mode: RoundingMode = RoundingMode.DOCUMENT, **changes: object) -> AccountingMapping:
    return AccountingMapping(
        customers=CollectiveCustomer(mode="collective", number=1), layout=19, rounding_mode=mode, **changes
    )


def planned(charged: Order, mode: RoundingMode = RoundingMode.DOCUMENT, facts: AccountsFacts = FACTS) -> InvoicePlan:
    plan = plan_invoice(charged, mapping(mode), {}, DOMESTIC, facts)
    assert isinstance(plan, InvoicePlan), plan
    return plan


def held(charged: Order, facts: AccountsFacts = FACTS, **changes: object) -> Verdict:
    verdict = plan_invoice(charged, mapping(**changes), {}, DOMESTIC, facts)
    assert isinstance(verdict, Verdict), verdict
    return verdict


def test_net_from_gross_needs_no_correction_when_the_total_can_be_produced() -> None:
    plan = planned(order([line("79.96", "19.99")], "99.95"))
    assert plan.correction == 0
    assert (plan.predicted.net, plan.predicted.vat, plan.predicted.gross) == (D("79.96"), D("19.99"), D("99.95"))


@pytest.mark.edge(36)
def test_total_that_net_and_vat_cannot_produce_gets_one_correction_line() -> None:
    # Domain 7.2: 12.47 is 9.98 + 2.49 in the shop; the accounts make 2.50 of the VAT.
    plan = planned(order([line("9.98", "2.49")], "12.47"))
    assert plan.correction == D("-0.01")
    assert plan.lines[-1].product_number == "diff"
    assert plan.predicted.gross == D("12.47")
    assert plan.predicted.vat == D("2.50")


def test_coupon_order_of_the_guide_comes_out_at_what_was_charged() -> None:
    # Domain 7.4: 3 x 79.95 less 10 % and shipping 39.00, charged 254.87; net 172.70 is charged as 215.87.
    goods = line("172.70", "43.17", quantity="3")
    shipping = line("31.20", "7.80", kind=LineKind.SHIPPING, number=2)
    plan = planned(order([goods, shipping], "254.87"))
    assert plan.predicted.gross == D("254.87")
    assert abs(plan.correction) == D("0.01")


def test_price_that_is_not_exact_becomes_quantity_one_with_the_quantity_in_the_text() -> None:
    # 3 x 33.33 incl. 25 %: 79.99 / 3 has no two-decimal price (recorded order 68).
    plan = planned(order([line("79.99", "20.00", quantity="3")], "99.99"))
    assert plan.lines[0].quantity == 1
    assert plan.lines[0].unit_price == D("79.99")
    assert plan.lines[0].text.startswith("3 × ")


def test_exact_price_keeps_quantity_and_price() -> None:
    plan = planned(order([line("239.84", "59.96", quantity="2")], "299.80"))
    assert (plan.lines[0].quantity, plan.lines[0].unit_price) == (2, D("119.92"))


@pytest.mark.edge(39)
def test_large_quantity_of_a_small_price_comes_out_right() -> None:
    # Domain 7.5: 50 x 1.95 incl. 25.5 % charged 97.50; at two decimals a unit price would be 0.24 off.
    finnish = AccountsFacts({"NH-1": VatOfProduct(D("0.255"), "OSSFI"), "diff": NO_VAT}, {})
    plan = planned(order([line("77.69", "19.81", quantity="50", rate="0.255")], "97.50"), facts=finnish)
    assert plan.predicted.gross == D("97.50")
    assert plan.correction == 0


def test_oss_example_of_three_lines_has_no_difference() -> None:
    # Domain 7.6: DE 19 %, charged 499.37.
    german = AccountsFacts({"NH-1": VatOfProduct(D("0.19"), "OSSDE"), "diff": NO_VAT}, {})
    lines = [
        line("325.21", "61.79", quantity="3", rate="0.19"),
        line("83.95", "15.95", quantity="2", rate="0.19", number=2),
        line("10.48", "1.99", rate="0.19", number=3),
    ]
    plan = planned(order(lines, "499.37"), facts=german)
    assert (plan.predicted.net, plan.predicted.vat, plan.correction) == (D("419.64"), D("79.73"), 0)


@pytest.mark.edge(37)
def test_tax_rounded_at_subtotal_is_recognised_by_the_header() -> None:
    # Recorded order 729: total 388.87 with header VAT 77.77, while the lines' VAT sums to 77.78.
    lines = [line("103.70", "25.93"), line("103.70", "25.93", number=2), line("103.70", "25.92", number=3)]
    plan = planned(order(lines, "388.87", vat_total="77.77"))
    assert plan.predicted.gross == D("388.87")


@pytest.mark.edge(31)
def test_mixed_rates_are_predicted_per_vat_code() -> None:
    lines = [line("100.00", "25.00"), line("84.50", "0.00", sku="BOG-0", rate=None, number=2)]
    plan = planned(order(lines, "209.50"))
    assert plan.predicted.vat == D("25.00")


@pytest.mark.parametrize(
    ("charged", "code"),
    [
        (order([line("79.96", "19.99")], "89.95"), "lines_do_not_sum"),
        (order([line("100.00", "19.00")], "119.00"), "vat_not_explained"),
        pytest.param(
            order([line("100.00", "0.00", rate=None)], "100.00"), "vat_rate_conflict", marks=pytest.mark.edge(35)
        ),
        (order([line("100.00", "19.00", rate="0.19")], "119.00"), "vat_rate_conflict"),
        (order([line("79.96", "19.99")], "99.95", currency="EUR"), "currency_not_mapped"),
        (order([line("79.96", "19.99", sku=None)], "99.95"), "sku_missing"),
        (order([line("79.96", "19.99", sku="X" * 26)], "99.95"), "sku_too_long"),
        (order([line("79.96", "19.99", sku="UKENDT")], "99.95"), "product_missing"),
        (order([line("79.9664", "19.9916")], "99.958"), "fraction_not_sendable"),
        pytest.param(
            order([line("80.00", "20.00", kind=LineKind.GIFT_CARD_SALE)], "100.00"),
            "gift_card_undecided",
            marks=pytest.mark.edge(2),
        ),
    ],
)
def test_what_is_not_understood_is_held_with_its_reason(charged: Order, code: str) -> None:
    assert held(charged).code == code


def test_barred_product_is_held_with_its_own_reason() -> None:
    barred = AccountsFacts(dict(FACTS.vat) | {}, {"SPÆR": Verdict.of("product_barred", sku="SPÆR", system="e-conomic")})
    assert held(order([line("80.00", "20.00", sku="SPÆR")], "100.00"), barred).code == "product_barred"


def test_correction_is_refused_when_the_rounding_product_has_vat() -> None:
    taxed = AccountsFacts({"NH-1": U25, "diff": U25}, {})
    assert held(order([line("9.98", "2.49")], "12.47"), taxed).code == "rounding_product_taxed"


def test_generic_product_of_the_rate_stands_in_for_an_unknown_sku() -> None:
    facts = AccountsFacts({"VARE25": U25, "diff": NO_VAT}, {})
    generic = mapping(products={"by_rate": {"0.25": "VARE25"}})
    plan = plan_invoice(order([line("80.00", "20.00", sku="UKENDT")], "100.00"), generic, {}, DOMESTIC, facts)
    assert isinstance(plan, InvoicePlan)
    assert plan.lines[0].product_number == "VARE25"


def test_every_line_of_a_rate_goes_on_the_product_that_the_vat_decision_names() -> None:
    facts = AccountsFacts({"OSSDE19": VatOfProduct(D("0.19"), "OSSDE"), "diff": NO_VAT}, {})
    german = VatDecision(1, Scheme.OSS, "DE", products=((D("0.19"), "OSSDE19"),))
    sold = order(
        [line("100.00", "19.00", rate="0.19"), line("10.00", "1.90", rate="0.19", kind=LineKind.SHIPPING, number=2)],
        "130.90",
    )
    assert numbers_needed(sold, mapping(), {}, german) == ("diff", "OSSDE19")
    plan = plan_invoice(sold, mapping(), {}, german, facts)
    assert isinstance(plan, InvoicePlan), plan
    assert [each.product_number for each in plan.lines] == ["OSSDE19", "OSSDE19"]
    assert plan.lines[0].text == "Vare 1"


RATES = st.sampled_from([D("0"), D("0.19"), D("0.21"), D("0.24"), D("0.25"), D("0.255")])


@st.composite
def charged_orders(draw: st.DrawFn) -> tuple[Order, AccountsFacts]:
    """Orders as a shop charges them: gross prices, VAT taken out and rounded per line."""
    lines, vat = [], {"diff": NO_VAT}
    for number in range(1, draw(st.integers(1, 12)) + 1):
        rate, quantity = draw(RATES), draw(st.integers(1, 500))
        gross = D(draw(st.integers(1, 200_000))) / 100 * quantity
        net = rounded(gross / (1 + rate))
        tax = rounded(gross) - net
        if not vat_is_explained(net, tax, rate):
            continue
        sku = f"S{rate}"
        vat[sku] = VatOfProduct(rate, f"V{rate}")
        lines.append(line(str(net), str(tax), quantity=str(quantity), sku=sku, rate=str(rate), number=number))
    total = sum((each.net + each.vat for each in lines), D(0))
    return order(lines, str(total)), AccountsFacts(vat, {})


@given(case=charged_orders(), mode=st.sampled_from(RoundingMode))
@settings(max_examples=300, deadline=None)
def test_whatever_was_charged_is_what_is_predicted(case: tuple[Order, AccountsFacts], mode: RoundingMode) -> None:
    charged, facts = case
    if not charged.lines:
        return
    plan = planned(charged, mode, facts)
    assert plan.predicted.gross == charged.total.amount
    assert predict(list(plan.lines), mode) == plan.predicted
    # A correction is rounding: a cent a line and one for the document at the most.
    assert abs(plan.correction) <= D("0.01") * (len(charged.lines) + 1)


def test_a_quarter_of_a_cent_is_not_a_price() -> None:
    assert exact_unit_price(D("79.99"), D(3)) is None
    assert exact_unit_price(D("10.00"), D("2.5")) == D("4.00")
    assert exact_unit_price(D("10.00"), D("0.333")) is None
    assert exact_unit_price(D("0.00"), D(0)) is None


def test_ties_round_away_from_zero() -> None:
    assert rounded(D("2.495")) == D("2.50")
    assert rounded(D("-2.495")) == D("-2.50")


def test_every_fifth_total_at_25_percent_needs_the_correction() -> None:
    # Domain 7.3: with one rate of 25 % the totals ending in 2 or 7 cannot be produced.
    unreachable = {D(total) / 100 for total in range(1, 2001)} - {
        net + rounded(net * D("0.25")) for net in (D(cents) / 100 for cents in range(2001))
    }
    assert len(unreachable) == 400
    assert {int(total * 100) % 5 for total in unreachable} == {2}
