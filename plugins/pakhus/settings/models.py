"""Find one's way in the models by a key's path: which keys are known there, what they mean."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pakhus.settings.documents import KeyPath

# Fields that no file has: they are filled in by the loader.
NOT_IN_FILES = frozenset({"loaded_mapping"})


def path_in_file(location: Sequence[int | str], values: object) -> KeyPath:
    """Return the path in the file of pydantic's location: without union tags and markers of keys.

    What the file does not have ends the path: it is the missing key.
    """
    path: list[int | str] = []
    for number, part in enumerate(location):
        last = number == len(location) - 1
        inside = _has(values, part)
        if not inside and not last:
            continue  # the tag of a union
        if part == "[key]":
            break
        path.append(part)
        if inside:
            values = values[part]  # type: ignore[index]
    return tuple(path)


def keys_of(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that are known at `path`."""
    return sorted({alias for found in _models_at(model, path) for alias, _ in _fields(found)})


def description(model: type[BaseModel], path: KeyPath) -> str:
    """Return what the key at `path` means, or an empty text."""
    for found in _models_at(model, path[:-1]):
        for alias, field in _fields(found):
            if alias == path[-1]:
                return field.description or ""
    return ""


def _models_at(model: type[BaseModel], path: KeyPath) -> list[type[BaseModel]]:
    models = [model]
    for part in path:
        annotations = [field.annotation for found in models for alias, field in _fields(found) if alias == part]
        if annotations:  # else `part` is a key of a table, whose values these models are
            models = [found for annotation in annotations for found in _models_in(annotation)]
    return models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, dict, tuple, typing.Annotated):
        for argument in typing.get_args(annotation):
            yield from _models_in(argument)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        alias = field.alias or name
        if alias not in NOT_IN_FILES:
            yield alias, field


def _has(values: object, part: int | str) -> bool:
    if isinstance(values, Mapping):
        return part in values
    return isinstance(values, list) and isinstance(part, int) and part < len(values)
