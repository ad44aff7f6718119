"""What people said about lines of settlements that no document was sure of; the newest word about a line counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import settlement_answers, settlement_lines

LineId = tuple[str, str, int]
"""Kind, the provider's id and ordinal: what a line is told by, wherever it stands (domain guide 11)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as people see it, with what the matching found for it."""

    settlement_id: int
    number: int
    line: LineId
    gross: Decimal
    transaction_amount: Decimal | None
    transaction_currency: str
    outcome: str
    items: Sequence[int]


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """One word about a line: `action` is link, post, ignore or wait; `gross` is what the person saw."""

    line: LineId
    gross: Decimal
    action: str
    item: int | None
    account: int | None
    note: str
    by: str
    at: datetime


def line(tx: Transaction, settlement_id: int, number: int) -> Line | None:
    """Return a line by its number; None when there is none."""
    query = select(settlement_lines).where(
        settlement_lines.c.settlement_id == settlement_id, settlement_lines.c.number == number
    )
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else _line(row)


def unsure(tx: Transaction, settlement_id: int) -> list[Line]:
    """Return the lines that a person can say something about: payments and refunds without a sure document."""
    query = select(settlement_lines).where(
        settlement_lines.c.settlement_id == settlement_id,
        settlement_lines.c.kind.in_(("capture", "refund")),
        settlement_lines.c.outcome.not_in(("", "matched")),
    )
    return [_line(row) for row in tx.connection.execute(query.order_by(settlement_lines.c.number))]


def note(tx: Transaction, of: Line, action: str, by: str, *, item: int | None, account: int | None, text: str) -> None:
    """Record what a person said about a line; what was said before stays to be read."""
    kind, provider_id, ordinal = of.line
    values = {
        "settlement_id": of.settlement_id,
        "kind": kind,
        "provider_id": provider_id,
        "ordinal": ordinal,
        "gross": of.gross,
        "action": action,
        "item_id": item,
        "account": account,
        "note": text,
        "answered_by": by,
        "answered_at": tx.now,
    }
    tx.connection.execute(insert(settlement_answers).values(values))


def all_of(tx: Transaction, settlement_id: int) -> list[LineAnswer]:
    """Return all that was said about a settlement's lines, oldest first."""
    query = select(settlement_answers).where(settlement_answers.c.settlement_id == settlement_id)
    return [_answer(row) for row in tx.connection.execute(query.order_by(settlement_answers.c.id))]


def newest(tx: Transaction, settlement_id: int) -> dict[LineId, LineAnswer]:
    """Return the newest word about each line."""
    return {answer.line: answer for answer in all_of(tx, settlement_id)}


def _line(row: Row[Any]) -> Line:
    return Line(
        settlement_id=row.settlement_id,
        number=row.number,
        line=(row.kind, row.provider_id, row.ordinal),
        gross=row.gross,
        transaction_amount=row.transaction_amount,
        transaction_currency=row.transaction_currency,
        outcome=row.outcome,
        items=tuple(row.items),
    )


def _answer(row: Row[Any]) -> LineAnswer:
    return LineAnswer(
        line=(row.kind, row.provider_id, row.ordinal),
        gross=row.gross,
        action=row.action,
        item=row.item_id,
        account=row.account,
        note=row.note,
        by=row.answered_by,
        at=row.answered_at,
    )
