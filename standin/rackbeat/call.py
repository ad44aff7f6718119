"""One request to the Rackbeat stand-in with everything that answering it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from standin.messages import Request, Response, shortest, write_json
from standin.rackbeat.checks import RefusedError
from standin.rackbeat.state import State, Switches
from standin.routing import Router

LOCAL = ZoneInfo("Europe/Copenhagen")
router = Router()


@dataclass
class Call:
    """A request, its path keys, and the system that it reaches."""

    request: Request
    keys: Mapping[str, str]
    state: State
    switches: Switches
    now: datetime
    events: list[tuple[str, Any]]

    @property
    def strict(self) -> bool:
        """Whether unknown members of a body are refused."""
        return self.switches.unknown_members == "refused"

    def body(self) -> dict[str, Any]:
        """The JSON object of the request; an empty body is an empty object. Raises RefusedError (400)."""
        if not self.request.body:
            return {}
        if "json" not in self.request.headers.get("content-type", ""):
            raise RefusedError(400, "The content type must be application/json.")
        try:
            value = self.request.json()
        except ValueError:
            raise RefusedError(400, "The body is not JSON.") from None
        if not isinstance(value, dict):
            raise RefusedError(400, "The body must be an object.")
        return value

    def number(self, key: str = "number") -> int:
        """A path key that is an integer. Raises RefusedError (404)."""
        value = self.keys[key]
        if not value.isascii() or not value.isdigit():
            raise RefusedError(404, "Not found.")
        return int(value)

    def link(self, path: str) -> str:
        """An absolute address of this stand-in."""
        return f"{self.request.base_url}/api/{path}"

    def emit(self, event: str, key: Any) -> None:
        """An event for webhooks, unless the request asks for silence."""
        if not self._silent():
            self.events.append((event, key))

    def _silent(self) -> bool:
        if (self.request.param("suppress_webhooks") or "").lower() in {"1", "true"}:
            return True
        return bool(self.request.body and self.body().get("suppress_webhooks") is True)


def stamp(moment: datetime | None) -> str | None:
    """A timestamp as Rackbeat shows it: local time with offset, whole seconds."""
    return None if moment is None else moment.astimezone(LOCAL).replace(microsecond=0).isoformat()


def found(records: Mapping[Any, Any], key: Any) -> Any:
    """The record. Raises RefusedError (404)."""
    if key not in records:
        raise RefusedError(404, "Not found.")
    return records[key]


def answer(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer with numbers in their shortest form."""
    return Response(status, write_json(value, shortest), headers or {})


def single(status: int, key: str, value: Any) -> Response:
    """An object in its singular key."""
    return answer(status, {key: value})
