"""Settlements of providers as they were imported, and what their lines pay (domain guide 10, 11)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import clearing
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import attempts, decisions, settlement_lines, settlements
from pakhus.rules.settlement_sequence import Balances
from pakhus.settlements import Batch, BatchLine

_LINES_AT_ONCE = 1000
# Ids of settlements that stand in a key as they are; of others so many letters, for people.
_PLAIN, _TOLD = re.compile(r"[A-Za-z0-9._+:-]{1,60}"), 40


DECIDED = ("linked", "posted", "ignored")
"""What stands in the place of a line's outcome when a person has said what it is."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A stored settlement; its lines are read anew from the file, whose hash is `file`."""

    id: int
    account: str
    batch: str
    currency: str
    net: Decimal
    paid_on: date | None
    file: str
    file_name: str
    reader: str
    content: str
    document_id: int
    is_posted: bool


def payout_key(account: str, batch: str) -> str:
    """The key of a payout's document: one word, since the accounts are searched for it as a word of a text."""
    if _PLAIN.fullmatch(batch):
        return f"{account}-{batch}-payout"
    told = re.sub(r"[^A-Za-z0-9._+:]+", "-", batch)[:_TOLD].strip("-")
    return f"{account}-{told}-{hashlib.sha256(batch.encode()).hexdigest()[:12]}-payout"


def find(tx: Transaction, account: str, batch: str) -> Settlement | None:
    """Return an account's settlement of this id."""
    query = select(settlements).where(settlements.c.account == account, settlements.c.batch == batch)
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else _settlement(row)


def of_document(tx: Transaction, document_id: int) -> Settlement | None:
    """Return the settlement that a payout's document is about; None when the provider never itemised it."""
    query = select(settlements).where(settlements.c.document_id == document_id)
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else _settlement(row)


def around(tx: Transaction, settlement: Settlement, provider: str) -> tuple[list[Balances], list[Balances]]:
    """Return the balances of the others of a settlement's account, currency and day, and of the last day before it."""
    mine = (
        settlements.c.account == settlement.account,
        settlements.c.currency == settlement.currency,
        settlements.c.provider == provider,
    )
    if settlement.paid_on is None:
        return [], []
    last_day = select(func.max(settlements.c.paid_on)).where(*mine, settlements.c.paid_on < settlement.paid_on)
    days = settlements.c.paid_on.in_([settlement.paid_on, tx.connection.execute(last_day).scalar_one()])
    is_taken = exists().where(decisions.c.document_id == settlements.c.document_id, decisions.c.answer == "take")
    query = (
        select(settlements, is_taken.label("is_taken"))
        .where(*mine, days, settlements.c.id != settlement.id)
        .order_by(settlements.c.id)
    )
    rows = tx.connection.execute(query).all()
    told = [
        (row.paid_on, Balances(row.batch, row.opening, row.closing, row.posted_at is not None, row.is_taken))
        for row in rows
    ]
    same_day = [one for day, one in told if day == settlement.paid_on]
    return same_day, [one for day, one in told if day != settlement.paid_on]


@dataclass(frozen=True, slots=True)
class NewSettlement:
    """A settlement as it was read: its lines, what the bank gets, and the file that says so."""

    batch: Batch
    net: Decimal
    file: str
    file_name: str
    reader: str
    content: str


def store(tx: Transaction, new: NewSettlement, document_id: int) -> int:
    """Store a settlement that is new, with its lines; returns its row."""
    key = {"account": new.batch.account, "batch": new.batch.id, "document_id": document_id}
    statement = insert(settlements).values({**_facts(tx, new), **key}).returning(settlements.c.id)
    row_id: int = tx.connection.execute(statement).scalar_one()
    _store_lines(tx, row_id, new.batch)
    return row_id


def replace(tx: Transaction, settlement_id: int, new: NewSettlement) -> None:
    """Put another issue of a settlement in the place of the stored one; RuntimeError when that one is posted."""
    statement = update(settlements).where(settlements.c.id == settlement_id, settlements.c.posted_at.is_(None))
    if tx.connection.execute(statement.values(_facts(tx, new))).rowcount != 1:
        raise RuntimeError(f"settlement {new.batch.id} of {new.batch.account} is posted")
    tx.connection.execute(delete(settlement_lines).where(settlement_lines.c.settlement_id == settlement_id))
    _store_lines(tx, settlement_id, new.batch)


def _facts(tx: Transaction, new: NewSettlement) -> dict[str, Any]:
    batch = new.batch
    return {
        "provider": batch.provider,
        "currency": batch.currency,
        "opening": batch.opening,
        "closing": batch.closing,
        "net": new.net,
        "paid_on": batch.payout_on,
        "payment_reference": batch.payout_reference,
        "file_name": new.file_name,
        "reader": new.reader,
        "file_sha256": new.file,
        "content_sha256": new.content,
        "imported_at": tx.now,
    }


def _store_lines(tx: Transaction, settlement_id: int, batch: Batch) -> None:
    for start in range(0, len(batch.lines), _LINES_AT_ONCE):
        rows = [_values(settlement_id, batch.account, line) for line in batch.lines[start : start + _LINES_AT_ONCE]]
        tx.connection.execute(insert(settlement_lines), rows)


@dataclass(frozen=True, slots=True)
class Again:
    """A line that another settlement of the account has, too."""

    number: int
    provider_id: str
    batch: str


def line_of_another(tx: Transaction, settlement_id: int, kinds: Iterable[str]) -> Again | None:
    """Return a payment's line whose identity stands in another settlement of the account, too; None: there is none."""
    mine, other = settlement_lines.alias("mine"), settlement_lines.alias("other")
    query = (
        select(mine.c.number, mine.c.provider_id, settlements.c.batch)
        .join(
            other,
            (other.c.account == mine.c.account)
            & (other.c.provider_id == mine.c.provider_id)
            & (other.c.kind == mine.c.kind)
            & (other.c.ordinal == mine.c.ordinal)
            & (other.c.settlement_id != mine.c.settlement_id),
        )
        .join(settlements, settlements.c.id == other.c.settlement_id)
        .where(mine.c.settlement_id == settlement_id, mine.c.kind.in_(list(kinds)), mine.c.provider_id != "")
        .order_by(mine.c.number)
        .limit(1)
    )
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else Again(row.number, row.provider_id, row.batch)


@dataclass(frozen=True, slots=True)
class Found:
    """What the matching found for a line: its outcome, the items it pays or may pay, and how much of each."""

    number: int
    outcome: str
    difference: Decimal
    items: Sequence[int]
    pays: Mapping[int, Decimal]


def note_matches(tx: Transaction, settlement_id: int, found: Iterable[Found]) -> None:
    """Store what was found for each line; what was posted stays as it was."""
    statement = (
        update(settlement_lines)
        .where(settlement_lines.c.settlement_id == settlement_id, settlement_lines.c.number == bindparam("line"))
        .values(
            outcome=bindparam("found"),
            difference=bindparam("off"),
            items=bindparam("documents"),
            pays=bindparam("paid"),
        )
    )
    rows = [
        {
            "line": one.number,
            "found": one.outcome,
            "off": one.difference or None,
            "documents": list(one.items),
            "paid": {str(item): str(amount) for item, amount in one.pays.items()},
        }
        for one in found
    ]
    if rows:
        tx.connection.execute(statement, rows)


def promised(tx: Transaction, settlement_id: int, step: str) -> dict[int, Decimal]:
    """Return what other settlements pay of items by a voucher (the write `step`) that is made or may be, and is not
    recorded as posted yet."""
    left = attempts.c.status.in_(("sent", "unknown", "ok", "adopted"))
    made = exists().where(attempts.c.document_id == settlements.c.document_id, attempts.c.step == step, left)
    query = (
        select(settlement_lines.c.pays)
        .join(settlements, settlements.c.id == settlement_lines.c.settlement_id)
        .where(settlements.c.posted_at.is_(None), settlements.c.id != settlement_id, made)
    )
    found: dict[int, Decimal] = {}
    for pays in tx.connection.execute(query).scalars():
        for item, amount in pays.items():
            found[int(item)] = found.get(int(item), Decimal(0)) + Decimal(amount)
    return found


def mark_posted(tx: Transaction, settlement_id: int, document_id: int) -> None:
    """Settle the items that the lines pay, once: a second time changes nothing."""
    statement = update(settlements).where(settlements.c.id == settlement_id, settlements.c.posted_at.is_(None))
    if tx.connection.execute(statement.values(posted_at=tx.now)).rowcount != 1:
        return
    query = select(settlement_lines.c.pays).where(settlement_lines.c.settlement_id == settlement_id)
    for pays in tx.connection.execute(query).scalars():
        for item, amount in pays.items():
            clearing.settle(tx, int(item), Decimal(amount), document_id)


def is_sure(tx: Transaction, settlement_id: int) -> bool:
    """Whether every payment and refund has its document, to the cent, and nothing goes to the difference account."""
    lines = settlement_lines.c
    is_payment, is_sure = lines.kind.in_(("capture", "refund")), lines.outcome.in_(("matched", "linked"))
    doubtful = (is_payment & (~is_sure | lines.difference.is_not(None))) | (lines.kind == "adjustment")
    query = select(lines.number).where(lines.settlement_id == settlement_id, doubtful).limit(1)
    return tx.connection.execute(query).one_or_none() is None


def unmatched(tx: Transaction, account: str | None = None) -> Sequence[Row[Any]]:
    """Return the lines that have no sure document, with their settlement, oldest first."""
    query = (
        select(
            settlement_lines,
            settlements.c.batch,
            settlements.c.currency,
            settlements.c.paid_on,
            settlements.c.posted_at,
        )
        .join(settlements, settlements.c.id == settlement_lines.c.settlement_id)
        .where(
            settlement_lines.c.outcome.not_in(("", "matched")),  # so the index has it
            settlement_lines.c.outcome.not_in(DECIDED),
        )
        .order_by(settlement_lines.c.account, settlement_lines.c.occurred_at)
    )
    return tx.connection.execute(query if account is None else query.where(settlements.c.account == account)).all()


def fees_by_month(tx: Transaction, account: str | None = None) -> Sequence[Row[Any]]:
    """Return per account, currency and month: payments, their sum, fees and the share that the fees are."""
    month = func.to_char(settlement_lines.c.occurred_at, "YYYY-MM").label("month")
    is_fee = settlement_lines.c.kind.in_(("fee", "fee_refund"))
    captured = func.sum(settlement_lines.c.gross).filter(settlement_lines.c.kind == "capture")
    own = func.sum(settlement_lines.c.fee + settlement_lines.c.fee_vat)
    apart = func.coalesce(func.sum(settlement_lines.c.gross).filter(is_fee), 0)
    query = (
        select(
            settlement_lines.c.account,
            settlements.c.currency,
            month,
            func.count().filter(settlement_lines.c.kind == "capture").label("payments"),
            func.coalesce(captured, 0).label("captured"),
            (-(own + apart)).label("fees"),
        )
        .join(settlements, settlements.c.id == settlement_lines.c.settlement_id)
        .group_by(settlement_lines.c.account, settlements.c.currency, month)
        .order_by(settlement_lines.c.account, settlements.c.currency, month)
    )
    return tx.connection.execute(query if account is None else query.where(settlements.c.account == account)).all()


def _values(settlement_id: int, account: str, line: BatchLine) -> dict[str, Any]:
    return {
        "settlement_id": settlement_id,
        "number": line.number,
        "account": account,
        "kind": line.kind.value,
        "provider_id": line.provider_id,
        "ordinal": line.ordinal,
        "parent_id": line.parent_id,
        "order_reference": line.order_reference,
        "occurred_at": line.occurred_at,
        "booked_on": line.booked_on,
        "gross": line.gross,
        "fee": line.fee,
        "fee_vat": line.fee_vat,
        "net": line.net,
        "transaction_currency": line.transaction.currency if line.transaction else "",
        "transaction_amount": line.transaction.amount if line.transaction else None,
        "exchange_rate": line.exchange_rate,
    }


def _settlement(row: Row[Any]) -> Settlement:
    return Settlement(
        id=row.id,
        account=row.account,
        batch=row.batch,
        currency=row.currency,
        net=row.net,
        paid_on=row.paid_on,
        file=row.file_sha256,
        file_name=row.file_name,
        reader=row.reader,
        content=row.content_sha256,
        document_id=row.document_id,
        is_posted=row.posted_at is not None,
    )
