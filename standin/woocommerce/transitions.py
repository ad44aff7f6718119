"""What happens when an order's status changes. Source: contracts/woocommerce.md sections 6, 8 and 9."""

from __future__ import annotations

from standin.woocommerce.coupons import count_use
from standin.woocommerce.order_state import Order, Refund
from standin.woocommerce.shop import Shop
from standin.woocommerce.stock import TAKES_STOCK, give_back_stock, record_sales, reduce_stock

_MAILS_AFTER = {"processing": ("New order", "Processing order"), "on-hold": ("New order", "Order on-hold")}
_MAILS_BEFORE = {"completed": ("Completed order",), "refunded": ("Refunded order",)}
_UNPAID = frozenset({"pending", "failed", "on-hold", "cancelled"})
_NEEDS_PAYMENT = frozenset({"pending", "failed", "checkout-draft"})


def needs_processing(shop: Shop, order: Order) -> bool:
    """Whether anything in the order has to be sent."""
    goods = (shop.goods(line) for line in order.lines)
    return any(not (product.virtual and product.downloadable) for product in goods if product is not None)


def needs_payment(order: Order) -> bool:
    """Whether the customer may still pay."""
    return order.status in _NEEDS_PAYMENT and order.totals.total > 0


def change_status(shop: Shop, order: Order, status: str) -> None:
    """Any status may follow any other; an unknown one becomes ``pending``. The same again does nothing."""
    old = order.status
    new = status if status in shop.statuses() else "pending"
    if new == old:
        return
    order.status = new
    _set_dates(shop, order)
    _move_stock(shop, order)
    _tell_people(shop, order, old)
    shop.tell(f"action.woocommerce_order_status_{new}", order.id)
    if new == "refunded":
        refund_the_rest(shop, order)


def pay(shop: Shop, order: Order, transaction_id: str = "") -> None:
    """The payment went through: paid now, and on to processing or completed."""
    if order.status not in _UNPAID:
        return
    order.transaction_id = transaction_id or order.transaction_id
    order.paid = order.paid or shop.now
    change_status(shop, order, "processing" if needs_processing(shop, order) else "completed")


def _set_dates(shop: Shop, order: Order) -> None:
    paid_from = {"completed"} if order.payment_method == "cod" else {"processing", "completed"}
    if order.paid is None and order.status in paid_from:
        order.paid = shop.now
    if order.status == "completed":
        order.completed = shop.now


def _move_stock(shop: Shop, order: Order) -> None:
    if order.status in TAKES_STOCK:
        if not order.stock_reduced and not order.sales_recorded:
            count_use(shop, order)
        reduce_stock(shop, order)
        record_sales(shop, order)
    elif order.status in {"cancelled", "pending"}:
        give_back_stock(shop, order)
    if order.status == "cancelled":
        record_sales(shop, order)


def _tell_people(shop: Shop, order: Order, old: str) -> None:
    names = shop.statuses()
    for mail in _MAILS_BEFORE.get(order.status, ()):
        shop.add_note(order, f'Email "{mail}" sent.')
    shop.add_note(order, f"Order status changed from {names.get(old, old)} to {names[order.status]}.")
    if old in {"pending", "failed", "cancelled", "checkout-draft"}:
        for mail in _MAILS_AFTER.get(order.status, ()):
            shop.add_note(order, f'Email "{mail}" sent.')


def refund_the_rest(shop: Shop, order: Order) -> None:
    """Status ``refunded`` makes a refund of all that is left: no lines, no tax split, stock not put back."""
    left = order.totals.total - shop.refunded(order)
    if left <= 0:
        return
    refund = Refund(shop.ids.take("post"), order.id, shop.now, left, "Order fully refunded.")
    refund.meta.append(shop.new_meta("_refund_type", "full"))
    shop.refunds[refund.id] = refund


def save_order(shop: Shop, order: Order) -> None:
    """Every save bumps, changed or not."""
    order.modified = shop.now
    shop.tell("order.updated", order.id)
