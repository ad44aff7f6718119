"""Errors whose class says who must act (design, decision 9).

A remote error keeps its status, the remote's request id and a short, redacted excerpt of the body. `maybe_done` says
whether the request may have had an effect: only then is the outcome of a write unknown.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any


class PakhusError(Exception):
    """Base of all our errors."""


class ClaimLostError(PakhusError):
    """Somebody else holds the document now; what we were about to record is no longer ours to record."""


class CursorMovedError(PakhusError):
    """Another run has read on meanwhile; what this one stored is safe, but it must begin again from the new place."""


class LedgerBehindError(PakhusError):
    """The ledger is older than what Airflow remembers (a restored backup): stop, and ask for recover mode."""


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+\d[\d ]{6,}\d")


def redacted(text: str) -> str:
    """Return `text` without what reads like an e-mail address or an international phone number."""
    return _PHONE.sub("<phone>", _EMAIL.sub("<e-mail>", text))


class RemoteError(PakhusError):
    """A call to a remote system did not give a usable answer.

    `maybe_done`: the effect may have happened although we have no usable answer. `body` is the whole answer, for the
    ledger only; message and excerpt are redacted.
    """

    def __init__(
        self,
        message: str,
        *,
        system: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        excerpt: str = "",
        body: bytes = b"",
        maybe_done: bool = False,
    ) -> None:
        super().__init__(redacted(message))
        self.system = system
        self.status = status
        self.code = code
        self.request_id = request_id
        self.excerpt = redacted(excerpt)
        self.body = body
        self.maybe_done = maybe_done

    def __str__(self) -> str:
        parts = [super().__str__()]
        if self.request_id:
            parts.append(f"({self.system} request {self.request_id})")
        return " ".join(parts)


class TransientError(RemoteError):
    """Nobody must act: the same call may succeed later (time-out, 5xx, connection).

    Unless told otherwise its effect may have happened: forgetting to say so must cost a look-up, not a double.
    """

    def __init__(self, message: str, *, maybe_done: bool = True, **facts: Any) -> None:
        super().__init__(message, maybe_done=maybe_done, **facts)


class RateLimitedError(TransientError):
    """Wait `retry_after`; the call had no effect."""

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(seconds=30), **facts: Any) -> None:
        super().__init__(message, maybe_done=False, **facts)
        self.retry_after = retry_after


class DataError(RemoteError):
    """The merchant must act: this document is refused for what is in it; others go on.

    `fields` maps the remote's name of each offending field to its text.
    """

    def __init__(self, message: str, *, fields: dict[str, str] | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.fields = {name: redacted(text) for name, text in (fields or {}).items()}


class NotFoundError(DataError):
    """The object asked for does not exist (or is not visible yet)."""


class OrderClosedError(DataError):
    """The merchant must act: people closed the order in the shop; `state` is what the shop calls that."""

    def __init__(self, message: str, *, state: str, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.state = state


class ConfigurationError(RemoteError):
    """The operator must act: address, settings or set-up are wrong; the flow of this shop stops with one alarm."""


class AccessDeniedError(ConfigurationError):
    """The operator must act: the key is missing, wrong, revoked or lacks a right."""
