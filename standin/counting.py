"""What a stand-in counts: requests, writes, connections, requests in flight, answers; and a bounded log of requests."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

READS = frozenset({"GET", "HEAD", "OPTIONS"})
LOG_LENGTH = 5000


@dataclass
class LoggedRequest:
    """One counted request. ``status`` is None when the client got no complete answer."""

    number: int
    connection: int
    at: datetime
    method: str
    path: str
    query_names: list[str]
    route: str
    status: int | None = None
    fault: str | None = None
    era: int = 0


class Counters:
    """Counts of one server since they were last reset. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = self._era = 0
        self.reset()

    def reset(self) -> None:
        """Start again from zero; the next request gets number 1."""
        with self._lock:
            self._number = 0
            self._era += 1
            self._max_in_flight = self._in_flight
            self._routes: Counter[str] = Counter()
            self._responses: Counter[str] = Counter()
            self._connections: set[int] = set()
            self._writes = self._effects = self._unanswered = 0
            self._log: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)
            self._crashes: list[str] = []

    def arrived(
        self, connection: int, at: datetime, method: str, path: str, names: list[str], route: str
    ) -> LoggedRequest:
        """Count a request that was read whole; the entry is completed by ``answered``."""
        with self._lock:
            self._number += 1
            self._in_flight += 1
            self._max_in_flight = max(self._max_in_flight, self._in_flight)
            self._routes[f"{method} {route}"] += 1
            self._connections.add(connection)
            self._writes += method not in READS
            entry = LoggedRequest(self._number, connection, at, method, path, names, route, era=self._era)
            self._log.append(entry)
            return entry

    def answered(self, entry: LoggedRequest, status: int | None) -> None:
        """The request is no longer in flight; ``status`` None when no complete answer went out."""
        with self._lock:
            entry.status = status
            self._in_flight -= 1
            if entry.era != self._era:
                return  # it arrived before the counts were reset
            if status is None:
                self._unanswered += 1
            else:
                self._responses[str(status)] += 1

    def took_effect(self, method: str, status: int) -> None:
        """Count a write that the stand-in carried out, whether or not its answer will reach anybody."""
        with self._lock:
            self._effects += method not in READS and status < 300

    def crashed(self, trace: str) -> None:
        """Keep the trace of an error inside the stand-in itself, so that tests can demand there was none."""
        with self._lock:
            self._crashes.append(trace)

    def report(self) -> dict[str, Any]:
        """All counts as JSON-able values."""
        with self._lock:
            return {
                "requests": self._number,
                "by_route": dict(self._routes),
                "writes": self._writes,
                "effects": self._effects,
                "connections": len(self._connections),
                "in_flight": self._in_flight,
                "max_in_flight": self._max_in_flight,
                "responses": dict(self._responses),
                "unanswered": self._unanswered,
                "crashes": list(self._crashes),
            }

    def log(self) -> list[dict[str, Any]]:
        """The last requests, oldest first."""
        with self._lock:
            return [asdict(entry) | {"at": entry.at.isoformat()} for entry in self._log]
