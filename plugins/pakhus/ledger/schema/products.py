"""What is known of each product in each system that it is kept in step in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from pakhus.ledger.schema.base import TIME, metadata


def _values(name: str, comment: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment=comment)


product_facts = Table(
    "product_facts",
    metadata,
    Column("target", Text, primary_key=True, comment="<system>__<agreement> or <platform>__<shop>"),
    Column("name", Text, primary_key=True, comment="the number without letter case and blanks"),
    Column("number", Text, nullable=False, comment="as the target has it, or is to have it"),
    Column("master", Text, nullable=False, comment="the shop or agreement whose product it is: one of them writes it"),
    Column(
        "also", ARRAY(Text), nullable=False, server_default="{}", comment="other shops of the agreement that sell it"
    ),
    Column(
        "source_id", Text, nullable=False, comment="the product's id there; of Rackbeat, which has none: its number"
    ),
    _values("wanted", "field -> what the master says, in the target's words"),
    _values("applied", "field -> what the master said when the target was last looked at"),
    _values("written", "field -> what the target showed after our last write, or when it was last in step"),
    Column("revision", Integer, nullable=False, server_default="1", comment="grows with each change of the master"),
    Column("treated", Integer, nullable=False, server_default="0", comment="the revision that was last taken in hand"),
    Column("document_id", BigInteger, ForeignKey("documents.id"), unique=True),
    Column("changed_at", TIME, nullable=False),
    Column("gone_at", TIME, comment="when the master was found to have it no more"),
    Index(None, "target", "master", "source_id"),
    comment="What the master of a product says, and what the other systems show of it",
)
