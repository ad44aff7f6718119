"""Why orders that a settlement names have no payment that it could pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from pakhus.ledger.connection import Transaction
from pakhus.ledger.payments import PAYMENT
from pakhus.ledger.schema import documents, sources
from pakhus.reasons import Status, Verdict


@dataclass(frozen=True, slots=True)
class UnpaidOrder:
    """An order by its number: what its payment waits for, or, where it has none, its invoice."""

    shop: str
    number: str
    verdict: Verdict


def by_number(tx: Transaction, target: str, numbers: Collection[str]) -> dict[str, UnpaidOrder]:
    """Return the orders of these numbers that go to one agreement; not those whose number several shops have."""
    query = (
        select(sources.c.scope, sources.c.number, documents.c.kind, documents.c.reason, documents.c.reason_parameters)
        .join(documents, documents.c.source_id == sources.c.id)
        .where(
            sources.c.scope.in_(_scopes()),
            sources.c.kind == "order",
            sources.c.number.in_(list(numbers)),
            documents.c.target == target,
            documents.c.kind.in_(("invoice", PAYMENT)),
            documents.c.status != Status.DONE.value,
        )
        .order_by((documents.c.kind == PAYMENT).desc(), documents.c.id)
    )
    found: dict[str, list[UnpaidOrder]] = defaultdict(list)
    for row in tx.connection.execute(query):
        verdict = Verdict.of(row.reason, **row.reason_parameters)
        found[row.number].append(UnpaidOrder(row.scope, row.number, verdict))
    return {number: orders[0] for number, orders in found.items() if len({one.shop for one in orders}) == 1}


def _scopes() -> Select[tuple[str]]:
    """All scopes, each found by one look into the index: it begins with them."""
    first = select(func.min(documents.c.scope).label("scope")).cte("scopes", recursive=True)
    later = select(func.min(documents.c.scope)).where(documents.c.scope > first.c.scope).scalar_subquery()
    found = first.union_all(select(later).where(first.c.scope.is_not(None)))
    return select(found.c.scope).where(found.c.scope.is_not(None))
