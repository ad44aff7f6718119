"""Orders that were refunded before they had an invoice: which of them have payments to look at, and which again."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, exists, or_, select

from pakhus.ledger import documents
from pakhus.ledger.clearing import REFUNDED
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.payments import PAYMENT
from pakhus.ledger.schema import clearing_items
from pakhus.ledger.schema import documents as table

# What a refund's document says while its order has no invoice, and an invoice's where none is made as the order stands.
_WITHOUT_INVOICE = ("credit_not_needed", "credit_waits_for_invoice")
_NOT_MADE = ("nothing_left_to_invoice", "draft_withdrawn", "state_not_listed", "state_unknown")


def without_invoice(tx: Transaction, shop: str, *, limit: int) -> list[Document]:
    """Return the invoices that are not made of orders with refunds, and whose payment nobody has looked at yet.

    The newest first: a payout is rarely about old ones.
    """
    refund, payment = table.alias("refund"), table.alias("payment")
    query = (
        select(table.c.id)
        .distinct()
        .join(refund, refund.c.parent_id == table.c.id)
        .where(
            refund.c.scope == shop,
            refund.c.flow == "credit_notes",
            refund.c.status.in_(("skipped", "waiting")),
            refund.c.reason.in_(_WITHOUT_INVOICE),
            table.c.kind == "invoice",
            table.c.remote_number.is_(None),
            table.c.source_id.is_not(None),
            table.c.reason.in_(_NOT_MADE),
            ~exists().where(payment.c.parent_id == table.c.id, payment.c.kind == PAYMENT),
        )
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    return [documents.load(tx, row_id) for row_id in tx.connection.execute(query).scalars().all()]


def outdated(tx: Transaction, shop: str, codes: Collection[str]) -> list[int]:
    """Return the payments' documents that stand, or a person has left, at one of these codes and are to be judged anew.

    Their order's invoice has been booked since, or the shop has deleted a refund of which no payout knows.
    """
    invoice, refund = table.alias("invoice"), table.alias("refund")
    deleted = (
        exists()
        .where(clearing_items.c.invoice_id == invoice.c.id, clearing_items.c.way == REFUNDED)
        .where(clearing_items.c.document_id == refund.c.id, refund.c.reason == "refund_withdrawn")
        .where(clearing_items.c.settled_amount == 0)
    )
    left = (table.c.reason == "ignored_by_person") & table.c.reason_parameters["was"].astext.in_(list(codes))
    query = (
        select(table.c.id)
        .join(invoice, invoice.c.id == table.c.parent_id)
        .where(
            and_(table.c.scope == shop, table.c.flow == "payments", table.c.kind == PAYMENT),
            table.c.reason.in_(list(codes)) | left,
            or_(invoice.c.remote_number.is_not(None), deleted),
        )
    )
    return list(tx.connection.execute(query).scalars())
