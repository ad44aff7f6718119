"""Webhook deliveries of a stand-in: sent after the reply by one background thread, with retries and a log."""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

LOG_LENGTH = 2000


@dataclass
class Delivery:
    """One delivery to one URL."""

    url: str
    event: str
    headers: Mapping[str, str]
    body: bytes
    key: Any = None
    attempts: int = 0
    due: float = field(default=0.0, compare=False)


@dataclass
class WebhookSender:
    """Queues deliveries and sends them when flushed. All times in real seconds.

    ``gaps_s`` are the waits before the second, third, … attempt; when they are used up the delivery has failed.
    ``duplicates`` sends each delivery so many extra times, ``delay_s`` sends it later, ``reversed_order`` sends each
    flushed batch last first.
    """

    timeout_s: float = 15.0
    gaps_s: tuple[float, ...] = (0.5, 2.0, 10.0)
    duplicates: int = 0
    delay_s: float = 0.0
    reversed_order: bool = False

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._held: list[Delivery] = []
        self._due: list[Delivery] = []
        self._sending = 0
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)

    def queue(self, delivery: Delivery) -> None:
        """Remember a delivery until ``flush``."""
        with self._changed:
            self._held += [Delivery(**vars(delivery)) for _ in range(1 + self.duplicates)]

    def flush(self) -> None:
        """Hand everything queued to the sending thread; returns at once."""
        with self._changed:
            if not self._held or self._stopped:
                return
            batch = self._held[::-1] if self.reversed_order else self._held
            for delivery in batch:
                delivery.due = time.monotonic() + self.delay_s
            self._due += batch
            self._held = []
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="standin-webhooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def log(self) -> list[dict[str, Any]]:
        """All attempts, oldest first: event, url, key, attempt, status (None without answer), error, at."""
        with self._changed:
            return list(self._log)

    def settle(self, timeout_s: float = 5.0) -> None:
        """Wait until nothing is queued, due or being sent. Raises TimeoutError."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while self._held or self._due or self._sending:
                if not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"{len(self._due)} webhook deliveries are still due after {timeout_s} s")

    def stop(self) -> None:
        """Drop what is due and end the thread."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and not self._ready():
                    self._changed.wait(self._next_wait())
                if self._stopped:
                    return
                delivery = self._ready()[0]
                self._due.remove(delivery)
                self._sending += 1
            again = self._attempt(delivery)
            with self._changed:
                self._sending -= 1
                if again and not self._stopped:
                    delivery.due = time.monotonic() + self.gaps_s[delivery.attempts - 1]
                    self._due.append(delivery)
                self._changed.notify_all()

    def _ready(self) -> list[Delivery]:
        return [delivery for delivery in self._due if delivery.due <= time.monotonic()]

    def _next_wait(self) -> float | None:
        return max(min(d.due for d in self._due) - time.monotonic(), 0.0) if self._due else None

    def _attempt(self, delivery: Delivery) -> bool:
        """Send once; True when it has to be tried again."""
        delivery.attempts += 1
        status, error = None, None
        try:
            status = _post(delivery, self.timeout_s)
        except (OSError, http.client.HTTPException) as failure:
            error = f"{type(failure).__name__}: {failure}"
        with self._changed:
            self._log.append(
                {
                    "event": delivery.event,
                    "url": delivery.url,
                    "key": delivery.key,
                    "attempt": delivery.attempts,
                    "status": status,
                    "error": error,
                    "at": datetime.now(UTC).isoformat(),
                }
            )
        delivered = status is not None and 200 <= status < 300
        return not delivered and delivery.attempts <= len(self.gaps_s)


def _post(delivery: Delivery, timeout_s: float) -> int:
    parts = urlsplit(delivery.url)
    opener = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = opener(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=delivery.body, headers=dict(delivery.headers))
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()
