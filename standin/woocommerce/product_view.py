"""Products and variations as the API shows them. Source: contracts/woocommerce.md sections 10 and 16."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.woocommerce.dates import shown_gmt, shown_local
from standin.woocommerce.money import amount, shown
from standin.woocommerce.order_view import item_links
from standin.woocommerce.product_state import Product
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import stock_keeper

_NOT_ON_SALE = dict.fromkeys(("date_on_sale_from", "date_on_sale_from_gmt", "date_on_sale_to", "date_on_sale_to_gmt"))
_NO_DOWNLOADS = {"downloads": [], "download_limit": -1, "download_expiry": -1}
_NEW_IN_9 = ("global_unique_id", "brands")


def product_view(shop: Shop, product: Product, *, fresh: bool = False) -> dict[str, Any]:
    """A product, or a variation read on ``/products``. ``fresh`` adds what only answers to writes carry."""
    view = {
        **_head(shop, product),
        **_selling(product),
        **_NO_DOWNLOADS,
        "external_url": "",
        "button_text": "",
        "tax_status": product.tax_status,
        "tax_class": product.tax_class,
        **_stock(shop, product),
        "sold_individually": False,
        **_shipping(product),
        **_catalogue(shop, product),
        "meta_data": [{"id": row.id, "key": row.key, "value": row.value} for row in product.meta],
        "stock_status": product.stock_status,
        "has_options": product.type == "variable",
        "post_password": "",
        "global_unique_id": product.global_unique_id,
    }
    if fresh:
        view["permalink_template"] = f"{shop.home}/product/%pagename%/"
        view["generated_slug"] = product.slug
    view["_links"] = product_links(shop, product)
    return {n: v for n, v in view.items() if n not in _NEW_IN_9} if shop.is_old else view


def product_links(shop: Shop, product: Product) -> dict[str, Any]:
    """``_links`` on the product route."""
    links = item_links(shop, f"/products/{product.id}", "/products")
    if product.type == "variation":
        links["up"] = [{"href": f"{shop.home}/wp-json/wc/v3/products/{product.parent_id}"}]
    return links


def _dates(shop: Shop, product: Product) -> dict[str, Any]:
    zone = shop.switches.zone
    return {
        "date_created": shown_local(product.created, zone),
        "date_created_gmt": shown_gmt(product.created),
        "date_modified": shown_local(product.modified, zone),
        "date_modified_gmt": shown_gmt(product.modified),
    }


def _head(shop: Shop, product: Product) -> dict[str, Any]:
    binned = product.status == "trash"
    return {
        "id": product.id,
        "name": product.name,
        "slug": f"{product.slug}__trashed" if binned else product.slug,
        "permalink": f"{shop.home}/?post_type=product&p={product.id}" if binned else permalink(shop, product),
        **_dates(shop, product),
        "type": product.type,
        "status": product.status,
        "featured": False,
        "catalog_visibility": "visible",
        "description": product.description,
        "short_description": product.short_description,
        "sku": product.sku,
        "price": _price(shop, product),
        "regular_price": product.regular_price,
        "sale_price": product.sale_price,
        **_NOT_ON_SALE,
    }


def permalink(shop: Shop, product: Product) -> str:
    """The address of the product's page; a variation has its parent's with its attributes."""
    if product.type != "variation":
        return f"{shop.home}/product/{product.slug}/"
    parent = shop.products.get(product.parent_id)
    chosen = "&".join(f"attribute_{a['slug']}={a['option']}" for a in product.attributes if "option" in a)
    return f"{shop.home}/product/{parent.slug if parent else ''}/?{chosen}"


def _price(shop: Shop, product: Product) -> str:
    if product.type != "variable":
        return product.price
    prices = _variation_prices(shop, product)
    return shown(min(prices), 2) if prices else ""


def _variation_prices(shop: Shop, product: Product) -> list[Decimal]:
    amounts = [amount(variation.price) for variation in shop.variations_of(product)]
    return [price for price in amounts if price is not None]


def _selling(product: Product) -> dict[str, Any]:
    return {
        "on_sale": bool(product.sale_price),
        "purchasable": bool(product.price) or (product.type == "variable" and product.stock_status != "outofstock"),
        "total_sales": str(product.total_sales) if product.type == "variation" else product.total_sales,
        "virtual": product.virtual,
        "downloadable": product.downloadable,
    }


def _stock(shop: Shop, product: Product) -> dict[str, Any]:
    keeper = stock_keeper(shop, product)
    by_parent = keeper is not None and keeper is not product
    stock = keeper.stock if keeper is not None else None
    allowed = product.backorders != "no"
    return {
        "manage_stock": "parent" if by_parent else product.manage_stock,
        "stock_quantity": stock,
        "backorders": product.backorders,
        "backorders_allowed": allowed,
        "backordered": product.stock_status == "onbackorder" if stock is None else allowed and stock < 0,
        "low_stock_amount": product.low_stock_amount,
    }


def _shipping(product: Product) -> dict[str, Any]:
    return {
        "weight": product.weight,
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_required": not product.virtual,
        "shipping_taxable": not product.virtual,
        "shipping_class": "",
        "shipping_class_id": 0,
    }


def _catalogue(shop: Shop, product: Product) -> dict[str, Any]:
    return {
        "reviews_allowed": product.type != "variation",
        "average_rating": "0.00",
        "rating_count": 0,
        "upsell_ids": [],
        "cross_sell_ids": [],
        "parent_id": product.parent_id,
        "purchase_note": "",
        "categories": product.categories,
        "brands": [],
        "tags": [],
        "images": [],
        "attributes": product.attributes,
        "default_attributes": [],
        "variations": [one.id for one in shop.variations_of(product)] if product.type == "variable" else [],
        "grouped_products": [],
        "menu_order": 0,
        "price_html": _price_html(shop, product),
        "related_ids": [],
    }


def _price_html(shop: Shop, product: Product) -> str:
    prices = sorted(set(_variation_prices(shop, product))) if product.type == "variable" else []
    if len(prices) > 1:
        low, high = _money_html(shop, prices[0], hidden=True), _money_html(shop, prices[-1], hidden=True)
        spoken = f"Price range: {_danish(prices[0])}&nbsp;kr. through {_danish(prices[-1])}&nbsp;kr."
        return f'{low} <span aria-hidden="true">&ndash;</span> {high}<span class="screen-reader-text">{spoken}</span>'
    price = prices[0] if prices else amount(product.price)
    return _money_html(shop, price) if price is not None else ""


def _money_html(shop: Shop, price: Decimal, *, hidden: bool = False) -> str:
    attribute = ' aria-hidden="true"' if hidden else ""
    translate = "" if shop.is_old else ' translate="no"'
    symbol = f'<span class="woocommerce-Price-currencySymbol"{translate}>kr.</span>'
    return f'<span class="woocommerce-Price-amount amount"{attribute}><bdi>{_danish(price)}&nbsp;{symbol}</bdi></span>'


def _danish(price: Decimal) -> str:
    return f"{price:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def variation_view(shop: Shop, variation: Product, *, fresh: bool = False) -> dict[str, Any]:
    """A variation on its own route: fewer members, its name is what sets it apart. ``fresh``: as answers to writes."""
    collection = f"/products/{variation.parent_id}/variations"
    links = item_links(shop, f"{collection}/{variation.id}", collection)
    view = {
        "id": variation.id,
        "type": "variation",
        **_dates(shop, variation),
        "description": variation.description,
        "permalink": permalink(shop, variation),
        "sku": variation.sku,
        "global_unique_id": variation.global_unique_id,
        "price": variation.price,
        "regular_price": variation.regular_price,
        "sale_price": variation.sale_price,
        **_NOT_ON_SALE,
        "on_sale": bool(variation.sale_price),
        "status": variation.status,
        "purchasable": bool(variation.price),
        "virtual": variation.virtual,
        "downloadable": variation.downloadable,
        **_NO_DOWNLOADS,
        "tax_status": variation.tax_status,
        "tax_class": variation.tax_class or ("parent" if fresh else ""),
        **_variation_stock(shop, variation),
        "weight": variation.weight,
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_class": "",
        "shipping_class_id": 0,
        "image": None,
        "gallery_image_ids": [],
        "attributes": variation.attributes,
        "menu_order": 0,
        "meta_data": [{"id": row.id, "key": row.key, "value": row.value} for row in variation.meta],
        "name": ", ".join(a["option"] for a in variation.attributes if "option" in a),
        "parent_id": variation.parent_id,
        "_links": {**links, "up": [{"href": f"{shop.home}/wp-json/wc/v3/products/{variation.parent_id}"}]},
    }
    return {n: v for n, v in view.items() if n not in _NEW_IN_9} if shop.is_old else view


def _variation_stock(shop: Shop, variation: Product) -> dict[str, Any]:
    stock = _stock(shop, variation)
    result: dict[str, Any] = {}
    for name, value in stock.items():
        result[name] = value
        if name == "stock_quantity":
            result["stock_status"] = variation.stock_status
    return result
