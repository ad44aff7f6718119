"""What was compared between systems: proven days, and the stock that shops confirmed (design, decisions 4 and 6)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Integer, Numeric, Table, Text
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

import_days = Table(
    "import_days",
    metadata,
    Column("scope", Text, primary_key=True, comment="shop"),
    Column("day", Date, primary_key=True, comment="in the shop's time zone"),
    Column("mode", Text, primary_key=True, comment="dry_run, draft or book"),
    Column("outcomes", JSONB, nullable=False, comment="count, gross, VAT and order numbers per reason code"),
    Column("imported_at", TIME, nullable=False),
    Column("run_id", Text, nullable=False, server_default=""),
    CheckConstraint("mode in ('dry_run','draft','book')", name="mode_known"),
    comment="What importing the earlier orders of a day came to, or would",
)

sku_reports = Table(
    "sku_reports",
    metadata,
    Column("scope", Text, primary_key=True, comment="shop"),
    Column("products", Integer, nullable=False, comment="how many were looked at"),
    Column("problems", JSONB, nullable=False, comment="the products whose SKU is wrong, in the report's order"),
    Column("reported_at", TIME, nullable=False),
    Column("run_id", Text, nullable=False, server_default=""),
    comment="The last SKU report of each shop",
)

stock_levels = Table(
    "stock_levels",
    metadata,
    Column("scope", Text, primary_key=True, comment="shop"),
    Column("sku", Text, primary_key=True),
    Column("product_id", Text, nullable=False, server_default="", comment="in the shop, as last found"),
    Column("available", Numeric(20, 6), comment="as the warehouse said; null: it could not be read"),
    Column("wanted", Numeric(18, 3), comment="what the shop is to show; null: nothing is known of it"),
    Column("read_at", TIME, nullable=False, comment="when the reading began that first showed this quantity"),
    Column("confirmed", Numeric(18, 3), comment="what the shop last said it shows; null: unknown, to be written anew"),
    Column("confirmed_at", TIME),
    Column(
        "reason", Text, nullable=False, server_default="", comment="why it is not pushed: a code of pakhus/reasons.py"
    ),
    Column("problem", Text, nullable=False, server_default="", comment="the same in the words of whoever refused it"),
    comment="Stock per shop and SKU: what it is to be, and what the shop last confirmed",
)

stock_places = Table(
    "stock_places",
    metadata,
    Column("target", Text, primary_key=True, comment="agreement: <system>__<agreement>"),
    Column("number", Text, primary_key=True, comment="of the item in the warehouse"),
    Column("stock", Numeric(20, 6), comment="over all locations, in the reading that these rows were read for"),
    Column("available", Numeric(20, 6), comment="the same"),
    Column("places", JSONB, nullable=False, comment="stock and available by number of the location"),
    Column("read_at", TIME, nullable=False, comment="when the request that showed them began"),
    comment="What lay where in a warehouse, item by item",
)
