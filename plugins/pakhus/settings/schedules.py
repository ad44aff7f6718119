"""Cron expressions, checked without the library that runs them: five fields, as Airflow takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    names: Sequence[str] = ()

    def value(self, text: str) -> int:
        """Return what `text` stands for; ValueError when it is not in this field's range."""
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.first
        if not (text.isascii() and text.isdigit()) or not self.first <= int(text) <= self.last:
            raise ValueError(f"{text!r} is no {self.name} ({self.first} to {self.last})")
        return int(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)


def checked_cron(expression: str) -> str:
    """Return `expression` with single spaces; ValueError saying what is wrong with it."""
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"{expression!r} has {len(parts)} fields; write five: minute, hour, day, month, weekday, like */5 * * * *"
        )
    for field, part in zip(_FIELDS, parts, strict=True):
        for item in part.split(","):
            _check_item(field, item)
    return " ".join(parts)


def _check_item(field: _Field, item: str) -> None:
    span, slash, step = item.partition("/")
    if slash and (not (step.isascii() and step.isdigit()) or not 0 < int(step) <= field.last):
        raise ValueError(f"{item!r} has no step (1 to {field.last}) after /, in the {field.name}")
    if span == "*":
        return
    first, dash, last = span.partition("-")
    begin = field.value(first)
    if not dash:
        if slash:
            raise ValueError(f"{item!r}: a step needs a span, like */{step} or {first}-{field.last}/{step}")
        return
    if field.value(last) < begin:
        raise ValueError(f"{span!r} runs backwards, in the {field.name}")
