"""Trouble that a visitor makes for a system, to see Pakhus cope; it ends by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from standin.server import StandinServer

SLOW_MS = 3000.0


@dataclass(frozen=True)
class Kind:
    """One kind of trouble: what a visitor reads, and the faults or the latency that make it."""

    text: str
    faults: tuple[Mapping[str, Any], ...] = ()
    latency_ms: float | None = None


_ALL: Mapping[str, Any] = {"path_regex": ".", "times": None}
KINDS: Mapping[str, Kind] = {
    "slow": Kind("every answer takes three seconds", latency_ms=SLOW_MS),
    "down": Kind("every request is answered 502 by the server in front", ({"kind": "error_502_html", **_ALL},)),
    "limited": Kind(
        "every request is one too many: 429", ({"kind": "rate_limited_seconds", "retry_after_s": 5, **_ALL},)
    ),
    "forgetful": Kind(
        "the next three writes are done, but nobody is told: the answer is lost",
        ({"kind": "answer_lost", "method": "POST", "nth": 1, "times": 3},),
    ),
}


@dataclass
class _Running:
    kind: str
    ends: float
    calm_latency_ms: float
    timer: threading.Timer = field(repr=False)


class Troubles:
    """The trouble of each system, by its name; at most one at a time."""

    def __init__(self, lasts_s: float = 60.0) -> None:
        self.lasts_s = lasts_s
        self._lock = threading.RLock()
        self._running: dict[str, _Running] = {}

    def begin(self, name: str, server: StandinServer, kind: str) -> None:
        """Make trouble for a while instead of what there was. Raises ValueError for an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"no trouble {kind!r}; known are {', '.join(KINDS)}")
        with self._lock:
            self.end(name, server)
            timer = threading.Timer(self.lasts_s, self.end, (name, server))
            timer.daemon = True
            self._running[name] = _Running(kind, time.monotonic() + self.lasts_s, server.latency_ms, timer)
            server.set_faults(KINDS[kind].faults)
            latency_ms = KINDS[kind].latency_ms
            if latency_ms is not None:
                server.configure({"latency_ms": latency_ms})
            timer.start()

    def end(self, name: str, server: StandinServer) -> None:
        """Back to calm."""
        with self._lock:
            running = self._running.pop(name, None)
            if running is None:
                return
            running.timer.cancel()
            server.clear_faults()
            server.configure({"latency_ms": running.calm_latency_ms})

    def listing(self) -> dict[str, dict[str, Any]]:
        """What is going on: kind, text, seconds left."""
        with self._lock:
            now = time.monotonic()
            return {
                name: {"kind": each.kind, "text": KINDS[each.kind].text, "left_s": max(round(each.ends - now), 0)}
                for name, each in self._running.items()
            }

    def stop(self) -> None:
        """Forget the timers; the servers are about to stop."""
        with self._lock:
            for running in self._running.values():
                running.timer.cancel()
            self._running.clear()
