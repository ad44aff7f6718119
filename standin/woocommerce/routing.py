"""Routes and what passes through them: a call in, an answer out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from standin.messages import Request
from standin.woocommerce.arguments import Rule
from standin.woocommerce.shop import ApiKey, Shop

EDIT_METHODS = ("POST", "PUT", "PATCH")


@dataclass
class Call:
    """One authenticated request on a route. ``given`` is what the client sent, ``params`` the same checked and cast
    with defaults filled in, ``ids`` the numbers in the path."""

    shop: Shop
    request: Request
    key: ApiKey | None
    ids: dict[str, str]
    query: dict[str, Any]
    given: dict[str, Any]
    params: dict[str, Any]
    path: str = ""

    def id(self, name: str = "id") -> int:
        """A number of the path."""
        return int(self.ids[name])

    def link(self, path: str) -> str:
        """The absolute URL of a path below ``wc/v3``."""
        return f"{self.shop.home}/wp-json/wc/v3{path}"


@dataclass
class Answer:
    """``data`` is one object or a list; objects carry their own ``_links``."""

    data: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]
Rules = Mapping[str, Rule] | Callable[[Shop], Mapping[str, Rule]]


@dataclass(frozen=True)
class Operation:
    """What a method does on a route. ``doing`` is the right it needs: list, view, create, edit, delete or batch."""

    handler: Handler
    doing: str
    rules: Rules = field(default_factory=dict)

    def rules_for(self, shop: Shop) -> Mapping[str, Rule]:
        """The arguments it knows in this shop."""
        return self.rules(shop) if callable(self.rules) else self.rules


@dataclass(frozen=True)
class Route:
    """A path below ``wc/v3`` and its operations by method. ``since`` is the major version that brought it."""

    pattern: str
    operations: Mapping[str, Operation]
    since: int = 3

    def match(self, path: str) -> dict[str, str] | None:
        """The parts of the path, None when it is another route."""
        found = re.fullmatch(self.pattern, path)
        return found.groupdict() if found else None

    @property
    def methods(self) -> list[str]:
        """In the order that the ``Allow`` header gives them."""
        order = ("GET", *EDIT_METHODS, "DELETE")
        return [method for method in order if method in self.operations]


def edits(operation: Operation) -> dict[str, Operation]:
    """POST, PUT and PATCH doing the same, as on every item."""
    return dict.fromkeys(EDIT_METHODS, operation)
