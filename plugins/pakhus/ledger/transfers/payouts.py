"""Payouts as people look at them: what stands on clearing, each payout's place, and the lines that wait for a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from pakhus.ledger import clearing
from pakhus.ledger.schema import clearing_items, documents, settlement_answers, settlement_lines, settlements
from pakhus.ledger.transfers.standing import Standing, standings
from pakhus.reasons import REASONS, Answer, Status

MOST = 100
_FLOW = "payouts"
_SURE = ("", "matched")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that a line may pay, or pays."""

    key: str
    order_number: str
    open: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said about a line."""

    action: str
    document: str
    account: int | None
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A payment or refund that no document was sure of."""

    number: int
    kind: str
    provider_id: str
    reference: str
    occurred_at: datetime
    gross: Decimal
    currency: str
    outcome: str
    difference: Decimal | None
    candidates: Sequence[Candidate]
    said: Sequence[Said]


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout or a settlement file. `lines` may be decided while `is_open`; `answers` are about the whole of it."""

    standing: Standing
    batch: str
    net: Decimal | None
    currency: str
    paid_on: date | None
    file_name: str
    is_open: bool
    answers: Sequence[str]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Payouts:
    """The page: clearing accounts first, then what is open, then the newest payouts."""

    now: datetime
    clearing: Sequence[clearing.Standing]
    payouts: Sequence[Payout]


def payouts(connection: Connection) -> Payouts:
    """Return the newest payouts and whatever is held, newest first."""
    of_flow = documents.c.flow == _FLOW
    newest = (
        select(documents.c.id)
        .where(of_flow, or_(documents.c.kind == "payout", documents.c.status == Status.HELD.value))
        .order_by((documents.c.status == Status.HELD.value).desc(), documents.c.id.desc())
        .limit(MOST)
    )
    found = standings(connection, documents.c.id.in_(newest))
    rows = _settlements(connection, [standing.id for standing in found])
    lines = _lines(connection, [row.id for row in rows.values()])
    shown = [_payout(standing, rows.get(standing.id), lines) for standing in reversed(found)]
    shown.sort(key=lambda payout: payout.standing.status != Status.HELD.value)
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return Payouts(now, clearing.standings(connection), shown)


def _settlements(connection: Connection, document_ids: Collection[int]) -> dict[int, Row[Any]]:
    query = select(settlements).where(settlements.c.document_id.in_(document_ids))
    return {row.document_id: row for row in connection.execute(query)}


def _payout(standing: Standing, row: Row[Any] | None, lines: dict[int, list[Line]]) -> Payout:
    known = REASONS.get(standing.reason)
    answers = [one.value for one in (known.answers if known else ()) if one is not Answer.AGAIN]
    if row is None:
        return Payout(standing, "", None, "", None, "", False, answers, ())
    is_open = row.posted_at is None and standing.status in (Status.HELD.value, Status.DUE.value)
    return Payout(
        standing=standing,
        batch=row.batch,
        net=row.net,
        currency=row.currency,
        paid_on=row.paid_on,
        file_name=row.file_name,
        is_open=is_open,
        answers=answers,
        lines=lines[row.id],
    )


def _lines(connection: Connection, settlement_ids: Collection[int]) -> dict[int, list[Line]]:
    """The lines without a sure document; what is entered has them too, as what was decided."""
    query = (
        select(settlement_lines, settlements.c.currency)
        .join(settlements, settlements.c.id == settlement_lines.c.settlement_id)
        .where(
            settlement_lines.c.settlement_id.in_(settlement_ids),
            settlement_lines.c.kind.in_(("capture", "refund")),
            settlement_lines.c.outcome.not_in(_SURE),
        )
        .order_by(settlement_lines.c.settlement_id, settlement_lines.c.number)
        .limit(MOST * 10)
    )
    rows = connection.execute(query).all()
    candidates = _candidates(connection, {item for row in rows for item in row.items})
    said = _said(connection, settlement_ids)
    found: dict[int, list[Line]] = defaultdict(list)
    for row in rows:
        mine = said[row.settlement_id, row.kind, row.provider_id, row.ordinal]
        found[row.settlement_id].append(_line(row, [candidates[one] for one in row.items if one in candidates], mine))
    return found


def _line(row: Row[Any], candidates: Sequence[Candidate], said: Sequence[Said]) -> Line:
    paid_elsewhere = row.transaction_amount is not None
    return Line(
        number=row.number,
        kind=row.kind,
        provider_id=row.provider_id,
        reference=row.order_reference,
        occurred_at=row.occurred_at,
        gross=row.transaction_amount if paid_elsewhere else row.gross,
        currency=row.transaction_currency if paid_elsewhere else row.currency,
        outcome=row.outcome,
        difference=row.difference,
        candidates=candidates,
        said=said,
    )


def _candidates(connection: Connection, items: Collection[int]) -> dict[int, Candidate]:
    open_amount = clearing_items.c.amount - clearing_items.c.settled_amount
    query = (
        select(
            clearing_items.c.id, documents.c.key, clearing_items.c.order_number, open_amount, clearing_items.c.currency
        )
        .join(documents, documents.c.id == clearing_items.c.document_id)
        .where(clearing_items.c.id.in_(items))
    )
    return {row[0]: Candidate(*row[1:]) for row in connection.execute(query)}


def _said(connection: Connection, settlement_ids: Collection[int]) -> dict[tuple[int, str, str, int], list[Said]]:
    answers = settlement_answers.c
    query = (
        select(settlement_answers, documents.c.key)
        .outerjoin(clearing_items, clearing_items.c.id == answers.item_id)
        .outerjoin(documents, documents.c.id == clearing_items.c.document_id)
        .where(answers.settlement_id.in_(settlement_ids))
        .order_by(answers.id)
    )
    found: dict[tuple[int, str, str, int], list[Said]] = defaultdict(list)
    for row in connection.execute(query):
        said = Said(row.action, row.key or "", row.account, row.note, row.answered_by, row.answered_at)
        found[row.settlement_id, row.kind, row.provider_id, row.ordinal].append(said)
    return found
