"""Arguments of a request: read as PHP reads them, checked as WordPress checks a schema, with its error bodies.

Source: contracts/woocommerce.md sections 3 and 10, recordings ``error-*``. Unknown arguments are ignored, as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from standin.woocommerce.dates import is_date_time
from standin.woocommerce.errors import ApiError
from standin.woocommerce.money import php_integer

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
# 1 and 0 are in them as well, being equal to true and false.
_TRUE = {True, "1", "true"}
_FALSE = {False, "0", "false", ""}


class Missing:
    """Marks an argument without default."""


@dataclass(frozen=True)
class Rule:
    """What one argument may be. ``kind`` is integer, number, string, boolean, array, object, date-time, email, any."""

    kind: str = "string"
    default: Any = Missing
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    items: Rule | None = None
    members: Mapping[str, Rule] = field(default_factory=dict)
    required: bool = False


class Problem(Exception):  # noqa: N818 - WordPress collects them, one error is made of all
    """One argument that doesn't fit."""

    def __init__(self, code: str, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


def php_query(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Query pairs as PHP sees them: ``a[]`` and ``a[0]`` make lists, a plain name given twice keeps the last."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        base, bracket, _ = name.partition("[")
        if bracket and name.endswith("]"):
            held = result.get(base)
            result[base] = [*held, value] if isinstance(held, list) else [value]
        else:
            result[name] = value
    return result


def checked(rules: Mapping[str, Rule], given: Mapping[str, Any]) -> dict[str, Any]:
    """The known arguments, checked and cast, defaults filled in. Raises ApiError 400 that names all faulty ones.

    A null is never checked, only cast: that is how ``stock_quantity: null`` becomes 0 in a single PUT.
    """
    if missing := [name for name, rule in rules.items() if rule.required and given.get(name) is None]:
        text = f"Missing parameter(s): {', '.join(missing)}"
        raise ApiError(400, "rest_missing_callback_param", text, {"params": missing})
    problems: dict[str, Problem] = {}
    result: dict[str, Any] = {}
    for name, rule in rules.items():
        if name in given:
            try:
                check(name, given[name], rule)
                result[name] = cast(given[name], rule)
            except Problem as problem:
                problems[name] = problem
        elif rule.default is not Missing:
            result[name] = rule.default
    if problems:
        raise _invalid(problems)
    return result


def _invalid(problems: Mapping[str, Problem]) -> ApiError:
    details = {n: {"code": p.code, "message": p.message, "data": p.data} for n, p in problems.items()}
    data = {"params": {n: p.message for n, p in problems.items()}, "details": details}
    return ApiError(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(problems)}", data)


def check(name: str, value: Any, rule: Rule) -> None:
    """Raises Problem when a value that isn't null breaks its rule."""
    if value is None:
        return
    _CHECKS[rule.kind](name, value, rule)
    if rule.choices and not isinstance(value, list):
        _check_choice(name, value, rule)


def cast(value: Any, rule: Rule) -> Any:
    """A checked value as WordPress hands it on."""
    if rule.kind == "integer":
        return php_integer(value)
    if rule.kind == "boolean":
        return value in _TRUE
    if rule.kind == "array":
        items = _as_list(value)
        return [cast(item, rule.items) for item in items] if rule.items else items
    if rule.kind == "object":
        known = {n: cast(v, rule.members[n]) if n in rule.members else v for n, v in dict(value or {}).items()}
        return known if rule.members else value
    if rule.kind in {"string", "email", "date-time"}:
        return "" if value is None else str(value)
    return value


def _wrong_type(name: str, kind: str) -> Problem:
    return Problem("rest_invalid_type", f"{name} is not of type {kind}.", {"param": name})


def _as_number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    try:
        return Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part for part in re.split(r"[,\s]+", value) if part]
    return [] if value is None else list(value)


def _check_number(name: str, value: Any, rule: Rule) -> None:
    number = _as_number(value)
    if number is None or (rule.kind == "integer" and number != number.to_integral_value()):
        raise _wrong_type(name, rule.kind)
    low, high = rule.minimum, rule.maximum
    if (low is None or number >= low) and (high is None or number <= high):
        return
    if high is None:
        raise Problem("rest_out_of_bounds", f"{name} must be greater than or equal to {low}")
    raise Problem("rest_out_of_bounds", f"{name} must be between {low} (inclusive) and {high} (inclusive)")


def _check_string(name: str, value: Any, _rule: Rule) -> None:
    if not isinstance(value, str):
        raise _wrong_type(name, "string")


def _check_boolean(name: str, value: Any, _rule: Rule) -> None:
    if not isinstance(value, (bool, int, str)) or value not in _TRUE | _FALSE:
        raise _wrong_type(name, "boolean")


def _check_array(name: str, value: Any, rule: Rule) -> None:
    if not isinstance(value, (list, str)):
        raise _wrong_type(name, "array")
    for number, item in enumerate(_as_list(value)):
        if rule.items is not None:
            check(f"{name}[{number}]", item, rule.items)


def _check_object(name: str, value: Any, rule: Rule) -> None:
    if not isinstance(value, Mapping):
        raise _wrong_type(name, "object")
    for member, inner in rule.members.items():
        if member in value:
            check(f"{name}[{member}]", value[member], inner)


def _check_date_time(_name: str, value: Any, _rule: Rule) -> None:
    if not isinstance(value, str) or not is_date_time(value):
        raise Problem("rest_invalid_date", "Invalid date.")


def _check_email(name: str, value: Any, rule: Rule) -> None:
    _check_string(name, value, rule)
    if value and not _EMAIL.fullmatch(value):
        raise Problem("rest_invalid_email", "Invalid email address.")


def _check_choice(name: str, value: Any, rule: Rule) -> None:
    if value not in rule.choices:
        listed = (
            ", ".join(rule.choices[:-1]) + f", and {rule.choices[-1]}" if len(rule.choices) > 1 else rule.choices[0]
        )
        raise Problem("rest_not_in_enum", f"{name} is not one of {listed}.")


_CHECKS: dict[str, Callable[[str, Any, Rule], None]] = {
    "integer": _check_number,
    "number": _check_number,
    "string": _check_string,
    "boolean": _check_boolean,
    "array": _check_array,
    "object": _check_object,
    "date-time": _check_date_time,
    "email": _check_email,
    "any": lambda _name, _value, _rule: None,
}
