"""The clock of a stand-in: real time by default, settable so that tests never wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

ClockState = tuple[datetime | None, timedelta]


class Clock:
    """Tells the time in UTC; runs with real time until ``set`` stops it at a moment."""

    def __init__(self, now: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._fixed: datetime | None = None
        self._offset = timedelta()
        if now is not None:
            self.set(now)

    def now(self) -> datetime:
        """The moment by this clock, aware, UTC."""
        with self._lock:
            return self._fixed or datetime.now(UTC) + self._offset

    @property
    def runs(self) -> bool:
        """False while the clock stands still at a moment that was set."""
        return self._fixed is None

    def set(self, now: datetime) -> None:
        """Stop the clock at ``now`` (aware)."""
        if now.tzinfo is None:
            raise ValueError(f"the clock needs a time with zone, not {now.isoformat()}")
        with self._lock:
            self._fixed = now.astimezone(UTC)
        self._tell()

    def advance(self, seconds: float) -> None:
        """Move the clock by ``seconds``; a running clock goes on running."""
        step = timedelta(seconds=seconds)
        with self._lock:
            if self._fixed is not None:
                self._fixed += step
            else:
                self._offset += step
        self._tell()

    def run(self) -> None:
        """Go back to real time."""
        with self._lock:
            self._fixed, self._offset = None, timedelta()
        self._tell()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each change; the change returns when all listeners have."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def snapshot(self) -> ClockState:
        """What ``restore`` needs to set the clock back."""
        with self._lock:
            return self._fixed, self._offset

    def restore(self, state: ClockState) -> None:
        """Set the clock back to a snapshot; a running clock runs on from the real now."""
        with self._lock:
            self._fixed, self._offset = state
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()
