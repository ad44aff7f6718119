"""YAML as text with line numbers.

Every scalar is read as text and the models decide what it is: YAML itself would read `mode: off` as false, the country
`NO` as false, the product number 0012 as ten and 0.25 as a float. Refused, since they hide what is meant: a key twice,
a key without value, anchors, tags, more documents than one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[int | str, ...]
_PLAIN_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_NULLS = frozenset({"~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong with the text itself, before any model looks at it."""

    path: str
    line: int
    text: str


@dataclass(slots=True)
class Document:
    """A file's values, the line of each path, and what is wrong with its text."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Remark] = field(default_factory=list)
    readable: bool = True

    def line(self, path: KeyPath) -> int:
        """Return the line of the deepest part of `path` that the file has; 1 where it has none of it."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.lines:
                return self.lines[path[:size]]
        return 1

    def add(self, path: KeyPath, line: int, text: str) -> None:
        """Note a problem."""
        self.problems.append(Remark(".".join(map(str, path)), line, text))


def read_document(file: Path, name: str) -> Document:
    """Read a file; what cannot be read is in its problems, and then `readable` is false."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        return _unreadable(Document(name), 1, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return _unreadable(Document(name), 1, f"is not UTF-8 (byte {error.start}); save it as UTF-8")
    return read_text(text, name)


def read_text(text: str, name: str) -> Document:
    """Read a file's text; what cannot be read is in its problems, and then `readable` is false."""
    document = Document(name)
    try:
        node = yaml.BaseLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        return _unreadable(document, _line(error.problem_mark), _syntax(error))
    except yaml.YAMLError as error:
        return _unreadable(document, 1, f"is not YAML: {' '.join(str(error).split())}")
    except RecursionError:
        return _unreadable(document, 1, "is nested deeper than any settings are; look for a bracket too many")
    if not isinstance(node, yaml.MappingNode):
        return _unreadable(document, 1, "must hold keys and values, like shop: nordlys")
    values = _Reader(document).table(node, ())
    document.values = values
    return document


class _Reader:
    """Turns nodes into values and notes the lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: set[int] = set()

    def table(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self._document.add(path, line, "a key must be a single word")
                continue
            here = (*path, key_node.value)
            if here in self._document.lines:
                first = self._document.lines[here]
                self._document.add(here, line, f"stands on line {first} already; keep one of them")
                continue
            self._document.lines[here] = line
            if self._is_usable(value_node, here, line):
                found[key_node.value] = self._value(value_node, here)
        return found

    def _items(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        found = []
        for number, item in enumerate(node.value):
            here, line = (*path, number), _line(item.start_mark)
            self._document.lines[here] = line
            if self._is_usable(item, here, line):
                found.append(self._value(item, here))
        return found

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self.table(node, path)
        if isinstance(node, yaml.SequenceNode):
            return self._items(node, path)
        return None if _is_plain(node) and node.value in _NULLS else node.value

    def _is_usable(self, node: yaml.Node, path: KeyPath, line: int) -> bool:
        text = ""
        if id(node) in self._seen:
            text = "refers to an anchor, which is not taken here; write it out"
        elif node.tag not in _PLAIN_TAGS:
            text = f"has the tag {node.tag}, which is not taken here; remove it"
        elif isinstance(node, yaml.ScalarNode) and _is_plain(node) and not node.value:
            text = "has no value; give it one, or remove the line"
        self._seen.add(id(node))
        if text:
            self._document.add(path, line, text)
        return not text


def _unreadable(document: Document, line: int, text: str) -> Document:
    document.readable = False
    document.add((), line, text)
    return document


def _is_plain(node: yaml.Node) -> bool:
    return getattr(node, "style", None) is None


def _line(mark: yaml.Mark | None) -> int:
    return 1 if mark is None else mark.line + 1


def _syntax(error: yaml.MarkedYAMLError) -> str:
    parts = [error.problem or "cannot be understood"]
    if error.context and error.context_mark is not None:
        parts.append(f"({error.context}, begun on line {_line(error.context_mark)})")
    text = f"is not YAML: {' '.join(parts)}"
    return f"{text}; indent with spaces, not tabs" if "\\t" in text else text
