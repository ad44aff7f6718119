"""Paths to fields of an order as it was received: `billing.country`, `line_items[].sku`, `meta_data[_billing_ean]`.

A path is names with dots between. `[]` after a name is each entry of that list; `[key]` is the value of the entry whose
`key` is that, as plugins' fields are kept (of several the newest that says anything). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import simplejson

LONGEST_PATH = 200
_SEGMENT = re.compile(r"(?P<name>[^.\[\]\s]+)(?P<brackets>\[(?P<key>[^\[\]]*)\])?")
_EXAMPLE = "write it like billing.country, line_items[].sku or meta_data[_billing_ean]"


@dataclass(frozen=True, slots=True)
class Segment:
    """One step: a member's name, and of a list each entry (`each`) or the entry of a key."""

    name: str
    each: bool = False
    key: str = ""


@lru_cache(maxsize=1024)
def segments_of(path: str) -> tuple[Segment, ...]:
    """Return the steps of a path; ValueError says how to write one."""
    found: list[Segment] = []
    at = 0
    while at < len(path):
        match = _SEGMENT.match(path, at)
        if match is None:
            break
        key = match["key"] or ""
        found.append(Segment(match["name"], each=match["brackets"] is not None and not key, key=key))
        at = match.end()
        if at == len(path):
            return tuple(found)
        if path[at] != ".":
            break
        at += 1
    raise ValueError(f"{path!r} is no path to a field; {_EXAMPLE}")


def checked_path(path: str) -> str:
    """Return the path; ValueError when it is none."""
    if len(path) > LONGEST_PATH:
        raise ValueError(f"has more than {LONGEST_PATH} characters; {_EXAMPLE}")
    segments_of(path)
    return path


@dataclass(frozen=True, slots=True)
class Received:
    """An order's body as it was received, and its lines of goods: the list they stand in, and each by its id."""

    body: Mapping[str, Any]
    line_list: str = ""
    lines: Mapping[str, Mapping[str, Any]] | None = None

    def texts(self, path: str, line_id: str | None = None) -> list[str]:
        """Return what stands at a path, as texts; empty texts for what is there and says nothing.

        For a line (`line_id`), a path that begins at the list of lines means that very line.
        """
        first, *rest = segments_of(path)
        if line_id is not None and first.each and first.name == self.line_list:
            own = (self.lines or {}).get(line_id)
            found = [] if own is None else list(_values(own, rest))
        else:
            found = list(_values(self.body, (first, *rest)))
        return [text_of(value) for value in found]


def paths_of(value: object, prefix: str = "") -> Iterator[str]:
    """Yield the paths of all fields of a body, without what they say; plugins' fields by their keys."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _SEGMENT.fullmatch(str(name)):
                yield from paths_of(inner, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(value, list):
        for item in value:
            key = item.get("key") if isinstance(item, Mapping) and "value" in item else None
            if isinstance(key, str) and "[" not in key and "]" not in key:
                yield f"{prefix}[{key}]"
            else:
                yield from paths_of(item, f"{prefix}[]")
    elif prefix:
        yield prefix


def text_of(value: object) -> str:
    """Return a received value as text: numbers keep their digits, true and false are words, objects are JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, Decimal)):
        return str(value).strip()
    if isinstance(value, (list, dict)) and not value:
        return ""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))


def _values(value: object, path: Sequence[Segment]) -> Iterator[object]:
    if not path:
        yield value
        return
    segment, rest = path[0], path[1:]
    if not isinstance(value, Mapping) or segment.name not in value:
        return
    inner = value[segment.name]
    if segment.each:
        for item in _entries(inner):
            yield from _values(item, rest)
    elif segment.key:
        yield from _of_key(_entries(inner), segment.key, rest)
    else:
        yield from _values(inner, rest)


def _entries(value: object) -> list[object]:
    """The entries of a list; WooCommerce sends a list with gaps as an object."""
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _of_key(entries: Sequence[object], key: str, rest: Sequence[Segment]) -> Iterator[object]:
    values = [entry.get("value") for entry in entries if isinstance(entry, Mapping) and entry.get("key") == key]
    saying = [value for value in values if text_of(value)] or values
    if saying:
        yield from _values(saying[-1], rest)
