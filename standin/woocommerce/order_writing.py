"""Writing an order: a new one, or a PUT on one that exists. Source: contracts/woocommerce.md sections 6, 7 and 9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.woocommerce.coupons import apply_coupons, find_coupon
from standin.woocommerce.errors import ApiError
from standin.woocommerce.money import ZERO, amount, php_integer
from standin.woocommerce.order_state import (
    BILLING,
    SHIPPING,
    FeeLine,
    Meta,
    Order,
    ProductLine,
    ShippingLine,
    Taxed,
    put_meta,
)
from standin.woocommerce.product_state import Product
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import adjust_line_stock
from standin.woocommerce.taxation import net_of_price
from standin.woocommerce.totals import recalculate
from standin.woocommerce.transitions import change_status, needs_payment, pay, save_order

_TEXTS = (
    "customer_note",
    "payment_method",
    "payment_method_title",
    "transaction_id",
    "currency",
    "customer_ip_address",
    "customer_user_agent",
)
_RECALCULATED_FOR = ("billing", "shipping", "line_items", "shipping_lines", "fee_lines", "coupon_lines")
_NULL_MEANS_REMOVE = ("product_id", "method_id", "method_title", "name", "code")


def create_order(shop: Shop, given: Mapping[str, Any], created_via: str = "rest-api") -> Order:
    """A new order, priced by the shop. Raises ApiError 400; then nothing was written."""
    _check_before_writing(shop, given)
    order = Order(shop.ids.take("post"), shop.now, shop.now, version=shop.switches.version)
    order.currency = str(shop.options.get("woocommerce_currency", "DKK"))
    order.created_via = str(given.get("created_via") or created_via)
    order.prices_include_tax = shop.prices_include_tax
    order.order_key = shop.new_order_key()
    _write_members(shop, order, given)
    _write_items(shop, order, given)
    shop.orders[order.id] = order
    recalculate(shop, order)
    _write_coupons(shop, order, given)
    if status := given.get("status"):
        change_status(shop, order, str(status))
    if given.get("set_paid") is True:
        pay(shop, order, str(given.get("transaction_id") or ""))
    order.half_made_reads = shop.switches.half_made_reads
    shop.tell("order.created", order.id)
    save_order(shop, order)
    return order


def update_order(shop: Shop, order: Order, given: Mapping[str, Any]) -> None:
    """Change what is given; an empty change bumps the order too. Raises ApiError 400; then nothing was written."""
    _check_before_writing(shop, given, order)
    _write_members(shop, order, given)
    _write_items(shop, order, given)
    if any(given.get(name) is not None for name in _RECALCULATED_FOR):
        recalculate(shop, order)
    _write_coupons(shop, order, given)
    if status := given.get("status"):
        change_status(shop, order, str(status))
    if given.get("set_paid") is True and needs_payment(order):
        pay(shop, order, str(given.get("transaction_id") or ""))
    save_order(shop, order)


# --- what may fail ---------------------------------------------------------------------------------------------------


def _check_before_writing(shop: Shop, given: Mapping[str, Any], order: Order | None = None) -> None:
    customer = given.get("customer_id")
    if customer and php_integer(customer) not in shop.customers:
        raise ApiError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
    for item in _items(given, "line_items"):
        if not item.get("id") and not any(item.get(name) for name in ("sku", "product_id", "variation_id")):
            raise ApiError(400, "woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    for coupon in _items(given, "coupon_lines"):
        if not coupon.get("code"):
            raise ApiError(400, "woocommerce_rest_invalid_coupon", "Coupon code is required.")
        find_coupon(shop, str(coupon["code"]))
    known = _item_ids(order) if order is not None else set()
    for name in ("line_items", "shipping_lines", "fee_lines"):
        for item in _items(given, name):
            if item.get("id") and php_integer(item["id"]) not in known:
                text = "Order item ID provided is not associated with order."
                raise ApiError(400, "woocommerce_rest_invalid_item_id", text)


def _items(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The items under a name; a batch lets anything through, and what is no item there is passed over."""
    value = given.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _item_ids(order: Order) -> set[int]:
    return {line.id for line in [*order.lines, *order.shipping_lines, *order.fees]}


# --- header ----------------------------------------------------------------------------------------------------------


def _write_members(shop: Shop, order: Order, given: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        if given.get(name) is not None:
            setattr(order, name, str(given[name]))
    for name in ("customer_id", "parent_id"):
        if given.get(name) is not None:
            setattr(order, name, php_integer(given[name]))
    _write_address(order.billing, given.get("billing"), BILLING)
    _write_address(order.shipping, given.get("shipping"), SHIPPING)
    write_meta(shop, order.meta, given.get("meta_data"))


def _write_address(address: dict[str, str], given: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if isinstance(given, Mapping) and given.get(name) is not None:
            address[name] = str(given[name])


def write_meta(shop: Shop, rows: list[Meta], given: Any) -> None:
    """By id where one is given; else an existing key is overwritten, never doubled. A null value deletes."""
    for item in given if isinstance(given, list) else []:
        key, value, number = str(item.get("key", "")), item.get("value"), php_integer(item.get("id"))
        same = [row for row in rows if (row.id == number if number else row.key == key)]
        if value is None:
            rows[:] = [row for row in rows if row not in same[:1]]
        elif number and same:
            same[0].key, same[0].value = key or same[0].key, value
        elif not number and key:
            put_meta(rows, Meta(same[0].id, key, value) if same else shop.new_meta(key, value))


# --- lines -----------------------------------------------------------------------------------------------------------


def _write_items(shop: Shop, order: Order, given: Mapping[str, Any]) -> None:
    for item in _items(given, "line_items"):
        _write_line(shop, order, item)
    for item in _items(given, "shipping_lines"):
        _write_shipping(shop, order, item)
    for item in _items(given, "fee_lines"):
        _write_fee(shop, order, item)


def _removes(item: Mapping[str, Any]) -> bool:
    quantity = item.get("quantity")
    zero = quantity is not None and not isinstance(quantity, bool) and php_integer(quantity) == 0
    return zero or any(name in item and item[name] is None for name in _NULL_MEANS_REMOVE)


def _write_line(shop: Shop, order: Order, item: Mapping[str, Any]) -> None:
    existing = next((line for line in order.lines if line.id == php_integer(item.get("id"))), None)
    if existing is not None and _removes(item):
        adjust_line_stock(shop, order, existing, 0)
        order.lines.remove(existing)
        return
    line = existing or ProductLine(shop.ids.take("item"))
    if existing is None:
        order.lines.append(line)
        if item.get("quantity") is not None:
            line.quantity = php_integer(item["quantity"])
        _put_product(shop, line, _referred(shop, item))
    for name in ("name", "tax_class"):
        if item.get(name) is not None:
            setattr(line, name, str(item[name]))
    _put_amounts(line, item)
    if existing is not None and item.get("quantity") is not None:
        line.quantity = php_integer(item["quantity"])
    write_meta(shop, line.meta, item.get("meta_data"))
    if existing is not None or order.id in shop.orders:
        adjust_line_stock(shop, order, line, line.quantity)


def _referred(shop: Shop, item: Mapping[str, Any]) -> Product | None:
    if item.get("sku"):
        return shop.by_sku(str(item["sku"]))
    return shop.products.get(php_integer(item.get("variation_id")) or php_integer(item.get("product_id")))


def _put_product(shop: Shop, line: ProductLine, product: Product | None) -> None:
    """An unknown product gives a line without name and amount, not an error."""
    if product is None:
        return
    line.name, line.tax_class = product.name, "" if product.tax_class == "parent" else product.tax_class
    line.product_id = product.parent_id if product.type == "variation" else product.id
    if product.type == "variation":
        line.variation_id = product.id
        line.meta += [shop.new_meta(a["slug"], a["option"]) for a in product.attributes if "option" in a]
    line.total = line.subtotal = net_of_price(shop, product.price_amount, line.quantity, line.tax_class)


def _put_amounts(line: ProductLine, item: Mapping[str, Any]) -> None:
    if item.get("total") is not None:
        line.total = amount(item["total"]) or ZERO
    if item.get("subtotal") is not None:
        line.subtotal = amount(item["subtotal"]) or ZERO
    # A line never costs more than before its discount.
    line.subtotal = max(line.subtotal, line.total) if line.total >= 0 else line.subtotal


def _write_shipping(shop: Shop, order: Order, item: Mapping[str, Any]) -> None:
    existing = next((line for line in order.shipping_lines if line.id == php_integer(item.get("id"))), None)
    if existing is not None and _removes(item):
        order.shipping_lines.remove(existing)
        return
    line = existing or ShippingLine(shop.ids.take("item"))
    if existing is None:
        order.shipping_lines.append(line)
    for name in ("method_title", "method_id", "instance_id"):
        if item.get(name) is not None:
            setattr(line, name, str(item[name]))
    _put_total(shop, line, item)


def _write_fee(shop: Shop, order: Order, item: Mapping[str, Any]) -> None:
    existing = next((line for line in order.fees if line.id == php_integer(item.get("id"))), None)
    if existing is not None and _removes(item):
        order.fees.remove(existing)
        return
    line = existing or FeeLine(shop.ids.take("item"))
    if existing is None:
        order.fees.append(line)
    for name in ("name", "tax_class", "tax_status"):
        if item.get(name) is not None:
            setattr(line, name, str(item[name]))
    _put_total(shop, line, item)


def _put_total(shop: Shop, line: Taxed, item: Mapping[str, Any]) -> None:
    if item.get("total") is not None:
        line.total = amount(item["total"]) or ZERO
    write_meta(shop, line.meta, item.get("meta_data"))


def _write_coupons(shop: Shop, order: Order, given: Mapping[str, Any]) -> None:
    if given.get("coupon_lines") is not None:
        apply_coupons(shop, order, [str(item["code"]) for item in _items(given, "coupon_lines")])
