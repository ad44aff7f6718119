"""Refunds. Source: contracts/woocommerce.md section 8."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standin.woocommerce.answers import page_of
from standin.woocommerce.dates import shown_gmt, shown_local
from standin.woocommerce.errors import ApiError, refund_refused
from standin.woocommerce.money import ZERO, amount, kept, php_integer, rounded, shown
from standin.woocommerce.order_list import by_dates, in_order
from standin.woocommerce.order_rules import FORCE, READING, REFUND_LISTING, REFUND_WRITING
from standin.woocommerce.order_state import FeeLine, Order, ProductLine, Refund, ShippingLine, Taxed, TaxLine
from standin.woocommerce.order_view import fee_view, item_links, line_view, shipping_view, tax_line_view
from standin.woocommerce.order_writing import write_meta
from standin.woocommerce.routing import Answer, Call, Operation, Route
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import restock_refunded
from standin.woocommerce.taxation import line_tax
from standin.woocommerce.transitions import change_status, save_order


def refund_view(shop: Shop, refund: Refund, places: int = 2) -> dict[str, Any]:
    """One refund."""
    collection = f"/orders/{refund.order_id}/refunds"
    links = item_links(shop, f"{collection}/{refund.id}", collection, ("GET", "DELETE"))
    return {
        "id": refund.id,
        "date_created": shown_local(refund.created, shop.switches.zone),
        "date_created_gmt": shown_gmt(refund.created),
        "amount": shown(refund.amount, places),
        "reason": refund.reason,
        "refunded_by": refund.refunded_by,
        "refunded_payment": refund.refunded_payment,
        "meta_data": [{"id": row.id, "key": row.key, "value": row.value} for row in refund.meta],
        "line_items": [line_view(shop, line, places) for line in refund.lines],
        "shipping_lines": [shipping_view(shop, line, places) for line in refund.shipping_lines],
        "tax_lines": [tax_line_view(line, places) for line in refund.tax_lines],
        "fee_lines": [fee_view(shop, line, places) for line in refund.fees],
        "_links": {**links, "up": [{"href": f"{shop.home}/wp-json/wc/v3/orders/{refund.order_id}"}]},
    }


# --- making one ------------------------------------------------------------------------------------------------------


def create_refund(shop: Shop, order: Order, given: Mapping[str, Any]) -> Refund:
    """Book a refund and whatever follows from it. Raises ApiError 500 when it can not be; then nothing was written."""
    asked = given.get("line_items") or []
    value = _asked_amount(given, asked)
    left = order.totals.total - shop.refunded(order)
    if value < 0 or value > left:
        raise refund_refused("Invalid refund amount.")
    paid_back = given.get("api_refund", True)
    if paid_back:
        _ask_gateway(shop, order)
    refund = Refund(shop.ids.take("post"), order.id, shop.now, value, str(given.get("reason") or ""))
    refund.refunded_by = php_integer(given.get("refunded_by")) or 1
    refund.refunded_payment = bool(paid_back)
    write_meta(shop, refund.meta, given.get("meta_data"))
    for item in asked:
        _add_line(shop, order, refund, item)
    _add_tax_lines(shop, refund)
    shop.refunds[refund.id] = refund
    if given.get("api_restock", True):
        for item in asked:
            for line in order.lines:
                if line.id == php_integer(item.get("id")) and php_integer(item.get("quantity")) > 0:
                    restock_refunded(shop, order, line, php_integer(item["quantity"]))
    _finish(shop, order, refund, full=value == left)
    return refund


def _asked_amount(given: Mapping[str, Any], asked: list[Mapping[str, Any]]) -> Decimal:
    if given.get("amount"):
        return amount(given["amount"]) or ZERO
    value = ZERO
    for item in asked:
        value += amount(item.get("refund_total")) or ZERO
        value += sum((amount(tax.get("refund_total")) or ZERO for tax in item.get("refund_tax") or []), ZERO)
    return rounded(value)


def _ask_gateway(shop: Shop, order: Order) -> None:
    gateways = {gateway["id"]: gateway for gateway in shop.reference.get("payment_gateways", [])}
    gateway = gateways.get(order.payment_method)
    if gateway is None:
        raise refund_refused("The payment gateway for this order does not exist.")
    if "refunds" not in gateway.get("method_supports", []):
        raise refund_refused("The payment gateway for this order does not support automatic refunds.")


def _add_line(shop: Shop, order: Order, refund: Refund, item: Mapping[str, Any]) -> None:
    number = php_integer(item.get("id"))
    source = next((line for line in [*order.taxed_lines(), *order.shipping_lines] if line.id == number), None)
    if source is None:
        return
    total = -(amount(item.get("refund_total")) or ZERO)
    taxes = {
        php_integer(t.get("id")): -kept(amount(t.get("refund_total")) or ZERO) for t in item.get("refund_tax") or []
    }
    quantity = -php_integer(item.get("quantity"))
    line = _mirrored(shop, source, total, taxes, quantity)
    line.meta = [shop.new_meta("_refunded_item_id", str(number))]
    if isinstance(line, ProductLine):
        refund.lines.append(line)
    elif isinstance(line, ShippingLine):
        refund.shipping_lines.append(line)
    elif isinstance(line, FeeLine):
        refund.fees.append(line)


def _mirrored(shop: Shop, source: Taxed, total: Decimal, taxes: dict[int, Decimal], quantity: int) -> Taxed:
    """A line like that of the order, with the refund's own amounts."""
    shared: dict[str, Any] = {
        "id": shop.ids.take("item"),
        "total": total,
        "taxes": taxes,
        "total_tax": line_tax(shop, taxes),
        "tax_status": source.tax_status,
        "tax_class": source.tax_class,
    }
    if isinstance(source, ProductLine):
        own: dict[str, Any] = {"name": source.name, "product_id": source.product_id}
        own["variation_id"] = source.variation_id
        before: dict[str, Any] = {"subtotal": total, "subtotal_taxes": dict(taxes), "subtotal_tax": shared["total_tax"]}
        return ProductLine(**shared, **own, **before, quantity=quantity)
    if isinstance(source, ShippingLine):
        return ShippingLine(
            **shared, method_title=source.method_title, method_id=source.method_id, instance_id=source.instance_id
        )
    return FeeLine(**shared, name=getattr(source, "name", ""))


def _add_tax_lines(shop: Shop, refund: Refund) -> None:
    rates = {rate.id: rate for rate in shop.tax_rates}
    for line in [*refund.lines, *refund.fees, *refund.shipping_lines]:
        for rate_id, tax in line.taxes.items():
            if rate_id not in rates:
                continue
            row = next((t for t in refund.tax_lines if t.rate_id == rate_id), None)
            if row is None:
                rate = rates[rate_id]
                row = TaxLine(shop.ids.take("item"), rate.id, rate.code, rate.name, rate.percent)
                refund.tax_lines.append(row)
            if isinstance(line, ShippingLine):
                row.shipping_tax_total += tax
            else:
                row.tax_total += tax


def _finish(shop: Shop, order: Order, refund: Refund, *, full: bool) -> None:
    """The order turns to refunded by itself when nothing is left, unless one of its lines was free."""
    refund.meta.append(shop.new_meta("_refund_type", "full" if full else "partial"))
    if full and not any(line.total == 0 for line in order.lines):
        change_status(shop, order, "refunded")
    save_order(shop, order)


# --- routes ----------------------------------------------------------------------------------------------------------


def _order(call: Call) -> Order:
    order = call.shop.orders.get(call.id("order_id"))
    if order is None:
        raise ApiError(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
    return order


def _refund(call: Call) -> Refund:
    order = _order(call)
    refund = call.shop.refunds.get(call.id())
    if refund is None or refund.order_id != order.id:
        raise ApiError(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")
    return refund


def _listed(call: Call, rows: list[Refund]) -> Answer:
    params = call.params
    rows = [r for r in rows if not params["include"] or r.id in params["include"]]
    rows = [r for r in rows if r.id not in params["exclude"]]
    dated = by_dates(call.shop, [_Row(refund) for refund in rows], params)
    ordered = in_order(dated, params, titles=lambda row: str(row.id))
    shown_rows, headers = page_of(call, ordered)
    return Answer([refund_view(call.shop, row.refund, params["dp"]) for row in shown_rows], headers=headers)


class _Row:
    """A refund for the date filters: it is never modified."""

    def __init__(self, refund: Refund) -> None:
        self.refund, self.id = refund, refund.id
        self.created = self.modified = refund.created


def list_refunds(call: Call) -> Answer:
    """The refunds of an order, newest first."""
    return _listed(call, call.shop.refunds_of(_order(call)))


def list_all_refunds(call: Call) -> Answer:
    """The refunds of all orders, each with the order's id; 8.9 has no such route."""
    answer = _listed(call, list(call.shop.refunds.values()))
    for body in answer.data:
        rest = {name: body.pop(name) for name in list(body) if name != "id"}
        body.update(parent_id=call.shop.refunds[body["id"]].order_id, **rest)
    return answer


def get_refund(call: Call) -> Answer:
    """One refund."""
    return Answer(refund_view(call.shop, _refund(call), call.params["dp"]))


def post_refund(call: Call) -> Answer:
    """A new refund."""
    refund = create_refund(call.shop, _order(call), call.params)
    # WooCommerce itself sends the pattern of the route here (recording refund-create-partial-line).
    location = call.link(rf"/orders/(?P<order_id>[\d]+)/refunds/{refund.id}")
    return Answer(refund_view(call.shop, refund), 201, {"Location": location})


def delete_refund(call: Call) -> Answer:
    """Final even without ``force``; the order is not bumped."""
    refund = _refund(call)
    del call.shop.refunds[refund.id]
    return Answer(refund_view(call.shop, refund))


ROUTES = [
    Route(
        r"/orders/(?P<order_id>\d+)/refunds",
        {
            "GET": Operation(list_refunds, "list", REFUND_LISTING),
            "POST": Operation(post_refund, "create", REFUND_WRITING),
        },
    ),
    Route(
        r"/orders/(?P<order_id>\d+)/refunds/(?P<id>\d+)",
        {"GET": Operation(get_refund, "view", READING), "DELETE": Operation(delete_refund, "delete", FORCE)},
    ),
    Route(r"/refunds", {"GET": Operation(list_all_refunds, "list", REFUND_LISTING)}, since=9),
]
