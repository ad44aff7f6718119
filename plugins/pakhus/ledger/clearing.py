"""Payments and refunds that providers are to settle, and which payout has settled them (domain guide 10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import clearing_items, documents, settlement_answers

REFUNDED = "refunded"
"""The way of what was paid and refunded whole before an invoice: no document of the accounts is behind it."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """A payment (positive) or refund (negative) as it stands on a clearing account, in the buyer's currency."""

    document_id: int
    invoice_id: int
    shop: str
    target: str
    account: int
    way: str
    kind: str
    method: str
    order_number: str
    currency: str
    amount: Decimal
    occurred_at: datetime
    base_amount: Decimal | None = None
    provider_ids: Sequence[str] = ()
    parent_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A stored item. `settled` is what payouts have paid of it, `settled_by` the payout that paid the rest."""

    id: int
    new: NewItem
    settled: Decimal
    settled_by: int | None
    key: str  # of its document


def put(tx: Transaction, item: NewItem) -> None:
    """Store an item, or correct it while no payout has settled it."""
    values: dict[str, Any] = {
        name: getattr(item, name) for name in NewItem.__dataclass_fields__ if name not in ("provider_ids", "parent_ids")
    }
    values |= {"provider_ids": sorted(item.provider_ids), "parent_ids": sorted(item.parent_ids)}
    statement = insert(clearing_items).values(values)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[clearing_items.c.document_id],
            set_={name: value for name, value in values.items() if name != "document_id"},
            where=clearing_items.c.settled_by.is_(None),
        )
    )


def withdraw_refunded(tx: Transaction, invoice_id: int, *, way: str | None = None) -> None:
    """Take back what was noted of a payment that was refunded whole, as far as no payout has settled any of it.

    `way` is how the payment counts now that its invoice is booked: what a payout has settled stays, and is told so.
    """
    mine = and_(clearing_items.c.invoice_id == invoice_id, clearing_items.c.way == REFUNDED)
    is_meant = exists().where(settlement_answers.c.item_id == clearing_items.c.id)
    tx.connection.execute(delete(clearing_items).where(mine, clearing_items.c.settled_amount == 0, ~is_meant))
    if way is not None:
        tx.connection.execute(update(clearing_items).where(mine).values(way=way))


def weigh(tx: Transaction, bases: Mapping[int, Decimal]) -> None:
    """Record what items weigh in the base currency, told by the settlement that is matched now."""
    for item, base in bases.items():
        tx.connection.execute(update(clearing_items).where(clearing_items.c.id == item).values(base_amount=base))


def of_account(tx: Transaction, target: str, account: int) -> list[Item]:
    """Return all items of a clearing account, settled ones too, oldest first."""
    query = (
        select(clearing_items, documents.c.key)
        .join(documents, documents.c.id == clearing_items.c.document_id)
        .where(clearing_items.c.target == target, clearing_items.c.account == account)
        .order_by(clearing_items.c.occurred_at, clearing_items.c.id)
    )
    return [_item(row) for row in tx.connection.execute(query)]


def of_invoice(tx: Transaction, invoice_id: int) -> list[Item]:
    """Return the items of one invoice's document."""
    query = (
        select(clearing_items, documents.c.key)
        .join(documents, documents.c.id == clearing_items.c.document_id)
        .where(clearing_items.c.invoice_id == invoice_id)
        .order_by(clearing_items.c.id)
    )
    return [_item(row) for row in tx.connection.execute(query)]


def open_items(tx: Transaction) -> list[Item]:
    """Return what no payout has settled yet, oldest first; invoices that stand open are no clearing balance."""
    query = (
        select(clearing_items, documents.c.key)
        .join(documents, documents.c.id == clearing_items.c.document_id)
        .where(clearing_items.c.settled_by.is_(None), stands())
        .order_by(clearing_items.c.occurred_at, clearing_items.c.id)
    )
    return [_item(row) for row in tx.connection.execute(query)]


def by_id(tx: Transaction, items: Collection[int]) -> dict[int, Item]:
    """Return these items by their rows."""
    query = (
        select(clearing_items, documents.c.key)
        .join(documents, documents.c.id == clearing_items.c.document_id)
        .where(clearing_items.c.id.in_(list(items)))
    )
    return {row.id: _item(row) for row in tx.connection.execute(query)}


def keys_of(tx: Transaction, items: Collection[int]) -> dict[int, str]:
    """Return the keys of these items' documents."""
    query = (
        select(clearing_items.c.id, documents.c.key)
        .join(documents, documents.c.id == clearing_items.c.document_id)
        .where(clearing_items.c.id.in_(list(items)))
    )
    return {row.id: row.key for row in tx.connection.execute(query)}


def settle(tx: Transaction, item: int, amount: Decimal, payout: int) -> None:
    """Record that a payout (its document) paid `amount` of an item; the one that pays the rest settles it."""
    settled = clearing_items.c.settled_amount + amount
    is_rest = settled == clearing_items.c.amount
    statement = update(clearing_items).where(clearing_items.c.id == item)
    tx.connection.execute(
        statement.values(
            settled_amount=settled,
            settled_by=case((is_rest, payout), else_=clearing_items.c.settled_by),
            settled_at=case((is_rest, tx.now), else_=clearing_items.c.settled_at),
        )
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What is captured (less what is refunded) but not paid out on a clearing account, in one currency."""

    target: str
    account: int
    currency: str
    count: int
    amount: Decimal
    oldest: datetime


def standing(tx: Transaction, target: str, account: int) -> list[Standing]:
    """Return what stands on one clearing account, per currency."""
    return standings(tx.connection, clearing_items.c.target == target, clearing_items.c.account == account)


def standings(connection: Connection, *only: ColumnElement[bool]) -> list[Standing]:
    """Return what stands on the clearing accounts, on those that `only` lets through; `oldest` is since when."""
    place = (clearing_items.c.target, clearing_items.c.account, clearing_items.c.currency)
    open_amount = func.sum(clearing_items.c.amount - clearing_items.c.settled_amount)
    query = (
        select(*place, func.count(), open_amount, func.min(clearing_items.c.occurred_at))
        .where(clearing_items.c.settled_by.is_(None), stands(), *only)
        .group_by(*place)
        .order_by(*place)
    )
    return [Standing(*row) for row in connection.execute(query)]


def stands() -> ColumnElement[bool]:
    """The condition that an item belongs to its clearing account's balance: the accounts have an entry of it.

    An open invoice has none there. Of a payment that was refunded whole without an invoice there is one as soon as a
    payout has settled either side; where nothing was captured, no payout ever does.
    """
    either = clearing_items.alias("either_side")
    is_settled = exists().where(either.c.invoice_id == clearing_items.c.invoice_id, either.c.settled_amount != 0)
    way = clearing_items.c.way
    return and_(way != "open", (way != REFUNDED) | is_settled.correlate(clearing_items))


def _item(row: Row[Any]) -> Item:
    values = {name: getattr(row, name) for name in NewItem.__dataclass_fields__}
    return Item(row.id, NewItem(**values), row.settled_amount, row.settled_by, row.key)
