"""Reading members of WooCommerce's JSON with the types it really sends (contract sections 6 and 7, domain guide 16).

Amounts are text, but plugins send numbers; a SKU may be `false`; an empty object is `[]`, since PHP does not tell the
two apart; a list with gaps comes as an object. What is tolerable is understood, the rest named by its path.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplejson

from pakhus.rules.field_paths import Received

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
# What no database and no other system takes as text: a zero byte, and half of a character that was cut in two.
_NO_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
_NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"
# So much fits nothing that is bought, nor what the ledger keeps an amount in.
_BEYOND = Decimal(10) ** 14


class WooCommerceFormatError(ValueError):
    """A member that is needed is missing or cannot be understood; `field` is its path."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object; `path` says where it stands, for error texts."""

    members: Mapping[str, Any]
    path: str = ""

    def amount(self, name: str) -> Decimal:
        """A number that must be there."""
        value = self._number(name)
        if value is None:
            raise self.error(name, "is missing")
        return value

    def amount_or_zero(self, name: str) -> Decimal:
        """A number that may be empty."""
        value = self._number(name)
        return Decimal(0) if value is None else value

    def number_or_none(self, name: str) -> Decimal | None:
        """A number, None where there is none."""
        return self._number(name)

    def text(self, name: str) -> str:
        """Text, empty where there is none; numbers are written out, `true` and `false` are no text."""
        value = self.members.get(name)
        if value is None or isinstance(value, bool):
            return ""
        if isinstance(value, (str, int, Decimal)):
            return _characters(str(value))
        if value == []:
            return ""
        raise self.error(name, f"should be text, is {_kind(value)}")

    def plain_text(self, name: str) -> str:
        """Text that the shop shows in HTML, without markup."""
        return plain_text(self.text(name))

    def identifier(self, name: str) -> str | None:
        """An id as text; WooCommerce writes 0, empty or null for none."""
        text = self.text(name).strip()
        return text if text not in ("", "0") else None

    def needed_identifier(self, name: str) -> str:
        """An id that must be there."""
        found = self.identifier(name)
        if found is None:
            raise self.error(name, "is missing")
        return found

    def moment(self, name: str) -> datetime | None:
        """A `…_gmt` time: it carries no zone and is UTC. None where it is empty."""
        text = self.text(name).strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.error(name, f"is not a time: {text!r}") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def object(self, name: str) -> Fields:
        """An object; empty where it is missing."""
        value = self.members.get(name)
        if isinstance(value, Mapping):
            return Fields(value, self._path(name))
        if _is_nothing(value) or value == []:
            return Fields({}, self._path(name))
        raise self.error(name, f"should be an object, is {_kind(value)}")

    def objects(self, name: str) -> Iterator[Fields]:
        """The objects of a list, which may be missing."""
        value = self.members.get(name)
        if isinstance(value, Mapping):
            value = list(value.values())
        if _is_nothing(value):
            return
        if not isinstance(value, list):
            raise self.error(name, f"should be a list, is {_kind(value)}")
        for number, item in enumerate(value):
            if not isinstance(item, Mapping):
                raise self.error(f"{name}[{number}]", f"should be an object, is {_kind(item)}")
            yield Fields(item, self._path(f"{name}[{number}]"))

    def error(self, name: str, problem: str) -> WooCommerceFormatError:
        return WooCommerceFormatError(self._path(name), problem)

    def _number(self, name: str) -> Decimal | None:
        value = self.members.get(name)
        if _is_nothing(value):
            return None
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            number = Decimal(value)
        elif isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            number = Decimal(value.strip())
        else:
            raise self.error(name, f"is not a number: {_excerpt(value)}")
        if not number.is_finite():
            raise self.error(name, "is not a finite number")
        if abs(number) >= _BEYOND:
            raise self.error(name, f"is beyond all amounts: {_excerpt(value)}")
        return number

    def _path(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def received_from_woocommerce(body: Mapping[str, Any]) -> Received:
    """Return an order's body with its lines of goods, as users' rules look at it."""
    lines = Fields(body).objects("line_items")
    return Received(body, "line_items", {line.needed_identifier("id"): line.members for line in lines})


def meta_values(item: Fields) -> dict[str, str]:
    """Return an item's plugin fields as text, by key; of several with one key the newest (highest id) that says
    anything. Lists and objects become JSON text."""
    found: dict[str, tuple[int, str]] = {}
    for entry in item.objects("meta_data"):
        key, text = entry.text("key"), _meta_text(entry.members.get("value"))
        number = int(entry.number_or_none("id") or 0)
        if text and (key not in found or number >= found[key][0]):
            found[key] = (number, text)
    return {key: text for key, (_, text) in found.items()}


def plain_text(text: str) -> str:
    """Return text without markup and entities, on one line."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _meta_text(value: object) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, (str, int, Decimal)):
        return _characters(str(value)).strip()
    return _characters(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":")))


def _characters(text: str) -> str:
    """Text without what is no character: one order with it must not keep a whole page from being stored."""
    return _NO_CHARACTERS.sub(_NO_CHARACTER, text)


def _is_nothing(value: object) -> bool:
    return value is None or value is False or value == ""


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", str: "text", bool: "true or false"}.get(type(value), "a number")


def _excerpt(value: object) -> str:
    return repr(value)[:40]
