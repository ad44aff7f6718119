"""What the ledger keeps of a booked document: its lines, date and exchange rate, as the accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pakhus.formats.economic import header_from_economic, lines_from_economic
from pakhus.ledger import document_lines
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Transaction
from pakhus.ledger.document_lines import RateOfDocument
from pakhus.rules.document_lines import booked_lines
from pakhus.rules.mappings import RoundingMode


def note_as_booked(
    tx: Transaction,
    document_id: int,
    claim: Claim,
    booked: Mapping[str, Any],
    mode: RoundingMode,
    *,
    stated_rate: Decimal | None = None,
) -> None:
    """Keep the lines that were booked, which are those we drafted unless a person changed them, and the header.

    `stated_rate` is the exchange rate that our draft stated; another one in the booked document is the accounts' own.
    """
    planned = document_lines.of_document(tx, document_id)
    lines = booked_lines(planned, lines_from_economic(booked), mode)
    if lines != planned:
        document_lines.put(tx, document_id, claim, lines)
    day, rate = header_from_economic(booked)
    exchange = None if rate is None else _exchange(tx, document_id, RateOfDocument(rate, "accounts", day), stated_rate)
    document_lines.note_header(tx, document_id, claim, document_date=day, exchange=exchange)


def _exchange(tx: Transaction, document_id: int, found: RateOfDocument, stated: Decimal | None) -> RateOfDocument:
    """The rate with its source: a credit note's is its invoice's, and of the same day."""
    invoice = document_lines.rate_of_parent(tx, document_id)
    if invoice is not None and invoice.rate == found.rate:
        return invoice
    return replace(found, source="order") if found.rate == stated else found
