"""What people do in the shop: customers place orders, staff ship, refund, edit, bin. All by the shop's own rules.

Each action is ``{"action": name, ...}``, in Python by ``StandinServer.act``, over HTTP by ``POST /_standin/act``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from standin.woocommerce.errors import ApiError
from standin.woocommerce.money import php_integer, shown
from standin.woocommerce.order_state import Order, ProductLine
from standin.woocommerce.order_view import order_view
from standin.woocommerce.order_writing import create_order, update_order
from standin.woocommerce.orders import bin_order, remove_order
from standin.woocommerce.product_state import Product
from standin.woocommerce.product_writing import update_product
from standin.woocommerce.products import bin_product, remove_product
from standin.woocommerce.refunds import create_refund
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import stock_keeper
from standin.woocommerce.transitions import change_status, pay, save_order

CUSTOMER = {
    "first_name": "Lise",
    "last_name": "Øst",
    "address_1": "Havnegade 7",
    "address_2": "2. tv",
    "city": "Odense C",
    "postcode": "5000",
    "country": "DK",
    "email": "lise@example.dk",
    "phone": "+4587654321",
}
WAITS_FOR_MONEY = {"bacs", "cheque"}
_SHIPPING = {"DK": ("flat_rate", "1", "GLS pakkeshop", "39.20"), "": ("flat_rate", "3", "PostNord udland", "80.00")}


def act(shop: Shop, action: Mapping[str, Any]) -> Any:
    """Do one thing. Raises ValueError for an unknown action, LookupError for an unknown object."""
    name = str(action.get("action"))
    if name not in _ACTIONS:
        raise ValueError(f"{shop.name} knows no action {name!r}; known are {', '.join(sorted(_ACTIONS))}")
    try:
        return _ACTIONS[name](shop, action)
    except ApiError as error:
        raise ValueError(f"{error.code}: {error.message}") from error


def _order(shop: Shop, action: Mapping[str, Any]) -> Order:
    number = php_integer(action["order"])
    if number not in shop.orders:
        raise LookupError(f"{shop.name} has no order {number}")
    return shop.orders[number]


def _product(shop: Shop, sku: str) -> Product:
    product = shop.by_sku(sku)
    if product is None:
        raise LookupError(f"{shop.name} has no product {sku!r}")
    return product


def _line(order: Order, action: Mapping[str, Any]) -> ProductLine:
    for line in order.lines:
        if line.id == php_integer(action["line"]):
            return line
    raise LookupError(f"order {order.id} has no line {action['line']}")


def _told(shop: Shop, order: Order) -> dict[str, Any]:
    return {
        "order": order.id,
        "status": order.status,
        "total": shown(order.totals.total, 2),
        "body": order_view(shop, order),
    }


# --- customers -------------------------------------------------------------------------------------------------------


def _place_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """Through the storefront: ``items`` [{sku, quantity}], and perhaps ``billing``, ``shipping``, ``payment_method``,
    ``shipping_line``, ``coupons``, ``fees``, ``customer_note``, ``customer_id``, ``meta_data``, ``transaction_id``,
    ``paid`` (false leaves it pending), ``half_made`` (number of lists that see it half made). The storefront refuses
    what is not in stock."""
    billing = {**CUSTOMER, **(action.get("billing") or {})}
    items = [_cart_item(shop, item) for item in action["items"]]
    gateway = str(action.get("payment_method") or "bacs")
    given = {
        "billing": billing,
        "shipping": {**{n: v for n, v in billing.items() if n != "email"}, **(action.get("shipping") or {})},
        "line_items": items,
        "shipping_lines": [_shipping_line(shop, action, billing["country"])],
        "fee_lines": action.get("fees") or [],
        "payment_method": gateway,
        "payment_method_title": action.get("payment_method_title") or _gateway_title(shop, gateway),
        "meta_data": [*_storefront_meta(items), *(action.get("meta_data") or [])],
        "customer_ip_address": "127.0.0.1",
        "customer_user_agent": "Mozilla/5.0",
    }
    for name in ("customer_note", "customer_id", "currency"):
        if action.get(name) is not None:
            given[name] = action[name]
    if action.get("coupons"):
        given["coupon_lines"] = [{"code": code} for code in action["coupons"]]
    order = create_order(shop, given, created_via="store-api")
    order.cart_hash = _hash(items)
    _pay_at_checkout(shop, order, gateway, action)
    order.half_made_reads = php_integer(action.get("half_made", order.half_made_reads))
    return _told(shop, order)


def _cart_item(shop: Shop, item: Mapping[str, Any]) -> dict[str, Any]:
    product, quantity = _product(shop, str(item["sku"])), php_integer(item.get("quantity", 1))
    keeper = stock_keeper(shop, product)
    short = keeper is not None and keeper.backorders == "no" and (keeper.stock or 0) < quantity
    if short or product.stock_status == "outofstock":
        raise ValueError(f"woocommerce_rest_product_out_of_stock: {product.name} is out of stock")
    return {"product_id": product.id, "quantity": quantity, "meta_data": item.get("meta_data") or []}


def _shipping_line(shop: Shop, action: Mapping[str, Any], country: str) -> dict[str, Any]:
    if action.get("shipping_line"):
        return dict(action["shipping_line"])
    method, instance, title, cost = _SHIPPING["DK" if country == shop.country() else ""]
    return {"method_id": method, "instance_id": instance, "method_title": title, "total": cost}


def _gateway_title(shop: Shop, gateway: str) -> str:
    titles = {row["id"]: str(row["title"]) for row in shop.reference.get("payment_gateways", [])}
    return titles.get(gateway, gateway)


def _storefront_meta(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    hashes = {f"_{part}_hash": _hash([part, items]) for part in ("shipping", "coupons", "fees", "taxes")}
    return [{"key": key, "value": value} for key, value in {**hashes, "is_vat_exempt": "no"}.items()]


def _hash(value: object) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=16).hexdigest()


def _pay_at_checkout(shop: Shop, order: Order, gateway: str, action: Mapping[str, Any]) -> None:
    """Bank transfer and cheque wait on hold, cash on delivery goes straight on, cards are paid."""
    if action.get("paid") is False:
        return
    if gateway in WAITS_FOR_MONEY:
        change_status(shop, order, "on-hold")
    elif gateway == "cod":
        change_status(shop, order, "processing")
    else:
        pay(shop, order, str(action.get("transaction_id") or f"{gateway}-{order.id}"))
    save_order(shop, order)


def _pay_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(shop, action)
    pay(shop, order, str(action.get("transaction_id") or ""))
    save_order(shop, order)
    return _told(shop, order)


# --- staff: orders ---------------------------------------------------------------------------------------------------


def _finish_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """The POST that made the order has ended: nobody sees it half made any more."""
    order = _order(shop, action)
    order.half_made_reads = 0
    return _told(shop, order)


def _set_status(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(shop, action)
    if str(action["status"]) not in shop.statuses():
        raise ValueError(f"{shop.name} has no status {action['status']!r}")
    change_status(shop, order, str(action["status"]))
    save_order(shop, order)
    return _told(shop, order)


def _refund(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """``amount`` or ``line_items`` as in the API; nothing means all that is left, by lines. Restocks unless told."""
    order = _order(shop, action)
    given = {"api_refund": False, "api_restock": action.get("restock", True), "reason": action.get("reason", "")}
    if action.get("amount") is not None:
        given["amount"] = str(action["amount"])
    if action.get("line_items"):
        given["line_items"] = action["line_items"]
    elif action.get("amount") is None:
        given["line_items"] = [_whole_line(line) for line in [*order.taxed_lines(), *order.shipping_lines]]
        given["amount"] = str(order.totals.total - shop.refunded(order))
    refund = create_refund(shop, order, given)
    return {"refund": refund.id, **_told(shop, order)}


def _delete_refund(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """``refund``: its id. The order's date of change stays as it was."""
    refund = shop.refunds.pop(php_integer(action["refund"]), None)
    if refund is None:
        raise LookupError(f"{shop.name} has no refund {action['refund']}")
    return {"refund": refund.id, "order": refund.order_id, "deleted": True}


def _forget_refunded_items(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """A plugin made the refund ``refund``: its lines name neither the order's line nor a product."""
    refund = shop.refunds[php_integer(action["refund"])]
    for line in refund.lines:
        line.meta, line.product_id, line.variation_id = [], 0, 0
    return {"refund": refund.id}


def _whole_line(line: Any) -> dict[str, Any]:
    taxes = [{"id": rate, "refund_total": tax} for rate, tax in line.taxes.items()]
    quantity = line.quantity if isinstance(line, ProductLine) else 0
    return {"id": line.id, "quantity": quantity, "refund_total": line.total, "refund_tax": taxes}


def _edit_line(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """``quantity`` and, excluding tax, ``total`` and ``subtotal``; without them the amounts stay as they were."""
    order = _order(shop, action)
    item = {"id": _line(order, action).id}
    item.update({n: action[n] for n in ("quantity", "total", "subtotal", "name") if n in action})
    update_order(shop, order, {"line_items": [item]})
    return _told(shop, order)


def _add_line(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(shop, action)
    product = _product(shop, str(action["sku"]))
    update_order(shop, order, {"line_items": [{"product_id": product.id, "quantity": action.get("quantity", 1)}]})
    return _told(shop, order)


def _edit_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """``changes``: members as in a PUT."""
    order = _order(shop, action)
    update_order(shop, order, action["changes"])
    return _told(shop, order)


def _bin_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(shop, action)
    bin_order(shop, order)
    return _told(shop, order)


def _restore_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """Out of the bin, to the status that it had."""
    order = _order(shop, action)
    old = next((str(row.value) for row in order.meta if row.key == "_wp_trash_meta_status"), "wc-pending")
    order.meta = [row for row in order.meta if not row.key.startswith("_wp_trash_meta_")]
    order.status = old.removeprefix("wc-")
    save_order(shop, order)
    return _told(shop, order)


def _delete_order(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(shop, action)
    remove_order(shop, order)
    return {"order": order.id, "deleted": True}


def _add_note(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(shop, action)
    note = shop.add_note(order, str(action["note"]), for_customer=bool(action.get("for_customer")))
    return {"note": note.id}


# --- staff: products -------------------------------------------------------------------------------------------------


def _edit_product(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    """``changes``: members as in a PUT, such as ``stock_quantity`` or a new ``sku``."""
    product = _product(shop, str(action["sku"]))
    update_product(shop, product, action["changes"])
    return {"product": product.id, "sku": product.sku, "stock": product.stock}


def _bin_product(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    product = _product(shop, str(action["sku"]))
    bin_product(shop, product)
    return {"product": product.id}


def _delete_product(shop: Shop, action: Mapping[str, Any]) -> dict[str, Any]:
    product = _product(shop, str(action["sku"]))
    remove_product(shop, product)
    return {"product": product.id}


_ACTIONS: dict[str, Callable[[Shop, Mapping[str, Any]], Any]] = {
    "place_order": _place_order,
    "pay_order": _pay_order,
    "finish_order": _finish_order,
    "set_status": _set_status,
    "refund": _refund,
    "delete_refund": _delete_refund,
    "forget_refunded_items": _forget_refunded_items,
    "edit_line": _edit_line,
    "add_line": _add_line,
    "edit_order": _edit_order,
    "bin_order": _bin_order,
    "restore_order": _restore_order,
    "delete_order": _delete_order,
    "add_note": _add_note,
    "edit_product": _edit_product,
    "bin_product": _bin_product,
    "delete_product": _delete_product,
}
