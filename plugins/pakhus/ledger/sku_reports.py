"""The last SKU report of each shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import sku_reports

Problem = Mapping[str, Any]


def keep(tx: Transaction, scope: str, products: int, problems: Sequence[Problem]) -> None:
    """Keep a report in place of the shop's last one."""
    values = {"products": products, "problems": [dict(problem) for problem in problems], "reported_at": tx.now}
    values["run_id"] = tx.run.run_id
    statement = insert(sku_reports).values(scope=scope, **values)
    tx.connection.execute(statement.on_conflict_do_update(index_elements=[sku_reports.c.scope], set_=values))


def last(tx: Transaction, scope: str | None = None) -> list[tuple[str, datetime, list[Problem]]]:
    """Return (shop, when, problems) of one shop's report, or of all shops', by shop."""
    query = select(sku_reports.c.scope, sku_reports.c.reported_at, sku_reports.c.problems).order_by(sku_reports.c.scope)
    if scope is not None:
        query = query.where(sku_reports.c.scope == scope)
    return [(row.scope, row.reported_at, list(row.problems)) for row in tx.connection.execute(query)]
