"""Requests that wait: paused by a test, held without an answer, or committed late."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from standin.clock import Clock


@dataclass
class _Pause:
    number: int
    method: str
    path: str
    when: str
    since: datetime
    decided: threading.Event = field(default_factory=threading.Event)
    action: str = "drop"


class PauseBoard:
    """The requests that stand still before or after their effect until somebody resumes them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._paused: dict[int, _Pause] = {}

    def wait(self, number: int, method: str, path: str, when: str, hold_s: float) -> str:
        """Stand still; returns ``continue`` or ``drop`` (also when nobody decided within ``hold_s`` seconds)."""
        pause = _Pause(number, method, path, when, self._clock.now())
        with self._changed:
            self._paused[number] = pause
            self._changed.notify_all()
        pause.decided.wait(hold_s)
        with self._changed:
            self._paused.pop(number, None)
            self._changed.notify_all()
        return pause.action

    def listing(self) -> list[dict[str, Any]]:
        """Number, method, path, when (before or after the effect) and since, oldest first."""
        with self._changed:
            return [
                {"number": p.number, "method": p.method, "path": p.path, "when": p.when, "since": p.since.isoformat()}
                for p in self._paused.values()
                if not p.decided.is_set()
            ]

    def wait_until_paused(self, count: int = 1, timeout_s: float = 5.0) -> list[dict[str, Any]]:
        """Wait until ``count`` requests stand still. Raises TimeoutError when they don't."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while sum(not p.decided.is_set() for p in self._paused.values()) < count:
                if not self._changed.wait(end - time.monotonic()):
                    raise TimeoutError(f"{len(self._paused)} of {count} requests paused within {timeout_s} s")
        return self.listing()

    def resume(self, number: int, action: str = "continue") -> None:
        """Let a request go on or drop it. Raises LookupError when it isn't paused, ValueError for another action."""
        if action not in {"continue", "drop"}:
            raise ValueError(f"action must be continue or drop, not {action!r}")
        with self._changed:
            if number not in self._paused:
                raise LookupError(f"request {number} is not paused")
            pause = self._paused[number]
            pause.action = action
            pause.decided.set()

    def drop_all(self) -> None:
        """Drop everything that stands still."""
        with self._changed:
            for pause in self._paused.values():
                pause.decided.set()


class Holds:
    """Requests without an answer: each waits its seconds unless all are let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._let_go = threading.Event()

    def wait(self, seconds: float) -> None:
        """Wait in real time, at most until ``let_go``."""
        with self._lock:
            event = self._let_go
        event.wait(seconds)

    def let_go(self) -> None:
        """End all waits that run now."""
        with self._lock:
            self._let_go.set()
            self._let_go = threading.Event()


@dataclass
class _Late:
    due: datetime
    effect: Callable[[], None]


class LateEffects:
    """Effects that happen after their client gave up: when due by the clock, or when released."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._late: list[_Late] = []
        self._thread: threading.Thread | None = None
        self._stopped = False
        clock.listen(self.run_due)

    def add(self, delay_s: float, effect: Callable[[], None]) -> None:
        """Run ``effect`` once ``delay_s`` seconds have passed by the clock."""
        with self._changed:
            self._late.append(_Late(self._clock.now() + timedelta(seconds=delay_s), effect))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="standin-late-effects", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def pending(self) -> int:
        """How many effects are still to come."""
        with self._changed:
            return len(self._late)

    def run_due(self) -> None:
        """Run what is due by the clock now, in the calling thread."""
        self._take(lambda late: late.due <= self._clock.now())

    def release(self) -> int:
        """Run all of them now; returns how many."""
        return self._take(lambda _late: True)

    def forget(self) -> None:
        """Drop them without effect."""
        with self._changed:
            self._late.clear()
            self._changed.notify_all()

    def stop(self) -> None:
        """Drop them and end the thread."""
        self._clock.unlisten(self.run_due)
        with self._changed:
            self._stopped = True
            self._late.clear()
            self._changed.notify_all()

    def _take(self, wanted: Callable[[_Late], bool]) -> int:
        with self._changed:
            taken = [late for late in self._late if wanted(late)]
            self._late = [late for late in self._late if late not in taken]
            self._changed.notify_all()
        for late in sorted(taken, key=lambda late: late.due):
            late.effect()
        return len(taken)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                self._changed.wait(self._next_wait())
            self.run_due()

    def _next_wait(self) -> float | None:
        if not self._late or not self._clock.runs:
            return None
        earliest = min(late.due for late in self._late)
        return max((earliest - self._clock.now()).total_seconds(), 0.0)
