"""Writes settlements as the providers do, from plain movements; shares no code with what reads them.

Each writer turns movements into rows (dicts of what the file or the API says), and rows into bytes. In between a test
may do to the rows what goes wrong in the world.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pakhus.rules.settlement_columns import ColumnMapping

TAKING = ("refund", "chargeback", "fee", "reserve_hold")
DAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
Row = dict[str, Any]


@dataclass(frozen=True)
class Movement:
    """What moved, amounts without sign; `fee` only on captures."""

    kind: str
    amount: Decimal
    id: str
    order: str = ""
    fee: Decimal = Decimal(0)
    at: datetime = DAY

    @property
    def signed(self) -> Decimal:
        return -self.amount if self.kind in TAKING else self.amount

    @property
    def net(self) -> Decimal:
        return self.signed - self.fee


@dataclass(frozen=True)
class Plain:
    """A payout as anybody would put it."""

    id: str
    movements: tuple[Movement, ...]
    currency: str = "DKK"

    @property
    def paid(self) -> Decimal:
        return sum((one.net for one in self.movements), Decimal(0))


@dataclass(frozen=True)
class Form:
    """A provider's form: `amounts` are the members a sign or a swap can go wrong in; `swaps` name two of them."""

    reader: str
    kinds: tuple[str, ...]
    rows: Callable[[Plain], list[Row]]
    render: Callable[[Plain, Sequence[Row]], bytes]
    amounts: tuple[str, ...]
    swaps: tuple[tuple[str, str], ...]
    batch_id: Callable[[Plain], str] = lambda plain: plain.id
    columns: ColumnMapping | None = None
    also: Callable[[Plain], tuple[bytes, ...]] = lambda _: ()
    day_first: bool | None = None


def minor(amount: Decimal) -> int:
    return int(amount * 100)


def unix(at: datetime) -> int:
    return int(at.timestamp())


def csv_bytes(rows: Sequence[Mapping[str, Any]], header: Sequence[str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, delimiter=delimiter, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_json(**members: Any) -> bytes:
    return json.dumps(members, default=str).encode()


def danish(amount: Decimal) -> str:
    whole, _, cents = f"{amount:,.2f}".partition(".")
    return f"{whole.replace(',', '.')},{cents}"


def with_payout(plain: Plain) -> tuple[Movement, ...]:
    """Some put the payout among the rest."""
    return (*plain.movements, Movement("payout", -plain.paid, f"W{plain.id}", at=DAY + timedelta(hours=9)))
