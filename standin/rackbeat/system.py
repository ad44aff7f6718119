"""The Rackbeat stand-in: token, rate limit, routes, events, snapshots."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standin.clock import Clock
from standin.messages import Headers, Request, Response
from standin.rackbeat import customers, inventory, invoices, orders, products, reference, shipping, unknown
from standin.rackbeat.call import Call, answer, router
from standin.rackbeat.checks import RefusedError
from standin.rackbeat.people import ACTIONS
from standin.rackbeat.seed import build
from standin.rackbeat.state import Switches
from standin.rackbeat.stock import reserved
from standin.rackbeat.subscriptions import deliveries
from standin.system import Standin, freeze, thaw
from standin.webhooks import WebhookSender

# Importing these registers their routes.
ROUTED = (customers, inventory, invoices, orders, products, reference, shipping, unknown)


@dataclass
class Window:
    """The limiter's current window: when it began and how many calls it has seen."""

    began: datetime
    began_real: float
    used: int = 0

    def elapsed(self, now: datetime, real: float) -> float:
        """Seconds since it began, by the clock or by real time where the clock stands still."""
        by_clock = (now - self.began).total_seconds()
        return by_clock if by_clock < 0 else max(by_clock, real - self.began_real)


class RackbeatStandin(Standin):
    """One Rackbeat account. The API's base is ``{server.url}/api``."""

    def __init__(self, name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.seed = seed
        self.switches = Switches()
        self.webhooks = WebhookSender()
        self.configure(settings)
        self.state = build(seed, clock.now())
        self._window = Window(clock.now(), time.monotonic())

    # --- requests ----------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Check token and rate, then answer; a refusal changes nothing."""
        limit_headers, limited = self._count_call()
        if request.headers.get("authorization") != f"Bearer {self.state.token}":
            response = answer(401, {"message": "Unauthenticated."})
        elif limited:
            response = answer(429, {"message": "Too Many Attempts."})
        else:
            response = self._dispatch(request)
        response.headers |= limit_headers
        return response

    def _dispatch(self, request: Request) -> Response:
        found = router.find(request.method, request.raw_path)
        if found is None:
            allowed = router.methods(request.raw_path)
            return answer(405 if allowed else 404, {"message": "Method not allowed." if allowed else "Not found."})
        route, keys = found
        call = self._call(request, keys)
        try:
            response: Response = route.handler(call)
        except RefusedError as refused:
            return answer(refused.status, refused.body)
        self._queue(call)
        return response

    def _call(self, request: Request, keys: Mapping[str, str]) -> Call:
        return Call(request, keys, self.state, self.switches, self.clock.now(), [])

    def _queue(self, call: Call) -> None:
        for event, key in call.events:
            for delivery in deliveries(self.state, event, key):
                self.webhooks.queue(delivery)

    def _count_call(self) -> tuple[dict[str, str], bool]:
        """Headers of the limiter, and whether this call is over the limit."""
        now, real, length = self.clock.now(), time.monotonic(), self.switches.rate_window_s
        elapsed = self._window.elapsed(now, real)
        if not 0 <= elapsed < length:
            self._window, elapsed = Window(now, real), 0.0
        self._window.used += 1
        left = self.switches.rate_limit - self._window.used
        headers = {"X-RateLimit-Limit": str(self.switches.rate_limit), "X-RateLimit-Remaining": str(max(left, 0))}
        if left < 0 and self.switches.retry_after:
            headers["Retry-After"] = str(max(round(length - elapsed), 1))
        return headers, left < 0

    def route(self, request: Request) -> str:
        """The template of the route, or the path itself when there is none."""
        return router.template(request.method, request.raw_path) or super().route(request)

    def refusal(self, request: Request, status: int) -> Response:
        """An injected 429 carries the limiter's headers as well."""
        response = super().refusal(request, status)
        if status == 429:
            response.headers |= {"X-RateLimit-Limit": str(self.switches.rate_limit), "X-RateLimit-Remaining": "0"}
        return response

    def after_reply(self) -> None:
        """Webhooks leave once the answer is out."""
        self.webhooks.flush()

    # --- control -----------------------------------------------------------------------------------------------------

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change switches (``standin.rackbeat.state.Switches``). Raises ValueError."""
        self.switches.change(settings)
        self.webhooks.duplicates = self.switches.webhook_duplicates
        self.webhooks.delay_s = self.switches.webhook_delay_s
        self.webhooks.reversed_order = self.switches.webhook_reversed
        self.webhooks.timeout_s = self.switches.webhook_timeout_s
        self.webhooks.gaps_s = self.switches.webhook_gaps_s

    def act(self, action: Mapping[str, Any]) -> object:
        """Ship, receive, cancel, book and more: see ``standin.rackbeat.people``. Raises ValueError, LookupError."""
        name = action.get("action")
        if name not in ACTIONS:
            raise ValueError(f"{self.name} knows no action {name!r}; known are {', '.join(sorted(ACTIONS))}")
        call = self._call(Request("POST", "/", [], Headers(), b"", self.clock.now()), {})
        try:
            result = ACTIONS[str(name)](call, action)
        except RefusedError as refused:
            raise ValueError(refused.text) from None
        self._queue(call)
        return result

    def doubles(self) -> list[Any]:
        """Orders that share a heading, customers that share an e-mail address."""
        headings: dict[str, list[int]] = {}
        addresses: dict[str, list[int]] = {}
        for order in self.state.orders.values():
            headings.setdefault(order["heading"] or "", []).append(order["number"])
        for customer in self.state.customers.values():
            if not customer["is_deleted"]:
                addresses.setdefault((customer["contact_email"] or "").lower(), []).append(customer["number"])
        kinds = (("order", headings), ("customer", addresses))
        return [
            {"kind": kind, "key": key, "numbers": numbers}
            for kind, found in kinds
            for key, numbers in found.items()
            if key and len(numbers) > 1
        ]

    def counts(self) -> dict[str, Any]:
        """How many records of each kind exist."""
        kinds = ("customers", "orders", "shipments", "invoices", "products", "adjustments")
        return {"records": {kind: len(getattr(self.state, kind)) for kind in kinds}}

    def dump(self) -> object:
        """The whole state with keys as text, what orders hold back, and the webhooks sent."""
        held = reserved(self.state, self.switches)
        return plain({**vars(self.state), "reserved": held, "webhook_log": self.webhooks.log()})

    def reset(self) -> None:
        """Back to the seed; switches stay."""
        self.state = build(self.seed, self.clock.now())
        self._window = Window(self.clock.now(), time.monotonic())

    def snapshot(self) -> object:
        """The state."""
        return freeze(self.state)

    def restore(self, snapshot: bytes) -> None:
        """Back to a snapshot, with a fresh window of the limiter."""
        self.state = thaw(snapshot)
        self._window = Window(self.clock.now(), time.monotonic())

    def close(self) -> None:
        """End the sending thread."""
        self.webhooks.stop()


def plain(value: Any) -> Any:
    """Records as JSON-able values; times become text in the writer, keys become strings here."""
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value
