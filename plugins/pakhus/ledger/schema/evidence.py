"""What was compared between systems: proven days, and the stock that shops confirmed (design, decisions 4 and 6)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from pakhus.ledger.schema.base import TIME, metadata

proven_days = Table(
    "proven_days",
    metadata,
    Column("scope", Text, primary_key=True, comment="shop"),
    Column("day", Date, primary_key=True, comment="in the shop's time zone"),
    Column("status", Text, nullable=False),
    Column("figures", JSONB, nullable=False, comment="count, gross and VAT per source"),
    Column("differences", JSONB, nullable=False, comment="the documents that differ, by key, with a reason"),
    Column("proved_at", TIME, nullable=False),
    Column("run_id", Text, nullable=False, server_default=""),
    CheckConstraint("status in ('proven','open','differs')", name="status_known"),
    comment="The calendar of days on which shop, ledger and accounts were compared",
)

stock_levels = Table(
    "stock_levels",
    metadata,
    Column("scope", Text, primary_key=True, comment="shop"),
    Column("sku", Text, primary_key=True),
    Column("product_id", Text, nullable=False, comment="in the shop"),
    Column("wanted", Numeric(18, 3), nullable=False, comment="what the warehouse had available"),
    Column("read_at", TIME, nullable=False, comment="when the request that showed it began"),
    Column("confirmed", Numeric(18, 3), comment="what the shop last said it shows; null: never confirmed"),
    Column("confirmed_at", TIME),
    Column("problem", Text, nullable=False, server_default="", comment="why the shop did not take it"),
    comment="Stock per shop and SKU: what it is to be, and what the shop last confirmed",
)
