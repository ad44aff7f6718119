"""The kinds of values that mapping files consist of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pakhus.rules.countries import COUNTRY_CODES
from pakhus.rules.spelling import compared

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _known_country(code: str) -> str:
    if code not in COUNTRY_CODES:
        raise ValueError(f"{code!r} is no country; write its two letters (ISO 3166) like DK")
    return code


def _rate(text: str) -> str:
    try:
        fraction = 0 <= Decimal(text) < 1
    except InvalidOperation:
        fraction = False
    if not fraction:
        raise ValueError(f"{text!r} is no VAT rate; write it as a fraction, 0.25 for 25 %")
    return text


def _day(value: Any) -> Any:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError(f"{value!r} is no day; write it like 2026-12-31")
    return value


def as_number(value: Any) -> Any:
    """Files are read as text; a literal number would not be taken from it."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


ProductNumber = Annotated[str, Field(min_length=1, max_length=25)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$"), AfterValidator(_known_country)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Pieces = Annotated[int, BeforeValidator(as_number), Field(gt=0)]
Rate = Annotated[str, AfterValidator(_rate)]
Day = Annotated[date, BeforeValidator(_day)]
MetaField = Annotated[str, Field(min_length=1)]
BuyerField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class BySku(dict[str, str]):
    """A table by the shop's SKU, looked into as shops compare them: without regard to letter case and blanks around.

    What a merchant has typed in another case would be one product to the stock, which shops find so, and another one to
    the orders. ValueError when two keys are one SKU to a shop.
    """

    def __init__(self, table: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(table)
        self._compared = {compared(sku): value for sku, value in table.items()}
        if len(self._compared) != len(table):
            twice = sorted(sku for sku in table if sum(compared(sku) == compared(other) for other in table) > 1)
            raise ValueError(f"{', '.join(twice)} are one SKU to a shop; keep one of them")

    def get(self, sku: str, default: Any = None) -> Any:
        return self._compared.get(compared(sku), default)

    def __contains__(self, sku: object) -> bool:
        return isinstance(sku, str) and compared(sku) in self._compared


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt setting must not be a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
