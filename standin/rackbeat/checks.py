"""Validation of request bodies: errors by field in dot form, as Rackbeat's 422 carries them (contract 1.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

Errors = dict[str, list[str]]
Check = Callable[[Any], str | None]


class RefusedError(Exception):
    """The request is answered with this status: ``errors`` by field, or else a plain ``message``."""

    def __init__(self, status: int, message: str = "", errors: Errors | None = None) -> None:
        super().__init__(message or str(errors))
        self.status = status
        self.body: dict[str, Any] = {"errors": errors} if errors else {"message": message}

    @property
    def text(self) -> str:
        """What a person reads in Rackbeat's own pages."""
        errors: Errors = self.body.get("errors", {})
        return " ".join(line for lines in errors.values() for line in lines) or str(self)


def refuse(field: str, text: str) -> RefusedError:
    """A 422 about one field."""
    return RefusedError(422, errors={field: [text]})


def text(longest: int = 255) -> Check:
    """A string of at most ``longest`` characters."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        return f"may not be longer than {longest} characters" if len(value) > longest else None

    return check


def number(value: Any) -> str | None:
    """A number, or a string that holds one."""
    return None if as_decimal(value) is not None else "must be a number"


def whole(value: Any) -> str | None:
    """An integer, or a string that holds one."""
    found = as_decimal(value)
    return None if found is not None and found == found.to_integral_value() else "must be an integer"


def flag(value: Any) -> str | None:
    """A boolean."""
    return None if isinstance(value, bool) else "must be true or false"


def day(value: Any) -> str | None:
    """A date as YYYY-MM-DD."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            date.fromisoformat(value)
        except ValueError:
            return "is not a valid date"
        return None
    return "must be a date as YYYY-MM-DD"


def one_of(*values: str) -> Check:
    """One of these strings."""
    return lambda value: None if value in values else f"must be one of {', '.join(values)}"


def key_of(records: Mapping[Any, Any]) -> Check:
    """The number of an existing record, as integer or numeric string."""

    def check(value: Any) -> str | None:
        found = as_decimal(value)
        return None if found is not None and found in records else "The chosen value is not valid."

    return check


def mapping(value: Any) -> str | None:
    """An object."""
    return None if isinstance(value, Mapping) else "must be an object"


def array(value: Any) -> str | None:
    """An array."""
    return None if isinstance(value, list) else "must be an array"


def as_decimal(value: Any) -> Decimal | None:
    """The value as a finite Decimal; None when it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def find_errors(
    body: Any, spec: Mapping[str, Check], required: tuple[str, ...] = (), *, prefix: str = "", strict: bool = True
) -> Errors:
    """All errors of an object, keyed by ``prefix`` + member."""
    if not isinstance(body, Mapping):
        return {prefix.rstrip(".") or "body": ["must be an object"]}
    errors: Errors = {}
    for name in required:
        if body.get(name) in (None, ""):
            errors[prefix + name] = [f"The {name} field is required."]
    for name, value in body.items():
        if name not in spec:
            if strict:
                errors[prefix + name] = [f"The {name} field is not known."]
        elif prefix + name not in errors and (problem := spec[name](value)):
            errors[prefix + name] = [problem]
    return errors


def validate(body: Any, spec: Mapping[str, Check], required: tuple[str, ...] = (), *, strict: bool = True) -> None:
    """Raises RefusedError (422) with all errors of the body."""
    if errors := find_errors(body, spec, required, strict=strict):
        raise RefusedError(422, errors=errors)
