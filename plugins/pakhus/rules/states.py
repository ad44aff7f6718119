"""Which step an order's state starts, and why not (domain guide 3.1, 3.2; design, decisions 6 and 8)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pakhus.model import Lifecycle, LineKind, Order, Party
from pakhus.reasons import Verdict


@dataclass(frozen=True, slots=True)
class StateRules:
    """The shop's settings that decide on states. `ignored` and the listed states are the ones known to the merchant."""

    start_from: datetime
    reserve: Collection[str]
    invoice: Collection[str]
    ignored: Collection[str] = ()


def reservation_verdict(order: Order, rules: StateRules) -> Verdict:
    """Whether an order that has no reservation yet is to be reserved."""
    return _not_ours(order, rules) or _no_lines(order) or _by_state(order, rules, rules.reserve)


def invoice_verdict(order: Order, rules: StateRules) -> Verdict:
    """Whether an order that has no invoice yet is to be invoiced.

    An open order waits for its goods to go; a cancelled one is skipped, and judged again if it comes back.
    """
    verdict = _not_ours(order, rules) or _no_lines(order) or _by_state(order, rules, rules.invoice)
    if verdict.code == "state_not_listed" and order.lifecycle is Lifecycle.OPEN:
        return Verdict.of("not_shipped")
    return verdict


def changed_reservation(before: Order, now: Order) -> Verdict | None:
    """What a change in the shop means for a reservation that the warehouse already has; None: nothing."""
    if now.lifecycle in (Lifecycle.CANCELLED, Lifecycle.DELETED):
        return Verdict.of("cancelled_after_transfer")
    if _goods(before) != _goods(now) or _delivery(before) != _delivery(now):
        return Verdict.of("order_changed_after_transfer")
    return None


def changed_invoice(before: Order, now: Order) -> Verdict | None:
    """What a change in the shop means for an invoice that the accounts already have; None: nothing.

    Refunds are not a change of the invoice: they become credit notes of their own.
    """
    if before.total != now.total or _amounts(before) != _amounts(now):
        return Verdict.of("order_changed_after_transfer")
    if now.lifecycle in (Lifecycle.CANCELLED, Lifecycle.DELETED):
        return Verdict.of("cancelled_after_transfer")
    return None


def _not_ours(order: Order, rules: StateRules) -> Verdict | None:
    if order.placed_at < rules.start_from:
        return Verdict.of("before_start")
    return Verdict.of("test_order") if order.is_test else None


def _no_lines(order: Order) -> Verdict | None:
    return None if order.lines else Verdict.of("order_empty")


def _by_state(order: Order, rules: StateRules, starting: Collection[str]) -> Verdict:
    if order.native_state in starting:
        return Verdict.of("due")
    listed = {*rules.reserve, *rules.invoice, *rules.ignored}
    if order.lifecycle is Lifecycle.UNKNOWN and order.native_state not in listed:
        return Verdict.of("state_unknown", state=order.native_state)
    return Verdict.of("state_not_listed", state=order.native_state)


def _goods(order: Order) -> list[tuple[str | None, Decimal]]:
    return sorted(
        ((line.sku, line.quantity) for line in order.lines if line.kind is LineKind.PRODUCT),
        key=lambda pair: (pair[0] or "", pair[1]),
    )


def _delivery(order: Order) -> Party:
    """Where the warehouse sends the goods: orders without a shipping address go to the buyer's own."""
    return order.shipping if order.shipping.street or order.shipping.postcode else order.billing


def _amounts(order: Order) -> list[tuple[str, Decimal, Decimal]]:
    return sorted((line.id, line.net, line.vat) for line in order.lines)
