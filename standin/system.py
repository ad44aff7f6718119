"""What a stand-in of one system has to be: an object that answers requests from its own state."""

from __future__ import annotations

import pickle
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from standin.messages import Request, Response

_NUMBERS = re.compile(r"(?<=/)\d+(?=/|$)")


class Standin(ABC):
    """One system. The server calls ``handle`` under a lock, so effects are serial."""

    name: str

    @abstractmethod
    def handle(self, request: Request) -> Response:
        """Carry the request out and answer it."""

    @abstractmethod
    def reset(self) -> None:
        """Back to the state of the seed."""

    @abstractmethod
    def snapshot(self) -> object:
        """A deep copy of the state."""

    @abstractmethod
    def restore(self, snapshot: Any) -> None:
        """Go back to a snapshot, which stays usable for further restores."""

    def route(self, request: Request) -> str:
        """The route for the counters: the path with its keys replaced, so that requests group."""
        return _NUMBERS.sub("{n}", request.path)

    def doubles(self) -> list[Any]:
        """Business documents that exist more than once."""
        return []

    def counts(self) -> dict[str, Any]:
        """Counts of this system, added to the server's under their own names."""
        return {}

    def dump(self) -> object:
        """The state as JSON-able values, for checks."""
        return {}

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change switches. Raises ValueError for one that it doesn't have."""
        if settings:
            raise ValueError(f"{self.name} has no settings {', '.join(sorted(settings))}")

    def act(self, action: Mapping[str, Any]) -> object:
        """Do what a person does in the system's own pages. Raises ValueError for an unknown action."""
        raise ValueError(f"{self.name} knows no action {action.get('action')!r}")

    def refusal(self, _request: Request, status: int) -> Response:
        """The body that this system gives with an injected 429 or 500."""
        text = "Too Many Attempts." if status == 429 else "Server Error"
        return Response(status, {"message": text})

    def ended(self, request: Request) -> None:  # noqa: B027 - most systems do not care
        """Called when a request is over: just before its answer goes out, when its connection was broken off, or when
        its late effect has happened. Outside the lock."""

    def after_reply(self) -> None:  # noqa: B027 - most systems have nothing to send
        """Called outside the lock after each answer: webhooks go out here."""

    def close(self) -> None:  # noqa: B027 - most systems have no threads of their own
        """Called when the server has stopped."""


def freeze(state: object) -> bytes:
    """A deep copy as bytes: several times faster than ``copy.deepcopy``; it thaws any number of times."""
    return pickle.dumps(state, protocol=pickle.HIGHEST_PROTOCOL)


def thaw(frozen: bytes) -> Any:
    """The object back from ``freeze``. Only for bytes that this process froze itself."""
    return pickle.loads(frozen)  # noqa: S301 - our own bytes, never from outside
