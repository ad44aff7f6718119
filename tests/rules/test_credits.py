"""Credit notes: the worked numbers of domain guide section 8, and what any sequence of refunds comes to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pakhus.model import Credit, InvoiceLine, Line, LineKind, Money, Order
from pakhus.reasons import Verdict
from pakhus.rules.credits import CreditPlan, Invoiced, Sale, left_by_rate, plan_credit, shares, split
from pakhus.rules.document_lines import DocumentLine, planned_lines
from pakhus.rules.invoices import AccountsFacts, VatOfProduct
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, ProductNumbers, RoundingMode
from pakhus.rules.money import rounded
from pakhus.rules.validation import predict
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.orders import PLACED, line, order

D = Decimal
TAXED, UNTAXED = D("0.25"), D(0)
FACTS = AccountsFacts(
    vat={
        "refusion": VatOfProduct(TAXED, "U25"),
        "vareum": VatOfProduct(UNTAXED, ""),
        "vare19": VatOfProduct(D("0.19"), "U19"),
        "vare07": VatOfProduct(D("0.07"), "U7"),
    },
    unsellable={},
)


def mapping(mode: RoundingMode = RoundingMode.DOCUMENT) -> AccountingMapping:
    by_rate = {"0.25": "vare", "0": "vareum", "0.19": "vare19", "0.07": "vare07"}
    products = ProductNumbers(by_rate=by_rate, refund_by_rate={"0.25": "refusion"})
    return AccountingMapping(
        customers=CollectiveCustomer(mode="collective", number=1), layout=19, rounding_mode=mode, products=products
    )


def document_lines(lines: Sequence[InvoiceLine], mode: RoundingMode) -> tuple[DocumentLine, ...]:
    return planned_lines(lines, mode, VatDecision(1, Scheme.DOMESTIC, "DK"))


def code(rate: Decimal) -> str:
    return f"U{rate * 100:.0f}" if rate else ""


def invoice_of(sold: Order, mode: RoundingMode = RoundingMode.DOCUMENT) -> Invoiced:
    """The invoice as the accounts book it: a line per order line, and the correction line to what was charged."""
    lines = []
    for one in sold.lines:
        share = one.vat_shares[0] if one.vat_shares else None
        rate = share.rate if share else UNTAXED
        number = one.sku or ("fragtmm" if one.kind is LineKind.SHIPPING else "vare")
        price = one.net / one.quantity
        whole = price == rounded(price)
        quantity, price = (one.quantity, price) if whole else (D(1), one.net)
        lines.append(InvoiceLine(number, one.name, quantity, price, rate, code(rate), one.id))
    missing = sold.total.amount - predict(lines, mode).gross
    if missing:
        lines.append(InvoiceLine("diff", "Øreafrunding", D(1), missing, UNTAXED, ""))
    texts = {number: one.text for number, one in enumerate(lines, 1)}
    return Invoiced(sold.total.amount, sold.currency, document_lines(lines, mode), texts)


def refund(amount: str, *lines: Line, number: int = 1) -> Credit:
    return Credit(
        shop="nordlys",
        order_id="1042",
        id=str(number),
        amount=Money(D(amount), "DKK"),
        lines=tuple(lines),
        created_at=PLACED + timedelta(days=number),
    )


def planned(credit: Credit, sold: Order, invoiced: Invoiced, mode: RoundingMode = RoundingMode.DOCUMENT) -> CreditPlan:
    plan = plan_credit(credit, Sale(sold, invoiced, mapping(mode), FACTS))
    assert isinstance(plan, CreditPlan), plan
    return plan


def held(credit: Credit, sold: Order, invoiced: Invoiced | None = None) -> Verdict:
    verdict = plan_credit(credit, Sale(sold, invoiced or invoice_of(sold), mapping(), FACTS))
    assert isinstance(verdict, Verdict), verdict
    return verdict


def after(invoiced: Invoiced, credit: Credit, plan: CreditPlan, mode: RoundingMode = RoundingMode.DOCUMENT) -> Invoiced:
    return replace(
        invoiced,
        credited=(*invoiced.credited, document_lines(plan.lines, mode)),
        credited_gross=invoiced.credited_gross + credit.amount.amount,
    )


def amounts(plan: CreditPlan) -> list[tuple[str, Decimal, Decimal]]:
    return [(one.product_number, one.quantity, one.unit_price) for one in plan.lines]


def totals(plan: CreditPlan) -> tuple[Decimal, Decimal, Decimal]:
    return plan.predicted.net, plan.predicted.vat, plan.predicted.gross


MIXED = order(
    [line("199.20", "49.80", sku="NH-1"), line("84.50", "0.00", sku="BOG-0", rate=None, number=2)],
    "333.50",
)


@pytest.mark.edge(41)
def test_amount_alone_is_split_into_net_and_vat_of_the_one_rate() -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    plan = planned(refund("50.00"), sold, invoice_of(sold))
    assert amounts(plan) == [("refusion", D(-1), D("40.00"))]
    assert totals(plan) == (D("-40.00"), D("-10.00"), D("-50.00"))
    assert plan.correction == 0


@pytest.mark.edge(41)
def test_amount_alone_is_split_over_the_rates_that_are_left() -> None:
    plan = planned(refund("33.33"), MIXED, invoice_of(MIXED))
    assert amounts(plan) == [("refusion", D(-1), D("19.91")), ("vareum", D(-1), D("8.44"))]
    assert totals(plan) == (D("-28.35"), D("-4.98"), D("-33.33"))


def test_split_by_largest_remainder_sums_to_the_amount() -> None:
    assert split(D("33.33"), {TAXED: D("249.00"), UNTAXED: D("84.50")}) == {TAXED: D("24.89"), UNTAXED: D("8.44")}
    assert split(D("0.01"), {TAXED: D(1), UNTAXED: D(1)}) == {TAXED: D("0.01"), UNTAXED: D("0.00")}


@pytest.mark.edge(42)
def test_pieces_returned_one_at_a_time_sum_to_the_goods() -> None:
    sold = order([line("172.70", "43.17", quantity="3")], "215.87")
    invoiced = invoice_of(sold)
    found = []
    for number, part in enumerate(("71.96", "71.95", "71.96"), 1):
        plan = planned(refund(part, number=number), sold, invoiced)
        invoiced = after(invoiced, refund(part, number=number), plan)
        found.append(plan.predicted.gross)
    assert found == [D("-71.96"), D("-71.95"), D("-71.96")]
    assert (sum(found), invoiced.left) == (D("-215.87"), 0)
    assert left_by_rate(invoiced, mapping())[TAXED].net == 0
    # One øre more than the goods is refused, not rounded away.
    assert plan_credit(refund("0.01", number=4), Sale(sold, invoiced, mapping(), FACTS)) == Verdict.of(
        "credit_exceeds_invoice", refunded=D("0.01"), left=D("0.00")
    )


def test_lines_are_credited_with_the_refunds_own_amounts_at_the_price_that_was_invoiced() -> None:
    sold = order([line("453.60", "113.40", quantity="3", sku="NH-7")], "567.00")
    plan = planned(refund("378.00", line("302.40", "75.60", quantity="2", sku="NH-7")), sold, invoice_of(sold))
    assert amounts(plan) == [("NH-7", D(-2), D("151.20"))]
    assert totals(plan) == (D("-302.40"), D("-75.60"), D("-378.00"))


def test_what_the_lines_leave_is_an_amount_alone() -> None:
    sold = order([line("453.60", "113.40", quantity="3", sku="NH-7")], "567.00")
    plan = planned(refund("239.00", line("151.20", "37.80", sku="NH-7")), sold, invoice_of(sold))
    assert amounts(plan) == [("NH-7", D(-1), D("151.20")), ("refusion", D(-1), D("40.00"))]
    assert plan.predicted.gross == D("-239.00")


def test_amount_typed_in_without_its_vat_has_the_vat_in_it() -> None:
    sold = order([line("159.20", "39.80", sku="NH-7")], "199.00")
    typed = line("50.00", "0.00", quantity="0", sku="NH-7", rate=None)
    plan = planned(refund("50.00", typed), sold, invoice_of(sold))
    assert amounts(plan) == [("refusion", D(-1), D("40.00"))]


@pytest.mark.parametrize(("net", "vat"), [("0.00", "39.80"), ("90.00", "10.00"), ("31.84", "7.98")])
def test_vat_that_is_not_the_rates_is_held_since_no_credit_note_can_say_it(net: str, vat: str) -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    verdict = held(refund(str(D(net) + D(vat)), line(net, vat)), sold)
    assert verdict.code == "refund_vat_not_explained"
    assert dict(verdict.parameters)["stated"] == vat


def test_share_of_a_line_that_is_rounded_twice_is_no_other_vat() -> None:
    sold = order([line("100.01", "25.00")], "125.01")
    plan = planned(refund("41.68", line("33.34", "8.34")), sold, invoice_of(sold))
    assert totals(plan) == (D("-33.34"), D("-8.34"), D("-41.68"))


def test_vat_alone_of_a_line_at_two_rates_is_held() -> None:
    sold = order([line("100.00", "16.00", rate="0.25")], "116.00")
    lines = [
        InvoiceLine("NH-1", "", D(1), D(64), TAXED, "U25", "1"),
        InvoiceLine("NH-2", "", D(1), D(36), D(0), "", "1"),
    ]
    invoiced = Invoiced(D("116.00"), "DKK", document_lines(lines, RoundingMode.DOCUMENT), {})
    assert held(refund("16.00", line("0.00", "16.00")), sold, invoiced).code == "refund_vat_not_explained"
    assert amounts(planned(refund("58.00", line("50.00", "8.00")), sold, invoiced))


@pytest.mark.edge(45)
def test_shipping_alone_is_credited_on_the_freight_product() -> None:
    freight = line("31.20", "7.80", kind=LineKind.SHIPPING, number=2)
    sold = order([line("159.20", "39.80"), freight], "238.00")
    plan = planned(refund("39.00", freight), sold, invoice_of(sold))
    assert amounts(plan) == [("fragtmm", D(-1), D("31.20"))]
    assert totals(plan) == (D("-31.20"), D("-7.80"), D("-39.00"))


def test_whole_refund_takes_every_line_back_the_correction_too() -> None:
    sold = order([line("9.98", "2.49")], "12.47")
    plan = planned(refund("12.47"), sold, invoice_of(sold))
    assert amounts(plan) == [("NH-1", D(-1), D("9.98")), ("diff", D(-1), D("-0.01"))]
    assert totals(plan) == (D("-9.97"), D("-2.50"), D("-12.47"))


def test_total_that_net_and_vat_cannot_produce_gets_a_correction_line_on_the_credit_note() -> None:
    # 50.02 at 25 % is no total of whole øre (domain 7.3).
    sold = order([line("159.20", "39.80")], "199.00")
    plan = planned(refund("50.02"), sold, invoice_of(sold))
    assert abs(plan.correction) == D("0.01")
    assert plan.lines[-1].product_number == "diff"
    assert plan.predicted.gross == D("-50.02")


@pytest.mark.edge(47)
def test_refund_of_more_than_is_left_is_held() -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    assert held(refund("199.01"), sold).code == "credit_exceeds_invoice"
    once = after(invoice_of(sold), refund("150.00"), planned(refund("150.00"), sold, invoice_of(sold)))
    verdict = held(refund("50.00", number=2), sold, once)
    assert dict(verdict.parameters) == {"refunded": "50.00", "left": "49.00"}


@pytest.mark.edge(47)
def test_lines_of_more_than_their_rate_has_left_are_held() -> None:
    goods = line("239.20", "59.80", quantity="1", sku="NH-1")
    assert held(refund("299.00", goods), MIXED).code == "credit_exceeds_rate"


def test_lines_above_the_amount_are_held() -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    assert held(refund("100.00", line("159.20", "39.80")), sold).code == "refund_lines_exceed_amount"


def test_rate_that_was_not_invoiced_is_held() -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    other = line("100.00", "19.00", rate="0.19", number=9)
    assert held(refund("119.00", other), sold).code == "credit_rate_not_invoiced"


def test_goods_back_without_money_need_no_credit_note() -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    assert held(refund("0.00", line("0.00", "0.00")), sold).code == "refund_of_nothing"


def test_refund_in_another_currency_is_held() -> None:
    sold = order([line("159.20", "39.80")], "199.00")
    euro = replace(refund("10.00"), amount=Money(D("10.00"), "EUR"))
    assert held(euro, sold).code == "credit_currency_differs"


@pytest.mark.parametrize("rate", ["0.25", "0.21"])
def test_amount_alone_under_oss_goes_where_the_countrys_vat_is(rate: str) -> None:
    """25 % is the rate in Sweden, too: the product for refunds at home would take Danish VAT back."""
    vat = 100 * D(rate)
    sold = order([line("100.00", f"{vat:.2f}", rate=rate)], f"{100 + vat:.2f}")
    lines = [InvoiceLine("oss-se", "Vare", D(1), D(100), D(rate), "OSSSE", "1")]
    oss = VatDecision(1, Scheme.OSS, "SE", products=((D(rate), "oss-se"),))
    invoiced = Invoiced(sold.total.amount, "DKK", planned_lines(lines, RoundingMode.DOCUMENT, oss), {1: "Vare"})
    by_amount = planned(refund("50.00"), sold, invoiced)
    without_pieces = planned(
        refund(f"{10 + vat / 10:.2f}", line("10.00", f"{vat / 10:.2f}", quantity="0")), sold, invoiced
    )
    for plan in (by_amount, without_pieces):
        assert {(one.product_number, one.vat_code) for one in plan.lines if one.rate} == {("oss-se", "OSSSE")}


def test_rate_without_a_product_for_refunds_is_held() -> None:
    sold = order([line("100.00", "12.00", rate="0.12")], "112.00")
    assert held(refund("10.00"), sold).code == "refund_product_missing"


def test_refund_product_of_another_rate_in_the_accounts_is_held() -> None:
    sold = order([line("100.00", "25.00")], "125.00")
    wrong = AccountsFacts(vat={"refusion": VatOfProduct(D("0.12"), "U12")}, unsellable={})
    verdict = plan_credit(refund("10.00"), Sale(sold, invoice_of(sold), mapping(), wrong))
    assert isinstance(verdict, Verdict)
    assert verdict.code == "vat_rate_conflict"


def test_line_that_was_invoiced_at_two_rates_is_credited_at_both() -> None:
    sold = order([line("150.00", "25.00", sku="SET")], "175.00")
    invoiced = replace(
        invoice_of(sold),
        lines=document_lines(
            [
                InvoiceLine("SET", "Sæt", D(1), D("100.00"), TAXED, "U25", "1"),
                InvoiceLine("SET-B", "Sæt", D(1), D("50.00"), UNTAXED, "", "1"),
            ],
            RoundingMode.DOCUMENT,
        ),
    )
    half = replace(line("75.00", "12.50", sku="SET", rate=None), vat_shares=None)
    plan = planned(refund("87.50", half), sold, invoiced)
    assert amounts(plan) == [("SET", D(-1), D("50.00")), ("SET-B", D(-1), D("25.00"))]
    assert totals(plan) == (D("-75.00"), D("-12.50"), D("-87.50"))


def test_everything_paid_back_of_an_order_paid_in_part_by_gift_card_is_held() -> None:
    sold = order([line("360.00", "90.00")], "150.00", refunded="150.00")
    invoiced = replace(invoice_of(order([line("360.00", "90.00")], "450.00")))
    assert held(refund("150.00"), sold, invoiced).code == "credit_with_gift_card"
    part = order([line("360.00", "90.00")], "150.00", refunded="50.00")
    assert totals(planned(refund("50.00"), part, invoiced)) == (D("-40.00"), D("-10.00"), D("-50.00"))


def test_amount_alone_of_an_order_with_a_gift_card_sold_is_held() -> None:
    card = line("500.00", "0.00", kind=LineKind.GIFT_CARD_SALE, rate=None, number=2)
    sold = order([line("159.20", "39.80"), card], "699.00")
    assert held(refund("100.00"), sold).code == "credit_with_gift_card"


@st.composite
def cases(draw: st.DrawFn) -> tuple[Order, RoundingMode, list[int]]:
    lines = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        rate = D(draw(st.sampled_from(["0.25", "0", "0.19", "0.07"])))
        net = D(draw(st.integers(1, 90000))) / 100
        quantity = draw(st.sampled_from(["1", "2", "3", "7"]))
        vat = str(rounded(net * rate))
        lines.append(line(str(net), vat, quantity=quantity, rate=str(rate), sku=f"NH-{number}", number=number))
    total = sum((one.net + one.vat for one in lines), D(0))
    mode = draw(st.sampled_from(list(RoundingMode)))
    return order(lines, str(total)), mode, draw(st.lists(st.integers(1, 1000), min_size=1, max_size=6))


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_any_sequence_of_refunds_sums_to_the_refunds_and_never_exceeds_the_invoice(
    case: tuple[Order, RoundingMode, list[int]], data: st.DataObject
) -> None:
    sold, mode, sizes = case
    invoiced = invoice_of(sold, mode)
    untouched = list(sold.lines)
    paid_back = D(0)
    for number, size in enumerate(sizes, 1):
        credit = next_refund(data, untouched, invoiced, size, number)
        if credit is None:
            break
        plan = plan_credit(credit, Sale(sold, invoiced, mapping(mode), FACTS))
        if isinstance(plan, Verdict):  # an amount alone can have eaten what a line now wants back at its rate
            assert plan.code == "credit_exceeds_rate"
            assert credit.lines
            continue
        assert plan.predicted.gross == -credit.amount.amount
        assert abs(plan.correction) <= D("0.05") * (len(plan.lines) + number)
        invoiced, paid_back = after(invoiced, credit, plan, mode), paid_back + credit.amount.amount
    assert (invoiced.credited_gross, invoiced.left >= 0) == (paid_back, True)
    bought = shares(invoiced.lines, mapping(mode))
    for rate, share in left_by_rate(invoiced, mapping(mode)).items():
        assert 0 <= share.net <= bought[rate].net
        assert 0 <= share.vat <= bought[rate].vat


def next_refund(
    data: st.DataObject, untouched: list[Line], invoiced: Invoiced, size: int, number: int
) -> Credit | None:
    """A whole line, an amount alone, or everything that is left."""
    kind = data.draw(st.sampled_from(["line", "amount", "rest"]))
    if kind == "line" and untouched:
        chosen = untouched.pop()
        gross = chosen.net + chosen.vat
        return refund(str(gross), chosen, number=number) if gross <= invoiced.left else None
    amount = invoiced.left if kind == "rest" else rounded(invoiced.left * size / 1000)
    assume(invoiced.left >= 0)
    return refund(str(amount), number=number) if amount > 0 else None
