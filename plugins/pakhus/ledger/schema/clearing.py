"""What stands on clearing accounts, and the settlements of providers that pay it out (domain guide 10)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from pakhus.ledger.schema.base import MONEY, TIME, identity, metadata

clearing_items = Table(
    "clearing_items",
    metadata,
    identity(),
    Column("document_id", BigInteger, ForeignKey("documents.id"), nullable=False, unique=True),
    Column("invoice_id", BigInteger, ForeignKey("documents.id"), nullable=False, index=True),
    Column("shop", Text, nullable=False),
    Column("target", Text, nullable=False, comment="<system>__<agreement> of the accounts"),
    Column("account", Integer, nullable=False, comment="clearing account; of open invoices: whose payouts pay them"),
    Column("way", Text, nullable=False, comment="term, journal, open, or refunded: no invoice"),
    Column("kind", Text, nullable=False, comment="capture or refund"),
    Column("method", Text, nullable=False, comment="the payment method's id in the shop"),
    Column("order_number", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", MONEY, nullable=False, comment="capture +, refund -, in the buyer's currency"),
    Column("base_amount", MONEY, comment="in the accounts' base currency; null: the same currency"),
    Column("occurred_at", TIME, nullable=False),
    Column("provider_ids", ARRAY(Text), nullable=False, comment="ids of the transaction, capture or refund"),
    Column("parent_ids", ARRAY(Text), nullable=False, comment="a refund's: ids of its payment"),
    Column("settled_amount", MONEY, nullable=False, server_default="0", comment="of the amount, by payouts so far"),
    Column("settled_by", BigInteger, ForeignKey("documents.id"), index=True, comment="the payout that paid the rest"),
    Column("settled_at", TIME),
    Index("ix_clearing_items_open", "target", "account", postgresql_where=text("settled_by is null")),
    comment="Each payment and refund that a provider is to settle; open ones make the clearing account's balance",
)

settlements = Table(
    "settlements",
    metadata,
    identity(),
    Column("account", Text, nullable=False, comment="provider account: include/accounts/<account>.yaml"),
    Column("batch", Text, nullable=False, comment="the provider's id of the payout or settlement"),
    Column("provider", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("opening", MONEY, nullable=False),
    Column("closing", MONEY, nullable=False),
    Column("net", MONEY, nullable=False, comment="paid out; negative: taken from us"),
    Column("paid_on", Date),
    Column("payment_reference", Text, nullable=False, server_default=""),
    Column("file_name", Text, nullable=False, server_default=""),
    Column("file_sha256", Text, ForeignKey("bodies.sha256"), nullable=False, comment="the file as it came"),
    Column(
        "reader", Text, nullable=False, server_default="", comment="what reads that file; empty: as the account says"
    ),
    Column("content_sha256", Text, nullable=False, comment="of what was read from it: tells re-issued files"),
    Column("document_id", BigInteger, ForeignKey("documents.id"), nullable=False, unique=True),
    Column("imported_at", TIME, nullable=False),
    Column("posted_at", TIME, comment="when its voucher was made and its lines settled what they pay"),
    UniqueConstraint("account", "batch"),
    comment="Each settlement of a provider, as it was imported",
)

settlement_lines = Table(
    "settlement_lines",
    metadata,
    Column("settlement_id", BigInteger, ForeignKey("settlements.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="1, 2, … as in the settlement"),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("parent_id", Text, nullable=False, server_default=""),
    Column("order_reference", Text, nullable=False, server_default=""),
    Column("occurred_at", TIME, nullable=False),
    Column("booked_on", Date),
    Column("gross", MONEY, nullable=False),
    Column("fee", MONEY, nullable=False),
    Column("fee_vat", MONEY, nullable=False),
    Column("net", MONEY, nullable=False),
    Column("transaction_currency", Text, nullable=False, server_default=""),
    Column("transaction_amount", MONEY),
    Column("exchange_rate", Numeric(20, 10)),
    Column("text", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default="", comment="of the matching; empty: needs no document"),
    Column("difference", MONEY, comment="what was paid beyond the document's amount"),
    Column("items", ARRAY(BigInteger), nullable=False, server_default="{}", comment="clearing_items: found or likely"),
    Column(
        "pays", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="clearing item -> how much of it"
    ),
    Index("ix_settlement_lines_identity", "account", "provider_id", "kind", "ordinal"),
    Index("ix_settlement_lines_unmatched", "account", postgresql_where=text("outcome not in ('', 'matched')")),
    comment="The lines of settlements, and which documents they pay",
)

settlement_answers = Table(
    "settlement_answers",
    metadata,
    identity(),
    Column("settlement_id", BigInteger, ForeignKey("settlements.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("ordinal", Integer, nullable=False, comment="with kind and provider_id: the line, wherever it stands"),
    Column("gross", MONEY, nullable=False, comment="of the line when it was answered: of another it says nothing"),
    Column("action", Text, nullable=False, comment="link, post, ignore or wait"),
    Column("item_id", BigInteger, ForeignKey("clearing_items.id"), comment="link: the document that the line pays"),
    Column("account", Integer, comment="post: where it goes; link: where the rest goes"),
    Column("note", Text, nullable=False, server_default=""),
    Column("answered_by", Text, nullable=False),
    Column("answered_at", TIME, nullable=False),
    comment="What people said about lines without a sure document; the newest word about a line counts",
)
