"""Which orders a list shows, in which order. Source: contracts/woocommerce.md sections 4 and 5."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from standin.woocommerce.dates import compared, filter_bound
from standin.woocommerce.money import ZERO
from standin.woocommerce.order_state import Order, Totals
from standin.woocommerce.shop import Shop

_HIDDEN = {"trash", "checkout-draft", "auto-draft"}


class Dated(Protocol):
    """What date filters look at."""

    id: int
    created: datetime
    modified: datetime


Row = TypeVar("Row", bound=Dated)


def listed_orders(shop: Shop, params: Mapping[str, Any]) -> list[Order]:
    """All orders that pass the filters, sorted; of half-made ones the half-made form."""
    orders: Iterable[Order] = [_as_seen(order) for order in shop.orders.values()]
    wanted = wanted_statuses(shop, params["status"])
    orders = (order for order in orders if order.status in wanted)
    for keep in _filters(params):
        orders = filter(keep, orders)
    found = by_dates(shop, list(orders), params)
    return in_order(found, params, titles=lambda order: str(order.id))


def seen_half_made(shop: Shop, shown: Iterable[Order]) -> None:
    """The orders of a page were seen: the half-made ones come nearer to their end."""
    for order in shown:
        kept = shop.orders[order.id]
        kept.half_made_reads = max(0, kept.half_made_reads - 1)


def wanted_statuses(shop: Shop, asked: Sequence[str]) -> set[str]:
    """``any``, alone or among others, is everything but bin and drafts."""
    if "any" in asked or not asked:
        return set(shop.statuses()) - _HIDDEN
    return set(asked)


def _as_seen(order: Order) -> Order:
    """What a poller sees while the POST of another client still runs (recording order-half-made-seen-by-poller):
    pending, no totals, lines without tax."""
    if not order.half_made_reads:
        return order
    half = copy.deepcopy(order)
    half.status, half.totals, half.tax_lines, half.coupons = "pending", Totals(), [], []
    half.paid = half.completed = None
    for line in half.lines:
        line.taxes, line.subtotal_taxes, line.total_tax, line.subtotal_tax, line.meta = {}, {}, ZERO, ZERO, []
        line.total = line.subtotal
    for other in [*half.shipping_lines, *half.fees]:
        other.taxes, other.total_tax = {}, ZERO
    return half


def _filters(params: Mapping[str, Any]) -> list[Callable[[Order], bool]]:
    keeps: list[Callable[[Order], bool]] = []
    if params.get("customer") is not None:
        keeps.append(lambda order: order.customer_id == params["customer"])
    if params.get("product"):
        keeps.append(lambda order: any(line.product_id == params["product"] for line in order.lines))
    if params.get("created_via"):
        keeps.append(lambda order: order.created_via in params["created_via"])
    if params.get("include"):
        keeps.append(lambda order: order.id in params["include"])
    if params.get("exclude"):
        keeps.append(lambda order: order.id not in params["exclude"])
    if params.get("search"):
        text = str(params["search"]).lower()
        keeps.append(lambda order: any(text in word.lower() for word in _searched(order)))
    return keeps


def _searched(order: Order) -> list[str]:
    names = [line.name for line in order.lines]
    return [str(order.id), *order.billing.values(), *order.shipping.values(), *names]


def by_dates(shop: Shop, rows: list[Row], params: Mapping[str, Any]) -> list[Row]:
    """``after``, ``before``, ``modified_after``, ``modified_before``: all exclusive, in whole seconds."""
    zone, gmt = shop.switches.zone, bool(params.get("dates_are_gmt"))
    for name, field, later in (
        ("after", "created", True),
        ("before", "created", False),
        ("modified_after", "modified", True),
        ("modified_before", "modified", False),
    ):
        if text := params.get(name):
            bound = filter_bound(text, zone)
            times = {row.id: compared(getattr(row, field), zone, gmt=gmt) for row in rows}
            rows = [row for row in rows if (times[row.id] > bound if later else times[row.id] < bound)]
    return rows


def in_order(rows: list[Row], params: Mapping[str, Any], *, titles: Callable[[Row], str]) -> list[Row]:
    """Sorted as asked; ties go by id, in the same direction."""
    orderby, falling = params.get("orderby", "date"), params.get("order", "desc") == "desc"
    if orderby == "include":
        places = {number: place for place, number in enumerate(params.get("include") or [])}
        return sorted(rows, key=lambda row: places.get(row.id, len(places)))
    keys: dict[str, Callable[[Row], Any]] = {
        "date": lambda row: (row.created, row.id),
        "modified": lambda row: (row.modified, row.id),
        "title": lambda row: (titles(row), row.id),
        "slug": lambda row: (titles(row), row.id),
    }
    return sorted(rows, key=keys.get(orderby, lambda row: row.id), reverse=falling)
