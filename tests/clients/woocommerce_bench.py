"""A scripted shop with a WooCommerce client and a recorder of its writes."""

from __future__ import annotations

import json
from typing import Any

from pakhus.clients.http import Answer, Call, Limits
from pakhus.clients.woocommerce import WooCommerceClient, WooCommerceSettings
from tests.clients.scripted_shop import Reply, ScriptedShop

QUICK = Limits(first_backoff_s=0.01, deadline_s=5, tries=2)
NO_ROUTE = Reply({"code": "rest_no_route", "message": "No route", "data": {"status": 404}}, 404)
DENIED = Reply({"code": "woocommerce_rest_cannot_view", "message": "no", "data": {"status": 403}}, 403)
LOST = Reply(b"<html>gateway</html>", 504)


class Recorder:
    """Keeps each call of a writer and sends it on, as the ledger's recorder does."""

    def __init__(self, client: WooCommerceClient) -> None:
        self.client = client
        self.calls: list[Call] = []

    def send(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.client.send(call)


class Bench:
    """A scripted shop, a client of it, and the recorder of its writes."""

    def __init__(self, shop: ScriptedShop) -> None:
        self.shop = shop
        settings = WooCommerceSettings("nordlys", shop.url, "ck_1", "cs_1", limits=QUICK)
        self.client = WooCommerceClient.from_settings(settings)
        self.calls = Recorder(self.client)

    def written(self) -> list[tuple[str, str, Any]]:
        """Method, path below wc/v3 and body of each write that arrived."""
        return [
            (asked.method, asked.path.removeprefix("/wp-json/wc/v3"), asked.json() if asked.body else None)
            for asked in self.shop.asked
            if asked.method != "GET"
        ]


def plain(value: Any) -> Any:
    """Recorded JSON as a server can send it again."""
    return json.loads(json.dumps(value, default=float))
