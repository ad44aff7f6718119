"""The report on SKUs: each kind of trouble, and what is none."""

from dataclasses import replace

import pytest

from pakhus.model import Product
from pakhus.rules.sku_report import Catalogue, Trouble, sku_report, usable_numbers


def product(sku: str, name: str = "Kop", **members: object) -> Product:
    made = Product(sku=sku, name=name, price=None, price_includes_vat=True, id=f"{sku or 'none'}/{name}")
    return replace(made, **members)  # type: ignore[arg-type]


def troubles(*catalogues: Catalogue) -> list[tuple[str, Trouble, str]]:
    return [(problem.shop, problem.trouble, problem.sku) for problem in sku_report(catalogues)]


def of(*products: Product, **members: object) -> Catalogue:
    return Catalogue("nordlys", products, **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sku", "trouble"),
    [
        ("", Trouble.MISSING),
        ("A" * 26, Trouble.TOO_LONG),
        ("00123", Trouble.LEADING_ZERO),
    ],
)
def test_a_sku_that_is_wrong_by_itself(sku: str, trouble: Trouble) -> None:
    assert troubles(of(product(sku))) == [("nordlys", trouble, sku)]


@pytest.mark.parametrize("sku", ["A" * 25, "0", "0A12", "123", "ÆØÅ-1"])
def test_a_sku_that_is_well(sku: str) -> None:
    assert troubles(of(product(sku), warehouse={sku}, accounts={sku})) == []


@pytest.mark.parametrize(("one", "other"), [("nh-1", "NH-1"), ("NH 1", "NH1"), ("NH-1", "NH-1")])
def test_doubled_without_regard_to_letter_case_and_blanks(one: str, other: str) -> None:
    found = sku_report([of(product(one, "Kop"), product(other, "Fad"))])
    assert {problem.trouble for problem in found} == {Trouble.DOUBLED}
    assert {problem.name for problem in found} == {"Kop", "Fad"}
    assert next(problem for problem in found if problem.name == "Kop").detail == f"{other}/Fad: Fad ({other})"


def test_two_skus_that_are_mapped_to_one_number_are_doubled() -> None:
    found = troubles(of(product("A"), product("B"), numbers={"A": "X", "B": "x"}))
    assert found == [("nordlys", Trouble.DOUBLED, "A"), ("nordlys", Trouble.DOUBLED, "B")]


def test_variations_that_share_a_sku_or_have_their_parents() -> None:
    parent = product("T", "Trøje", id="7")
    small, large = (product("T-1", name, parent_id="7") for name in ("S", "L"))
    found = troubles(of(parent, small, large, product("T", "M", parent_id="7"), product("T-2", "XL", parent_id="7")))
    shared = Trouble.SHARED_BY_VARIATIONS
    assert found == [("nordlys", shared, "T"), ("nordlys", shared, "T-1"), ("nordlys", shared, "T-1")]


def test_a_parent_is_not_sold_and_needs_no_sku() -> None:
    assert troubles(of(product("", id="7"), product("T-1", parent_id="7"))) == []


def test_what_is_not_published_is_not_sold() -> None:
    assert troubles(of(product("", barred=True), product("A"), product("a", barred=True))) == []


def test_one_sku_for_different_products_in_shops_of_one_agreement() -> None:
    one = of(product("A", "Kop"), product("B", "Fad"), together=frozenset({"rackbeat__main"}))
    other = replace(one, shop="fjordliv", products=(product("a", "Krus"), product("B", " fad")))
    assert troubles(one, other) == [
        ("nordlys", Trouble.OTHER_PRODUCT, "A"),
        ("fjordliv", Trouble.OTHER_PRODUCT, "a"),
    ]
    apart = replace(other, together=frozenset({"rackbeat__nord"}))
    assert troubles(one, apart) == []


def test_barcodes_decide_where_both_shops_have_one() -> None:
    shared = frozenset({"rackbeat__main"})
    one = of(product("A", "Kop", barcode="1"), product("B", "Fad", barcode="2"), together=shared)
    other = Catalogue(
        "fjordliv", (product("A", "Krus", barcode="1"), product("B", "Fad", barcode="3")), together=shared
    )
    assert [sku for _, _, sku in troubles(one, other)] == ["B", "B"]


def test_what_warehouse_and_accounts_do_not_have_is_named_with_what_is_almost_it() -> None:
    catalogue = of(product("NH-1"), product("NH-2"), product("A" * 26), warehouse={"nh-1", "NH-2"}, accounts=set())
    found = [(one.trouble, one.sku, one.detail) for one in sku_report([catalogue]) if one.trouble != Trouble.TOO_LONG]
    assert found == [
        (Trouble.NOT_IN_WAREHOUSE, "NH-1", "there is 'nh-1'"),
        (Trouble.NOT_IN_ACCOUNTS, "NH-1", ""),
        (Trouble.NOT_IN_ACCOUNTS, "NH-2", ""),
    ]


def test_services_need_not_be_in_the_warehouse_but_in_the_accounts() -> None:
    catalogue = Catalogue("nordlys", [product("FITTING")], warehouse=(), accounts=(), not_goods={"FITTING"})
    assert [problem.trouble for problem in sku_report([catalogue])] == [Trouble.NOT_IN_ACCOUNTS]


def test_lists_that_could_not_be_read_prove_nothing() -> None:
    assert troubles(of(product("A"), warehouse=None, accounts=None)) == []


def test_numbers_that_can_be_used() -> None:
    catalogue = of(product("A"), product(""), product("B" * 30), product("C" * 30), numbers={"C" * 30: "C"})
    assert usable_numbers(catalogue) == {"A", "C"}
