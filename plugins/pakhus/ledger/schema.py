"""The ledger's tables: every document, every attempt, every reason (design, decisions 3, 4, 6, 10, 11).

`sources` is what a system showed us, `documents` what is to become of it in one target, `attempts` each write that we
planned, sent and learnt the outcome of. Unique and partial indexes carry the promises: one document per key, one open
or successful attempt per step.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TIME = DateTime(timezone=True)
_MONEY = Numeric(20, 6)


def _identity() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False, comment="random; a new one after a restored backup, so that keys differ"),
    Column("secret", Text, nullable=False, comment="hashes identities of buyers; never leaves the ledger"),
    Column(
        "mode", Text, nullable=False, server_default="normal", comment="normal, or recover: each first write looks up"
    ),
    Column("since", _TIME, nullable=False),
    CheckConstraint("id = 1", name="single_row"),
    CheckConstraint("mode in ('normal','recover')", name="mode_known"),
    comment="This installation's own state",
)

bodies = Table(
    "bodies",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, comment="zlib of the bytes as sent or received; null: erased"),
    Column("size", Integer, nullable=False, comment="bytes before compression"),
    Column("created_at", _TIME, nullable=False),
    Column("erase_after", _TIME, comment="retention; null: keep"),
    Column("erased_at", _TIME),
    Index(None, "erase_after"),
    comment="Bodies kept whole, once each; may hold personal data, protected by role",
)

sources = Table(
    "sources",
    metadata,
    _identity(),
    Column("scope", Text, nullable=False, comment="shop, agreement or provider account"),
    Column("kind", Text, nullable=False, comment="order, refund, shipment, product, payout …"),
    Column("source_id", Text, nullable=False, comment="the id in the source system; never its number"),
    Column("parent_id", BigInteger, ForeignKey("sources.id"), index=True, comment="a refund's or shipment's order"),
    Column("number", Text, nullable=False, server_default="", comment="what people call it"),
    Column("native_state", Text, nullable=False, server_default=""),
    Column("currency", Text, nullable=False, server_default=""),
    Column("gross", _MONEY),
    Column("vat", _MONEY),
    Column("placed_at", _TIME),
    Column("modified_at", _TIME, comment="as the source says"),
    Column("read_at", _TIME, nullable=False, comment="when the request that showed this version began"),
    Column("version", Integer, nullable=False, comment="1, 2, … one per different body"),
    Column("body_sha256", Text, ForeignKey("bodies.sha256"), nullable=False),
    Column("problem", Text, nullable=False, server_default="", comment="why the body could not be understood"),
    Column("first_seen_at", _TIME, nullable=False),
    Column("changed_at", _TIME, nullable=False, comment="when this version was stored"),
    UniqueConstraint("scope", "kind", "source_id"),
    Index(None, "scope", "kind", "number"),
    Index(None, "scope", "kind", "placed_at"),
    comment="The newest version of each object that a system showed us",
)

source_versions = Table(
    "source_versions",
    metadata,
    Column("source_id", BigInteger, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body_sha256", Text, ForeignKey("bodies.sha256"), nullable=False),
    Column("native_state", Text, nullable=False, server_default=""),
    Column("modified_at", _TIME),
    Column("seen_at", _TIME, nullable=False),
    comment="Every version that was seen, for differences between them",
)

documents = Table(
    "documents",
    metadata,
    _identity(),
    Column("key", Text, nullable=False, unique=True, comment="{shop}-{source id}-{kind}; stands in the target system"),
    Column("source_id", BigInteger, ForeignKey("sources.id"), comment="null for shared records (customers …)"),
    Column("parent_id", BigInteger, ForeignKey("documents.id"), index=True, comment="a credit note's invoice"),
    Column("scope", Text, nullable=False, comment="shop, or agreement for shared records"),
    Column("flow", Text, nullable=False, comment="the flow that works on it"),
    Column("kind", Text, nullable=False, comment="reservation, invoice, credit_note, customer, shipment …"),
    Column("target", Text, nullable=False, comment="<system>__<agreement>"),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="code of pakhus/reasons.py"),
    Column("reason_parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("since", _TIME, nullable=False, comment="when this status and reason began"),
    Column("due_at", _TIME, comment="not before; null: at once when due, on an event when waiting"),
    Column("judged_version", Integer, comment="the source's version that the verdict is about"),
    Column("mode", Text, nullable=False, server_default="", comment="dry_run, draft, auto or import, as it was worked"),
    Column("transferred_version", Integer, comment="the source's version that the target now shows"),
    Column("remote_id", Text, comment="customer, order or draft number"),
    Column("remote_number", Text, comment="number that people see: the booked invoice"),
    Column("currency", Text, nullable=False, server_default=""),
    Column("gross", _MONEY, comment="as the target answered"),
    Column("vat", _MONEY, comment="as the target answered"),
    Column("correction", _MONEY, comment="the rounding line in it"),
    Column("created_at", _TIME, nullable=False),
    Column("updated_at", _TIME, nullable=False),
    CheckConstraint(
        "status in ('due','waiting','skipped','filtered','not_ours','held','failed','done')", name="status_known"
    ),
    Index(None, "scope", "flow", "status", "due_at"),
    Index(None, "source_id"),
    Index(None, "target", "kind", "remote_id"),
    comment="What is to become of a source in one target system, and how far it is",
)

attempts = Table(
    "attempts",
    metadata,
    _identity(),
    Column("document_id", BigInteger, ForeignKey("documents.id"), nullable=False),
    Column("step", Text, nullable=False, comment="create_order, book_order, create_draft, book_invoice …"),
    Column("subject", Text, nullable=False, server_default="", comment="tells repeats of a step apart"),
    Column("ordinal", Integer, nullable=False, comment="1, 2, … per document, step and subject"),
    Column("source_version", Integer, comment="the source's version that the bytes were made from"),
    Column("status", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False, server_default=""),
    Column("request_sha256", Text, ForeignKey("bodies.sha256"), nullable=False, comment="the exact bytes"),
    Column("response_sha256", Text, ForeignKey("bodies.sha256"), comment="the answer or the object that was found"),
    Column("remote_id", Text),
    Column("problem", Text, nullable=False, server_default=""),
    Column("fence", BigInteger, nullable=False, comment="of the claim under which it was last touched"),
    Column("planned_at", _TIME, nullable=False),
    Column("first_sent_at", _TIME, comment="of this key: the idempotency window counts from here"),
    Column("sent_at", _TIME, comment="last time it may have left us"),
    Column("finished_at", _TIME, comment="when that call came to an end here"),
    Column("looked_up_at", _TIME, comment="when the target was searched for its effect"),
    CheckConstraint(
        "status in ('planned','sent','unknown','ok','adopted','refused','absent','superseded')", name="status_known"
    ),
    CheckConstraint("status in ('planned','superseded','adopted') or sent_at is not null", name="sent_has_time"),
    UniqueConstraint("document_id", "step", "subject", "ordinal"),
    Index(
        "uq_attempts_one_open_or_done",
        "document_id",
        "step",
        "subject",
        unique=True,
        postgresql_where=text("status in ('planned','sent','unknown','ok','adopted')"),
    ),
    Index("ix_attempts_unsettled", "status", "sent_at", postgresql_where=text("status in ('sent','unknown')")),
    comment="Each write: stored before it is sent, settled when its outcome is known",
)

calls = Table(
    "calls",
    metadata,
    _identity(),
    Column("attempt_id", BigInteger, ForeignKey("attempts.id"), nullable=False),
    Column("ordinal", Integer, nullable=False, comment="1, 2, … per attempt: repeats carry the same key and bytes"),
    Column("sent_at", _TIME, nullable=False),
    Column("finished_at", _TIME),
    Column("http_status", Integer),
    Column("request_id", Text, nullable=False, server_default="", comment="the remote's id of the call"),
    Column("response_sha256", Text, ForeignKey("bodies.sha256")),
    Column("problem", Text, nullable=False, server_default=""),
    Column("dag_id", Text, nullable=False, server_default=""),
    Column("run_id", Text, nullable=False, server_default=""),
    Column("task_id", Text, nullable=False, server_default=""),
    Column("map_index", Integer, nullable=False, server_default="-1"),
    Column("try_number", Integer, nullable=False, server_default="0"),
    UniqueConstraint("attempt_id", "ordinal"),
    Index(None, "run_id"),
    comment="Each time an attempt left us, and by which Airflow run",
)

claim_fence = Sequence("claim_fence", metadata=metadata)

claims = Table(
    "claims",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", BigInteger, nullable=False, comment="grows with every taking; never goes back"),
    Column("lease_until", _TIME, nullable=False),
    comment="Who may write a document or a shared record now",
)

cursors = Table(
    "cursors",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False, comment="opaque to all but the adapter that made it"),
    Column("moved_at", _TIME, nullable=False),
    comment="How far a source has been read; moved in the transaction that stored the rows it vouches for",
)

inbox = Table(
    "inbox",
    metadata,
    _identity(),
    Column("scope", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column(
        "hints", Integer, nullable=False, server_default="1", comment="grows while it waits: take only what was seen"
    ),
    Column("received_at", _TIME, nullable=False),
    Column("taken_at", _TIME),
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
    Column("as_of", _TIME, nullable=False),
    Column("blocked_until", _TIME, comment="the remote said so (Retry-After)"),
    comment="Calls that may still be made per agreement, leased in slices by all processes",
)

stops = Table(
    "stops",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("by_person", Boolean, nullable=False, comment="true: only a person lifts it"),
    Column("since", _TIME, nullable=False),
    comment="Flows that are stopped for a shop, by a person or by a configuration error",
)

alerts = Table(
    "alerts",
    metadata,
    _identity(),
    Column("scope", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default="", comment="the object it is about, if one"),
    Column("text", Text, nullable=False),
    Column("dag_id", Text, nullable=False, server_default=""),
    Column("run_id", Text, nullable=False, server_default=""),
    Column("raised_at", _TIME, nullable=False),
    Column("last_seen_at", _TIME, nullable=False),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("sending_until", _TIME, comment="somebody is sending it now"),
    Column("sent_at", _TIME),
    Column("resolved_at", _TIME),
    Index(
        "uq_alerts_open",
        "scope",
        "flow",
        "code",
        "subject",
        unique=True,
        postgresql_where=text("resolved_at is null"),
    ),
    Index(None, "scope", "flow", "raised_at"),
    comment="What was or is to be told to somebody: one open alert per cause",
)
