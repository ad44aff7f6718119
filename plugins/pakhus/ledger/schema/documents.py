"""What systems showed us, what is to become of it, and each write.

`sources` is what a system showed us, `documents` what is to become of it in one target, `attempts` each write that we
planned, sent and learnt the outcome of. Unique and partial indexes carry the promises: one document per key, one open
or successful attempt per step.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from pakhus.ledger.schema.base import MONEY, TIME, identity, metadata

bodies = Table(
    "bodies",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, comment="zlib of the bytes as sent or received; null: erased"),
    Column("size", Integer, nullable=False, comment="bytes before compression"),
    Column("created_at", TIME, nullable=False),
    Column("erase_after", TIME, comment="retention; null: keep"),
    Column("erased_at", TIME),
    Index(None, "erase_after"),
    comment="Bodies kept whole, once each; may hold personal data, protected by role",
)

sources = Table(
    "sources",
    metadata,
    identity(),
    Column("scope", Text, nullable=False, comment="shop, agreement or provider account"),
    Column("kind", Text, nullable=False, comment="order, refund, shipment, product, payout …"),
    Column("source_id", Text, nullable=False, comment="the id in the source system; never its number"),
    Column("parent_id", BigInteger, ForeignKey("sources.id"), index=True, comment="a refund's or shipment's order"),
    Column("number", Text, nullable=False, server_default="", comment="what people call it"),
    Column("native_state", Text, nullable=False, server_default=""),
    Column("currency", Text, nullable=False, server_default=""),
    Column("gross", MONEY),
    Column("vat", MONEY),
    Column("placed_at", TIME),
    Column("modified_at", TIME, comment="as the source says"),
    Column("read_at", TIME, nullable=False, comment="when the request that showed this version began"),
    Column("version", Integer, nullable=False, comment="1, 2, … one per different body"),
    Column("body_sha256", Text, ForeignKey("bodies.sha256"), nullable=False),
    Column("problem", Text, nullable=False, server_default="", comment="why the body could not be understood"),
    Column("first_seen_at", TIME, nullable=False),
    Column("changed_at", TIME, nullable=False, comment="when this version was stored"),
    UniqueConstraint("scope", "kind", "source_id"),
    Index(None, "scope", "kind", "number"),
    Index(None, "scope", "kind", "placed_at", "id"),
    Index(None, "kind", "placed_at", "id"),
    comment="The newest version of each object that a system showed us",
)

source_versions = Table(
    "source_versions",
    metadata,
    Column("source_id", BigInteger, ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body_sha256", Text, ForeignKey("bodies.sha256"), nullable=False),
    Column("native_state", Text, nullable=False, server_default=""),
    Column("gross", MONEY, comment="in the source's currency"),
    Column("vat", MONEY),
    Column("modified_at", TIME),
    Column("seen_at", TIME, nullable=False),
    comment="Every version that was seen, for differences between them",
)

documents = Table(
    "documents",
    metadata,
    identity(),
    Column("key", Text, nullable=False, unique=True, comment="{shop}-{source id}-{kind}; stands in the target system"),
    Column("source_id", BigInteger, ForeignKey("sources.id"), comment="null for shared records (customers …)"),
    Column("order_id", BigInteger, ForeignKey("sources.id"), index=True, comment="the order it belongs to, if one"),
    Column("parent_id", BigInteger, ForeignKey("documents.id"), index=True, comment="a credit note's invoice"),
    Column("scope", Text, nullable=False, comment="shop, or agreement for shared records"),
    Column("flow", Text, nullable=False, comment="the flow that works on it"),
    Column("kind", Text, nullable=False, comment="reservation, invoice, credit_note, customer, shipment …"),
    Column("target", Text, nullable=False, comment="<system>__<agreement>"),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="code of pakhus/reasons.py"),
    Column("reason_parameters", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("since", TIME, nullable=False, comment="when this status and reason began"),
    Column("due_at", TIME, comment="not before; null: at once when due, on an event when waiting"),
    Column("judged_version", Integer, comment="the source's version that the verdict is about"),
    Column("mode", Text, nullable=False, server_default="", comment="dry_run, draft, auto or import, as it was worked"),
    Column("transferred_version", Integer, comment="the source's version that the target now shows"),
    Column("remote_id", Text, comment="customer, order or draft number"),
    Column("remote_number", Text, comment="number that people see: the booked invoice"),
    Column("currency", Text, nullable=False, server_default=""),
    Column("gross", MONEY, comment="as the target answered"),
    Column("vat", MONEY, comment="as the target answered"),
    Column("correction", MONEY, comment="the rounding line in it"),
    Column("equal_at", TIME, comment="when its draft first equalled the prediction, since it last differed"),
    Column("differed_at", TIME, comment="when its draft last differed from the prediction"),
    Column("approved_version", Integer, comment="the version of the source of whose draft a person said: book it"),
    Column("pdf_link", Text, nullable=False, server_default="", comment="where the target keeps it as a PDF"),
    Column("document_date", Date, comment="the date that stands on it in the accounts"),
    Column("exchange_rate", MONEY, comment="base currency for 100 units, as the accounts applied it"),
    Column(
        "exchange_rate_source",
        Text,
        nullable=False,
        server_default="",
        comment="accounts: their own rate of the day; order: the one that the order states",
    ),
    Column("exchange_rate_date", Date, comment="the day whose rate it is"),
    Column("created_at", TIME, nullable=False),
    Column("updated_at", TIME, nullable=False),
    CheckConstraint(
        "status in ('due','waiting','skipped','filtered','not_ours','held','failed','done')", name="status_known"
    ),
    Index(None, "scope", "flow", "status", "due_at"),
    Index(None, "source_id"),
    Index(None, "target", "kind", "remote_id"),
    Index(None, "remote_id"),
    Index(None, "remote_number"),
    # Read by itself: which orders stand where, and how many (pakhus/ledger/transfers).
    Index(None, "status", "order_id", "reason", "scope", "kind"),
    Index("ix_documents_without_order", "id", postgresql_where=text("order_id is null")),
    comment="What is to become of a source in one target system, and how far it is",
)

attempts = Table(
    "attempts",
    metadata,
    identity(),
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
    Column("planned_at", TIME, nullable=False),
    Column("first_sent_at", TIME, comment="of this key: the idempotency window counts from here"),
    Column("sent_at", TIME, comment="last time it may have left us"),
    Column("finished_at", TIME, comment="when that call came to an end here"),
    Column("looked_up_at", TIME, comment="when the target was searched for its effect"),
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
    identity(),
    Column("attempt_id", BigInteger, ForeignKey("attempts.id"), nullable=False),
    Column("ordinal", Integer, nullable=False, comment="1, 2, … per attempt: repeats carry the same key and bytes"),
    Column("sent_at", TIME, nullable=False),
    Column("finished_at", TIME),
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
