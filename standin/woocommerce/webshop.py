"""The stand-in itself: a WooCommerce shop behind the core's server."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.messages import Request, Response
from standin.system import Standin, freeze, thaw
from standin.woocommerce.deliveries import Deliverer
from standin.woocommerce.front import answer
from standin.woocommerce.load import load_shop
from standin.woocommerce.order_view import order_view
from standin.woocommerce.people import act
from standin.woocommerce.product_view import product_view
from standin.woocommerce.shop import Shop
from standin.woocommerce.switches import Switches
from standin.woocommerce.trouble import busy, php_error


class WooCommerceStandin(Standin):
    """One shop. ``settings`` are the fields of ``Switches``; they survive ``reset``."""

    def __init__(self, name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self._lock = threading.RLock()
        self._switches = Switches()
        self._switches.change(settings)
        self._seed_state = freeze(load_shop(name, seed, self._switches))
        self.shop = self._fresh()
        self._deliverer = Deliverer(lambda: self.shop, self._lock, clock.now)

    def handle(self, request: Request) -> Response:
        """Carry the request out and answer it."""
        with self._lock:
            self._be_at_work(request.base_url)
            return answer(self.shop, request)

    def reset(self) -> None:
        """The seed again; switches stay."""
        with self._lock:
            self.shop = self._fresh()

    def snapshot(self) -> object:
        """The shop as bytes."""
        with self._lock:
            return freeze(self.shop)

    def restore(self, snapshot: Any) -> None:
        """The shop of the snapshot, with today's switches."""
        with self._lock:
            home = self.shop.home
            self.shop = thaw(snapshot)
            self.shop.switches, self.shop.home = self._switches, home

    def doubles(self) -> list[Any]:
        """Notes that a client wrote twice on one order: the customer got two mails."""
        found = []
        with self._lock:
            for order_id, notes in self.shop.notes.items():
                texts = [note.text for note in notes if note.by_client]
                found += [{"order": order_id, "note": text} for text in sorted(set(texts)) if texts.count(text) > 1]
        return found

    def counts(self) -> dict[str, Any]:
        """Orders by status, refunds, deliveries, and query parameters that were ignored because nobody knows them."""
        with self._lock:
            statuses = [order.status for order in self.shop.orders.values()]
            return {
                "orders": {status: statuses.count(status) for status in sorted(set(statuses))},
                "refunds": len(self.shop.refunds),
                "ignored_parameters": dict(self.shop.ignored_parameters),
                "webhooks_waiting": len(self.shop.queue),
                "webhook_deliveries": len(self._deliverer.log()),
            }

    def dump(self) -> object:
        """All orders and products as the API shows them, notes, webhooks without their secrets, deliveries so far."""
        with self._lock:
            self._be_at_work("")
            return {
                "orders": [order_view(self.shop, order) for order in self.shop.orders.values()],
                "notes": {order: [note.text for note in notes] for order, notes in self.shop.notes.items()},
                "products": [product_view(self.shop, product) for product in self.shop.products.values()],
                "webhooks": [
                    {"id": hook.id, "topic": hook.topic, "status": hook.status, "url": hook.delivery_url}
                    for hook in self.shop.webhooks.values()
                ],
                "deliveries": self._deliverer.log(),
            }

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change switches. Raises ValueError."""
        with self._lock:
            self._switches.change(settings)
            self.shop.switches = self._switches
            self.shop.options.update(self._switches.options())

    def act(self, action: Mapping[str, Any]) -> object:
        """What people do; ``run_webhooks`` lets the queue run now. Raises ValueError, LookupError."""
        with self._lock:
            self._be_at_work("")
            if action.get("action") == "run_webhooks":
                waiting = len(self.shop.queue)
                self._deliverer.take_due(everything=True)
                return {"sent": waiting}
            result: object = act(self.shop, action)
            return result

    def refusal(self, request: Request, status: int) -> Response:
        """An injected 429 or 500: an error of PHP, or of what stands in front of the shop."""
        return busy(request) if status == 429 else php_error(request)

    def after_reply(self) -> None:
        """WordPress works on its queue when somebody visits."""
        if self._switches.webhook_delivery == "visits":
            self._deliverer.take_due()

    def settle_webhooks(self, timeout_s: float = 5.0) -> list[dict[str, Any]]:
        """Wait until all that is due was sent; returns the log of deliveries. Raises TimeoutError."""
        self._deliverer.settle(timeout_s)
        return self._deliverer.log()

    def close(self) -> None:
        """End the thread that delivers."""
        self._deliverer.stop()

    def _fresh(self) -> Shop:
        shop: Shop = thaw(self._seed_state)
        shop.switches = self._switches
        shop.options.update(self._switches.options())
        shop.home = self._switches.home_url
        return shop

    def _be_at_work(self, base_url: str) -> None:
        self.shop.now = self.clock.now().replace(microsecond=0)
        self.shop.home = self._switches.home_url or base_url or self.shop.home
