"""Records of sales under OSS, as member states may ask for them during ten years (domain guide 6.2).

Made of the lines of booked invoices and credit notes. Amounts are in the document's currency; where it is not the base
currency, the exchange rate stands beside them, with its source: the accounts' own, or the one that the order states.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, func, or_, select

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import clearing_items, document_lines, documents, sources


@dataclass(frozen=True, slots=True)
class OssRecord:
    """One rate of one booked document; a credit note's amounts are negative and name its invoice."""

    country: str
    rate: Decimal
    shop: str
    order_number: str
    kind: str
    document_number: str
    document_date: date
    credits_number: str
    supplied_on: date | None
    taxable: Decimal
    vat: Decimal
    currency: str
    exchange_rate: Decimal | None
    exchange_rate_source: str
    paid_on: date | None
    paid: Decimal | None


def oss_records(tx: Transaction, start: date, end: date, shop: str | None = None) -> list[OssRecord]:
    """Return the records of documents dated from `start` until before `end`, by country, rate and date."""
    line, order = document_lines.c, sources.alias("order_of_document")
    invoice = documents.alias("credited_invoice")
    paid = (
        select(
            clearing_items.c.invoice_id,
            func.min(clearing_items.c.occurred_at).label("first_at"),
            func.sum(clearing_items.c.amount).label("amount"),
        )
        .group_by(clearing_items.c.invoice_id)
        .subquery()
    )
    sold = or_(line.rate > 0, line.order_line_id.is_not(None))  # a correction line is no supply
    within = and_(documents.c.document_date >= start, documents.c.document_date < end)
    query = (
        select(
            line.country,
            line.rate,
            documents.c.scope.label("shop"),
            order.c.number.label("order_number"),
            documents.c.kind,
            documents.c.remote_number.label("document_number"),
            documents.c.document_date,
            func.coalesce(invoice.c.remote_number, "").label("credits_number"),
            invoice.c.document_date.label("supplied_on"),
            func.sum(line.net).label("taxable"),
            func.sum(line.vat).label("vat"),
            documents.c.currency,
            documents.c.exchange_rate,
            documents.c.exchange_rate_source,
            func.date(paid.c.first_at).label("paid_on"),
            paid.c.amount.label("paid"),
        )
        .select_from(document_lines)
        .join(documents, documents.c.id == line.document_id)
        .join(order, order.c.id == documents.c.order_id)
        .outerjoin(invoice, invoice.c.id == documents.c.parent_id)
        .outerjoin(paid, paid.c.invoice_id == documents.c.id)
        .where(line.scheme == "oss", documents.c.remote_number.is_not(None), within, sold)
        .group_by(documents.c.id, order.c.number, invoice.c.id, paid.c.first_at, paid.c.amount, line.country, line.rate)
        .order_by(line.country, line.rate, documents.c.document_date, documents.c.id)
    )
    if shop is not None:
        query = query.where(documents.c.scope == shop)
    return [OssRecord(**row._mapping) for row in tx.connection.execute(query)]
