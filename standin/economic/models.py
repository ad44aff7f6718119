"""The request bodies as the contract describes them: types, limits, required members (contract 3, 4, 6, 9).

Own models, strict on purpose: e-conomic's schemas would let unknown members pass. What breaks type, length or presence
is a schema violation; more decimals than allowed is a validation error with its own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from standin.economic.errors import Problem
from standin.economic.state import is_date


@dataclass
class Findings:
    """What is wrong with a body."""

    strict: bool = True
    schema: list[str] = field(default_factory=list)
    values: list[Problem] = field(default_factory=list)

    def wrong_type(self, expected: str, value: Any, path: tuple[str | int, ...]) -> None:
        """A value of another JSON type."""
        self.schema.append(f"Invalid type. Expected {expected} but got {_type_name(value)}. Path '{dotted(path)}'.")


class Kind:
    """The type of one member."""

    required = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        """Add what is wrong to the findings."""
        raise NotImplementedError


@dataclass
class Text(Kind):
    """A string."""

    longest: int | None = None
    shortest: int = 0
    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if not isinstance(value, str):
            findings.wrong_type("String", value, path)
        elif self.longest is not None and len(value) > self.longest:
            findings.schema.append(f"String exceeds maximum length of {self.longest}. Path '{dotted(path)}'.")
        elif len(value) < self.shortest:
            findings.schema.append(f"String is less than minimum length of {self.shortest}. Path '{dotted(path)}'.")


@dataclass
class Day(Kind):
    """A date as YYYY-MM-DD."""

    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if not isinstance(value, str):
            findings.wrong_type("String", value, path)
        elif not is_date(value):
            findings.schema.append(f"String '{value}' is not a date of the form YYYY-MM-DD. Path '{dotted(path)}'.")


@dataclass
class Whole(Kind):
    """An integer."""

    least: int | None = None
    most: int | None = None
    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            findings.wrong_type("Integer", value, path)
        elif (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            findings.schema.append(f"Integer {value} is outside its limits. Path '{dotted(path)}'.")


@dataclass
class Number(Kind):
    """A number with at most ``places`` decimals."""

    places: int | None = None
    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            findings.wrong_type("Number", value, path)
        elif self.places is not None and decimals_of(Decimal(value)) > self.places:
            text = f"Value has more than {self.places} decimals."
            findings.values.append(Problem(path, "E04740", text, value, f"Round the value to {self.places} decimals."))


@dataclass
class Flag(Kind):
    """A boolean."""

    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if not isinstance(value, bool):
            findings.wrong_type("Boolean", value, path)


@dataclass
class OneOf(Kind):
    """One of these values, compared without case when they are text."""

    values: tuple[str | None, ...]
    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        known = {one.lower() if one else one for one in self.values}
        if (value.lower() if isinstance(value, str) else value) not in known:
            findings.schema.append(f"Value {value!r} is not defined in enum. Path '{dotted(path)}'.")


@dataclass
class Ignored(Kind):
    """A read-only member: whatever is sent is ignored."""

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        """Nothing can be wrong."""


@dataclass
class Members(Kind):
    """An object."""

    members: Mapping[str, Kind]
    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if not isinstance(value, Mapping):
            findings.wrong_type("Object", value, path)
            return
        missing = [name for name, kind in self.members.items() if kind.required and name not in value]
        if missing:
            findings.schema.append(
                f"Required properties are missing from object: {', '.join(missing)}. Path '{dotted(path)}'."
            )
        for name, member in value.items():
            if name in self.members:
                self.members[name].check(member, (*path, name), findings)
            elif findings.strict:
                findings.schema.append(f"Property '{name}' has not been defined. Path '{dotted((*path, name))}'.")


@dataclass
class Rows(Kind):
    """An array."""

    row: Kind
    required: bool = False

    def check(self, value: Any, path: tuple[str | int, ...], findings: Findings) -> None:
        if not isinstance(value, list):
            findings.wrong_type("Array", value, path)
            return
        for index, item in enumerate(value):
            self.row.check(item, (*path, index), findings)


def decimals_of(value: Decimal) -> int:
    """How many decimals the value needs: 1.100 needs one."""
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def dotted(path: tuple[str | int, ...]) -> str:
    """A path such as ``lines[1].unitNetPrice``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _type_name(value: Any) -> str:
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    names = {str: "String", int: "Integer", Decimal: "Number", dict: "Object", list: "Array"}
    return names.get(type(value), type(value).__name__)


def reference(
    key: str, kind: Kind | None = None, shown: Mapping[str, Kind] | None = None, *, required: bool = False
) -> Members:
    """A reference by number, by ``self`` or both; members that an answer shows beside them are ignored."""
    return Members({key: kind or Whole(1), "self": Text(), **(shown or {})}, required=required)
