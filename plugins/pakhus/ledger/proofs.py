"""The calendar of proven days, and what the ledger has of a day to be proven."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import documents, included_refunds, proven_days, sources
from pakhus.model import Window


def orders_placed(tx: Transaction, scope: str, window: Window) -> Sequence[Any]:
    """Return the newest version's facts of the orders placed in a window, those that are gone too."""
    placed = (sources.c.placed_at >= window.start) & (sources.c.placed_at < window.end)
    return _orders(tx, (sources.c.scope == scope) & placed)


def orders_named(tx: Transaction, scope: str, source_ids: Collection[str]) -> Sequence[Any]:
    """Return the same facts of these orders, whenever they were placed."""
    return _orders(tx, (sources.c.scope == scope) & sources.c.source_id.in_(source_ids))


def _orders(tx: Transaction, which: ColumnElement[bool]) -> Sequence[Any]:
    query = select(
        sources.c.id,
        sources.c.source_id,
        sources.c.number,
        sources.c.currency,
        sources.c.gross,
        sources.c.vat,
        sources.c.problem,
    )
    return tx.connection.execute(query.where(sources.c.kind == "order", which).order_by(sources.c.id)).all()


def documents_of(tx: Transaction, order_ids: Collection[int]) -> Mapping[int, list[Any]]:
    """Return the documents of orders (rows of sources), by order; those of refunds with what was refunded."""
    refunds = sources.alias("refunds")
    off = _taken_off()
    query = select(
        documents.c.order_id,
        documents.c.key,
        documents.c.kind,
        documents.c.reason,
        documents.c.remote_id,
        documents.c.remote_number,
        documents.c.currency,
        documents.c.gross,
        documents.c.vat,
        refunds.c.gross.label("refunded"),
        func.coalesce(off.c.amount, 0).label("taken_off"),
        case((off.c.unsaid > 0, None), else_=func.coalesce(off.c.vat, 0)).label("taken_off_vat"),
    )
    of_refund = (refunds.c.id == documents.c.source_id) & (refunds.c.kind == "refund")
    query = query.outerjoin_from(documents, refunds, of_refund).outerjoin(off, off.c.invoice_id == documents.c.id)
    query = query.where(documents.c.order_id.in_(order_ids))
    found: dict[int, list[Any]] = {}
    for row in tx.connection.execute(query.order_by(documents.c.id)):
        found.setdefault(row.order_id, []).append(row)
    return found


def _taken_off() -> Subquery:
    """What invoices have taken off for refunds made before them; `unsaid` counts those that do not say their VAT."""
    one = included_refunds.c
    columns = func.sum(one.amount).label("amount"), func.sum(one.vat).label("vat")
    unsaid = func.count().filter(one.vat.is_(None)).label("unsaid")
    return select(one.invoice_id, *columns, unsaid).group_by(one.invoice_id).subquery("taken_off")


def remote_numbers(tx: Transaction, keys: Collection[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return remote id and number of the documents of these keys; who is not there has no entry."""
    query = select(documents.c.key, documents.c.remote_id, documents.c.remote_number).where(documents.c.key.in_(keys))
    return {row.key: (row.remote_id, row.remote_number) for row in tx.connection.execute(query)}


def orders_with_credits(tx: Transaction, scope: str, since: datetime) -> list[str]:
    """Return the ids of the orders of which money was given back, by refunds first seen since then."""
    refunds = sources.alias("refunds")
    query = (
        select(sources.c.source_id)
        .join(refunds, refunds.c.parent_id == sources.c.id)
        .where(refunds.c.scope == scope, refunds.c.kind == "refund", refunds.c.first_seen_at >= since)
        .where(sources.c.kind == "order")
        .distinct()
    )
    return sorted(tx.connection.execute(query).scalars())


def save(
    tx: Transaction, scope: str, day: date, status: str, *, figures: object, differences: Sequence[object]
) -> None:
    """Put a day into the calendar; a newer proof replaces the older one."""
    values = {
        "status": status,
        "figures": figures,
        "differences": list(differences),
        "proved_at": tx.now,
        "run_id": tx.run.run_id,
    }
    statement = insert(proven_days).values(scope=scope, day=day, **values)
    tx.connection.execute(
        statement.on_conflict_do_update(index_elements=[proven_days.c.scope, proven_days.c.day], set_=values)
    )


def not_proven(tx: Transaction, scope: str, first: date, last: date) -> list[date]:
    """Return the days from `first` to `last` of which the last proof said something else than proven, oldest first."""
    query = select(proven_days.c.day).where(
        proven_days.c.scope == scope, proven_days.c.day.between(first, last), proven_days.c.status != "proven"
    )
    return list(tx.connection.execute(query.order_by(proven_days.c.day)).scalars())
