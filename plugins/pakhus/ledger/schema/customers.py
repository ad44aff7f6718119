"""Who is which customer in the accounts: names of buyers without what they are named by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from pakhus.ledger.schema.base import TIME, metadata

customer_identities = Table(
    "customer_identities",
    metadata,
    Column("target", Text, primary_key=True, comment="<system>__<agreement>"),
    Column("kind", Text, primary_key=True, comment="email, phone, vat_number, ean, shop_customer, contact"),
    Column("name", Text, primary_key=True, comment="pseudonym of the value; the value itself stands nowhere here"),
    Column("number", BigInteger, comment="of the customer or contact; null: it was deleted in the accounts"),
    Column(
        "generation",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="how often its customer was found deleted: a new one gets a document of its own",
    ),
    Column("first_seen_at", TIME, nullable=False),
    Column("changed_at", TIME, nullable=False),
    Index(None, "target", "number"),
    comment="Each way a buyer has been named, and their customer in the accounts",
)

customer_facts = Table(
    "customer_facts",
    metadata,
    Column("target", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, comment="customer number"),
    Column("digest", Text, nullable=False, comment="of the members that orders may change, as last compared"),
    Column("as_of", TIME, nullable=False, comment="when the order was placed that they were taken from"),
    comment="What of a customer followed which order: an older order changes nothing",
)
