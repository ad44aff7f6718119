"""Which booked documents have no payment yet, and what their payments belong to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select

from pakhus.ledger import attempts, documents
from pakhus.ledger.bodies import load as load_body
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.schema import documents as table

_BOOKINGS = ("book_invoice", "book_credit_note")
PAYMENT, REPAYMENT = "payment", "repayment"


@dataclass(frozen=True, slots=True)
class Booked:
    """A booked document and the one that it belongs to: a credit note's invoice."""

    document: Document
    parent_id: int | None


def without_payment(tx: Transaction, shop: str, *, limit: int) -> list[Booked]:
    """Return a shop's booked invoices and credit notes that have no payment's document, oldest first."""
    payments = table.alias("payments")
    has_payment = exists().where(payments.c.parent_id == table.c.id, payments.c.kind.in_((PAYMENT, REPAYMENT)))
    query = (
        select(table.c.id)
        .where(
            table.c.scope == shop,
            table.c.kind.in_(("invoice", "credit_note")),
            table.c.remote_number.is_not(None),
            table.c.source_id.is_not(None),
            ~has_payment,
        )
        .order_by(table.c.id)
        .limit(limit)
    )
    return [booked(tx, document_id) for document_id in tx.connection.execute(query).scalars()]


def booked(tx: Transaction, document_id: int) -> Booked:
    """Return a booked document with what it belongs to."""
    parent = tx.connection.execute(select(table.c.parent_id).where(table.c.id == document_id)).scalar_one()
    return Booked(documents.load(tx, document_id), parent)


def paid_document(tx: Transaction, payment_id: int) -> Booked:
    """Return the invoice or credit note that a payment's document is about."""
    parent = tx.connection.execute(select(table.c.parent_id).where(table.c.id == payment_id)).scalar_one()
    return booked(tx, parent)


def payments_of(tx: Transaction, invoice_id: int) -> list[Document]:
    """Return the payments' documents of an invoice."""
    query = select(table.c.id).where(table.c.parent_id == invoice_id, table.c.kind == PAYMENT).order_by(table.c.id)
    return [documents.load(tx, row_id) for row_id in tx.connection.execute(query).scalars()]


def booking_answer(tx: Transaction, document_id: int) -> bytes | None:
    """Return the accounts' own answer to the booking of a document; None when it was booked by hand."""
    for step in _BOOKINGS:
        attempt = attempts.current(tx, document_id, step)
        if attempt is not None and attempt.status in attempts.DONE and attempt.response_sha256 is not None:
            return load_body(tx, attempt.response_sha256)
    return None
