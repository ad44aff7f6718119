"""Gift cards and store credit in their four shapes, with the numbers of domain guide 6.6."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pakhus.discounts import Coupon
from pakhus.model import ZERO, Line, LineKind, Order, VatShare
from pakhus.reasons import Verdict
from pakhus.rules.gift_cards import due_with_cards, redeemed_of
from pakhus.rules.invoices import AccountsFacts, InvoicePlan, VatOfProduct, plan_invoice
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer, GiftCards
from pakhus.rules.vat import Scheme, VatDecision
from tests.rules.orders import line, order

D = Decimal
U25, NO_VAT = VatOfProduct(D("0.25"), "U25"), VatOfProduct(D(0), "")
FACTS = AccountsFacts(
    {
        "NH-1": U25,
        "fragtmm": U25,
        "rabat": U25,
        "gavekortmoms": U25,
        "gavekort": NO_VAT,
        "diff": NO_VAT,
    },
    {},
)
GOODS = line("360.00", "90.00")  # 450.00
CARD_300 = Line("9", LineKind.GIFT_CARD_REDEEMED, "Gavekort", D(1), D("-300.00"), ZERO)


def mapping(**cards: object) -> AccountingMapping:
    return AccountingMapping(
        customers=CollectiveCustomer(mode="collective", number=1), layout=19, gift_cards=GiftCards(**cards)
    )


def plan(charged: Order, **cards: object) -> InvoicePlan:
    found = plan_invoice(charged, mapping(**cards), {}, VatDecision(1, Scheme.DOMESTIC, "DK"), FACTS)
    assert isinstance(found, InvoicePlan), found
    return found


def verdict(charged: Order, accounting: AccountingMapping) -> str:
    found = plan_invoice(charged, accounting, {}, VatDecision(1, Scheme.DOMESTIC, "DK"), FACTS)
    assert isinstance(found, Verdict), found
    return found.code


def fee(net: str, vat: str, name: str = "Gavekort ABCD") -> Line:
    return replace(line(net, vat, kind=LineKind.DISCOUNT, number=2, rate="0.25" if D(vat) else None), name=name)


def as_fee() -> Order:
    return order([GOODS, fee("-300.00", "0.00")], "150.00", vat_total="90.00")


def as_taxed_fee() -> Order:
    """The shop taxes negative fees whatever the plugin asked for (woocommerce.md 7)."""
    return order([GOODS, fee("-240.00", "-60.00")], "150.00")


def as_coupon() -> Order:
    discounted = replace(line("120.00", "30.00"), discount_net=D("240.00"), discount_vat=D("60.00"))
    coupons = (Coupon("abcd", "smart_coupon", D("240.00"), D("60.00")),)
    return replace(order([discounted], "150.00"), coupons=coupons)


def as_own_line() -> Order:
    return order([GOODS, CARD_300], "150.00", vat_total="90.00")


def as_lowered_total() -> Order:
    return order([GOODS], "150.00", vat_total="90.00")


SHAPES = pytest.mark.parametrize(
    ("charged", "cards"),
    [
        (as_fee(), {}),
        (as_taxed_fee(), {}),
        (as_coupon(), {}),
        (as_own_line(), {}),
        (as_lowered_total(), {"lowered_total": "card"}),
    ],
    ids=["fee", "taxed fee", "coupon", "own line", "lowered total"],
)


@SHAPES
def test_multi_purpose_card_is_a_payment_and_the_invoice_is_full(charged: Order, cards: dict[str, str]) -> None:
    found = plan(charged, **cards)
    assert (found.predicted.gross, found.predicted.vat) == (D("450.00"), D("90.00"))
    assert found.redeemed == D("300.00")
    assert found.correction == 0
    assert redeemed_of(charged, mapping(**cards)) == D("300.00")


@SHAPES
def test_multi_purpose_card_as_a_line_leaves_what_was_charged_and_all_vat(
    charged: Order, cards: dict[str, str]
) -> None:
    found = plan(charged, shown_as="line", **cards)
    assert (found.predicted.gross, found.predicted.vat, found.redeemed) == (D("150.00"), D("90.00"), 0)
    assert [(each.product_number, each.net) for each in found.lines] == [("NH-1", D(360)), ("gavekort", D(-300))]


@SHAPES
def test_single_purpose_card_takes_back_the_vat_of_its_sale(charged: Order, cards: dict[str, str]) -> None:
    found = plan(charged, redeemed="single", **cards)
    assert (found.predicted.gross, found.predicted.vat) == (D("150.00"), D("30.00"))
    assert [(each.product_number, each.net) for each in found.lines] == [("NH-1", D(360)), ("gavekortmoms", D(-240))]
    assert (found.redeemed, found.correction) == (0, 0)


@pytest.mark.edge(2)
def test_sold_multi_purpose_card_is_debt_without_vat() -> None:
    sold = line("500.00", "0.00", sku="GAVE-500", rate=None)
    found = plan(order([sold], "500.00"), sold={"GAVE-500": "multi"})
    assert [(each.product_number, each.net, each.rate) for each in found.lines] == [("gavekort", D(500), 0)]
    assert found.predicted.vat == 0


@pytest.mark.edge(2)
def test_sold_single_purpose_card_is_an_ordinary_line_with_vat() -> None:
    found = plan(order([line("400.00", "100.00")], "500.00"), sold={"NH-1": "single"})
    assert (found.lines[0].product_number, found.predicted.vat) == ("NH-1", D("100.00"))


def test_sold_multi_purpose_card_that_the_shop_taxed_is_held() -> None:
    taxed = order([line("400.00", "100.00", sku="GAVE-500")], "500.00")
    assert verdict(taxed, mapping(sold={"GAVE-500": "multi"})) == "vat_rate_conflict"


@pytest.mark.parametrize("charged", [as_fee(), as_coupon(), as_own_line()], ids=["fee", "coupon", "own line"])
def test_card_is_never_taken_for_a_discount_where_the_mapping_is_silent(charged: Order) -> None:
    silent = mapping().model_copy(update={"gift_cards": None})
    assert verdict(charged, silent) == "gift_card_undecided"
    assert redeemed_of(charged, silent) == 0


def test_lowered_total_is_held_until_the_mapping_says_that_it_is_a_card() -> None:
    assert verdict(as_lowered_total(), mapping()) == "lines_do_not_sum"


def test_order_that_a_card_paid_in_full_is_invoiced_in_full() -> None:
    paid = order([GOODS, replace(CARD_300, net=D("-450.00"))], "0.00", vat_total="90.00")
    found = plan(paid)
    assert (found.predicted.gross, found.redeemed) == (D("450.00"), D("450.00"))


def test_field_of_a_plugin_that_repeats_a_fee_counts_once() -> None:
    both = order([GOODS, fee("-300.00", "0.00"), CARD_300], "150.00", vat_total="90.00")
    assert plan(both).redeemed == D("300.00")


def test_ordinary_coupon_beside_a_card_as_coupon_is_held() -> None:
    mixed = replace(as_coupon(), coupons=(*as_coupon().coupons, Coupon("ti", "percent", D("12.00"), D("3.00"))))
    assert verdict(mixed, mapping()) == "gift_card_with_coupon"


def test_ordinary_coupon_and_ordinary_negative_fee_are_no_cards() -> None:
    discounted = replace(as_coupon(), coupons=(Coupon("ti", "percent", D("240.00"), D("60.00")),))
    assert (plan(discounted).predicted.gross, plan(discounted).redeemed) == (D("150.00"), 0)
    fee_off = order([GOODS, fee("-80.00", "-20.00", name="Kontantrabat")], "350.00")
    assert (plan(fee_off).predicted.gross, plan(fee_off).lines[1].product_number) == (D("350.00"), "rabat")


def test_card_coupon_over_mixed_rates_keeps_each_rate() -> None:
    taxed = replace(line("80.00", "20.00"), discount_net=D("40.00"), discount_vat=D("10.00"))
    book = replace(line("50.00", "0.00", sku="gavekort", rate=None, number=2), discount_net=D("25.00"))
    charged = replace(order([taxed, book], "150.00"), coupons=(Coupon("k", "store_credit", D("65.00"), D("10.00")),))
    found = plan(charged)
    assert (found.predicted.gross, found.predicted.vat, found.redeemed) == (D("225.00"), D("30.00"), D("75.00"))


def test_shares_of_a_restored_line_follow_its_vat() -> None:
    charged = as_coupon()
    assert charged.lines[0].vat_shares == (VatShare(D("0.25"), D("30.00")),)
    assert plan(charged).lines[0].net == D("360.00")


def test_proof_expects_the_invoice_that_cards_and_charge_make() -> None:
    assert due_with_cards(as_taxed_fee(), mapping()) == (D("450.00"), D("90.00"))
    assert due_with_cards(as_own_line(), mapping(redeemed="single")) == (D("150.00"), D("30.00"))
    assert due_with_cards(order([GOODS], "450.00"), mapping()) is None
