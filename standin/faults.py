"""Faults that a test orders: which request, what goes wrong, before or after its effect."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

KINDS = frozenset(
    {
        "request_lost",
        "answer_lost",
        "late_commit",
        "rate_limited_seconds",
        "rate_limited_date",
        "error_500",
        "error_502_html",
        "timeout",
        "reset_mid_body",
        "cut_json",
        "pause_before",
        "pause_after",
    }
)


@dataclass
class Fault:
    """One fault. Either ``number`` (n-th counted request) or ``method``/``path_regex``/``nth`` (n-th that fits) picks
    the request; ``times`` requests from there on are struck, None means all of them."""

    kind: str
    number: int | None = None
    method: str | None = None
    path_regex: str | None = None
    nth: int | None = None
    times: int | None = 1
    effect: bool = False
    hold_s: float = 30.0
    delay_s: float = 0.0
    retry_after_s: int = 1
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; known are {', '.join(sorted(KINDS))}")
        by_route = self.method is not None or self.path_regex is not None or self.nth is not None
        if (self.number is not None) == by_route:
            raise ValueError("a fault needs either number or any of method, path_regex, nth")
        self._pattern = re.compile(self.path_regex) if self.path_regex else None

    @classmethod
    def of(cls, value: Fault | Mapping[str, Any]) -> Fault:
        """A fault from its JSON form. Raises ValueError for an unknown member."""
        if isinstance(value, Fault):
            return value
        known = {item.name for item in fields(cls)} - {"seen", "struck"}
        if unknown := set(value) - known:
            raise ValueError(f"unknown members in a fault: {', '.join(sorted(unknown))}")
        return cls(**value)

    def strikes(self, number: int, method: str, path: str) -> bool:
        """Whether the request is struck; counts the requests that fit, so ask once per request."""
        if self.number is not None:
            position = number - self.number
        elif self._fits(method, path):
            self.seen += 1
            position = self.seen - (self.nth or 1)
        else:
            return False
        return position >= 0 and (self.times is None or position < self.times)

    def _fits(self, method: str, path: str) -> bool:
        fits_method = self.method is None or self.method.upper() == method
        return fits_method and (self._pattern is None or self._pattern.search(path) is not None)


class FaultList:
    """The ordered faults of one server; the first that strikes a request wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def set(self, faults: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Replace the list. Raises ValueError and keeps the old list when one is malformed."""
        new = [Fault.of(value) for value in faults]
        with self._lock:
            self._faults = new

    def clear(self) -> None:
        """Order no faults any more."""
        self.set([])

    def pick(self, number: int, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, if any."""
        with self._lock:
            struck = [fault for fault in self._faults if fault.strikes(number, method, path)]
            if struck:
                struck[0].struck += 1
            return struck[0] if struck else None

    def struck(self) -> int:
        """How many requests were struck since the list was set."""
        with self._lock:
            return sum(fault.struck for fault in self._faults)
