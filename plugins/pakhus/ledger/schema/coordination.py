"""Who may do what now: claims, cursors, hints, budgets, and the installation itself (design, decisions 3, 4, 5, 10)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Numeric, Sequence, Table, Text, text

from pakhus.ledger.schema.base import TIME, identity, metadata

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False, comment="random; a new one after a restored backup, so that keys differ"),
    Column("secret", Text, nullable=False, comment="hashes identities of buyers; never leaves the ledger"),
    Column(
        "mode",
        Text,
        nullable=False,
        server_default="normal",
        comment="normal; behind: older than Airflow's memory, nothing is done; recover: each first write looks up",
    ),
    Column("since", TIME, nullable=False),
    Column("generation", Integer, nullable=False, server_default="1", comment="grows with each recovery"),
    Column("looks_since", TIME, comment="recover: what was written after this moment may be unknown here"),
    CheckConstraint("id = 1", name="single_row"),
    CheckConstraint("mode in ('normal','behind','recover')", name="mode_known"),
    comment="This installation's own state",
)

claim_fence = Sequence("claim_fence", metadata=metadata)

claims = Table(
    "claims",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", BigInteger, nullable=False, comment="grows with every taking; never goes back"),
    Column("lease_until", TIME, nullable=False),
    comment="Who may write a document or a shared record now",
)

cursors = Table(
    "cursors",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False, comment="opaque to all but the adapter that made it"),
    Column("moved_at", TIME, nullable=False),
    comment="How far a source has been read; moved in the transaction that stored the rows it vouches for",
)

inbox = Table(
    "inbox",
    metadata,
    identity(),
    Column("scope", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column(
        "hints", Integer, nullable=False, server_default="1", comment="grows while it waits: take only what was seen"
    ),
    Column("received_at", TIME, nullable=False),
    Column("taken_at", TIME),
    Index("uq_inbox_untaken", "scope", "entity", "source_id", unique=True, postgresql_where=text("taken_at is null")),
    comment="Hints from webhooks: look at this object",
)

budgets = Table(
    "budgets",
    metadata,
    Column("target", Text, primary_key=True, comment="<system>__<agreement>"),
    Column("capacity", Numeric(12, 3), nullable=False),
    Column("refill_per_s", Numeric(12, 3), nullable=False),
    Column("tokens", Numeric(12, 3), nullable=False, comment="at `as_of`; may be negative after a correction"),
    Column("as_of", TIME, nullable=False),
    Column("blocked_until", TIME, comment="the remote said so (Retry-After)"),
    comment="Calls that may still be made per agreement, leased in slices by all processes",
)
