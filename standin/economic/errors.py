"""Error answers in the three shapes that occur (contract 2.6)."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_log_ids = itertools.count(0x86D2A1F150C39200)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a value. ``path`` holds member names and array indices from the top of the body."""

    path: tuple[str | int, ...]
    code: str
    text: str
    value: Any = None
    hint: str = ""


class ApiError(Exception):
    """The request is answered with ``status``; nothing has changed."""

    def __init__(self, status: int, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.code = code

    def body(self, now: datetime, _shape: str) -> dict[str, Any]:
        """The JSON body."""
        found = {**_head(self.message, self.hint, self.status), "logTime": _log_time(now)}
        return found | ({"errorCode": self.code} if self.code else {})


class SchemaError(ApiError):
    """The body does not fit the schema: shape 3, an array of plain strings."""

    def __init__(self, problems: Sequence[str], schema: str) -> None:
        super().__init__(400, "The JSON does not match the schema.", "Compare the body with the schema.")
        self.problems = list(problems)
        self.schema = schema

    def body(self, now: datetime, _shape: str) -> dict[str, Any]:
        """Shape 3."""
        head = _head(self.message, self.hint, self.status)
        return {**head, "errors": self.problems, "schemaPath": self.schema, "logTime": _log_time(now)}


class ValidationError(ApiError):
    """Values are refused: a tree that mirrors the request, as really returned (1) or as documented (2)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(400, f"Validation failed. {len(problems)} errors found.")
        self.problems = list(problems)

    def body(self, now: datetime, shape: str) -> dict[str, Any]:
        """Shape 1 or 2."""
        hint = "Inspect validation errors and correct your request."
        if shape == "documented":
            head = {"message": "Validation error.", "developerHint": hint, "logId": str(uuid.uuid4())}
            tree = _tree(self.problems, _documented_leaf)
            return {**head, "httpStatusCode": 400, "errors": tree, "logTime": _log_time(now)}
        head = _head(self.message, hint, 400)
        tree = _tree(self.problems, _real_leaf)
        return {
            **head,
            "errorCode": "E04300",
            "errors": tree,
            "logTime": _log_time(now),
            "errorCount": len(self.problems),
        }


def not_found(hint: str = "Follow hypermedia links from the enclosing collection.") -> ApiError:
    """A 404."""
    return ApiError(404, "Resource not found.", hint)


def _head(message: str, hint: str, status: int) -> dict[str, Any]:
    log_id = f"{next(_log_ids):x}-CPH"
    return {"message": message, "developerHint": hint, "logId": log_id, "httpStatusCode": status}


def _log_time(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%S")


def _real_leaf(problem: Problem) -> dict[str, Any]:
    name = next((part for part in reversed(problem.path) if isinstance(part, str)), "")
    leaf = {"propertyName": name, "errorMessage": problem.text, "errorCode": problem.code}
    leaf |= {} if problem.value is None else {"inputValue": problem.value}
    return leaf | {"developerHint": problem.hint}


def _documented_leaf(problem: Problem) -> dict[str, Any]:
    leaf = {"errorCode": problem.code, "message": problem.text}
    leaf |= {} if problem.value is None else {"value": problem.value}
    return leaf | ({"developerHint": problem.hint} if problem.hint else {})


def _tree(problems: Sequence[Problem], leaf: Any) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for problem in problems:
        node = root
        parts = list(problem.path)
        while parts:
            name = str(parts.pop(0))
            if parts and isinstance(parts[0], int):
                node = _array_item(node.setdefault(name, []), parts.pop(0))
            else:
                node = node.setdefault(name, {})
        node.setdefault("errors", []).append(leaf(problem))
    return root


def _array_item(items: list[dict[str, Any]], index: Any) -> dict[str, Any]:
    for item in items:
        if item["arrayIndex"] == index:
            return item
    items.append({"arrayIndex": index})
    return items[-1]
