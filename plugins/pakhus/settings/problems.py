"""Problems of settings: where, what is wrong, what to do. All of a file, or of all files, at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from pakhus.errors import ConfigurationError
from pakhus.settings.documents import Document, KeyPath
from pakhus.settings.models import description, keys_of, path_in_file

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem. `path` is the key in dotted form, or empty where it concerns the whole file."""

    file: str
    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.path, self.text) if part)


class SettingsError(ConfigurationError):
    """The operator must act: settings are wrong. The text lists every problem in the order of its line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)), system="settings")


def problem_at(document: Document, path: KeyPath, text: str) -> Problem:
    """Return a problem at the line of the deepest part of `path` that the document has."""
    return Problem(document.name, document.line(path), ".".join(map(str, path)), text)


def problems_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Return pydantic's problems in our words. What lies below a problem that the document has already is left out."""
    already = {problem.path for problem in document.problems}
    found = []
    for fault in error.errors(include_url=False):
        path = path_in_file(fault["loc"], document.values)
        if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
            path = (*path, "mode")
        if not any(".".join(map(str, path[:size])) in already for size in range(1, len(path) + 1)):
            found.append(problem_at(document, path, _text(fault, model, path)))
    return found


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like `word`, or an empty string."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def _text(fault: Mapping[str, Any], model: type[BaseModel], path: KeyPath) -> str:
    kind = str(fault["type"])
    if kind == "missing":
        meaning = description(model, path)
        return f"is missing; add it ({meaning})" if meaning else "is missing; add it"
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), keys_of(model, path[:-1]))
    context, found = fault.get("ctx") or {}, _shown(fault.get("input"))
    if kind in _SPECIAL:
        return _SPECIAL[kind](context, found)
    return _TEXTS.get(kind, "{message}; found {found}").format(found=found, message=fault["msg"], **context)


def _unknown_key(key: str, known: Sequence[str]) -> str:
    meant = nearest(key, known)
    if meant:
        return f"is no setting; did you mean {meant}?"
    return f"is no setting; known here: {', '.join(sorted(known))}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table of keys"
    if isinstance(value, list):
        return "a list"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _one_of(context: Mapping[str, Any], found: str) -> str:
    expected = str(context.get("expected") or context.get("expected_tags"))
    if "tag" in context:  # of a union: what was found is the whole table
        found = repr(context["tag"])
    meant = nearest(found.strip("'"), expected.replace("'", "").replace(" or ", ", ").split(", "))
    hint = f"; did you mean {meant}?" if meant else ""
    return f"must be {expected}, not {found}{hint}"


_PATTERNS = {
    r"^[a-z][a-z0-9_]{0,30}$": "must be lower-case letters, digits and _, beginning with a letter, at most 31 in all",
    r"^[A-Z]{2}$": "must be the two capital letters of a country, like DK",
    r"^[A-Z]{3}$": "must be the three capital letters of a currency, like DKK",
    r"^[a-z][a-z0-9_]*$": "must be lower-case letters, digits and _, beginning with a letter",
}


def _pattern(context: Mapping[str, Any], found: str) -> str:
    return f"{_PATTERNS.get(context['pattern'], 'must look like ' + context['pattern'])}; found {found}"


_SPECIAL: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "literal_error": _one_of,
    "enum": _one_of,
    "union_tag_invalid": _one_of,
    "string_pattern_mismatch": _pattern,
}
_WHOLE_NUMBER = "must be a whole number, not {found}"
_LIST = "must be a list like [a, b], not {found}"
_TABLE = "must be a table of keys and values, not {found}"
_MOMENT = "{found} is no time; write it like 2026-11-01T00:00:00+01:00"
_DAY = "{found} is no day; write it like 2026-12-31"
_TEXTS = {
    "value_error": "{error}",
    "union_tag_not_found": "is missing; write collective or each",
    "string_type": "must be a text, not {found}",
    "string_too_short": "must not be empty",
    "string_too_long": "has more than {max_length} characters: {found}; shorten it",
    "int_parsing": _WHOLE_NUMBER,
    "int_type": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "greater_than": "must be greater than {gt}, not {found}",
    "bool_parsing": "must be true or false, not {found}",
    "bool_type": "must be true or false, not {found}",
    "frozen_set_type": _LIST,
    "list_type": _LIST,
    "too_short": "must not be empty; name at least one",
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "timezone_aware": "{found} has no time zone; write it like 2026-11-01T00:00:00+01:00",
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_type": _MOMENT,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_type": _DAY,
}
