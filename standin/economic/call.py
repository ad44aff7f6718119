"""One request to the e-conomic stand-in with everything that answering it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from standin.economic.errors import ApiError, Problem, SchemaError, ValidationError, not_found
from standin.economic.identifiers import escaped, unescaped
from standin.economic.models import Findings, Kind
from standin.economic.state import Record, State, Switches
from standin.messages import Request, Response, write_json
from standin.routing import Router

router = Router()

HINTS = {
    "E04500": "Send the number or self.",
    "E04730": "Send quantity.",
    "E06000": "Read the collection of this kind for the values that exist.",
    "E06010": "Choose a number that is free.",
    "E07080": "Read /payment-terms for the numbers that exist.",
    "E07180": "Leave paymentTermsType out.",
}


@dataclass
class Call:
    """A request, its path keys, and the agreement that it reaches."""

    request: Request
    keys: Mapping[str, str]
    state: State
    switches: Switches
    now: datetime
    problems: list[Problem] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def body(self, model: Kind, schema: str) -> dict[str, Any]:
        """The JSON body, checked against its model. Raises SchemaError or ApiError (400); value problems are kept in
        ``problems`` for ``refuse_problems``, so that one answer lists them all."""
        try:
            value = self.request.json()
        except ValueError:
            raise ApiError(400, "The body is not valid JSON.", "Send application/json.") from None
        findings = Findings(strict=self.switches.unknown_members == "refused")
        model.check(value, (), findings)
        if findings.schema:
            raise SchemaError(findings.schema, self.link(f"schema/{schema}.schema.json"))
        self.problems += findings.values
        checked: dict[str, Any] = value
        return checked

    def problem(self, path: tuple[str | int, ...], code: str, text: str, value: Any = None) -> None:
        """Note something wrong with a value."""
        self.problems.append(Problem(path, code, text, value, HINTS.get(code, "Correct the value and resend.")))

    def refuse_problems(self) -> None:
        """Raises ValidationError when there are any."""
        if self.problems:
            raise ValidationError(self.problems)

    def link(self, path: str) -> str:
        """An absolute address of this stand-in."""
        return f"{self.request.base_url}/{path}"

    def number(self, key: str = "number") -> int:
        """A path key that is an integer. Raises ApiError (404)."""
        value = self.keys[key]
        if not value.isascii() or not value.isdigit():
            raise not_found()
        return int(value)

    def identifier(self, key: str = "number") -> str:
        """A path key in e-conomic's own escape. Raises ApiError (404) when a character was not escaped."""
        found = unescaped(self.keys[key])
        if found is None:
            raise not_found("Escape special characters in ids; URL encoding is not enough.")
        return found

    def ref(self, path: str, key: str, value: Any) -> dict[str, Any]:
        """A reference in an answer: number and ``self``."""
        return {key: value, "self": self.link(f"{path}/{escaped(str(value))}")}


def found(records: Mapping[Any, Any], key: Any) -> Any:
    """The record. Raises ApiError (404)."""
    if key not in records:
        raise not_found()
    return records[key]


def resolve(
    call: Call,
    body: Mapping[str, Any],
    path: tuple[str | int, ...],
    key: str,
    records: Mapping[Any, Any],
    code: str = "E06000",
) -> Any:
    """The number that a reference means, by number, ``self`` or both; None with a problem noted when it means none.

    ``path`` leads to the reference from the top of the body, ``body`` is the object that holds it.
    """
    name = str(path[-1])
    given = body[name]
    number = given.get(key)
    from_self = unescaped(given["self"].rstrip("/").rpartition("/")[2]) if given.get("self") else None
    if number is None and from_self is None:
        call.problem(path, "E04500", f"The {name} reference has neither number nor self.")
        return None
    if number is None:
        number = from_self if isinstance(next(iter(records), ""), str) else _as_int(from_self)
    elif from_self is not None and str(number) != from_self:
        call.problem(path, "E04500", f"The {name} reference has a number and a self that differ.", number)
        return None
    if number not in records:
        call.problem(path, code, f"{name} '{number}' not found.", number)
        return None
    return number


def _as_int(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def answer(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; decimals keep the digits that they carry."""
    return Response(status, write_json(value), headers or {})


def created(call: Call, value: Record) -> Response:
    """A creation: 201 or 200 by switch, with its address."""
    return answer(call.switches.created_status, value, {"Location": value["self"]})


def stamp(moment: datetime) -> str:
    """A time as in ``lastUpdated``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
