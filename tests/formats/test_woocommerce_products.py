"""WooCommerce's products and variations, understood and written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pakhus.formats.woocommerce_products import (
    product_from_woocommerce,
    product_ref_from_woocommerce,
    product_to_woocommerce,
    whole_pieces,
)
from pakhus.model import Money, Product, ProductRef
from tests.clients.woocommerce_recordings import recorded_body

D = Decimal


def test_finds_a_variation_under_its_parent() -> None:
    (row,) = recorded_body("products-sku-lookup-variation")
    ref = product_ref_from_woocommerce({**row, "manage_stock": True}, "nh-ts-m")
    assert ref == ProductRef("nh-ts-m", "46", parent_id="44", manages_stock=True, stock=D(9))


@pytest.mark.parametrize("name", ["variation-get-managed-by-parent", "product-put-stock-unmanaged"])
def test_says_that_stock_is_not_the_products_own(name: str) -> None:
    assert not product_ref_from_woocommerce(recorded_body(name), "X").manages_stock


def test_reads_a_simple_product() -> None:
    read = product_from_woocommerce(recorded_body("product-get-simple"), currency="DKK", price_includes_vat=True)
    assert (read.sku, read.name, read.price, read.price_includes_vat) == (
        "NH-1000",
        "Kaffekop",
        Money(D("125.00"), "DKK"),
        True,
    )
    assert (read.id, read.parent_id, read.tax_class, read.barred) == ("10", None, "", False)


def test_reads_a_variation_with_its_parents_name_and_tax_class() -> None:
    parent = {**recorded_body("product-get-variable"), "tax_class": "reduced-rate"}
    row = {**recorded_body("variations-list")[0], "tax_class": "parent"}
    read = product_from_woocommerce(row, currency="DKK", price_includes_vat=True, parent=parent)
    assert read.name.startswith("T-shirt - ")
    assert (read.parent_id, read.tax_class) == ("44", "reduced-rate")


def test_reads_a_product_without_price_or_sku() -> None:
    row = {**recorded_body("product-get-variable"), "sku": False, "status": "draft"}
    read = product_from_woocommerce(row, currency="DKK", price_includes_vat=True)
    assert (read.price, read.sku, read.barred) == (None, "", True)


def test_writes_prices_as_text_and_leaves_stock_to_its_own_writer() -> None:
    product = Product("A-1", "Kop", Money(D("12.50"), "DKK"), price_includes_vat=True, stock=D(5))
    assert product_to_woocommerce(product, creating=False) == {"name": "Kop", "regular_price": "12.50"}
    created = product_to_woocommerce(product, creating=True)
    assert (created["sku"], created["stock_quantity"], created["status"]) == ("A-1", 5, "publish")


def test_refuses_fractions_of_a_piece() -> None:
    assert whole_pieces(D("5.00")) == 5
    with pytest.raises(ValueError, match="whole pieces"):
        whole_pieces(D("7.5"))
