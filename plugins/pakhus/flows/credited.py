"""What was invoiced to an order, and what its credit notes have taken of it so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pakhus.flows.refunds import CREDIT_NOTE
from pakhus.formats.economic import lines_from_economic, totals_from_economic
from pakhus.formats.economic_credits import texts_from_economic
from pakhus.ledger import document_lines, documents
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.model import ZERO
from pakhus.rules.credits import Invoiced
from pakhus.rules.document_lines import DocumentLine, booked_lines
from pakhus.rules.mappings import AccountingMapping

# Credit notes of which surely nothing stands in the accounts, although a write has reached them.
_NOTHING_STANDS = frozenset({"draft_gone", "ignored_by_person", "refund_withdrawn"})


@dataclass(frozen=True, slots=True)
class Credited:
    """Reads invoices with their credit notes from the ledger."""

    ledger: Ledger
    mapping: AccountingMapping

    def of(self, invoice: Document, booked: Any, *, without: Document) -> Invoiced:
        """Return an invoice (`booked` as the accounts show it) and the credit notes that stand or may stand.

        One whose outcome is unknown counts as if it stood. `without` is the one that is being planned.
        """
        others, sold = self.ledger.persist(lambda tx: (list(_standing(tx, invoice, without)), _lines(tx, invoice)))
        lines = sold or booked_lines((), lines_from_economic(booked), self.mapping.rounding_mode)
        return Invoiced(
            gross=totals_from_economic(booked).gross,
            currency=str(booked["currency"]),
            lines=lines,
            texts=texts_from_economic(booked),
            credited=tuple(others),
            credited_gross=-sum((_gross(one) for one in others), ZERO),
        )


def _standing(tx: Transaction, invoice: Document, without: Document) -> Iterator[tuple[DocumentLine, ...]]:
    if invoice.source_id is None:
        return
    for document in documents.of_order(tx, invoice.source_id, CREDIT_NOTE):
        counts = document.id != without.id and document.verdict.code not in _NOTHING_STANDS
        if counts and not documents.untouched(tx, document.id):
            lines = _lines(tx, document)
            if lines:
                yield lines


def _lines(tx: Transaction, document: Document) -> tuple[DocumentLine, ...]:
    return document_lines.of_document(tx, document.id)


def _gross(lines: tuple[DocumentLine, ...]) -> Decimal:
    return sum((line.net + line.vat for line in lines), ZERO)
