"""The parameters of Stripe's lists: which there are, what they take, and pages by an object's id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from standin.messages import Request
from standin.stripe.errors import RefusedError, missing
from standin.stripe.state import Record, Switches

PAGING = {"limit", "starting_after", "ending_before", "expand[]"}
_DEFAULT, _MOST = 10, 100
_SPAN = re.compile(r"(created|arrival_date)\[(gt|gte|lt|lte)\]")
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def check_names(request: Request, allowed: set[str], spans: set[str], switches: Switches) -> None:
    """Refuse a parameter that the route does not have, and one that stands there twice."""
    seen: set[str] = set()
    for name, _ in request.query:
        span = _SPAN.fullmatch(name)
        known = name in allowed or name in spans or (span is not None and span[1] in spans)
        if not known and switches.unknown_parameters == "refused":
            plain = name.partition("[")[0]
            raise RefusedError(400, f"Received unknown parameter: {plain}", code="parameter_unknown", param=plain)
        if name in seen and not name.endswith("[]"):
            raise RefusedError(400, f"Duplicate parameter: {name}", param=name)
        seen.add(name)


def whole(request: Request, name: str, default: int | None = None) -> int | None:
    """A whole number."""
    text = request.param(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise RefusedError(400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)


def within(rows: Iterable[Record], request: Request, field: str) -> list[Record]:
    """Those whose time lies where the request says: ``field`` itself, or ``field[gte]`` and the like, in seconds."""
    bounds: list[tuple[Callable[[int, int], bool], int]] = []
    for name, _ in request.query:
        span = _SPAN.fullmatch(name)
        if name == field or (span is not None and span[1] == field):
            bound = whole(request, name)
            compared = _COMPARED[span[2]] if span is not None else int.__eq__
            bounds += [] if bound is None else [(compared, bound)]
    return [row for row in rows if all(compared(row[field], bound) for compared, bound in bounds)]


def page(rows: Sequence[Record], request: Request, kind: str, url: str) -> dict[str, Any]:
    """A page of rows that stand newest first, as a list object."""
    limit = whole(request, "limit", _DEFAULT)
    if limit is None or not 1 <= limit <= _MOST:
        must = "greater than or equal to 1" if limit is None or limit < 1 else f"less than or equal to {_MOST}"
        message = f"This value must be {must}."
        raise RefusedError(400, message, code="parameter_invalid_integer", param="limit")
    after, before = request.param("starting_after"), request.param("ending_before")
    if after is not None and before is not None:
        raise RefusedError(400, "You cannot parameterize `starting_after` and `ending_before` at the same time.")
    if before is not None:
        newer = rows[: _place(rows, before, kind, "ending_before")]
        return _list(newer[-limit:], len(newer) > limit, url)
    rest = rows if after is None else rows[_place(rows, after, kind, "starting_after") + 1 :]
    return _list(rest[:limit], len(rest) > limit, url)


def expansions(request: Request, allowed: set[str]) -> set[str]:
    """The members to expand. Raises RefusedError for one that cannot be."""
    asked = [value for name, value in request.query if name == "expand[]"]
    for path in asked:
        if path not in allowed:
            last = path.rpartition(".")[2]
            raise RefusedError(400, f"This property cannot be expanded ({last}).", param="expand")
    return set(asked)


def _place(rows: Sequence[Record], name: str, kind: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row["id"] == name:
            return place
    raise missing(kind, name, param=param, status=400)


def _list(rows: Sequence[Record], has_more: bool, url: str) -> dict[str, Any]:
    return {"object": "list", "data": list(rows), "has_more": has_more, "url": url}
