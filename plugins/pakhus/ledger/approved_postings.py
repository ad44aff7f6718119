"""Which accounts and VAT codes a bookkeeper has approved for a shop's sales."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import approved_postings
from pakhus.rules.trial_posting import Posting


def approve(tx: Transaction, scope: str, postings: Iterable[Posting], person: str) -> None:
    """Record who approved these; what is approved already keeps its first name and time."""
    rows = [
        {
            "scope": scope,
            "account": place.account or 0,
            "vat_code": place.vat_code,
            "rate": place.rate,
            "country": place.country,
            "scheme": place.scheme,
            "approved_by": person,
            "approved_at": tx.now,
        }
        for place in postings
    ]
    if rows:
        tx.connection.execute(insert(approved_postings).values(rows).on_conflict_do_nothing())


def approved(tx: Transaction, scope: str) -> frozenset[Posting]:
    """Return what is approved for a shop."""
    columns = approved_postings.c
    query = select(columns.account, columns.vat_code, columns.rate, columns.country, columns.scheme)
    rows = tx.connection.execute(query.where(columns.scope == scope))
    return frozenset(Posting(row.account or None, *row[1:]) for row in rows)
