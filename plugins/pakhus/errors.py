"""Errors whose class says who must act (design, decision 9).

A remote error keeps its status, the remote's request id and a short, redacted excerpt of the body. `sent` says whether
the request may have had an effect: only then is the outcome of a write unknown.
"""

from __future__ import annotations

from datetime import timedelta


class PakhusError(Exception):
    """Base of all our errors."""


class ClaimLostError(PakhusError):
    """Somebody else holds the document now; what we were about to record is no longer ours to record."""


class LedgerBehindError(PakhusError):
    """The ledger is older than what Airflow remembers (a restored backup): stop, and ask for recover mode."""


class RemoteError(PakhusError):
    """A call to a remote system did not give a usable answer."""

    def __init__(
        self,
        message: str,
        *,
        system: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        excerpt: str = "",
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message)
        self.system = system
        self.status = status
        self.code = code
        self.request_id = request_id
        self.excerpt = excerpt
        self.maybe_done = maybe_done  # the effect may have happened although we have no usable answer

    def __str__(self) -> str:
        parts = [super().__str__()]
        if self.request_id:
            parts.append(f"({self.system} request {self.request_id})")
        return " ".join(parts)


class TransientError(RemoteError):
    """Nobody must act: the same call may succeed later (time-out, 5xx, connection)."""


class RateLimitedError(TransientError):
    """Wait `retry_after`; the call had no effect."""

    def __init__(self, message: str, *, retry_after: timedelta, system: str = "", status: int | None = None) -> None:
        super().__init__(message, system=system, status=status)
        self.retry_after = retry_after


class DataError(RemoteError):
    """The merchant must act: this document is refused for what is in it; others go on.

    `fields` maps the remote's name of each offending field to its text.
    """

    def __init__(
        self,
        message: str,
        *,
        fields: dict[str, str] | None = None,
        system: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        excerpt: str = "",
    ) -> None:
        super().__init__(
            message, system=system, status=status, code=code, request_id=request_id, excerpt=excerpt, maybe_done=False
        )
        self.fields = fields or {}


class NotFoundError(DataError):
    """The object asked for does not exist (or is not visible yet)."""


class ConfigurationError(RemoteError):
    """The operator must act: address, settings or set-up are wrong; the flow of this shop stops with one alarm."""


class AccessDeniedError(ConfigurationError):
    """The operator must act: the key is missing, wrong, revoked or lacks a right."""
