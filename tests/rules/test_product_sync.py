"""Who wins about a field of a product: the master, or whoever set it in the other system."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pakhus.model import Money, Product
from pakhus.reasons import Verdict
from pakhus.rules.product_mapping import NewAccountsProducts, NewWarehouseProducts
from pakhus.rules.product_sync import (
    BARCODE,
    BARRED,
    DESCRIPTION,
    GROUP,
    NAME,
    PRICE,
    Facts,
    Manners,
    after,
    decide,
    in_economic,
    in_rackbeat,
)

D = Decimal
OWNED = frozenset({NAME, PRICE, DESCRIPTION, BARCODE, BARRED, GROUP})
WAREHOUSE, ACCOUNTS = Manners(OWNED), Manners(OWNED, people_win=True)
TAKING_OVER = Manners(OWNED, take_over=True)
CUP = Product("A", "Kop", Money(D("125.00"), "DKK"), price_includes_vat=True, description="Stentøj", barcode="57")


@pytest.mark.parametrize(
    ("manners", "before", "ours", "there", "write"),
    [
        # What the target shows is what we wrote: it follows.
        (WAREHOUSE, "80", "80", "80", True),
        (ACCOUNTS, "80", "80", "80", True),
        # It was there before us: only what the master changes follows, and in the accounts not even that.
        (WAREHOUSE, None, None, "70", False),
        (WAREHOUSE, "80", None, "70", True),
        (ACCOUNTS, "80", None, "70", False),
        (TAKING_OVER, None, None, "70", True),
        # A person changed it: until the master does, or for good.
        (WAREHOUSE, "100", "100", "70", False),
        (WAREHOUSE, "80", "80", "70", True),
        (ACCOUNTS, "80", "80", "70", False),
        # A person made it what the master said: it follows.
        (ACCOUNTS, "70", "60", "70.00", True),
        # The target has made something of its own of this very value: it is not written for ever.
        (WAREHOUSE, "100", "99.99", "99.99", False),
    ],
)
def test_who_wins(manners: Manners, before: str | None, ours: str | None, there: str, write: bool) -> None:
    facts = Facts({PRICE: "100"}, {} if before is None else {PRICE: before}, {} if ours is None else {PRICE: ours})
    assert bool(decide(facts, {PRICE: there}, manners).write) is write


def test_an_empty_text_is_nobody_s_word() -> None:
    facts = Facts({DESCRIPTION: "Stentøj", BARCODE: "57", NAME: "Kop"})
    decision = decide(facts, {DESCRIPTION: "", BARCODE: "", NAME: "Krus"}, ACCOUNTS)
    assert decision.write == {DESCRIPTION: "Stentøj", BARCODE: "57"}
    assert decision.kept == (NAME,)


def test_a_group_and_a_bar_are_never_taken_over() -> None:
    facts = Facts({GROUP: "1", BARRED: "no", NAME: "Kop"})
    decision = decide(facts, {GROUP: "2", BARRED: "yes", NAME: "Krus"}, TAKING_OVER)
    assert decision.write == {NAME: "Kop"}
    assert set(decision.kept) == {GROUP, BARRED}


def test_line_breaks_and_zeros_make_no_difference() -> None:
    facts = Facts({DESCRIPTION: "Blå\nkop", PRICE: "80.00"})
    assert decide(facts, {DESCRIPTION: "Blå\r\nkop ", PRICE: "80"}, WAREHOUSE).write == {}


def test_what_is_not_ours_is_not_looked_at() -> None:
    decision = decide(Facts({NAME: "Kop", PRICE: "80"}), {NAME: "Krus", PRICE: "70"}, Manners(frozenset({PRICE})))
    assert (decision.write, decision.kept) == ({}, (PRICE,))


VALUES = st.sampled_from(["60", "70", "80", "90"])
STEPS = st.lists(st.tuples(st.sampled_from(["master", "person", "run"]), VALUES), max_size=12)


@given(STEPS, st.booleans())
def test_whatever_happens_a_person_s_price_is_kept_in_the_accounts(steps: list[tuple[str, str]], existed: bool) -> None:
    """A run never overwrites a value that neither we nor the master made, and a second one never writes."""
    facts, shown, theirs = Facts({PRICE: "80"}), "50" if existed else "80", existed
    if not existed:
        facts = after(facts, {PRICE: shown}, {PRICE: "80"})
    for who, value in steps:
        if who == "master":
            facts = Facts({PRICE: value}, facts.applied, facts.written)
        elif who == "person":
            theirs = value not in {facts.applied.get(PRICE), facts.written.get(PRICE)}
            shown = value
        else:
            decision = decide(facts, {PRICE: shown}, ACCOUNTS)
            assert not (decision.write and theirs)
            shown = decision.write.get(PRICE, shown)
            facts = after(facts, {PRICE: shown}, decision.write)
            assert not decide(facts, {PRICE: shown}, ACCOUNTS).write
            theirs = theirs and shown != facts.wanted[PRICE]


WAREHOUSE_PRODUCTS = NewWarehouseProducts(group=1, location=100)
ACCOUNTS_PRODUCTS = NewAccountsProducts(
    groups={"": 1, "reduced-rate": 2}, vat_rates={"": "0.25", "reduced-rate": "0.12"}
)


def test_a_product_in_each_system_s_words() -> None:
    assert in_rackbeat(CUP, "A", WAREHOUSE_PRODUCTS, OWNED) == {
        NAME: "Kop",
        DESCRIPTION: "Stentøj",
        BARCODE: "57",
        PRICE: "100.00",
        BARRED: "no",
    }
    found = in_economic(CUP, "A", ACCOUNTS_PRODUCTS, OWNED)
    assert not isinstance(found, Verdict)
    assert (found[GROUP], found[PRICE]) == ("1", "100.00")


@pytest.mark.parametrize(("tax_class", "code"), [("luksus", "product_price_unknown")])
def test_a_class_that_nobody_mapped_is_told(tax_class: str, code: str) -> None:
    product = Product("A", "Kop", Money(D(1), "DKK"), price_includes_vat=True, tax_class=tax_class)
    found = in_economic(product, "A", ACCOUNTS_PRODUCTS, OWNED)
    assert isinstance(found, Verdict)
    assert found.code == code
    without = in_economic(product, "A", ACCOUNTS_PRODUCTS, OWNED - {PRICE})
    assert isinstance(without, Verdict)
    assert without.code == "product_group_unknown"


def test_what_no_vat_is_charged_on_gets_no_group_that_charges_it() -> None:
    card = replace(CUP, taxable=False)
    found = in_economic(card, "A", ACCOUNTS_PRODUCTS, OWNED)
    assert isinstance(found, Verdict)
    assert "its tax class none has no product group" in found.text()
    mapped = ACCOUNTS_PRODUCTS.model_copy(update={"groups": {"": 1, "none": 7}})
    untaxed = in_economic(card, "A", mapped, OWNED)
    assert not isinstance(untaxed, Verdict)
    assert (untaxed[GROUP], untaxed[PRICE]) == ("7", "125.00")


def test_a_price_that_nobody_follows_need_not_be_told() -> None:
    foreign = Product("A", "Kop", Money(D(10), "EUR"), price_includes_vat=True)
    found = in_rackbeat(foreign, "A", WAREHOUSE_PRODUCTS, OWNED - {PRICE})
    assert not isinstance(found, Verdict)
    assert PRICE not in found


def test_a_barcode_that_is_too_long_is_none() -> None:
    found = in_economic(
        Product("A", "", None, price_includes_vat=True, barcode="1" * 51), "A", ACCOUNTS_PRODUCTS, OWNED
    )
    assert not isinstance(found, Verdict)
    assert (found[BARCODE], found[NAME], PRICE in found) == ("", "A", False)
