"""``/products``, their variations and the batches of both. Source: contracts/woocommerce.md sections 10 and 11."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from standin.woocommerce.answers import page_of
from standin.woocommerce.arguments import Rule
from standin.woocommerce.batch import Batch, batch_handler
from standin.woocommerce.errors import ApiError, unknown_product, unknown_variation, variation_on_product_route
from standin.woocommerce.money import php_integer
from standin.woocommerce.order_list import by_dates, in_order
from standin.woocommerce.order_rules import FORCE, INTEGER, LISTING, READING, TEXT
from standin.woocommerce.product_state import Product
from standin.woocommerce.product_view import product_view, variation_view
from standin.woocommerce.product_writing import create_product, update_product
from standin.woocommerce.routing import Answer, Call, Operation, Route, edits
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import settle_parent

_STATUS = Rule(default="any", choices=("any", "future", "trash", "draft", "pending", "private", "publish"))
_STOCK_STATUS = Rule(choices=("instock", "outofstock", "onbackorder"))
_ORDERBY = ("date", "id", "include", "title", "slug", "modified", "popularity", "rating", "price", "menu_order")
_LISTING = {
    **LISTING,
    "orderby": Rule(default="date", choices=_ORDERBY),
    "status": _STATUS,
    "type": Rule(choices=("simple", "grouped", "external", "variable")),
    "sku": TEXT,
    "search_sku": TEXT,
    "stock_status": _STOCK_STATUS,
    "category": TEXT,
    "slug": TEXT,
}
_VARIATION_LISTING = {n: rule for n, rule in _LISTING.items() if n not in {"type", "search_sku", "category"}}
_WRITING = {
    **dict.fromkeys(("name", "slug", "description", "short_description", "sku", "weight"), TEXT),
    **dict.fromkeys(("regular_price", "sale_price", "global_unique_id", "tax_class"), TEXT),
    "type": Rule(choices=("simple", "grouped", "external", "variable")),
    "status": Rule(choices=("draft", "pending", "private", "publish", "future", "auto-draft", "trash")),
    "tax_status": Rule(choices=("taxable", "shipping", "none")),
    "virtual": Rule("boolean"),
    "downloadable": Rule("boolean"),
    "manage_stock": Rule("boolean"),
    "stock_quantity": INTEGER,
    "inventory_delta": INTEGER,
    "stock_status": _STOCK_STATUS,
    "backorders": Rule(choices=("no", "notify", "yes")),
    "low_stock_amount": INTEGER,
    "categories": Rule("array", items=Rule("object")),
    "attributes": Rule("array", items=Rule("object")),
    "meta_data": Rule("array", items=Rule("object")),
}
_VARIATION_WRITING = {**_WRITING, "manage_stock": Rule("any")}


def _sent(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.params.items() if name in call.given}


# --- finding ---------------------------------------------------------------------------------------------------------


def _to_write(shop: Shop, number: int) -> Product:
    """A product that may be written here. Raises ApiError: 400 unknown, 404 for a variation."""
    product = shop.products.get(number)
    if product is None:
        raise unknown_product(writing=True)
    if product.type == "variation":
        raise variation_on_product_route()
    return product


def _parent(call: Call) -> Product | None:
    return call.shop.products.get(call.id("product_id"))


def _variation(shop: Shop, parent: int, number: int) -> Product:
    product = shop.products.get(number)
    if product is None or product.type != "variation" or product.parent_id != parent:
        raise unknown_variation()
    return product


def _filters(params: Mapping[str, Any]) -> list[Callable[[Product], bool]]:
    keeps: list[Callable[[Product], bool]] = []
    status = params["status"]
    keeps.append(lambda p: p.status == status if status != "any" else p.status not in {"trash", "auto-draft"})
    if params.get("type"):
        keeps.append(lambda p: p.type == params["type"])
    if params.get("search_sku"):
        keeps.append(lambda p: params["search_sku"].lower() in p.sku.lower())
    if params.get("stock_status"):
        keeps.append(lambda p: p.stock_status == params["stock_status"])
    if params.get("slug"):
        keeps.append(lambda p: p.slug == params["slug"])
    if params.get("category"):
        keeps.append(lambda p: any(str(c["id"]) == params["category"] for c in p.categories))
    if params.get("search"):
        keeps.append(lambda p: params["search"].lower() in p.name.lower())
    if params["include"]:
        keeps.append(lambda p: p.id in params["include"])
    if params["exclude"]:
        keeps.append(lambda p: p.id not in params["exclude"])
    return keeps


def _skus(text: str) -> set[str]:
    """A comma list, and the whole text too: a SKU may hold a comma itself."""
    return {part.strip().lower() for part in [*text.split(","), text]} - {""}


def _listed(call: Call, rows: list[Product], view: Callable[[Shop, Product], dict[str, Any]]) -> Answer:
    for keep in _filters(call.params):
        rows = [row for row in rows if keep(row)]
    rows = in_order(by_dates(call.shop, rows, call.params), call.params, titles=lambda product: product.name.lower())
    shown, headers = page_of(call, rows)
    return Answer([view(call.shop, product) for product in shown], headers=headers)


# --- products --------------------------------------------------------------------------------------------------------


def list_products(call: Call) -> Answer:
    """Variations come only when their SKU is asked for; an empty ``sku`` filters nothing."""
    products = list(call.shop.products.values())
    if call.params.get("sku"):
        wanted = _skus(call.params["sku"])
        rows = [product for product in products if product.sku.lower() in wanted]
    else:
        rows = [product for product in products if product.type != "variation"]
    return _listed(call, rows, product_view)


def get_product(call: Call) -> Answer:
    """One product, also from the bin; also a variation."""
    product = call.shop.products.get(call.id())
    if product is None:
        raise unknown_product()
    return Answer(product_view(call.shop, product))


def post_product(call: Call) -> Answer:
    """A new product."""
    product = create_product(call.shop, _sent(call))
    view = product_view(call.shop, product, fresh=True)
    view["average_rating"] = "0"
    return Answer(view, 201, {"Location": call.link(f"/products/{product.id}")})


def put_product(call: Call) -> Answer:
    """A changed product."""
    product = _to_write(call.shop, call.id())
    update_product(call.shop, product, _sent(call))
    return Answer(product_view(call.shop, product, fresh=True))


def delete_product(call: Call) -> Answer:
    """Into the bin, or away for good with ``force``. The answer shows the product as it was."""
    product = call.shop.products.get(call.id())
    if product is None:
        raise unknown_product()
    if product.type == "variation":
        raise variation_on_product_route()
    before = product_view(call.shop, product, fresh=True)
    if call.params["force"]:
        remove_product(call.shop, product)
    else:
        bin_product(call.shop, product)
    return Answer(before)


def bin_product(shop: Shop, product: Product) -> None:
    """Its SKU stays taken although no list finds it any more."""
    product.meta += [
        shop.new_meta("_wp_trash_meta_status", product.status),
        shop.new_meta("_wp_trash_meta_time", str(int(shop.now.timestamp()))),
        shop.new_meta("_wp_desired_post_slug", product.slug),
    ]
    product.status, product.modified = "trash", shop.now
    shop.tell("product.deleted", product.id)


def remove_product(shop: Shop, product: Product) -> None:
    """With its variations; order lines lose their SKU by that."""
    for variation in shop.variations_of(product):
        del shop.products[variation.id]
    del shop.products[product.id]
    if parent := shop.products.get(product.parent_id):
        settle_parent(shop, parent)


# --- variations ------------------------------------------------------------------------------------------------------


def list_variations(call: Call) -> Answer:
    """The variations of one product; none for a simple one."""
    parent = _parent(call)
    rows = call.shop.variations_of(parent) if parent is not None else []
    return _listed(call, _with_sku(call, rows), variation_view)


def list_all_variations(call: Call) -> Answer:
    """The variations of all products; 8.9 has no such route."""
    rows = [product for product in call.shop.products.values() if product.type == "variation"]
    return _listed(call, _with_sku(call, rows), variation_view)


def _with_sku(call: Call, rows: list[Product]) -> list[Product]:
    wanted = _skus(call.params.get("sku") or "")
    return [row for row in rows if not wanted or row.sku.lower() in wanted]


def get_variation(call: Call) -> Answer:
    """One variation, only below its own parent."""
    return Answer(variation_view(call.shop, _variation(call.shop, call.id("product_id"), call.id())))


def post_variation(call: Call) -> Answer:
    """A new variation."""
    parent = _parent(call)
    if parent is None:
        raise ApiError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
    variation = create_product(call.shop, _sent(call), parent)
    view = variation_view(call.shop, variation, fresh=True)
    location = call.link(rf"/products/(?P<product_id>[\d]+)/variations/{variation.id}")
    return Answer(view, 201, {"Location": location})


def put_variation(call: Call) -> Answer:
    """A changed variation."""
    variation = _variation(call.shop, call.id("product_id"), call.id())
    update_product(call.shop, variation, _sent(call))
    return Answer(variation_view(call.shop, variation, fresh=True))


def delete_variation(call: Call) -> Answer:
    """Variations go for good, with or without ``force``."""
    variation = _variation(call.shop, call.id("product_id"), call.id())
    before = variation_view(call.shop, variation)
    remove_product(call.shop, variation)
    return Answer(before)


# --- batches: nothing is checked against the schema -------------------------------------------------------------------


def _batch_create(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    view = product_view(call.shop, create_product(call.shop, given), fresh=True)
    return {**view, "average_rating": "0"}


def _batch_update(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    product = _to_write(call.shop, php_integer(given.get("id")))
    update_product(call.shop, product, given)
    return product_view(call.shop, product, fresh=True)


def _batch_delete(call: Call, number: int) -> dict[str, Any]:
    product = call.shop.products.get(number)
    if product is None:
        raise unknown_product()
    before = product_view(call.shop, product, fresh=True)
    remove_product(call.shop, product)
    return before


def _variation_create(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    parent = _parent(call)
    if parent is None:
        raise unknown_product()
    return variation_view(call.shop, create_product(call.shop, given, parent), fresh=True)


def _variation_update(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    variation = _variation(call.shop, call.id("product_id"), php_integer(given.get("id")))
    update_product(call.shop, variation, given)
    return variation_view(call.shop, variation, fresh=True)


def _variation_delete(call: Call, number: int) -> dict[str, Any]:
    variation = _variation(call.shop, call.id("product_id"), number)
    before = variation_view(call.shop, variation, fresh=True)
    remove_product(call.shop, variation)
    return before


_BATCH = Batch(_batch_create, _batch_update, _batch_delete)
_VARIATION_BATCH = Batch(_variation_create, _variation_update, _variation_delete)

ROUTES = [
    Route(
        r"/products",
        {"GET": Operation(list_products, "list", _LISTING), "POST": Operation(post_product, "create", _WRITING)},
    ),
    Route(r"/products/batch", edits(Operation(batch_handler(_BATCH), "batch"))),
    Route(
        r"/products/(?P<id>\d+)",
        {
            "GET": Operation(get_product, "view", READING),
            **edits(Operation(put_product, "edit", _WRITING)),
            "DELETE": Operation(delete_product, "delete", FORCE),
        },
    ),
    Route(
        r"/products/(?P<product_id>\d+)/variations",
        {
            "GET": Operation(list_variations, "list", _VARIATION_LISTING),
            "POST": Operation(post_variation, "create", _VARIATION_WRITING),
        },
    ),
    Route(
        r"/products/(?P<product_id>\d+)/variations/batch", edits(Operation(batch_handler(_VARIATION_BATCH), "batch"))
    ),
    Route(
        r"/products/(?P<product_id>\d+)/variations/(?P<id>\d+)",
        {
            "GET": Operation(get_variation, "view", READING),
            **edits(Operation(put_variation, "edit", _VARIATION_WRITING)),
            "DELETE": Operation(delete_variation, "delete", FORCE),
        },
    ),
    Route(r"/variations", {"GET": Operation(list_all_variations, "list", _VARIATION_LISTING)}, since=9),
]
