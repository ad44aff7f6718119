"""One row or object of a settlement, read strictly: what cannot be understood is refused with its place and what to do.

Every reader uses it, whether the row came out of a table, JSON or XML. Amounts are made from text or whole minor units,
never from a float; a number with a separator that could mean two things is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, TypeVar

from pakhus.errors import redacted
from pakhus.rules.minor_units import decimals_of, fits, from_minor
from pakhus.settlements import BatchLineKind

Meaning = TypeVar("Meaning")
ZERO = Decimal(0)
ASK = "ask for a new file, or report it with this text"
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LETTER = re.compile(r"[^\W\d_]")
_SHOWN_CHARACTERS = 40
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
# So much is paid out to nobody, and the ledger keeps no such amount.
_BEYOND = Decimal(10) ** 14
_NO_EXCEPTIONS: Mapping[str, int] = {}


class SettlementFormatError(ValueError):
    """A settlement that cannot be read whole, and so is not read at all: who wrote it, where, what, and what to do."""

    def __init__(self, reader: str, place: str, field: str, problem: str, advice: str = ASK) -> None:
        where = ", ".join(part for part in (place, field) if part)
        super().__init__(redacted(f"{reader}: {where + ': ' if where else ''}{problem}; {advice}"))
        self.reader = reader
        self.place = place
        self.field = field


@dataclass(frozen=True, slots=True)
class Record:
    """One row (`place` "row 7") or object ("transactions[3]"); `number` counts them from 1."""

    reader: str
    place: str
    number: int
    values: Mapping[str, Any]

    def error(self, field: str, problem: str, advice: str = ASK) -> SettlementFormatError:
        """Return the error for what is wrong with a field."""
        return SettlementFormatError(self.reader, self.place, field, problem, advice)

    def text(self, field: str) -> str:
        """Text without blanks around it, empty where there is none; a number is written out."""
        value = self.values.get(field)
        if value is None:
            return ""
        if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
            text = str(value).strip()
            if "\0" in text or (not text.isascii() and _HALF_CHARACTER.search(text)):  # no database takes them
                raise self.error(field, f"{shown(text)} holds what is no character")
            return text
        raise self.error(field, f"should be text, is {type(value).__name__}")

    def needed(self, field: str) -> str:
        """Text that must be there."""
        text = self.text(field)
        if not text:
            raise self.error(field, "is missing")
        return text

    def object(self, field: str) -> Record:
        """An object inside this one; empty where it is missing or null."""
        value = self.values.get(field)
        if value is not None and not isinstance(value, Mapping):
            raise self.error(field, f"should be an object, is {type(value).__name__}")
        return Record(self.reader, f"{self.place}.{field}".lstrip("."), self.number, value or {})

    def list(self, field: str) -> list[Record]:
        """The objects of a list; empty where it is missing or null."""
        value = self.values.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self.error(field, "should be a list of objects")
        head = f"{self.place}.{field}".lstrip(".")
        return [Record(self.reader, f"{head}[{at}]", at + 1, item) for at, item in enumerate(value)]

    def currency(self, field: str) -> str:
        """A currency in capital letters; some providers write it in small ones."""
        code = self.needed(field).upper()
        if not _CURRENCY.fullmatch(code):
            raise self.error(field, f"{shown(code)} is no currency")
        return code

    def amount(self, field: str, currency: str) -> Decimal:
        """A decimal number with a point, no separators, and no more decimals than its currency has."""
        text = self.needed(field)
        if not _DECIMAL.fullmatch(text):
            raise self.error(field, f"{number_shown(text)} is no amount like 1234.50")
        return self.fitting(field, Decimal(text), currency)

    def amount_or_zero(self, field: str, currency: str) -> Decimal:
        """An amount that may be empty."""
        return self.amount(field, currency) if self.text(field) else ZERO

    def local_amount(self, field: str, currency: str, *, decimal: str, thousands: str) -> Decimal:
        """An amount as people write it, by known separators; groups of other than three digits are refused."""
        text = self.needed(field).replace("\u00a0", " ").replace("\u202f", " ")
        group = rf"[+-]?(\d{{1,3}}({re.escape(thousands)}\d{{3}})+|\d+)" if thousands else r"[+-]?\d+"
        if not re.fullmatch(rf"{group}({re.escape(decimal)}\d+)?", text):
            raise self.error(field, f"{number_shown(text)} is no amount with decimal sign {decimal!r}")
        plain = text.replace(thousands, "") if thousands else text
        return self.fitting(field, Decimal(plain.replace(decimal, ".")), currency)

    def fitting(self, field: str, amount: Decimal, currency: str) -> Decimal:
        """Return an amount that has no more decimals than its currency; refuse any other."""
        if abs(amount) >= _BEYOND:
            raise self.error(field, f"{shown(str(amount))} is beyond all amounts")
        if not fits(amount, currency):
            raise self.error(field, f"{amount} has more decimals than {currency} ({decimals_of(currency)})")
        return amount

    def minor(self, field: str, currency: str, exceptions: Mapping[str, int] = _NO_EXCEPTIONS) -> Decimal:
        """A whole number of the currency's smallest unit."""
        amount = from_minor(self.whole(field), currency, exceptions)
        if abs(amount) >= _BEYOND:
            raise self.error(field, f"{shown(str(amount))} is beyond all amounts")
        return amount

    def minor_or_zero(self, field: str, currency: str, exceptions: Mapping[str, int] = _NO_EXCEPTIONS) -> Decimal:
        """A whole number of minor units that may be empty."""
        return self.minor(field, currency, exceptions) if self.text(field) else ZERO

    def whole(self, field: str) -> int:
        """A whole number."""
        text = self.needed(field)
        if not _WHOLE.fullmatch(text):
            raise self.error(field, f"{number_shown(text)} is no whole number")
        return int(text)

    def rate(self, field: str) -> Decimal | None:
        """An exchange rate, None where there is none."""
        text = self.text(field)
        if not text:
            return None
        if not _DECIMAL.fullmatch(text):
            raise self.error(field, f"{number_shown(text)} is no exchange rate")
        return Decimal(text)

    def day(self, field: str, pattern: str = "%Y-%m-%d") -> date:
        """A day; a time of day after it is cut off when the pattern is ISO's."""
        text = self.needed(field)
        return self._parsed(field, text[:10] if pattern == "%Y-%m-%d" else text, pattern).date()

    def moment(self, field: str, zone: tzinfo | None = None) -> datetime:
        """A time in ISO form, in UTC; one without zone is in `zone`, and refused where none is known."""
        text = self.needed(field)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self.error(field, f"{number_shown(text)} is no time") from None
        return self.aware(field, moment, zone)

    def moment_as(self, field: str, pattern: str, zone: tzinfo) -> datetime:
        """A local time by its pattern, in UTC."""
        return self.aware(field, self._parsed(field, self.needed(field), pattern), zone)

    def unix(self, field: str, per_second: int = 1) -> datetime:
        """Seconds (or, with `per_second=1000`, milliseconds) since 1970."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.whole(field)) / per_second

    def aware(self, field: str, moment: datetime, zone: tzinfo | None) -> datetime:
        """Return a time in UTC."""
        if moment.tzinfo is None:
            if zone is None:
                raise self.error(field, f"{moment.isoformat()} has no time zone")
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)

    def kind(self, field: str, kinds: Mapping[str, BatchLineKind]) -> BatchLineKind:
        """The kind of line that the provider's word means; an unknown word is refused, never guessed."""
        return self.known(field, kinds)

    def known(self, field: str, meanings: Mapping[str, Meaning]) -> Meaning:
        """What one of the provider's words means."""
        word = self.needed(field)
        if word not in meanings:
            raise self.error(
                field,
                f"{shown(word)} is not known, and nothing is guessed of money",
                "look up at the provider what it is, and report it, so that it is added to the reader's table",
            )
        return meanings[word]

    def _parsed(self, field: str, text: str, pattern: str) -> datetime:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the caller says the zone
        except ValueError:
            raise self.error(field, f"{number_shown(text)} is no date like {pattern}") from None


def number_shown(text: str) -> str:
    """What should be a number or a day, without its letters: in a column that was mixed up it may be a name."""
    return shown(_LETTER.sub("x", text))


def shown(text: str) -> str:
    """A value as it may stand in a message: short, quoted."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")
