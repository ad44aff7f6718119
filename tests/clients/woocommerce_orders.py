"""A shop's list of orders as WooCommerce answers for it, and a client of it."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from pakhus.clients.http import Limits
from pakhus.clients.woocommerce import WooCommerceClient, WooCommerceSettings
from tests.clients.scripted_shop import Asked, Reply, Script, ScriptedShop
from tests.clients.woocommerce_recordings import recorded_body

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
QUICK = Limits(first_backoff_s=0.01, deadline_s=5, tries=3)
KEY, SECRET = "ck_0123456789", "cs_topsecret"
STATUSES = [{"slug": slug, "name": slug} for slug in ("pending", "processing", "completed", "checkout-draft")]
NOT_FOUND = Reply(
    {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}}, 404
)
NO_ROUTE = Reply({"code": "rest_no_route", "message": "No route", "data": {"status": 404}}, 404)


def client(shop: ScriptedShop, **settings: Any) -> WooCommerceClient:
    facts = {"limits": QUICK, "start_from": NOON - dt.timedelta(days=1), **settings}
    base_url = facts.pop("base_url", shop.url)
    return WooCommerceClient.from_settings(WooCommerceSettings("nordlys", base_url, KEY, SECRET, **facts))


def order_json(order_id: int, modified: dt.datetime = NOON, **changes: Any) -> dict[str, Any]:
    stamp = f"{modified:%Y-%m-%dT%H:%M:%S}"
    body = copy.deepcopy(recorded_body("order-get-round"))
    body.update(id=order_id, number=str(order_id), date_created_gmt=stamp, date_modified_gmt=stamp)
    return json.loads(json.dumps({**body, **changes}, default=float))  # type: ignore[no-any-return]


ShopOf = Callable[[Script], ScriptedShop]


class ListOfOrders:
    """Answers /orders as the shop would for the filters we use; notes what may happen before each request."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        self.orders = {order["id"]: order for order in orders}
        self.now = NOON + dt.timedelta(hours=1)
        self.before: dict[int, Callable[[ListOfOrders], None]] = {}
        self.reads = 0
        self.statuses: Reply = Reply(STATUSES)

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/orders/statuses"):
            return self.statuses
        if not asked.path.endswith("/orders"):
            found = self.orders.get(int(asked.path.rsplit("/", 1)[1]))
            return Reply(found) if found else NOT_FOUND
        self.reads += 1
        self.before.get(self.reads, lambda _: None)(self)
        return self._page(asked.query)

    def _page(self, query: dict[str, str]) -> Reply:
        assert query["dp"] == "2"
        size, number = int(query["per_page"]), int(query["page"])
        found = sorted(
            (order for order in self.orders.values() if _matches(order, query)),
            key=lambda order: (
                (order["date_modified_gmt"], order["id"]) if query["orderby"] == "modified" else order["id"]
            ),
        )
        rows = found[(number - 1) * size : number * size]
        total = len(found) if rows else 0
        headers = {
            "X-WP-Total": str(total),
            "X-WP-TotalPages": str(-(-total // size)),
            "Date": f"{self.now:%a, %d %b %Y %H:%M:%S} GMT",
        }
        return Reply(rows, headers=headers)


def _matches(order: dict[str, Any], query: dict[str, str]) -> bool:
    for bound in ("modified_after", "after", "before"):
        if bound in query:
            assert query["dates_are_gmt"] == "true"
            dt.datetime.strptime(query[bound], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - no zone may be sent
    return (
        order["status"] in query["status"].split(",")
        and order["date_modified_gmt"] > query.get("modified_after", "")
        and order["date_created_gmt"] > query.get("after", "")
        and order["date_created_gmt"] < query.get("before", "9999")
        and ("include" not in query or str(order["id"]) in query["include"].split(","))
    )
