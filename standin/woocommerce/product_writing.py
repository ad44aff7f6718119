"""Writing products and variations, with all that is silently dropped. Source: contracts/woocommerce.md section 10."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standin.woocommerce.errors import ApiError
from standin.woocommerce.money import php_integer
from standin.woocommerce.order_writing import write_meta
from standin.woocommerce.product_state import Product
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import save_product

_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "a", "ö": "o", "ü": "u", "ß": "ss"})
_TEXTS = ("name", "slug", "description", "short_description", "weight", "tax_class", "tax_status", "global_unique_id")
_STATUSES = ("instock", "outofstock", "onbackorder")


def create_product(shop: Shop, given: Mapping[str, Any], parent: Product | None = None) -> Product:
    """A new product, or a variation of ``parent``. Raises ApiError 400; then nothing was written."""
    sku = str(given.get("sku") or "").strip()
    _check_sku(shop, sku, None)
    if sku and (binned := shop.by_sku(sku, binned=True)):
        text = f"The product with SKU ({binned.sku}) you are trying to insert is already present in the lookup table"
        raise ApiError(400, "woocommerce_rest_product_not_created", text)
    product = Product(shop.ids.take("post"), shop.now, shop.now)
    if parent is None:
        product.type = str(given.get("type") or "simple")
        product.name = str(given.get("name") or "Product")
        product.slug = free_slug(shop, slug_of(product.name))
        product.categories = [
            dict(shop.reference.get("uncategorized", {"id": 15, "name": "Uncategorized", "slug": "uncategorized"}))
        ]
    else:
        product.type, product.parent_id = "variation", parent.id
    _write(shop, product, given)
    if parent is not None:
        _name_variation(product, parent)
    shop.products[product.id] = product
    save_product(shop, product)
    shop.tell("product.created", product.id)
    return product


def update_product(shop: Shop, product: Product, given: Mapping[str, Any]) -> None:
    """Change what is given; an empty change bumps too. Raises ApiError 400; then nothing was written."""
    if given.get("sku") is not None:
        _check_sku(shop, str(given["sku"]).strip(), product)
    _write(shop, product, given)
    save_product(shop, product)


def _check_sku(shop: Shop, sku: str, own: Product | None) -> None:
    """SKUs are unique over products and variations, blind to case."""
    taken = shop.by_sku(sku)
    if taken is None or taken is own:
        return
    number = 1
    while shop.by_sku(f"{sku}-{number}"):
        number += 1
    data = {"resource_id": taken.id, "unique_sku": f"{sku}-{number}"}
    raise ApiError(400, "product_invalid_sku", "Invalid or duplicated SKU.", data)


def _write(shop: Shop, product: Product, given: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        if given.get(name) is not None:
            setattr(product, name, str(given[name]))
    if given.get("sku") is not None:
        product.sku = str(given["sku"]).strip()
    for name in ("regular_price", "sale_price"):
        if given.get(name) is not None:
            setattr(product, name, _price(given[name]))
    for name in ("virtual", "downloadable"):
        if given.get(name) is not None:
            setattr(product, name, bool(given[name]))
    if given.get("status") is not None:
        product.status = str(given["status"])
    _write_categories(shop, product, given.get("categories"))
    _write_attributes(product, given.get("attributes"))
    write_meta(shop, product.meta, given.get("meta_data"))
    _write_stock(product, given)


def _price(value: Any) -> str:
    """A comma is the decimal sign; what is no number becomes an empty price."""
    text = re.sub(r"[^0-9.\-]", "", str(value).replace(",", "."))
    return text if re.fullmatch(r"-?\d+(\.\d*)?", text) else ""


def _write_categories(shop: Shop, product: Product, given: Any) -> None:
    if isinstance(given, list):
        known = {category["id"]: category for category in shop.reference.get("categories", [])}
        chosen = [known[php_integer(c.get("id"))] for c in given if php_integer(c.get("id")) in known]
        product.categories = [{name: c[name] for name in ("id", "name", "slug")} for c in chosen]


def _write_attributes(product: Product, given: Any) -> None:
    if not isinstance(given, list):
        return
    if product.type == "variation":
        product.attributes = [
            {"id": 0, "name": str(a["name"]), "slug": slug_of(str(a["name"])), "option": str(a["option"])}
            for a in given
            if a.get("name") and a.get("option") is not None
        ]
    else:
        product.attributes = [_parent_attribute(number, a) for number, a in enumerate(given)]


def _parent_attribute(number: int, given: Mapping[str, Any]) -> dict[str, Any]:
    name = str(given.get("name", ""))
    return {
        "id": 0,
        "name": name,
        "slug": name,
        "position": php_integer(given.get("position", number)),
        "visible": bool(given.get("visible", False)),
        "variation": bool(given.get("variation", False)),
        "options": [str(option) for option in given.get("options", [])],
    }


def _name_variation(product: Product, parent: Product) -> None:
    chosen = ", ".join(a["option"] for a in product.attributes)
    product.name = f"{parent.name} - {chosen}" if chosen else parent.name
    product.slug = slug_of(product.name)


def _write_stock(product: Product, given: Mapping[str, Any]) -> None:
    """A quantity while stock isn't managed is dropped without a word; a parent's stock is not written here either."""
    if given.get("manage_stock") is not None:
        product.manage_stock = given["manage_stock"] in {True, "1", "true"}
    if str(given.get("backorders")) in {"no", "notify", "yes"}:
        product.backorders = str(given["backorders"])
    if product.manage_stock:
        if given.get("stock_quantity") is not None:
            product.stock = php_integer(given["stock_quantity"])
        elif given.get("inventory_delta") is not None:
            product.stock = (product.stock or 0) + php_integer(given["inventory_delta"])
    elif given.get("stock_status") is not None:
        status = str(given["stock_status"])
        product.stock_status = status if status in _STATUSES else "instock"
    if given.get("low_stock_amount") is not None:
        product.low_stock_amount = php_integer(given["low_stock_amount"])


def slug_of(name: str) -> str:
    """``Kasserolle 2 L`` is ``kasserolle-2-l``, ``Skærebræt`` is ``skaerebraet``."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def free_slug(shop: Shop, slug: str) -> str:
    """The slug, numbered when another product has it."""
    taken = {product.slug for product in shop.products.values()}
    number, result = 2, slug
    while result in taken:
        result, number = f"{slug}-{number}", number + 1
    return result


def whole_or_none(value: Decimal | int | None) -> int | None:
    """A stock number of a seed."""
    return None if value is None else int(value)
