"""A shop with very many orders for measurements: the stand-in's own shop, whose list of orders is computed.

Order number n was created `SPACING` after the one before, and last changed then, unless it is one of the `changed`:
those changed lately, in the order of their ids. Everything but the list of orders is answered by the stand-in itself.
`python -m bench.many_orders --urls FILE …` serves until SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from standin.clock import Clock
from standin.messages import Request, Response
from standin.server import StandinServer
from standin.system import Standin
from standin.woocommerce import create
from standin.woocommerce.answers import JSON_TYPE, encoded, response
from standin.woocommerce.auth import authenticate
from standin.woocommerce.dates import compared, filter_bound, shown_gmt, shown_local
from standin.woocommerce.errors import ApiError
from standin.woocommerce.webshop import WooCommerceStandin

KEYS = {"consumer_key": "ck_" + "b" * 40, "consumer_secret": "cs_" + "b" * 40}
FIRST_ID = 1_000_001
BEGINNING = datetime(2026, 1, 1, 6, 0, tzinfo=UTC)
SPACING = timedelta(minutes=5)
ZONE = ZoneInfo("Europe/Copenhagen")
_ID, _LISTS = "7777777", ("/wp-json/wc/v3/orders", "/wp-json/wc/v2/orders")
_DATES = ("created", "modified")
_FILTERS = ("after", "before", "modified_after", "modified_before")
_LINE_ID = "8888888"


class ManyOrders:
    """The list of orders, computed: no order takes memory."""

    def __init__(self, count: int, template: dict[str, Any], changed: int, changed_at: datetime) -> None:
        step = count // changed if changed else count + 1
        self.changed_at = changed_at
        self.by_creation = range(count)
        self.changed = range(step - 1, step * changed, step)
        self.by_change = [*(place for place in self.by_creation if place not in self.changed), *self.changed]
        self._pieces = encoded(template).decode()

    def created(self, place: int) -> datetime:
        return BEGINNING + place * SPACING

    def modified(self, place: int) -> datetime:
        if place not in self.changed:
            return self.created(place)
        return self.changed_at + timedelta(seconds=self.changed.index(place))

    def answer(self, query: dict[str, str]) -> Response:
        """One page, filtered and sorted as WooCommerce does it."""
        places = self._places(query)
        size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        shown = places[(page - 1) * size : page * size]
        pages = math.ceil(len(places) / size)
        headers = {"X-WP-Total": str(len(places) if shown else 0), "X-WP-TotalPages": str(pages if shown else 0)}
        if page < pages:  # who follows links follows this one
            headers["Link"] = f'<{query["__url"]}&page={page + 1}>; rel="next"'
        return Response(200, f"[{','.join(map(self._order, shown))}]".encode("ascii"), headers, JSON_TYPE)

    def _places(self, query: dict[str, str]) -> Sequence[int]:
        """The orders that pass, sorted. Filters are by creation or by change: each is a cut through a sorted list."""
        if "include" in query:
            return [int(number) - FIRST_ID for number in query["include"].split(",")]
        gmt = query.get("dates_are_gmt") == "true"
        filters = {name: filter_bound(query[name], ZONE) for name in _FILTERS if name in query}
        by_change = any(name.startswith("modified") for name in filters) or query.get("orderby") == "modified"
        moment = self.modified if by_change else self.created
        found: Sequence[int] = self.by_change if by_change else self.by_creation
        for name, bound in filters.items():
            cut = bisect_right if name.endswith("after") else bisect_left
            place = cut(found, bound, key=lambda one: compared(moment(one), ZONE, gmt=gmt))
            found = found[place:] if name.endswith("after") else found[:place]
        if by_change and query.get("orderby") != "modified":
            found = sorted(found)
        return found if query.get("order", "desc") == "asc" else found[::-1]

    def _order(self, place: int) -> str:
        text = self._pieces.replace(_ID, str(FIRST_ID + place)).replace(_LINE_ID, str(FIRST_ID + place))
        for name, moment in (("created", self.created(place)), ("modified", self.modified(place))):
            text = text.replace(f"@{name}_gmt@", str(shown_gmt(moment))).replace(
                f"@{name}@", str(shown_local(moment, ZONE))
            )
        return text


class ManyOrdersShop(Standin):
    """The stand-in of a shop with the list of orders put in its place; keys are looked at as ever."""

    def __init__(self, shop: WooCommerceStandin, orders: ManyOrders) -> None:
        self.name, self.shop, self.orders = shop.name, shop, orders

    def handle(self, request: Request) -> Response:
        if request.method != "GET" or request.path not in _LISTS:
            return self.shop.handle(request)
        self.shop.shop.home = request.base_url  # by which signatures are checked, and by the time
        self.shop.shop.now = self.shop.clock.now()
        try:
            authenticate(self.shop.shop, request)
        except ApiError as error:
            return response(error.status, error.body(), request.base_url)
        query = {name.removesuffix("[]"): value for name, value in request.query}
        told = request.raw_query.split("&page=")[0]
        return self.orders.answer({**query, "__url": f"{request.base_url}{request.path}?{told}"})

    def reset(self) -> None:
        self.shop.reset()

    def snapshot(self) -> object:
        return self.shop.snapshot()

    def restore(self, snapshot: Any) -> None:
        self.shop.restore(snapshot)


def template(shop: StandinServer, status: str) -> dict[str, Any]:
    """An order as the stand-in shows one, of three lines, with marks where orders differ."""
    items = [{"sku": sku, "quantity": 1} for sku in ("NH-1018", "NH-1020", "NH-1000")]
    placed: Any = shop.act({"action": "place_order", "items": items, "payment_method": "cod"})
    body: dict[str, Any] = {
        **placed["body"],
        "status": status,
        "id": int(_ID),
        "number": _ID,
        "order_key": f"wc_order_{_ID}",
    }
    for name in _DATES:
        body[f"date_{name}"], body[f"date_{name}_gmt"] = f"@{name}@", f"@{name}_gmt@"
    return body


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.many_orders", description=__doc__)
    parser.add_argument("--urls", type=Path, required=True, help="where to write the address")
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--changed", type=int, default=0, help="so many changed lately")
    parser.add_argument("--changed-at", type=datetime.fromisoformat, default=BEGINNING)
    parser.add_argument("--status", default="processing", help="of all orders")
    options = parser.parse_args()
    clock = Clock()
    seed = {"shop": "recorded", "credentials": KEYS, "orders": [], "refunds": [], "notes": {}}
    shop = create("many", seed, {"behind_tls": True}, clock)
    body = template(StandinServer(shop, clock=clock), options.status)
    orders = ManyOrders(options.orders, body, options.changed, options.changed_at)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with StandinServer(ManyOrdersShop(shop, orders), clock=clock) as server:
        options.urls.write_text(json.dumps({"url": server.url}), encoding="utf-8")
        ended.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
