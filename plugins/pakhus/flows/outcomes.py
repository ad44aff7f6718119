"""How a document's treatment ends early, as an exception that carries the verdict."""

from __future__ import annotations

from datetime import datetime

from pakhus.errors import PakhusError
from pakhus.reasons import Verdict


class StoppedError(PakhusError):
    """This document goes no further in this run. `due_at` None: not before something changes."""

    def __init__(self, verdict: Verdict, due_at: datetime | None = None) -> None:
        super().__init__(verdict.text())
        self.verdict = verdict
        self.due_at = due_at


def stop(code: str, *, due_at: datetime | None = None, **parameters: object) -> StoppedError:
    """Return the error that ends a document's treatment with this reason."""
    return StoppedError(Verdict.of(code, **parameters), due_at)
