"""WooCommerce's products and variations as our objects, and back; pure (contract section 10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from pakhus.formats.woocommerce_fields import Fields, WooCommerceFormatError
from pakhus.model import Money, Product, ProductRef
from pakhus.rules.product_texts import html_of_text, text_of_html

PRODUCT_FIELDS = (
    "id,type,parent_id,name,sku,status,regular_price,tax_class,tax_status,manage_stock,stock_quantity,description,"
    "short_description,global_unique_id,attributes"
)
REF_FIELDS = "id,type,parent_id,sku,manage_stock,stock_quantity"
# What buyers put in no basket here: they take one of the variations, one of the group, or are sent to another site.
_NOT_SOLD_ALONE = frozenset({"grouped", "external"})


def has_variations(row: Mapping[str, Any]) -> bool:
    """Whether a product is sold by its variations; plugins have kinds of their own, such as variable-subscription."""
    return Fields(row).text("type").startswith("variable")


def is_variation(row: Mapping[str, Any]) -> bool:
    """Whether a row is a variation, of whichever plugin; older shops do not say so of those of a parent."""
    return Fields(row).text("type").endswith("variation")


def is_sold_alone(row: Mapping[str, Any]) -> bool:
    """Whether buyers can order the product as it is."""
    return not has_variations(row) and Fields(row).text("type") not in _NOT_SOLD_ALONE


def product_ref_from_woocommerce(row: Mapping[str, Any], sku: str) -> ProductRef:
    """Return where a product or variation lives, under the SKU that was asked for (the shop finds it case-blind).

    A variation whose `manage_stock` is the text "parent" has no stock of its own; neither has one that is not managed.
    """
    fields = Fields(row)
    return ProductRef(
        sku=sku,
        id=fields.needed_identifier("id"),
        parent_id=fields.identifier("parent_id") if is_variation(row) else None,
        manages_stock=row.get("manage_stock") is True,
        stock=fields.number_or_none("stock_quantity"),
    )


def product_from_woocommerce(
    row: Mapping[str, Any], *, currency: str, price_includes_vat: bool, parent: Mapping[str, Any] | None = None
) -> Product:
    """Return master data of a product, or of a variation of `parent`. A product without SKU has an empty one.

    Prices are kept as they were imported, "199,95" too: one that is no number is this product's problem alone.
    """
    fields = Fields(row)
    try:
        price, problem = fields.number_or_none("regular_price"), ""
    except WooCommerceFormatError as error:
        price, problem = None, f"its price cannot be understood ({error})"
    inherited = Fields(parent or {})
    tax_class = fields.text("tax_class")
    return Product(
        sku=fields.text("sku").strip(),
        name=_variation_name(fields, inherited) if parent else fields.plain_text("name"),
        price=None if price is None else Money(price, currency),
        price_includes_vat=price_includes_vat,
        description="\n".join(dict.fromkeys(text for text in (_description(fields), _description(inherited)) if text)),
        barcode=fields.text("global_unique_id").strip(),
        id=fields.needed_identifier("id"),
        parent_id=inherited.identifier("id"),
        tax_class=inherited.text("tax_class") if tax_class == "parent" else tax_class,
        manages_stock=row.get("manage_stock") is True,
        stock=fields.number_or_none("stock_quantity"),
        barred=fields.text("status") != "publish" or (parent is not None and inherited.text("status") != "publish"),
        taxable=(inherited if parent else fields).text("tax_status") in ("", "taxable"),
        price_problem=problem,
        sold_alone=is_sold_alone(row),
    )


def product_to_woocommerce(product: Product, *, creating: bool, fields: Collection[str] = ()) -> dict[str, object]:
    """Return what is sent for a product: prices as text (a number is refused), nothing that we do not know.

    `fields` (name, price, description, barcode, barred) are all that is sent of a product that is there; none: all that
    is known, never whether it is published. Stock is only set at creation: afterwards it has one writer, the stock
    flow. A variation's name is its parent's.
    """
    known: dict[str, tuple[str, object]] = {}
    if product.parent_id is None:
        known["name"] = ("name", html_of_text(product.name))
    if product.tax_class and not fields:
        known["tax_class"] = ("tax_class", product.tax_class)
    if product.description or "description" in fields:
        known["description"] = ("description", html_of_text(product.description))
    if product.barcode or "barcode" in fields:
        known["barcode"] = ("global_unique_id", product.barcode)
    if product.price is not None:
        known["price"] = ("regular_price", f"{product.price.amount:f}")
    if "barred" in fields:
        known["barred"] = ("status", "draft" if product.barred else "publish")
    body = {member: value for name, (member, value) in known.items() if not fields or name in fields}
    if creating:
        body["sku"] = product.sku
        body["type"] = "simple"
        body["status"] = "draft" if product.barred else "publish"
        body["manage_stock"] = product.manages_stock
        if product.manages_stock:
            body["stock_quantity"] = whole_pieces(product.stock or Decimal(0))
    return body


def whole_pieces(quantity: Decimal) -> int:
    """Return a stock quantity as the whole number WooCommerce keeps; ValueError for a fraction."""
    if quantity != quantity.to_integral_value():
        raise ValueError(f"WooCommerce keeps whole pieces, got {quantity}")
    return int(quantity)


def _description(fields: Fields) -> str:
    """The long description, else the short one; a variation's own stands before its parent's."""
    return text_of_html(fields.text("description")) or text_of_html(fields.text("short_description"))


def _variation_name(variation: Fields, parent: Fields) -> str:
    options = ", ".join(
        option for option in (item.plain_text("option") for item in variation.objects("attributes")) if option
    )
    name = parent.plain_text("name")
    return f"{name} - {options}" if options else name or variation.plain_text("name")
