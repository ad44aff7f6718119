"""The filter and sort language of the REST collections (contract 2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeVar

from standin.economic.errors import ApiError

T = TypeVar("T")
Types = Mapping[str, str]
Test = Callable[[Mapping[str, Any]], bool]

_OPERATORS = ("gte", "lte", "nin", "like", "eq", "ne", "gt", "lt", "in")
_COMPARISON = re.compile(rf"([A-Za-z][\w.]*)\$({'|'.join(_OPERATORS)}):")
_ESCAPABLE = "$()*,[]"
_WILDCARD = "\0"  # stands for an unescaped * while a value is read
MOST_VALUES = 200


def parse_filter(text: str, types: Types) -> Test:
    """A test for rows. ``types`` names the filterable properties: text, number, date or flag.

    Raises ApiError (400) for a property that is not filterable and for anything malformed.
    """
    parser = _Parser(text, types)
    test = parser.expression()
    if parser.rest:
        raise _malformed(text, parser.rest)
    return test


class _Parser:
    def __init__(self, text: str, types: Types) -> None:
        self.text = self.rest = text
        self.types = types

    def expression(self) -> Test:
        """Terms joined by $or:, within which $and: binds tighter."""
        tests = [self._all()]
        while self._take("$or:"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._term()]
        while self._take("$and:"):
            tests.append(self._term())
        return lambda row: all(test(row) for test in tests)

    def _term(self) -> Test:
        if self._take("("):
            test = self.expression()
            if not self._take(")"):
                raise _malformed(self.text, self.rest)
            return test
        match = _COMPARISON.match(self.rest)
        if match is None:
            raise _malformed(self.text, self.rest)
        name, operator = match[1], match[2]
        if name not in self.types:
            allowed = ", ".join(self.types)
            raise ApiError(400, f"Property '{name}' is not filterable.", f"Filterable properties: {allowed}.")
        self.rest = self.rest[match.end() :]
        return _comparison(name, operator, self._value(), self.types[name])

    def _take(self, token: str) -> bool:
        if self.rest.startswith(token):
            self.rest = self.rest[len(token) :]
            return True
        return False

    def _value(self) -> str | list[str] | None:
        if self._take("$null:"):
            return None
        if self._take("["):
            return self._list()
        return self._plain()

    def _list(self) -> list[str]:
        values = [self._plain()]
        while self._take(","):
            values.append(self._plain())
        if not self._take("]") or len(values) > MOST_VALUES:
            raise ApiError(400, "Malformed list in the filter.", f"At most {MOST_VALUES} values in [ ].")
        return values

    def _plain(self) -> str:
        """Read to the next connector or bracket; ``$`` takes the next special character as it is."""
        found: list[str] = []
        while self.rest and not self.rest.startswith(("$and:", "$or:", ")", ",", "]")):
            one, self.rest = self.rest[0], self.rest[1:]
            if one == "$":
                if not self.rest or self.rest[0] not in _ESCAPABLE:
                    raise _malformed(self.text, "$" + self.rest)
                one, self.rest = self.rest[0], self.rest[1:]
            elif one in "([":
                raise _malformed(self.text, one + self.rest)
            elif one == "*":
                one = _WILDCARD
            found.append(one)
        return "".join(found)


def _malformed(text: str, rest: str) -> ApiError:
    return ApiError(400, f"The filter could not be read at '{rest[:30]}'.", f"Filter: {text}")


def _comparison(name: str, operator: str, value: str | list[str] | None, kind: str) -> Test:
    if operator in {"in", "nin"}:
        if not isinstance(value, list) or kind != "number":
            raise ApiError(400, f"${operator}: needs a list and a numeric property.", f"Property '{name}'.")
        wanted = {_typed(item, kind, name) for item in value}
        return lambda row: (held(row, name) in wanted) == (operator == "in")
    if isinstance(value, list):
        raise ApiError(400, f"A list fits $in: and $nin: only, not ${operator}:.", f"Property '{name}'.")
    if value is None:
        if operator not in {"eq", "ne"}:
            raise ApiError(400, "$null: fits $eq: and $ne: only.", f"Property '{name}'.")
        return lambda row: (held(row, name) is None) == (operator == "eq")
    if operator == "like":
        return _like(name, value, kind)
    typed = _typed(value, kind, name)
    return lambda row: _compare(operator, _folded(held(row, name)), typed)


def _like(name: str, value: str, kind: str) -> Test:
    if kind != "text":
        raise ApiError(400, "$like: needs a text property.", f"Property '{name}'.")
    parts = [re.escape(part) for part in value.split(_WILDCARD)]
    pattern = re.compile(".*".join(parts) if len(parts) > 1 else f".*{parts[0]}.*", re.IGNORECASE | re.DOTALL)
    return lambda row: pattern.fullmatch(str(held(row, name) or "")) is not None


def _compare(operator: str, left: Any, right: Any) -> bool:
    if left is None:
        return operator == "ne"
    return bool(
        {
            "eq": lambda: left == right,
            "ne": lambda: left != right,
            "gt": lambda: left > right,
            "gte": lambda: left >= right,
            "lt": lambda: left < right,
            "lte": lambda: left <= right,
        }[operator]()
    )


def _typed(value: str, kind: str, name: str) -> Any:
    if _WILDCARD in value:
        raise ApiError(400, "An asterisk must be escaped outside $like:.", f"Property '{name}'.")
    if kind == "number":
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ApiError(400, f"'{value}' is not a number.", f"Property '{name}'.") from None
    if kind == "flag":
        if value.lower() not in {"true", "false"}:
            raise ApiError(400, f"'{value}' is not a boolean.", f"Property '{name}'.")
        return value.lower() == "true"
    return value.lower()


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def held(row: Mapping[str, Any], name: str) -> Any:
    """The value of a dotted property; None when it or what holds it is missing."""
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def sort_rows(rows: list[T], text: str, sortable: Types, facts: Callable[[T], Mapping[str, Any]]) -> list[T]:
    """Rows in the order of ``name,-other,~third``. Raises ApiError (400) for a property that is not sortable."""
    for key in reversed([part.strip() for part in text.split(",") if part.strip()]):
        name = key.lstrip("-~")
        if name not in sortable:
            raise ApiError(400, f"Property '{name}' is not sortable.", f"Sortable properties: {', '.join(sortable)}.")
        rows = sorted(rows, key=partial(_order, facts, name), reverse=key.startswith("-"))
    return rows


def _order(facts: Callable[[T], Mapping[str, Any]], name: str, row: T) -> tuple[int, Any]:
    value = held(facts(row), name)
    return (0, "") if value is None else (1, _folded(value))
