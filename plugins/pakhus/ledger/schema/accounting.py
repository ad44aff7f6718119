"""What an accounting document consists of: its lines with their VAT, kept for OSS records and for later credits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Numeric, Table, Text

from pakhus.ledger.schema.base import MONEY, TIME, metadata

document_lines = Table(
    "document_lines",
    metadata,
    Column("document_id", BigInteger, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("line_number", Integer, primary_key=True, comment="1, 2, … as in the accounts"),
    Column("product_number", Text, nullable=False),
    Column("quantity", Numeric(20, 6), nullable=False, comment="negative on credit notes"),
    Column("rate", Numeric(7, 6), nullable=False, comment="VAT as a fraction: 0.25"),
    Column("vat_code", Text, nullable=False, server_default="", comment="of the accounts; empty: none, or unknown"),
    Column("country", Text, nullable=False, server_default="", comment="where the goods went, ISO 3166 or XI"),
    Column("scheme", Text, nullable=False, server_default="", comment="domestic, oss, reverse_charge, export"),
    Column("net", MONEY, nullable=False, comment="in the document's currency"),
    Column("vat", MONEY, nullable=False, comment="the lines of a document sum to its VAT"),
    Column("order_line_id", Text, comment="of the shop's order; null: the correction line, or added by a person"),
    Index(None, "scheme", "country", "document_id"),
    comment="The lines of drafted and booked documents with their VAT",
)

included_refunds = Table(
    "included_refunds",
    metadata,
    Column("refund_id", BigInteger, ForeignKey("sources.id"), primary_key=True, autoincrement=False),
    Column("invoice_id", BigInteger, ForeignKey("documents.id"), nullable=False, index=True),
    Column("amount", MONEY, nullable=False, comment="positive, in the invoice's currency"),
    Column("vat", MONEY, comment="in the amount, as the shop says; null: it does not"),
    Column("refunded_at", TIME, nullable=False),
    Column("noted_at", TIME, nullable=False),
    comment="Refunds that a booked invoice has taken off already: no credit note is made of them",
)

approved_postings = Table(
    "approved_postings",
    metadata,
    Column("scope", Text, primary_key=True, comment="shop"),
    Column("account", Integer, primary_key=True, autoincrement=False, comment="0: the accounts do not say"),
    Column("vat_code", Text, primary_key=True, comment="empty: none"),
    Column("rate", Numeric(7, 6), primary_key=True, comment="VAT as a fraction: 0.25"),
    Column("country", Text, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("approved_by", Text, nullable=False),
    Column("approved_at", TIME, nullable=False),
    comment="Accounts and VAT codes that a bookkeeper has approved for a shop's sales (trial posting)",
)
