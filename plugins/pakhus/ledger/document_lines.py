"""The lines of accounting documents: what was sold where, at which VAT. OSS records and credit notes are made of them.

Lines are kept as the accounts have them: as we drafted them, or as a person booked them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, insert, select, update

from pakhus.ledger.claims import Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import document_lines, documents
from pakhus.rules.document_lines import DocumentLine


def put(tx: Transaction, document_id: int, claim: Claim, lines: Sequence[DocumentLine]) -> None:
    """Make these the document's lines, in place of those it had. Guarded by the claim."""
    require(tx, claim)
    tx.connection.execute(delete(document_lines).where(document_lines.c.document_id == document_id))
    if lines:
        rows = [{"document_id": document_id, **asdict(line)} for line in lines]
        tx.connection.execute(insert(document_lines), rows)


def of_document(tx: Transaction, document_id: int) -> tuple[DocumentLine, ...]:
    """Return a document's lines in their order; empty when none are known."""
    own = [column for column in document_lines.c if column.name != "document_id"]
    query = select(*own).where(document_lines.c.document_id == document_id).order_by(document_lines.c.line_number)
    return tuple(DocumentLine(**row._mapping) for row in tx.connection.execute(query))


@dataclass(frozen=True, slots=True)
class RateOfDocument:
    """The exchange rate of a document (price of 100 units in base currency), whose it is, and the day it is of."""

    rate: Decimal
    source: str
    day: date | None


def rate_of_parent(tx: Transaction, document_id: int) -> RateOfDocument | None:
    """Return the rate of the invoice that a document belongs to; None: there is none, or it is in base currency."""
    parent = documents.alias("parent")
    query = select(parent.c.exchange_rate, parent.c.exchange_rate_source, parent.c.exchange_rate_date)
    query = query.join(documents, documents.c.parent_id == parent.c.id).where(documents.c.id == document_id)
    row = tx.connection.execute(query).one_or_none()
    return None if row is None or row[0] is None else RateOfDocument(*row)


def note_header(
    tx: Transaction,
    document_id: int,
    claim: Claim,
    *,
    document_date: date,
    exchange: RateOfDocument | None,
) -> None:
    """Record the date on the document and the exchange rate that was applied. Guarded by the claim."""
    require(tx, claim)
    values = {
        "document_date": document_date,
        "exchange_rate": exchange.rate if exchange else None,
        "exchange_rate_source": exchange.source if exchange else "",
        "exchange_rate_date": exchange.day if exchange else None,
    }
    tx.connection.execute(update(documents).where(documents.c.id == document_id).values(**values))
