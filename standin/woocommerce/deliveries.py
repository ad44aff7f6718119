"""Webhook deliveries: late, merged, signed, sent once. Source: contracts/woocommerce.md section 12."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import http.client
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from standin.woocommerce.answers import encoded
from standin.woocommerce.errors import unknown_order, unknown_product
from standin.woocommerce.order_view import order_view
from standin.woocommerce.product_view import product_view
from standin.woocommerce.shop import Shop
from standin.woocommerce.webhook_state import Queued, Webhook

ALLOWED_PORTS = {80, 443, 8080}
FAILURES_BEFORE_DISABLING = 5
LOG_LENGTH = 2000


@dataclass(frozen=True)
class _Post:
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float


def payload(shop: Shop, topic: str, resource_id: int) -> Any:
    """The object as it is now; for one that is gone the error that a GET would give."""
    resource, _, event = topic.partition(".")
    if resource == "action":
        return {"action": event, "arg": resource_id}
    if event == "deleted":
        return {"id": resource_id}
    if resource == "order":
        order = shop.orders.get(resource_id)
        return order_view(shop, order) if order is not None else unknown_order().body()
    product = shop.products.get(resource_id)
    return product_view(shop, product) if product is not None else unknown_product().body()


def signature(secret: str, body: bytes) -> str:
    """base64 of HMAC-SHA256 over the bytes; HTML entities in the secret are decoded first."""
    return base64.b64encode(hmac.new(html.unescape(secret).encode(), body, hashlib.sha256).digest()).decode()


def delivery_id(webhook: Webhook, now: datetime) -> str:
    """Made of the webhook and the second only: two deliveries within one second share it."""
    return hashlib.blake2b(f"{webhook.id}{int(now.timestamp())}".encode(), digest_size=16).hexdigest()


def _agent(shop: Shop) -> str:
    return f"WooCommerce/{shop.switches.version} Hookshot (WordPress/{shop.switches.wordpress_version})"


def _delivery(shop: Shop, webhook: Webhook, queued: Queued, now: datetime) -> _Post:
    body = encoded(payload(shop, queued.topic, queued.resource_id))
    headers = {
        "User-Agent": _agent(shop),
        "Accept": "*/*",
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{shop.home}/",
        "X-WC-Webhook-Topic": queued.topic,
        "X-WC-Webhook-Resource": webhook.resource,
        "X-WC-Webhook-Event": webhook.event,
        "X-WC-Webhook-Signature": signature(webhook.secret, body),
        "X-WC-Webhook-ID": str(webhook.id),
        "X-WC-Webhook-Delivery-ID": delivery_id(webhook, now),
        "Connection": "close",
    }
    return _Post(webhook.delivery_url, headers, body, float(shop.switches.webhook_timeout_s))


def ping(shop: Shop, webhook: Webhook) -> None:
    """An unsigned form without any ``X-WC-`` header; it is repeated with later deliveries until it is answered 200."""
    webhook.ping_pending = _answered(_ping(shop, webhook), shop.switches.safe_requests_only)[0] != 200


def _ping(shop: Shop, webhook: Webhook) -> _Post:
    headers = {
        "User-Agent": _agent(shop),
        "Accept": "*/*",
        "Connection": "close",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = f"webhook_id={webhook.id}".encode()
    return _Post(webhook.delivery_url, headers, body, float(shop.switches.webhook_timeout_s))


def _is_safe(url: str) -> bool:
    """WordPress's rule for requests to addresses that others chose."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        private = ipaddress.ip_address(parts.hostname or "").is_private
    except ValueError:
        private = (parts.hostname or "") == "localhost"
    return port in ALLOWED_PORTS and not private


def _answered(post: _Post, safe_only: bool) -> tuple[int | None, str | None]:
    """Status or error of one POST; redirects are not followed."""
    if safe_only and not _is_safe(post.url):
        return None, "A valid URL was not provided."
    parts = urlsplit(post.url)
    opener = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = opener(parts.hostname or "", parts.port, timeout=post.timeout_s)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=post.body, headers=dict(post.headers))
        reply = connection.getresponse()
        reply.read()
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return reply.status, None


def count_outcome(webhook: Webhook, status: int | None) -> None:
    """200 to 302 is success and forgets the failures; the 7th failure in a row disables."""
    if status is not None and 200 <= status <= 302:
        webhook.failures = 0
    elif webhook.failures > FAILURES_BEFORE_DISABLING:
        webhook.status = "disabled"
    else:
        webhook.failures += 1


class Deliverer:
    """Sends what is due, one delivery after the other, in a thread of its own; nothing is ever sent twice.

    ``shop_of`` gives the shop as it is now, to be used under ``lock`` only.
    """

    def __init__(self, shop_of: Callable[[], Shop], lock: threading.RLock, now: Callable[[], datetime]) -> None:
        self._shop_of, self._lock, self._now = shop_of, lock, now
        self._changed = threading.Condition()
        self._due: deque[Queued] = deque()
        self._busy = self._stopped = False
        self._thread: threading.Thread | None = None
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)

    def take_due(self, *, everything: bool = False) -> None:
        """Move what has waited long enough out of the shop's queue and start sending it."""
        with self._lock:
            shop = self._shop_of()
            now, delay = self._now(), float(shop.switches.webhook_delay_s)
            due = [q for q in shop.queue if everything or (now - q.since).total_seconds() >= delay]
            shop.queue = [q for q in shop.queue if q not in due]
        if due:
            with self._changed:
                self._due.extend(due)
                if self._thread is None and not self._stopped:
                    self._thread = threading.Thread(target=self._run, name="standin-woocommerce-webhooks", daemon=True)
                    self._thread.start()
                self._changed.notify_all()

    def settle(self, timeout_s: float = 5.0) -> None:
        """Wait until nothing is due or being sent. Raises TimeoutError."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while self._due or self._busy:
                if not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"{len(self._due)} webhook deliveries are still due after {timeout_s} s")

    def log(self) -> list[dict[str, Any]]:
        """All deliveries, oldest first: webhook, topic, id of the object, status (None without answer), error."""
        with self._changed:
            return list(self._log)

    def stop(self) -> None:
        """Drop what is due and end the thread."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                queued = self._due.popleft()
                self._busy = True
            try:
                self._send(queued)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _send(self, queued: Queued) -> None:
        with self._lock:
            shop = self._shop_of()
            webhook = shop.webhooks.get(queued.webhook_id)
            if webhook is None:
                return
            safe_only = shop.switches.safe_requests_only
            first = _ping(shop, webhook) if webhook.ping_pending else None
            post = _delivery(shop, webhook, queued, self._now())
        pinged = first is not None and _answered(first, safe_only)[0] == 200
        status, error = _answered(post, safe_only)
        with self._lock:
            if webhook := self._shop_of().webhooks.get(queued.webhook_id):
                webhook.ping_pending = webhook.ping_pending and not pinged
                count_outcome(webhook, status)
                if webhook.status == "disabled":
                    webhook.modified = self._now().replace(microsecond=0)
        with self._changed:
            entry = {"webhook": queued.webhook_id, "topic": queued.topic, "id": queued.resource_id, "url": post.url}
            self._log.append({**entry, "status": status, "error": error})
