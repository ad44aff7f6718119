"""Orders and their lines as the API shows them. Source: contracts/woocommerce.md sections 6, 7 and 16."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from standin.woocommerce.dates import shown_gmt, shown_local
from standin.woocommerce.money import ZERO, price_per_piece, shown, trimmed
from standin.woocommerce.order_state import CouponLine, FeeLine, Meta, Order, ProductLine, ShippingLine, TaxLine
from standin.woocommerce.shop import Shop
from standin.woocommerce.transitions import needs_payment, needs_processing

CURRENCY_SYMBOLS = {
    "DKK": "kr.",
    "EUR": "€",
    "NOK": "kr",
    "SEK": "kr",
    "USD": "$",
    "GBP": "£",
    "CHF": "CHF",
    "PLN": "zł",
}


def order_view(shop: Shop, order: Order, places: int = 2) -> dict[str, Any]:
    """The whole order; ``places`` is the argument ``dp``."""
    zone = shop.switches.zone
    header = {name: shown(value, places) for name, value in vars(order.totals).items()}
    return {
        "id": order.id,
        "parent_id": order.parent_id,
        "status": order.status,
        "currency": order.currency,
        "version": order.version,
        "prices_include_tax": order.prices_include_tax,
        "date_created": shown_local(order.created, zone),
        "date_modified": shown_local(order.modified, zone),
        **header,
        **_customer(shop, order),
        **_lines(shop, order, places),
        "refunds": _short_refunds(shop, order, places),
        "payment_url": f"{shop.home}/checkout/order-pay/{order.id}/?pay_for_order=true&key={order.order_key}",
        "is_editable": order.status in {"pending", "on-hold", "auto-draft"},
        "needs_payment": needs_payment(order),
        "needs_processing": needs_processing(shop, order),
        "date_created_gmt": shown_gmt(order.created),
        "date_modified_gmt": shown_gmt(order.modified),
        "date_completed_gmt": shown_gmt(order.completed),
        "date_paid_gmt": shown_gmt(order.paid),
        "currency_symbol": CURRENCY_SYMBOLS.get(order.currency, order.currency),
        "_links": _order_links(shop, order),
    }


def _customer(shop: Shop, order: Order) -> dict[str, Any]:
    zone = shop.switches.zone
    return {
        "customer_id": order.customer_id,
        "order_key": order.order_key,
        "billing": dict(order.billing),
        "shipping": dict(order.shipping),
        "payment_method": order.payment_method,
        "payment_method_title": order.payment_method_title,
        "transaction_id": order.transaction_id,
        "customer_ip_address": order.customer_ip_address,
        "customer_user_agent": order.customer_user_agent,
        "created_via": order.created_via,
        "customer_note": order.customer_note,
        "date_completed": shown_local(order.completed, zone),
        "date_paid": shown_local(order.paid, zone),
        "cart_hash": order.cart_hash,
        "number": _number(shop, order),
        # Not in the order of insertion: the database hands them out by key (recording order-get-b2b).
        "meta_data": [_meta(row) for row in sorted(order.meta, key=lambda row: row.key)],
    }


def _number(shop: Shop, order: Order) -> str:
    """The id, unless a plugin numbers orders: in meta data, and nothing keeps two orders from having the same."""
    numbered = (str(row.value) for row in order.meta if row.key == "_order_number")
    return next(numbered, str(order.id)) if shop.switches.numbering_plugin else str(order.id)


def _lines(shop: Shop, order: Order, places: int) -> dict[str, Any]:
    return {
        "line_items": [line_view(shop, line, places) for line in order.lines],
        "tax_lines": [tax_line_view(line, places) for line in order.tax_lines],
        "shipping_lines": [shipping_view(shop, line, places) for line in order.shipping_lines],
        "fee_lines": [fee_view(shop, line, places) for line in order.fees],
        "coupon_lines": [_coupon_view(line) for line in order.coupons],
    }


def line_view(shop: Shop, line: ProductLine, places: int) -> dict[str, Any]:
    """A line; its ``sku`` is looked up now, so it follows the product and is null once that is deleted."""
    product = shop.goods(line)
    parent = shop.products.get(product.parent_id) if product is not None and product.type == "variation" else None
    view = {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id if line.product_id in shop.products else 0,
        "variation_id": line.variation_id if line.variation_id in shop.products else 0,
        "quantity": line.quantity,
        "tax_class": line.tax_class,
        "subtotal": shown(line.subtotal, places),
        "subtotal_tax": shown(line.subtotal_tax, places),
        "total": shown(line.total, places),
        "total_tax": shown(line.total_tax, places),
        "taxes": [
            {
                "id": rate,
                "total": _tax(shop, tax, places),
                "subtotal": _tax(shop, line.subtotal_taxes.get(rate, ZERO), places),
            }
            for rate, tax in line.taxes.items()
        ],
        "meta_data": [_line_meta(shop, row) for row in line.meta],
        "sku": product.sku if product is not None else None,
        "global_unique_id": product.global_unique_id if product is not None else None,
        "price": price_per_piece(line.total, line.quantity),
        "image": {"id": 0 if product is None or parent is not None else "", "src": ""},
        "parent_name": parent.name if parent is not None else None,
    }
    return _without(view, "global_unique_id") if shop.is_old else view


def _tax(shop: Shop, tax: Decimal, places: int) -> str:
    """8.9 gives the taxes of a line unrounded."""
    return trimmed(tax) if shop.is_old else shown(tax, places)


def _own_taxes(shop: Shop, taxes: Mapping[int, Decimal], places: int) -> list[dict[str, Any]]:
    return [{"id": rate, "total": _tax(shop, tax, places), "subtotal": ""} for rate, tax in taxes.items()]


def shipping_view(shop: Shop, line: ShippingLine, places: int) -> dict[str, Any]:
    """A shipping line."""
    view = {
        "id": line.id,
        "method_title": line.method_title,
        "method_id": line.method_id,
        "instance_id": line.instance_id,
        "total": shown(line.total, places),
        "total_tax": shown(line.total_tax, places),
        "taxes": _own_taxes(shop, line.taxes, places),
        "tax_status": line.tax_status,
        "meta_data": [_line_meta(shop, row) for row in line.meta],
    }
    return _without(view, "tax_status") if shop.is_old else view


def fee_view(shop: Shop, line: FeeLine, places: int) -> dict[str, Any]:
    """A fee."""
    return {
        "id": line.id,
        "name": line.name,
        "tax_class": line.tax_class,
        "tax_status": line.tax_status,
        "amount": "",
        "total": shown(line.total, places),
        "total_tax": shown(line.total_tax, places),
        "taxes": _own_taxes(shop, line.taxes, places),
        "meta_data": [_line_meta(shop, row) for row in line.meta],
    }


def tax_line_view(line: TaxLine, places: int) -> dict[str, Any]:
    """The sum of a rate."""
    return {
        "id": line.id,
        "rate_code": line.rate_code,
        "rate_id": line.rate_id,
        "label": line.label,
        "compound": False,
        "tax_total": shown(line.tax_total, places),
        "shipping_tax_total": shown(line.shipping_tax_total, places),
        "rate_percent": Decimal(trimmed(line.percent)),
        "meta_data": [],
    }


def _coupon_view(line: CouponLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "code": line.code,
        "discount": trimmed(line.discount),
        "discount_tax": trimmed(line.discount_tax),
        "meta_data": [{**_meta(row), "display_key": row.key, "display_value": row.value} for row in line.meta],
        "discount_type": line.discount_type,
        "nominal_amount": Decimal(trimmed(line.nominal_amount)),
        "free_shipping": False,
    }


def _short_refunds(shop: Shop, order: Order, places: int) -> list[dict[str, Any]]:
    return [
        {
            "id": refund.id,
            "reason": refund.reason,
            "total": shown(-refund.amount, places),
            "total_tax": shown(refund.total_tax, places),
        }
        for refund in shop.refunds_of(order)
    ]


def _meta(row: Meta) -> dict[str, Any]:
    return {"id": row.id, "key": row.key, "value": row.value}


def _line_meta(shop: Shop, row: Meta) -> dict[str, Any]:
    """Meta of a line; a variation's attribute is shown under the attribute's name."""
    return {**_meta(row), "display_key": _attribute_name(shop.products.values(), row.key), "display_value": row.value}


def _attribute_name(products: Iterable[Any], key: str) -> str:
    if key.startswith("_"):
        return key
    names = (a["name"] for p in products for a in p.attributes if a.get("slug") == key)
    return next(names, key)


def _without(view: dict[str, Any], name: str) -> dict[str, Any]:
    return {member: value for member, value in view.items() if member != name}


def item_links(shop: Shop, path: str, collection: str, allow: Iterable[str] | None = None) -> dict[str, Any]:
    """``_links`` of an item; versions before 9 have no ``targetHints``."""
    link: dict[str, Any] = {"href": f"{shop.home}/wp-json/wc/v3{path}"}
    if not shop.is_old:
        link["targetHints"] = {"allow": list(allow or ("GET", "POST", "PUT", "PATCH", "DELETE"))}
    return {"self": [link], "collection": [{"href": f"{shop.home}/wp-json/wc/v3{collection}"}]}


def _order_links(shop: Shop, order: Order) -> dict[str, Any]:
    links = item_links(shop, f"/orders/{order.id}", "/orders")
    if not shop.is_old:
        href = f"{shop.home}/wp-json/wc/v3/orders/{order.id}/actions/email_templates"
        links["email_templates"] = [{"embeddable": True, "href": href}]
    if order.customer_id:
        links["customer"] = [{"href": f"{shop.home}/wp-json/wc/v3/customers/{order.customer_id}"}]
    return links
