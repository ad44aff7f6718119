"""Conditions of rules: a field of the order as received, one operator, and `all` or `any` of such. Pure.

A field may have several values (`line_items[].sku`): a condition holds when one of them fits; `not_equals` and `not_in`
are its plain opposites and hold when none fits. Texts are compared exactly, numbers as decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import SchemaError, SchemaValidator, core_schema

from pakhus.rules.field_paths import Received, checked_path
from pakhus.rules.mapping_fields import Strict

LONGEST_PATTERN = 200
DEEPEST = 5


def number_of(text: str) -> Decimal | None:
    """Return the number that a text is, or None."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@lru_cache(maxsize=512)
def pattern(text: str) -> SchemaValidator:
    """Return a compiled pattern; ValueError when it is none.

    Rust's regular expressions, as pydantic brings them: they need time in proportion to the text, whatever is written.
    Python's own can be made to run for years by one bad pattern.
    """
    try:
        return SchemaValidator(core_schema.str_schema(pattern=text))
    except SchemaError as error:
        why = str(error).strip().splitlines()[-1].strip().removeprefix("error: ")
        raise ValueError(f"{text!r} is no pattern that can be used: {why}") from None


def _pattern(text: str) -> str:
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters; shorten it")
    pattern(text)
    return text


def _number(text: str) -> str:
    if number_of(text) is None:
        raise ValueError(f"{text!r} is no number; write it like 1000 or 99.50")
    return text


# Files are read as text; editors read 12 as a number and true as a truth value.
_ANY_SCALAR = WithJsonSchema({"type": ["string", "number", "boolean"]})
Path = Annotated[str, Field(min_length=1), AfterValidator(checked_path)]
Word = Annotated[str, Field(min_length=1), _ANY_SCALAR]
Number = Annotated[str, AfterValidator(_number), WithJsonSchema({"type": "number"})]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]

_OPERATORS: dict[str, Callable[[str, Any], bool]] = {
    "equals": lambda text, wanted: text == wanted,
    "in_": lambda text, wanted: text in wanted,
    "contains": lambda text, wanted: wanted in text,
    "starts_with": lambda text, wanted: text.startswith(wanted),
    "ends_with": lambda text, wanted: text.endswith(wanted),
    "greater": lambda text, wanted: _compared(text, wanted) > 0,
    "less": lambda text, wanted: _compared(text, wanted) < 0,
    "matches": lambda text, wanted: pattern(wanted).isinstance_python(text),
}
_OPPOSITES = {"not_equals": "equals", "not_in": "in_"}
OPERATORS = (*_OPERATORS, *_OPPOSITES, "is_empty", "exists")


class Condition(Strict):
    """When a rule is for an order: a field with one operator, or `all` or `any` of several conditions."""

    field: Path | None = Field(
        None, description="Path to a field as received: billing.country, line_items[].sku, meta_data[_billing_ean]"
    )
    equals: Word | None = Field(None, description="The field is exactly this text")
    not_equals: Word | None = Field(None, description="The field is not this text; also when it is missing")
    in_: frozenset[Word] | None = Field(None, alias="in", min_length=1, description="The field is one of these texts")
    not_in: frozenset[Word] | None = Field(None, min_length=1, description="The field is none of these texts")
    contains: Word | None = Field(None, description="The field has this text in it")
    starts_with: Word | None = Field(None, description="The field begins with this text")
    ends_with: Word | None = Field(None, description="The field ends with this text")
    greater: Number | None = Field(None, description="The field is a number above this one")
    less: Number | None = Field(None, description="The field is a number below this one")
    matches: Pattern | None = Field(
        None,
        description="The field has a part that fits this pattern (regular expression of Rust's kind, without "
        "look-around and back-references; ^ and $ for the whole field)",
    )
    is_empty: bool | None = Field(
        None, description="true: the field is missing or says nothing; false: it says something"
    )
    exists: bool | None = Field(None, description="true: the order has the field, even if empty; false: it has not")
    all_: tuple[Condition, ...] | None = Field(None, alias="all", min_length=1, description="Each of these must hold")
    any_: tuple[Condition, ...] | None = Field(None, alias="any", min_length=1, description="One of these must hold")

    @model_validator(mode="after")
    def _one_thing(self) -> Condition:
        said = [name.rstrip("_") for name in (*OPERATORS, "all_", "any_") if getattr(self, name) is not None]
        groups = [name for name in said if name in ("all", "any")]
        if groups and (len(said) > 1 or self.field is not None):
            raise ValueError(
                f"{groups[0]} stands beside {_others(said, groups[0], self.field)}; put those into its list"
            )
        if groups:
            return self
        if self.field is None:
            raise ValueError("field is missing; name the field that the condition looks at, or write all or any")
        if len(said) != 1:
            known = ", ".join(sorted(name.rstrip("_") for name in OPERATORS))
            what = "has no operator" if not said else f"has several operators ({', '.join(sorted(said))})"
            raise ValueError(f"{what}; write one of: {known}")
        return self

    @property
    def operator(self) -> str:
        """The one operator; empty for `all` and `any`."""
        return next((name for name in OPERATORS if getattr(self, name) is not None), "")

    def parts(self) -> Iterator[Condition]:
        """Yield this condition and those in it."""
        yield self
        for inner in (*(self.all_ or ()), *(self.any_ or ())):
            yield from inner.parts()

    def depth(self) -> int:
        """How deep conditions stand in conditions."""
        return 1 + max((inner.depth() for inner in (*(self.all_ or ()), *(self.any_ or ()))), default=0)

    def holds(self, received: Received, line_id: str | None = None) -> bool:
        """Whether the condition is true of an order, or of one of its lines."""
        if self.all_ is not None:
            return all(inner.holds(received, line_id) for inner in self.all_)
        if self.any_ is not None:
            return any(inner.holds(received, line_id) for inner in self.any_)
        texts = received.texts(self.field or "", line_id)
        operator = self.operator
        wanted = getattr(self, operator)
        if operator == "exists":
            return bool(texts) is wanted
        if operator == "is_empty":
            return any(texts) is not wanted
        fits = _OPERATORS[_OPPOSITES.get(operator, operator)]
        return any(fits(text, wanted) for text in texts) != (operator in _OPPOSITES)


def _compared(text: str, wanted: str) -> int:
    """1, 0 or -1 as the text's number is above, at or below the wanted one; 0 when it is no number."""
    number, limit = number_of(text), number_of(wanted)
    return 0 if number is None or limit is None else (number > limit) - (number < limit)


def _others(said: list[str], group: str, field: str | None) -> str:
    return ", ".join([*(["field"] if field is not None else []), *(name for name in said if name != group)])
