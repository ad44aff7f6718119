"""Refunds made before their order's invoice was booked, which it has taken off: no credit note is made of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import sources as shown
from pakhus.ledger.claims import Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import among
from pakhus.ledger.schema import documents, included_refunds, sources
from pakhus.model import Credit


@dataclass(frozen=True, slots=True)
class Included:
    """One such refund: its id in the shop, its amount (positive) and the VAT in it, where the shop says it."""

    refund_id: str
    amount: Decimal
    vat: Decimal | None
    refunded_at: datetime
    document_id: int | None  # of its credit note that is not made


def note(tx: Transaction, claim: Claim, invoice_id: int, shop: str, refunds: Sequence[Credit]) -> None:
    """Record the refunds that an invoice was booked without, in the transaction that records the booking."""
    require(tx, claim)
    for refund in refunds:
        row = shown.find(tx, shop, "refund", refund.id)
        if row is None:
            raise ValueError(f"refund {refund.id} of {shop} is not stored")
        values = {
            "refund_id": row,
            "invoice_id": invoice_id,
            "amount": refund.amount.amount,
            "vat": refund.vat,
            "refunded_at": refund.created_at,
            "noted_at": tx.now,
        }
        tx.connection.execute(insert(included_refunds).values(values).on_conflict_do_nothing())


def of_invoice(tx: Transaction, invoice_id: int) -> list[Included]:
    """Return the refunds that an invoice has taken off, oldest first."""
    return of_invoices(tx, [invoice_id]).get(invoice_id, [])


def of_invoices(tx: Transaction, invoice_ids: Collection[int]) -> dict[int, list[Included]]:
    """Return the refunds that each of these invoices has taken off, oldest first; nothing of those that took none."""
    found: dict[int, list[Included]] = {}
    if not invoice_ids:
        return found
    notes = documents.alias("notes")
    of_refund = (notes.c.source_id == included_refunds.c.refund_id) & (notes.c.kind == "credit_note")
    query = (
        select(
            included_refunds.c.invoice_id,
            sources.c.source_id,
            included_refunds.c.amount,
            included_refunds.c.vat,
            included_refunds.c.refunded_at,
            notes.c.id,
        )
        .select_from(included_refunds)
        .join(sources, sources.c.id == included_refunds.c.refund_id)
        .outerjoin(notes, of_refund)
        .where(among(included_refunds.c.invoice_id, invoice_ids))
        .order_by(included_refunds.c.refunded_at, included_refunds.c.refund_id)
    )
    for invoice_id, *told in tx.connection.execute(query):
        found.setdefault(invoice_id, []).append(Included(*told))
    return found


def is_included(tx: Transaction, refund_row: int) -> bool:
    """Whether an invoice has taken off this refund (its row of sources)."""
    query = select(included_refunds.c.refund_id).where(included_refunds.c.refund_id == refund_row)
    return tx.connection.execute(query).scalar_one_or_none() is not None
