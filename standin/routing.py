"""Routes of a stand-in: templates such as ``GET /orders/{number}`` and the functions that answer them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """One template. A ``{key}`` is one path segment, matched before percent-decoding, so keys may hold ``%2F``."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler


class Router:
    """Routes in the order in which they were added; the first that fits answers."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def on(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Register the decorated function for ``method`` and ``template``."""

        def register(handler: Handler) -> Handler:
            pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "/?$")
            self._routes.append(Route(method, template, pattern, handler))
            return handler

        return register

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its keys, percent-decoded once; None when no route has this method and path."""
        for route in self._routes:
            if route.method == method and (match := route.pattern.match(raw_path)):
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def methods(self, raw_path: str) -> list[str]:
        """The methods that this path has."""
        return sorted({route.method for route in self._routes if route.pattern.match(raw_path)})

    def template(self, method: str, raw_path: str) -> str | None:
        """The template of the route that answers, for counters."""
        found = self.find(method, raw_path)
        return found[0].template if found else None
