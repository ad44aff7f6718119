"""Requests and answers as the stand-ins see them, and a JSON writer that writes decimals digit by digit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

# Zero characters are always escaped in JSON, so no other text looks like this.
_MARKED = re.compile(r'"\\u0000(-?[0-9.]+)\\u0000"')


class Headers(Mapping[str, str]):
    """HTTP headers; names compare without case."""

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        items = pairs.items() if isinstance(pairs, Mapping) else pairs
        self._values = {name.lower(): value for name, value in items}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values


@dataclass(frozen=True)
class Request:
    """One request. ``path`` is percent-decoded, ``raw_path`` as it came; neither holds the query. ``arrived`` is when
    it had been read whole, in real seconds (``time.monotonic``), for telling which of two came first."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Headers
    body: bytes
    received_at: datetime
    raw_path: str = ""
    raw_query: str = ""
    base_url: str = ""
    arrived: float = 0.0

    def param(self, name: str, default: str | None = None) -> str | None:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def json(self) -> Any:
        """The body as JSON, fractions as Decimal. Raises ValueError for anything else."""
        return json.loads(self.body.decode("utf-8"), parse_float=Decimal)


@dataclass
class Response:
    """One answer. ``body`` is sent as it is when bytes or str, else written as JSON; None is an empty body. ``effect``
    is False for an answer that only repeats an earlier one."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    effect: bool = True

    def encoded(self) -> bytes:
        """The body as bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode("utf-8")
        return write_json(self.body).encode("utf-8")


def exact(value: Decimal) -> str:
    """All digits that the decimal carries: 12.50 stays 12.50."""
    return format(value, "f")


def shortest(value: Decimal) -> str:
    """No trailing zeros: 12.50 becomes 12.5 and 80.00 becomes 80."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def write_json(value: Any, number: Callable[[Decimal], str] = exact, *, ascii_only: bool = False) -> str:
    """``value`` as compact JSON; a Decimal is written by ``number``, never by way of a float.

    The standard encoder writes the text, several times faster than Python code could. It knows no Decimal, so each
    passes it as a marked string whose quotes and marks are taken off afterwards.
    """
    written = json.dumps(value, default=partial(_plain, number), separators=(",", ":"), ensure_ascii=ascii_only)
    return _MARKED.sub(r"\1", written)


def _plain(number: Callable[[Decimal], str], value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"\0{number(value)}\0"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
