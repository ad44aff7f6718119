"""Log lines about what strangers can cause: one a minute of each kind, with the count of those left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_EVERY_S = 60.0
_MOST_KINDS = 1000


class RareNotices:
    """Warnings of a logger, each kind at most once a minute."""

    def __init__(self, log: logging.Logger, now: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._now = now
        self._said: dict[str, tuple[float, int]] = {}  # kind -> when it was last said, and how many came since

    def say(self, kind: str, detail: str = "") -> None:
        """Log `kind` and the detail, unless the same kind was logged within the last minute."""
        at, left_out = self._said.get(kind, (float("-inf"), 0))
        if self._now() - at < _EVERY_S:
            self._said[kind] = (at, left_out + 1)
            return
        if len(self._said) >= _MOST_KINDS:
            self._said.clear()
        self._said[kind] = (self._now(), 0)
        more = f" ({left_out} more like this since the last line)" if left_out else ""
        self._log.warning("%s%s%s", kind, f": {detail}" if detail else "", more)
