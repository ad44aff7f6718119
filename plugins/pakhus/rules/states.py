"""Which step an order's state starts, and why not (domain guide 3.1, 3.2; design, decisions 6 and 8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pakhus.model import ZERO, Lifecycle, Order, PaymentState
from pakhus.reasons import Status, Verdict
from pakhus.rules.goods import needs_shipping
from pakhus.rules.reservations import delivery_of, is_over, is_picked_up, same_goods
from pakhus.rules.ruled import ruled


@dataclass(frozen=True, slots=True)
class StateRules:
    """The shop's settings that decide on states. `ignored` and the listed states are the ones known to the merchant.

    An invoice is due by the order's state, by its shipment, or by whichever says so first.
    """

    start_from: datetime
    reserve: Collection[str]
    invoice: Collection[str]
    ignored: Collection[str] = ()
    by_state: bool = True
    by_shipment: bool = False
    prepay_states: Collection[str] = ()  # in these, orders of the methods below are reserved before they are paid
    prepay_later: Collection[str] = ()
    not_reserved_pickups: Collection[str] = ()  # methods of pick-up in store that the warehouse does not send


@dataclass(frozen=True, slots=True)
class Shipped:
    """How far an order's goods are, as the warehouse says: whether all went, and when the last of them did."""

    all: bool = False
    last_at: datetime | None = None


NOT_SHIPPED = Shipped()


def reservation_verdict(order: Order, rules: StateRules) -> Verdict:
    """Whether an order that has no reservation yet is to be reserved."""
    verdict = _not_ours(order, rules) or _no_lines(order) or _picked_up(order, rules)
    verdict = verdict or _before_payment(order, rules) or _by_state(order, rules, rules.reserve)
    if verdict.status is Status.DUE and is_over(order):
        verdict = Verdict.of("goods_refunded")
    return ruled(order, verdict)


def invoice_verdict(order: Order, rules: StateRules, shipped: Shipped = NOT_SHIPPED) -> Verdict:
    """Whether an order that has no invoice yet is to be invoiced.

    An open order waits for its goods to go; a cancelled one is skipped, and judged again if it comes back. What nobody
    ships (services, downloads) is due by its state, whatever the settings say of shipments.
    """
    return ruled(order, _invoice_verdict(order, rules, shipped))


def _invoice_verdict(order: Order, rules: StateRules, shipped: Shipped) -> Verdict:
    verdict = _not_ours(order, rules) or _no_lines(order)
    if verdict is not None:
        return verdict
    if rules.by_shipment and shipped.all and not _is_closed(order):
        return Verdict.of("due")
    verdict = _by_state(order, rules, rules.invoice)
    if verdict.status is Status.DUE and not rules.by_state and needs_shipping(order):
        return Verdict.of("not_shipped")
    if verdict.code == "state_not_listed" and order.lifecycle is Lifecycle.OPEN:
        return Verdict.of("not_shipped")
    return verdict


def invoice_moment(order: Order, shipped: Shipped) -> datetime | None:
    """The moment whose day an invoice carries: the last shipment, else the capture, else the order's end or payment.

    None: nobody says any (design, decision 8).
    """
    captures = [payment.captured_at for payment in order.payments if payment.captured_at is not None]
    return shipped.last_at or max(captures, default=None) or order.completed_at or order.paid_at


def changed_reservation(before: Order, now: Order) -> Verdict | None:
    """What a change in the shop means for a reservation that the warehouse already has; None: nothing.

    `before` is what was transferred, or what a person has accepted since: that may be a cancelled order.
    """
    if is_over(now):
        return None if is_over(before) else Verdict.of("cancelled_after_transfer")
    if is_over(before) or not same_goods(before, now) or delivery_of(before) != delivery_of(now):
        return Verdict.of("order_changed_after_transfer")
    return None


def changed_invoice(before: Order, now: Order) -> Verdict | None:
    """What a change in the shop means for an invoice that the accounts already have; None: nothing.

    Refunds are not a change of the invoice: they become credit notes of their own, also where nothing is left.
    """
    if before.total != now.total or _amounts(before) != _amounts(now):
        return Verdict.of("order_changed_after_transfer")
    if is_over(now) == is_over(before) or any(map(_is_paid_back, (before, now))):
        return None
    return Verdict.of("cancelled_after_transfer" if is_over(now) else "order_changed_after_transfer")


def changed_draft(before: Order, now: Order) -> Verdict | None:
    """What a change in the shop means for a draft; None: nothing. Refunds change it: it is made of what is left."""
    if is_over(now) and not is_over(before):
        return Verdict.of("cancelled_after_transfer")
    refunds = Verdict.of("order_changed_after_transfer") if before.credit_ids != now.credit_ids else None
    return changed_invoice(before, now) or refunds


def _is_paid_back(order: Order) -> bool:
    return order.payment_state is PaymentState.REFUNDED and order.lifecycle is not Lifecycle.DELETED


def deleted_refunds(before: Order, now: Order, taken_off: Mapping[str, Decimal]) -> Decimal:
    """The amount of the refunds, of those that an invoice was made without, which the shop has deleted since."""
    gone = {*before.credit_ids} - {*now.credit_ids}
    return sum((amount for refund_id, amount in taken_off.items() if refund_id in gone), ZERO)


def _is_closed(order: Order) -> bool:
    """Whether people ended the sale: goods that went all the same are theirs to decide on."""
    ended = order.lifecycle in (Lifecycle.CANCELLED, Lifecycle.DELETED, Lifecycle.DRAFT)
    return ended or order.payment_state is PaymentState.REFUNDED


def _not_ours(order: Order, rules: StateRules) -> Verdict | None:
    if order.placed_at < rules.start_from:
        return Verdict.of("before_start")
    return Verdict.of("test_order") if order.is_test else None


def _no_lines(order: Order) -> Verdict | None:
    return None if order.lines else Verdict.of("order_empty")


def _picked_up(order: Order, rules: StateRules) -> Verdict | None:
    fetched = is_picked_up(order, rules.not_reserved_pickups)
    return Verdict.of("picked_up_in_store", method=order.shipping_method) if fetched else None


def _before_payment(order: Order, rules: StateRules) -> Verdict | None:
    """An order that waits for its money is reserved only for methods that are paid after the goods."""
    if order.native_state not in rules.prepay_states or order.native_state in rules.reserve or not rules.prepay_later:
        return None
    methods = [payment.method for payment in order.payments]
    if any(method in rules.prepay_later for method in methods):
        return Verdict.of("due")
    return Verdict.of("payment_awaited", state=order.native_state, method=", ".join(methods) or "none")


def _by_state(order: Order, rules: StateRules, starting: Collection[str]) -> Verdict:
    if order.native_state in starting:
        return Verdict.of("due")
    listed = {*rules.reserve, *rules.invoice, *rules.ignored}
    if order.lifecycle is Lifecycle.UNKNOWN and order.native_state not in listed:
        return Verdict.of("state_unknown", state=order.native_state)
    return Verdict.of("state_not_listed", state=order.native_state)


def _amounts(order: Order) -> list[tuple[str, Decimal, Decimal]]:
    return sorted((line.id, line.net, line.vat) for line in order.lines)
