"""The example bodies of the contracts, and how answers of a stand-in are held against them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[1] / "fixtures"


def example(system: str, name: str) -> Any:
    """The body of ``tests/fixtures/<system>/<name>.json``, fractions as Decimal."""
    text = (FIXTURES / system / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text, parse_float=Decimal)


def example_bytes(system: str, name: str) -> bytes:
    """The same as bytes, to send it as it is."""
    return (FIXTURES / system / f"{name}.json").read_bytes()


def read(text: str) -> Any:
    """JSON with fractions as Decimal."""
    return json.loads(text, parse_float=Decimal)


def kind_of(value: Any) -> str:
    """The JSON type of a value; whole and fractional numbers are one type."""
    names = {str: "string", bool: "boolean", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), "number")


def differences(
    expected: Any, seen: Any, *, path: str = "", values: bool = True, extra: frozenset[str] = frozenset()
) -> list[str]:
    """What differs between an example and an answer: missing members, other types, other values (unless ``values`` is
    False), and members that the example doesn't have (unless their name is in ``extra``, or ``*`` is)."""
    if kind_of(expected) != kind_of(seen):
        return [f"{path}: {kind_of(expected)} expected, {kind_of(seen)} seen"]
    if isinstance(expected, dict):
        return _members(expected, seen, path, values, extra)
    if isinstance(expected, list):
        return _items(expected, seen, path, values, extra)
    if values and expected != seen:
        return [f"{path}: {expected!r} expected, {seen!r} seen"]
    return []


def _members(
    expected: dict[str, Any], seen: dict[str, Any], path: str, values: bool, extra: frozenset[str]
) -> list[str]:
    found = [f"{path}.{name}: missing" for name in expected if name not in seen]
    if "*" not in extra:
        found += [f"{path}.{name}: not in the example" for name in seen if name not in expected and name not in extra]
    for name in expected.keys() & seen.keys():
        found += differences(expected[name], seen[name], path=f"{path}.{name}", values=values, extra=extra)
    return found


def _items(expected: list[Any], seen: list[Any], path: str, values: bool, extra: frozenset[str]) -> list[str]:
    if values and len(expected) != len(seen):
        return [f"{path}: {len(expected)} items expected, {len(seen)} seen"]
    pairs = zip(expected, seen, strict=False)
    return [
        text
        for index, (left, right) in enumerate(pairs)
        for text in differences(left, right, path=f"{path}[{index}]", values=values, extra=extra)
    ]


def rehosted(value: Any, old: str, new: str) -> Any:
    """The value with the start ``old`` of every address replaced by ``new``."""
    if isinstance(value, dict):
        return {name: rehosted(member, old, new) for name, member in value.items()}
    if isinstance(value, list):
        return [rehosted(item, old, new) for item in value]
    return value.replace(old, new, 1) if isinstance(value, str) and value.startswith(old) else value
