"""A price on its way out of the shop loses its VAT, and on its way in gets it again: as the shop has its prices."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Money, Product
from pakhus.reasons import Verdict
from pakhus.rules.product_mapping import PricedProducts
from pakhus.rules.product_prices import net_price, shop_price

D = Decimal
BASIS = PricedProducts(vat_rates={"": "0.25", "reduced-rate": "0.12", "nulmoms": "0"})
CUP = Product("A", "Kop", Money(D("125.00"), "DKK"), price_includes_vat=True)
PRICES = st.decimals(0, 100_000, places=2)
CLASSES = st.sampled_from(["", "standard", "reduced-rate", "nulmoms"])


@pytest.mark.parametrize(
    ("price", "included", "taxable", "net"),
    [
        ("125.00", True, True, "100.00"),
        ("125.00", False, True, "125.00"),
        ("125.00", True, False, "125.00"),  # no VAT is charged on it, so none is in its price
        ("0.01", True, True, "0.01"),
        ("199.95", True, True, "159.96"),
    ],
)
def test_vat_is_taken_off_where_the_shop_s_prices_hold_it(price: str, included: bool, taxable: bool, net: str) -> None:
    product = replace(CUP, price=Money(D(price), "DKK"), price_includes_vat=included, taxable=taxable)
    assert net_price(product, BASIS) == D(net)


@pytest.mark.parametrize("change", [{"tax_class": "luksus"}, {"price": Money(D(10), "EUR")}])
def test_a_price_that_cannot_be_told_is_told_so_both_ways(change: dict[str, object]) -> None:
    product = replace(CUP, **change)  # type: ignore[arg-type]
    for found in (net_price(product, BASIS), shop_price(D(80), product, BASIS)):
        assert isinstance(found, Verdict)
        assert found.code == "product_price_unknown"


def test_a_new_product_of_the_shop_gets_the_price_of_its_class() -> None:
    new = Product("A", "Kop", None, price_includes_vat=True)
    assert shop_price(D("79.96"), new, BASIS) == Money(D("99.95"), "DKK")
    assert shop_price(D("79.96"), replace(new, price_includes_vat=False), BASIS) == Money(D("79.96"), "DKK")


@given(PRICES, CLASSES, st.booleans(), st.booleans())
def test_there_and_back_is_the_same_price_within_a_rounding(
    price: Decimal, tax_class: str, included: bool, taxable: bool
) -> None:
    product = replace(CUP, price=Money(price, "DKK"), tax_class=tax_class, price_includes_vat=included, taxable=taxable)
    net = net_price(product, BASIS)
    assert isinstance(net, Decimal)
    assert net == net.quantize(D("0.01"))
    back = shop_price(net, product, BASIS)
    assert isinstance(back, Money)
    rate = BASIS.rate_of(tax_class) or D(0)
    assert abs(back.amount - price) <= D("0.005") * (1 + rate) + D("0.005")
    if not included or not taxable or rate == 0:
        assert back.amount == net == price


@given(PRICES, CLASSES)
def test_a_net_price_survives_the_shop_s_way_of_having_it(net: Decimal, tax_class: str) -> None:
    """The warehouse's price comes back to the øre: VAT only makes it longer."""
    shown = shop_price(net, replace(CUP, tax_class=tax_class), BASIS)
    assert isinstance(shown, Money)
    assert net_price(replace(CUP, price=shown, tax_class=tax_class), BASIS) == net
