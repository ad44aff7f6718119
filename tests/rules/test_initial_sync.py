"""What the first transfer makes, counts and leaves alone."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pakhus.model import Money, Product
from pakhus.reasons import Verdict
from pakhus.rules.initial_sync import Stocked, Transfer, plan_transfers
from pakhus.rules.product_mapping import NewWarehouseProducts
from pakhus.rules.product_prices import net_price
from pakhus.rules.sku_report import Catalogue

D = Decimal
NEW = NewWarehouseProducts(group=1, location=100, vat_rates={"": "0.25", "reduced-rate": "0.12"})
CUP = Product("A", "Kop", Money(D("125.00"), "DKK"), price_includes_vat=True, id="1", stock=D(5))


def planned(product: Product, *there: Stocked, **options: object) -> Transfer:
    found = {one.number: one for one in there}
    (only,) = plan_transfers(Catalogue("nordlys", [product]), found, NEW, **options)  # type: ignore[arg-type]
    return only


def codes(transfer: Transfer) -> list[str]:
    return [verdict.code for verdict in transfer.left]


def test_a_new_product_is_made_and_counted() -> None:
    plan = planned(CUP)
    assert plan.make is not None
    assert (plan.make.number, plan.make.price, plan.on_hand, plan.left) == ("A", D("100.00"), D(5), ())


@pytest.mark.parametrize(
    ("amount", "included", "tax_class", "net"),
    [
        ("125.00", True, "", "100.00"),
        ("125.00", True, "standard", "100.00"),
        ("112.00", True, "reduced-rate", "100.00"),
        ("99.95", True, "", "79.96"),
        ("99.95", False, "", "99.95"),
        ("99.955", False, "nulmoms", "99.96"),
    ],
)
def test_the_price_is_net_by_the_shop_s_own_basis(amount: str, included: bool, tax_class: str, net: str) -> None:
    product = replace(CUP, price=Money(D(amount), "DKK"), price_includes_vat=included, tax_class=tax_class)
    assert net_price(product, NEW) == D(net)


@pytest.mark.parametrize("change", [{"tax_class": "nulmoms"}, {"price": Money(D(10), "EUR")}])
def test_a_price_that_cannot_be_told_leaves_the_product_out(change: dict[str, object]) -> None:
    plan = planned(replace(CUP, **change))  # type: ignore[arg-type]
    assert (plan.make, plan.on_hand, codes(plan)) == (None, None, ["product_price_unknown"])


def test_a_product_without_a_price_has_none() -> None:
    assert net_price(replace(CUP, price=None), NEW) == 0


@pytest.mark.edge(74)
def test_a_variation_that_keeps_its_stock_at_its_parent_is_made_and_not_counted() -> None:
    """Its number is its parent's: each variation would be given all of it."""
    shirt = Product("T", "Trøje", None, price_includes_vat=True, id="7", stock=D(9))
    small = replace(CUP, sku="T-S", id="8", parent_id="7", manages_stock=False, stock=D(9))
    large = replace(small, sku="T-L", id="9")
    plans = plan_transfers(Catalogue("nordlys", [shirt, small, large]), {}, NEW)
    assert [plan.number for plan in plans if plan.make] == ["T-S", "T-L"]
    assert [(plan.on_hand, codes(plan)) for plan in plans] == [(None, ["initial_stock_unknown"])] * 2


@pytest.mark.edge(77)
def test_a_product_without_stock_management_is_made_and_not_counted() -> None:
    plan = planned(replace(CUP, manages_stock=False, stock=None))
    assert plan.make is not None
    assert (plan.on_hand, codes(plan)) == (None, ["initial_stock_unknown"])


@pytest.mark.edge(72)
def test_less_than_nothing_is_not_counted() -> None:
    plan = planned(replace(CUP, stock=D(-2)))
    assert (plan.on_hand, codes(plan)) == (None, ["initial_stock_unknown"])


@pytest.mark.parametrize(
    ("there", "on_hand", "left"),
    [
        (Stocked("A", D(0), D(0)), D(5), ["product_there"]),
        (Stocked("A", D(0), D(2)), D(7), ["product_there"]),  # orders hold 2 back: 5 are to be free
        (Stocked("A", D(5), D(0)), None, ["product_there"]),
        (Stocked("A", D(3), D(0)), None, ["product_there", "initial_stock_there"]),
        (Stocked("A", D(-1), D(0)), None, ["product_there", "initial_stock_there"]),
        (Stocked("A", None, D(0)), None, ["product_there", "initial_stock_unknown"]),
        (Stocked("A", D(0), D(0), keeps_stock=False), None, ["product_there", "initial_stock_unknown"]),
    ],
)
def test_what_the_warehouse_has_is_left_alone(there: Stocked, on_hand: Decimal | None, left: list[str]) -> None:
    plan = planned(CUP, there)
    assert (plan.make, plan.on_hand, codes(plan)) == (None, on_hand, left)


def test_nothing_is_counted_where_the_shop_has_none() -> None:
    assert planned(replace(CUP, stock=D(0))).on_hand is None


def test_a_wrong_sku_leaves_the_product_out_and_says_why() -> None:
    plan = planned(replace(CUP, sku="A" * 26))
    assert plan.left == (Verdict.of("product_sku_wrong", sku="A" * 26, problem="its SKU is too long"),)
    assert not plan.is_work


def test_what_is_no_goods_is_not_looked_at() -> None:
    assert plan_transfers(Catalogue("nordlys", [CUP], not_goods={"A"}), {}, NEW) == ()


def test_what_an_earlier_run_began_is_looked_at_again() -> None:
    plan = planned(replace(CUP, stock=D(0)), Stocked("A", D(0), D(0)), ours={"A"})
    assert plan.is_work
    assert plan.left == ()


def test_texts_are_cut_to_what_fits() -> None:
    plan = planned(replace(CUP, name="æ" * 300, description="ø" * 6000))
    assert plan.make is not None
    assert (len(plan.make.name), len(plan.make.description)) == (255, 5000)
