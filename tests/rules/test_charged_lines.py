"""Lines of one rate each: bundles, discounts apart, freight over several rates, currencies, totals."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Line, LineKind, Order, VatShare
from pakhus.reasons import Verdict
from pakhus.rules.charged_lines import Charged, charged_lines, stated_rate
from pakhus.rules.mappings import AccountingMapping, CollectiveCustomer
from pakhus.rules.money import decimals_of, half_unit, rounded, vat_is_explained
from tests.rules.orders import line, order

D = Decimal
HALF = D("0.005")


def mapping(**changes: object) -> AccountingMapping:
    return AccountingMapping(customers=CollectiveCustomer(mode="collective", number=1), layout=19, **changes)


def charged(one: Order, **changes: object) -> Charged:
    found = charged_lines(one, mapping(**changes))
    assert isinstance(found, Charged), found
    return found


def held(one: Order, **changes: object) -> str:
    found = charged_lines(one, mapping(**changes))
    assert isinstance(found, Verdict), found
    return found.code


def freight(net: str, *shares: tuple[str, str]) -> Line:
    found = tuple(VatShare(D(rate), D(vat)) for rate, vat in shares)
    vat = sum((share.vat for share in found), D(0))
    return replace(line(net, str(vat), kind=LineKind.SHIPPING, number=2), vat_shares=found)


@pytest.mark.edge(33)
def test_freight_over_goods_of_two_rates_is_divided_so_that_each_part_explains_its_vat() -> None:
    # 30.00 freight: 20.00 at 25 % and 10.00 at 12 %.
    sold = order([line("80.00", "20.00"), freight("30.00", ("0.25", "5.00"), ("0.12", "1.20"))], "136.20")
    parts = charged(sold).lines[1:]
    assert [(stated_rate(part), part.net) for part in parts] == [(D("0.25"), D("20.00")), (D("0.12"), D("10.00"))]
    assert all(part.kind is LineKind.SHIPPING for part in parts)


@pytest.mark.edge(33)
def test_part_without_vat_is_told_by_the_rate_of_zero_that_the_shop_names() -> None:
    sold = order([line("80.00", "20.00"), freight("39.00", ("0.25", "5.00"), ("0", "0.00"))], "144.00")
    assert [(stated_rate(part), part.net) for part in charged(sold).lines[1:]] == [(D("0.25"), D(20)), (0, D(19))]
    unsaid = order([line("80.00", "20.00"), freight("39.00", ("0.25", "5.00"))], "144.00")
    assert held(unsaid) == "vat_not_explained"


@pytest.mark.edge(33)
def test_freight_at_the_highest_rate_of_the_cart_is_one_line() -> None:
    sold = order([line("50.00", "6.00", rate="0.12"), freight("31.20", ("0.25", "7.80"))], "95.00")
    assert [stated_rate(part) for part in charged(sold).lines] == [D("0.12"), D("0.25")]


def test_two_taxes_on_the_same_amount_are_held() -> None:
    sold = order([freight("100.00", ("0.05", "5.00"), ("0.08", "8.00"))], "113.00")
    assert held(sold) == "mixed_rates_on_line"


@given(
    rates=st.lists(
        st.sampled_from(["0.05", "0.07", "0.12", "0.19", "0.21", "0.25"]), min_size=2, max_size=4, unique=True
    ),
    data=st.data(),
)
def test_any_division_is_found_again_to_the_cent(rates: list[str], data: st.DataObject) -> None:
    nets = [D(data.draw(st.integers(20, 100_000))) / 100 for _ in rates]
    shares = [(rate, str(rounded(net * D(rate)))) for rate, net in zip(rates, nets, strict=True)]
    one = freight(str(sum(nets, D(0))), *shares)
    found = charged_lines(order([one], str(one.net + one.vat)), mapping())
    assert isinstance(found, Charged), found
    assert sum((part.net for part in found.lines), D(0)) == one.net
    assert sum((part.vat for part in found.lines), D(0)) == one.vat
    for part in found.lines:
        assert vat_is_explained(part.net, part.vat, stated_rate(part))


def bundle(parent: str, child: str) -> Order:
    parts = [
        line(parent, str(rounded(D(parent) * D("0.25"))), sku="SÆT", rate="0.25"),
        replace(line(child, str(rounded(D(child) * D("0.25"))), sku="DEL", number=2), parent_line_id="1"),
    ]
    return order(parts, str(sum((part.net + part.vat for part in parts), D(0))))


def test_parts_of_a_bundle_without_a_price_are_left_out() -> None:
    assert [part.sku for part in charged(bundle("80.00", "0.00")).lines] == ["SÆT"]


def test_parent_of_a_bundle_whose_parts_are_priced_is_left_out() -> None:
    assert [part.sku for part in charged(bundle("0.00", "80.00")).lines] == ["DEL"]


def test_bundle_whose_parent_and_parts_are_priced_stays_whole() -> None:
    assert [part.sku for part in charged(bundle("80.00", "8.00")).lines] == ["SÆT", "DEL"]


def test_discount_stays_inside_the_price_or_becomes_a_line_of_its_rate() -> None:
    goods = replace(line("72.00", "18.00", quantity="2"), discount_net=D("8.00"), discount_vat=D("2.00"))
    book = replace(line("45.00", "0.00", sku="BOG", rate=None, number=2), discount_net=D("5.00"))
    sold = order([goods, book], "135.00")
    assert [part.net for part in charged(sold).lines] == [D(72), D(45)]
    apart = charged(sold, discount_mode="separate_line")
    assert [(part.kind, part.net, part.vat, stated_rate(part)) for part in apart.lines] == [
        (LineKind.PRODUCT, D(80), D(20), D("0.25")),
        (LineKind.PRODUCT, D(50), D(0), D(0)),
        (LineKind.DISCOUNT, D(-8), D(-2), D("0.25")),
        (LineKind.DISCOUNT, D(-5), D(0), D(0)),
    ]


@pytest.mark.edge(1, 4)
def test_order_of_which_nothing_is_charged_is_left_out_or_invoiced_as_the_mapping_says() -> None:
    free = order([line("0.00", "0.00", quantity="2", rate=None)], "0.00")
    assert held(free) == "nothing_charged"
    assert charged(free, zero_total="invoice").target == 0


def test_order_that_comes_to_less_than_nothing_is_held() -> None:
    assert held(order([line("-8.00", "-2.00", kind=LineKind.DISCOUNT)], "-10.00")) == "negative_total"


@pytest.mark.edge(38)
def test_currency_of_three_decimals_is_held_even_where_its_amounts_look_round() -> None:
    kuwaiti = order([line("9.80", "2.45")], "12.25", currency="KWD")
    assert held(kuwaiti, currencies={"KWD"}) == "currency_decimals"
    assert decimals_of("KWD") == 3


@pytest.mark.edge(38)
def test_vat_in_whole_yen_is_explained_by_the_yen_and_not_by_the_øre() -> None:
    japanese = order([line("999", "250", quantity="3")], "1249", currency="JPY")
    assert charged(japanese, currencies={"JPY"}).target == 1249
    assert (half_unit("JPY"), half_unit("DKK")) == (D("0.5"), HALF)
    assert held(order([line("999", "250")], "1249")) == "vat_not_explained"  # kroner


@pytest.mark.parametrize(
    ("nets", "total", "fits"),
    [
        (["33.33", "33.33"], "83.34", True),  # two fees of 33.333 and their VAT of 8.333: 83.333 in the shop
        (["33.33", "33.33"], "83.37", False),
        (["33.33"] * 40, "1667.70", False),  # 100 lines lose no more than ten øre
    ],
)
def test_amounts_that_the_shop_keeps_finer_sum_to_the_total_within_their_rounding(
    nets: list[str], total: str, fits: bool
) -> None:
    fees = [line(net, "8.33", kind=LineKind.FEE, number=number) for number, net in enumerate(nets, 1)]
    sold = order(fees, total)
    assert (charged(sold).target == D(total)) if fits else (held(sold) == "lines_do_not_sum")
