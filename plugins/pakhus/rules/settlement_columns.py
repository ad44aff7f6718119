"""What a column mapping says (include/settlements/<name>.yaml): how to read a table that no reader of ours knows.

For Nets, Worldline, a bank's export, and whatever a merchant can download. Data, never code. Loaded and validated by
`pakhus.settings`. Source: domain guide 11.10.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pakhus.rules.mapping_fields import Currency, Strict
from pakhus.settlements import BatchLineKind

_TAKING = frozenset({"refund", "chargeback", "fee", "reserve_hold", "payout", "tax"})
_GIVING = frozenset({"capture", "chargeback_reversal", "fee_refund", "reserve_release", "payout_failed", "topup"})
UNSIGNED: dict[BatchLineKind, int] = {
    **{BatchLineKind(name): -1 for name in _TAKING},
    **{BatchLineKind(name): 1 for name in _GIVING},
}
"""The sign of an amount that has none, by the kind of line; adjustments and carried balances have none of their own."""


class Signs(StrEnum):
    """Whether the amounts carry their sign."""

    SIGNED = "signed"
    BY_TYPE = "by_type"


_NAMED = {"space": " ", "tab": "\t"}


def _one_letter(text: str) -> str:
    if len(_NAMED.get(text, text)) > 1:
        raise ValueError(f"{text!r} must be one character, or space, or tab")
    return _NAMED.get(text, text)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Copenhagen") from None
    return name


def _date_form(pattern: str) -> str:
    if not all(mark in pattern for mark in ("%d", "%m")) or not ("%Y" in pattern or "%y" in pattern):
        raise ValueError(f"{pattern!r} must have day, month and year, like %d.%m.%Y")
    return pattern


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


Character = Annotated[str, AfterValidator(_one_letter)]
Column = Annotated[str, Field(min_length=1)]


class Columns(Strict):
    """The header's names of the columns. An amount is one column, or a debit and a credit column."""

    type: Column = Field(description="Says what a row is; each of its words stands under types")
    id: Column = Field(description="The provider's id of the row; with the type it must not repeat for other content")
    date: Column = Field(description="When it happened")
    gross: Column | None = Field(None, description="Amount before fees")
    debit: Column | None = Field(None, description="Amount that is taken from us, instead of gross")
    credit: Column | None = Field(None, description="Amount that is given to us, instead of gross")
    fee: Column | None = Field(None, description="The row's own fee")
    fee_vat: Column | None = Field(None, description="VAT on the row's own fee")
    net: Column | None = Field(None, description="Amount after fees; where it is given, it must be what they make")
    currency: Column | None = Field(None, description="Currency; none: currency says it for the whole file")
    order: Column | None = Field(None, description="The shop's order number")
    parent: Column | None = Field(None, description="Id of the payment that a refund or chargeback belongs to")
    text: Column | None = Field(None, description="Free text; an order number may be found in it")
    batch: Column | None = Field(None, description="The payout's number; rows that share it are one batch")
    payout_date: Column | None = Field(None, description="The payout's day; tells batches apart where batch is none")
    payout_amount: Column | None = Field(
        None, description="What the bank gets, the same on all rows of a batch; where no row is the payout itself"
    )

    @model_validator(mode="after")
    def _whole(self) -> Columns:
        if (self.gross is None) == (self.debit is None) or (self.debit is None) != (self.credit is None):
            raise ValueError("name either gross, or both debit and credit")
        if self.batch is None and self.payout_date is None:
            raise ValueError("name batch or payout_date: without them nobody can tell one payout from the next")
        return self

    def named(self) -> tuple[str, ...]:
        """The columns that the file must have."""
        return tuple(dict.fromkeys(name for name in self.model_dump().values() if name is not None))


class Numbers(Strict):
    """How amounts are written."""

    decimal: Character = Field(".", description="Decimal sign")
    thousands: Character = Field("", description="Sign between thousands; none: an amount with one is refused")

    @model_validator(mode="after")
    def _apart(self) -> Numbers:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be two different signs")
        return self


class ColumnMapping(Strict):
    """A column mapping."""

    version: Annotated[Literal[1], BeforeValidator(_number)] = Field(description="Version of this form of the file")
    provider: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = Field(
        description="The provider's name in the ledger"
    )
    columns: Columns = Field(description="The header's names of the columns")
    types: dict[Column, BatchLineKind] = Field(min_length=1, description="Word in the type column -> kind of line")
    dates: Annotated[str, AfterValidator(_date_form)] = Field(
        "%Y-%m-%d", description="How dates are written, with a time of day if there is one: %d.%m.%Y %H:%M"
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Europe/Copenhagen", description="Where the file's times are at home"
    )
    numbers: Numbers = Field(Numbers(), description="How amounts are written")
    amounts: Signs = Field(
        Signs.SIGNED, description="signed: amounts carry their sign; by_type: the kind of line says it"
    )
    fees: Literal["negative", "positive"] = Field("negative", description="How a fee that is taken is written")
    currency: Currency | None = Field(None, description="The file's currency, where no column says it")
    encoding: str = Field("", description="How letters are coded; none: UTF-8, else Windows-1252")
    delimiter: Character = Field("", description="What divides cells; none: found by the header")
    rows_above: Annotated[int, BeforeValidator(_number)] = Field(0, ge=0, le=100, description="Rows above the header")

    @model_validator(mode="after")
    def _whole(self) -> ColumnMapping:
        if (self.currency is None) == (self.columns.currency is None):
            raise ValueError("name either currency, or the column that says it (columns.currency)")
        if BatchLineKind.PAYOUT not in self.types.values() and self.columns.payout_amount is None:
            raise ValueError(
                "no type is the payout, and there is no columns.payout_amount: nothing would prove that a file is whole"
            )
        if self.amounts is Signs.BY_TYPE:
            if self.columns.debit is not None:
                raise ValueError("debit and credit columns say the sign; leave amounts out")
            without = sorted(word for word, kind in self.types.items() if kind not in UNSIGNED)
            if without:
                raise ValueError(
                    f"{', '.join(without)}: these kinds have no sign of their own, as amounts: by_type needs"
                )
        return self
