"""A shop out of its seed: bodies in the API's own form become rows, with the inside precision put back.

Answers carry two decimals; ``price`` (total by quantity, a float) tells what a line's total is inside, and the tax
rates tell the taxes. Where that disagrees with the stated two decimals, the stated ones hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standin.woocommerce.dates import read_gmt
from standin.woocommerce.money import ZERO, amount, kept, rounded
from standin.woocommerce.order_state import (
    CouponLine,
    FeeLine,
    Meta,
    Note,
    Order,
    ProductLine,
    Refund,
    ShippingLine,
    Taxed,
    TaxLine,
    Totals,
    meta_value,
)
from standin.woocommerce.product_state import Coupon, Product
from standin.woocommerce.product_writing import create_product, whole_or_none
from standin.woocommerce.reference import rate_from
from standin.woocommerce.shop import ApiKey, Shop
from standin.woocommerce.stock import REDUCED, TAKES_STOCK
from standin.woocommerce.switches import Switches
from standin.woocommerce.taxation import round_tax

DEFAULT_KEY = {"consumer_key": "ck_standin", "consumer_secret": "cs_standin"}


def load_shop(name: str, seed: Mapping[str, Any], switches: Switches) -> Shop:
    """A shop that shares parts with its seed: freeze it before use.

    Members of the seed: ``options``, ``taxes``, ``reference``, ``products`` (variations among them), ``orders``,
    ``refunds``, ``notes``, ``coupons``, ``customers``, ``credentials``, ``shop_products``, ``next_ids``.
    """
    shop = Shop(name, switches)
    shop.options = {**seed.get("options", {}), **switches.options()}
    shop.tax_rates = [rate_from(body) for body in seed.get("taxes", [])]
    shop.reference = dict(seed.get("reference", {}))
    shop.keys = _keys(seed.get("credentials") or DEFAULT_KEY)
    for body in seed.get("products", []):
        product = product_from(body)
        shop.products[product.id] = product
    for body in seed.get("coupons", []):
        shop.coupons[body["code"]] = _coupon(body)
    shop.customers = {body["id"]: dict(body) for body in seed.get("customers", [])}
    for body in seed.get("orders", []):
        order = order_from(shop, body)
        shop.orders[order.id] = order
    for body in seed.get("refunds", []):
        refund = _refund(shop, body)
        shop.refunds[refund.id] = refund
    for order_id, notes in seed.get("notes", {}).items():
        shop.notes[int(order_id)] = [_note(body) for body in notes]
    _count_on(shop, seed.get("next_ids", {}))
    _add_shop_products(shop, seed.get("shop_products", []))
    return shop


def _keys(credentials: Mapping[str, Any]) -> list[ApiKey]:
    given = credentials.get("keys") or [credentials]
    return [ApiKey(**key) for key in given]


def _meta_rows(rows: list[Mapping[str, Any]]) -> list[Meta]:
    return [Meta(int(row["id"]), str(row["key"]), row["value"]) for row in rows]


def _text(body: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: str(body.get(name) or "") for name in names}


def _count_on(shop: Shop, next_ids: Mapping[str, int]) -> None:
    """New rows get ids above all that the seed used, or those that it asks for."""
    ids = shop.ids
    for number in [*shop.products, *shop.orders, *shop.refunds, *(c.id for c in shop.coupons.values())]:
        ids.above("post", number)
    owners: list[Order | Refund] = [*shop.orders.values(), *shop.refunds.values()]
    for owner in owners:
        lines: list[Any] = [*owner.lines, *owner.shipping_lines, *owner.fees, *owner.tax_lines]
        for line in [*lines, *(owner.coupons if isinstance(owner, Order) else [])]:
            ids.above("item", line.id)
            for row in getattr(line, "meta", []):
                ids.above("meta", row.id)
        for row in owner.meta:
            ids.above("meta", row.id)
    for note in (note for notes in shop.notes.values() for note in notes):
        ids.above("note", note.id)
    for kind, number in next_ids.items():
        setattr(ids, kind, int(number))


# --- orders ----------------------------------------------------------------------------------------------------------


def order_from(shop: Shop, body: Mapping[str, Any]) -> Order:
    """An order from the body of ``GET /orders/{id}`` with ``dp=2``."""
    created, modified = read_gmt(body["date_created_gmt"]), read_gmt(body["date_modified_gmt"])
    if created is None or modified is None:
        raise ValueError(f"order {body['id']} of the seed has no dates")
    order = Order(int(body["id"]), created, modified)
    order.completed, order.paid = read_gmt(body["date_completed_gmt"]), read_gmt(body["date_paid_gmt"])
    for name in ("status", "currency", "version", "prices_include_tax", "customer_id", "parent_id", "order_key"):
        setattr(order, name, body[name])
    for name in ("payment_method", "payment_method_title", "transaction_id", "customer_ip_address", "customer_note"):
        setattr(order, name, body[name])
    for name in ("customer_user_agent", "created_via", "cart_hash"):
        setattr(order, name, body[name])
    order.billing.update(_text(body["billing"], *order.billing))
    order.shipping.update(_text(body["shipping"], *order.shipping))
    order.totals = Totals(**{name: Decimal(body[name]) for name in vars(Totals())})
    order.meta = _meta_rows(body["meta_data"])
    rates = _percents(body)
    order.lines = [_line(shop, line, rates) for line in body["line_items"]]
    order.shipping_lines = [_shipping_line(shop, line, rates) for line in body["shipping_lines"]]
    order.fees = [_fee(shop, line, rates) for line in body["fee_lines"]]
    order.tax_lines = [_tax_line(line) for line in body["tax_lines"]]
    order.coupons = [_coupon_line(line) for line in body["coupon_lines"]]
    _unround(order)
    taken = any(meta_value(line.meta, REDUCED) is not None for line in order.lines)
    order.stock_reduced = taken or order.status in TAKES_STOCK
    order.sales_recorded = order.stock_reduced and order.status not in {"cancelled", "trash"}
    return order


def _unround(order: Order) -> None:
    """An order whose taxes were rounded at subtotal: only then the stated cart tax is not the sum of its lines'."""
    cart = sum((tax for line in order.taxed_lines() for tax in line.taxes.values()), ZERO)
    by_line = sum((line.total_tax for line in order.taxed_lines()), ZERO)
    if order.totals.cart_tax == by_line or order.totals.cart_tax != rounded(cart):
        return
    order.totals.cart_tax = cart
    for line in order.taxed_lines():
        line.total_tax = sum(line.taxes.values(), ZERO)
    for goods in order.lines:
        goods.subtotal_tax = sum(goods.subtotal_taxes.values(), ZERO)
    for row in order.tax_lines:
        row.tax_total = sum((line.taxes.get(row.rate_id, ZERO) for line in order.taxed_lines()), ZERO)


def _percents(body: Mapping[str, Any]) -> dict[int, Decimal]:
    return {line["rate_id"]: Decimal(str(line["rate_percent"])) for line in body["tax_lines"]}


def _inside(stated: str, finer: Decimal) -> Decimal:
    """The finer amount when it shows as stated."""
    value = Decimal(stated)
    return finer if rounded(finer) == rounded(value) else value


def _line(shop: Shop, body: Mapping[str, Any], rates: Mapping[int, Decimal]) -> ProductLine:
    quantity = int(body["quantity"])
    line = ProductLine(int(body["id"]), name=str(body["name"] or ""), quantity=quantity)
    line.product_id, line.variation_id = int(body["product_id"]), int(body["variation_id"])
    line.tax_class, line.meta = str(body["tax_class"] or ""), _meta_rows(body["meta_data"])
    line.total = _inside(body["total"], kept(Decimal(str(body["price"])) * quantity))
    line.subtotal = line.total if body["subtotal"] == body["total"] else _list_price(shop, line, body["subtotal"])
    for tax in body["taxes"]:
        percent = rates.get(tax["id"], ZERO)
        line.taxes[tax["id"]] = _inside_tax(shop, tax["total"], kept(line.total * percent / 100))
        line.subtotal_taxes[tax["id"]] = _inside_tax(shop, tax["subtotal"], kept(line.subtotal * percent / 100))
    line.total_tax, line.subtotal_tax = Decimal(body["total_tax"]), Decimal(body["subtotal_tax"])
    return line


def _list_price(shop: Shop, line: ProductLine, stated: str) -> Decimal:
    """Before a discount: the product's price without tax, when that shows as stated."""
    product = shop.goods(line)
    gross = product.price_amount * line.quantity if product is not None else ZERO
    return _inside(stated, kept(gross * 100 / 125) if shop.prices_include_tax else gross)


def _inside_tax(shop: Shop, stated: str, finer: Decimal) -> Decimal:
    value = Decimal(stated or 0)
    return finer if value in {rounded(finer), round_tax(shop, finer), finer} else value


def _own_taxes(shop: Shop, line: Taxed, body: Mapping[str, Any], rates: Mapping[int, Decimal]) -> None:
    line.total, line.total_tax = Decimal(body["total"]), Decimal(body["total_tax"])
    line.meta = _meta_rows(body["meta_data"])
    line.tax_status = str(body.get("tax_status") or "taxable")
    for tax in body["taxes"]:
        finer = kept(line.total * rates.get(tax["id"], ZERO) / 100)
        line.taxes[tax["id"]] = _inside_tax(shop, tax["total"], finer)


def _shipping_line(shop: Shop, body: Mapping[str, Any], rates: Mapping[int, Decimal]) -> ShippingLine:
    line = ShippingLine(int(body["id"]))
    for name, value in _text(body, "method_title", "method_id", "instance_id").items():
        setattr(line, name, value)
    _own_taxes(shop, line, body, rates)
    return line


def _fee(shop: Shop, body: Mapping[str, Any], rates: Mapping[int, Decimal]) -> FeeLine:
    line = FeeLine(int(body["id"]), name=str(body["name"] or ""))
    _own_taxes(shop, line, body, rates)
    line.tax_class = str(body["tax_class"] or "")
    return line


def _tax_line(body: Mapping[str, Any]) -> TaxLine:
    line = TaxLine(
        int(body["id"]), int(body["rate_id"]), body["rate_code"], body["label"], Decimal(str(body["rate_percent"]))
    )
    line.tax_total, line.shipping_tax_total = Decimal(body["tax_total"]), Decimal(body["shipping_tax_total"])
    return line


def _coupon_line(body: Mapping[str, Any]) -> CouponLine:
    line = CouponLine(int(body["id"]), body["code"], 0, body["discount_type"], Decimal(str(body["nominal_amount"])))
    line.discount, line.discount_tax = Decimal(body["discount"]), Decimal(body["discount_tax"])
    line.meta = _meta_rows(body["meta_data"])
    return line


def _refund(shop: Shop, body: Mapping[str, Any]) -> Refund:
    created = read_gmt(body["date_created_gmt"])
    if created is None:
        raise ValueError(f"refund {body['id']} of the seed has no date")
    refund = Refund(int(body["id"]), int(body["order_id"]), created, Decimal(body["amount"]), body["reason"])
    refund.refunded_by, refund.refunded_payment = int(body["refunded_by"]), bool(body["refunded_payment"])
    refund.meta, rates = _meta_rows(body["meta_data"]), _percents(body)
    refund.lines = [_line(shop, line, rates) for line in body["line_items"]]
    refund.shipping_lines = [_shipping_line(shop, line, rates) for line in body["shipping_lines"]]
    refund.fees = [_fee(shop, line, rates) for line in body["fee_lines"]]
    refund.tax_lines = [_tax_line(line) for line in body["tax_lines"]]
    return refund


def _note(body: Mapping[str, Any]) -> Note:
    created = read_gmt(body["date_created_gmt"])
    if created is None:
        raise ValueError(f"note {body['id']} of the seed has no date")
    return Note(int(body["id"]), body["note"], created, bool(body["customer_note"]))


# --- products --------------------------------------------------------------------------------------------------------


def product_from(body: Mapping[str, Any]) -> Product:
    """A product or variation from the body of a GET, on either route."""
    created, modified = read_gmt(body["date_created_gmt"]), read_gmt(body["date_modified_gmt"])
    if created is None or modified is None:
        raise ValueError(f"product {body['id']} of the seed has no dates")
    product = Product(int(body["id"]), created, modified)
    for name in ("type", "status", "sku", "regular_price", "sale_price", "stock_status", "backorders", "weight"):
        setattr(product, name, body[name])
    product.name, product.parent_id = str(body.get("name", "")), int(body.get("parent_id", 0))
    product.slug = str(body.get("slug", "")).removesuffix("__trashed")
    product.manage_stock = body["manage_stock"] is True
    product.stock = whole_or_none(body["stock_quantity"]) if product.manage_stock else None
    product.total_sales = int(body.get("total_sales", 0))
    product.global_unique_id = str(body.get("global_unique_id", ""))
    product.tax_status, product.tax_class = body["tax_status"], str(body["tax_class"]).replace("parent", "")
    product.virtual, product.downloadable = bool(body["virtual"]), bool(body["downloadable"])
    product.description, product.short_description = body["description"], str(body.get("short_description", ""))
    product.categories = body.get("categories", [])
    product.attributes = body["attributes"]
    product.meta = _meta_rows(body["meta_data"])
    return product


def _coupon(body: Mapping[str, Any]) -> Coupon:
    value = amount(body["amount"]) or ZERO
    return Coupon(int(body["id"]), body["code"], value, body["discount_type"], dict(body), list(body["used_by"]))


def _add_shop_products(shop: Shop, products: list[Mapping[str, Any]]) -> None:
    """Products of another shop (``sku``, ``name``, ``net_price``, ``stock``), for a shop that sells the same goods."""
    for given in products:
        if shop.by_sku(str(given["sku"])) is None:
            net = Decimal(str(given["net_price"]))
            price = rounded(net * Decimal("1.25")) if shop.prices_include_tax else rounded(net)
            stock = given.get("stock")
            managed = {"manage_stock": stock is not None, "stock_quantity": stock}
            create_product(shop, {"name": given["name"], "sku": given["sku"], "regular_price": str(price), **managed})
