"""What people see and steer: runs, alerts, stops, decisions (design, decisions 6 and 9)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from pakhus.ledger.schema.base import TIME, identity, metadata

stops = Table(
    "stops",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("by_person", Boolean, nullable=False, comment="true: only a person lifts it"),
    Column("stopped_by", Text, nullable=False, server_default="", comment="who: a name of Airflow or of the host"),
    Column("since", TIME, nullable=False),
    Column("subject", Text, nullable=False, server_default="", comment="the system or connection that refused"),
    Column("symptom", Text, nullable=False, server_default="", comment="what a try is compared with"),
    Column("part", Text, nullable=False, server_default="", comment="the documents' own flow, or the task that met it"),
    Column("document_id", BigInteger, ForeignKey("documents.id"), comment="what met it; tried before any other"),
    Column("tries", Integer, nullable=False, server_default="0", comment="since it stopped, each of one document"),
    Column("tried_at", TIME),
    Column("tried_by", Text, nullable=False, server_default="", comment="the run that tried last, or met it"),
    comment="Flows that are stopped for a shop (flow all: every one), by a person or by a configuration error",
)

stop_events = Table(
    "stop_events",
    metadata,
    identity(),
    Column("scope", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("event", Text, nullable=False, comment="stopped or lifted"),
    Column("by_person", Boolean, nullable=False),
    Column("who", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False),
    Column("cause", Text, nullable=False, comment="why it was stopped; of a lifted stop: why it goes on"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("dag_id", Text, nullable=False, server_default=""),
    Column("run_id", Text, nullable=False, server_default=""),
    Column("at", TIME, nullable=False),
    CheckConstraint("event in ('stopped','lifted')", name="event_known"),
    Index(None, "scope", "flow", "at"),
    comment="When flows were stopped and went on, by persons or by themselves: why documents waited meanwhile",
)

alerts = Table(
    "alerts",
    metadata,
    identity(),
    Column("scope", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default="", comment="the object it is about, if one"),
    Column("text", Text, nullable=False),
    Column("dag_id", Text, nullable=False, server_default=""),
    Column("run_id", Text, nullable=False, server_default=""),
    Column("raised_at", TIME, nullable=False),
    Column("last_seen_at", TIME, nullable=False),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("sending_until", TIME, comment="somebody is sending it now"),
    Column("sent_at", TIME, comment="every channel has it"),
    Column("told", JSONB, nullable=False, server_default="[]", comment="the channels that have it"),
    Column("problem", Text, nullable=False, server_default="", comment="why the last sending failed"),
    Column("resolved_at", TIME),
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

runs = Table(
    "runs",
    metadata,
    Column("dag_id", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("note", Text, nullable=False, comment="counts, as Airflow's run note shows them"),
    Column("codes", JSONB, nullable=False, comment="documents per reason code"),
    Column("cause", Text, nullable=False, server_default="", comment="why the run is red; empty when it is green"),
    Column(
        "alert_id", BigInteger, ForeignKey("alerts.id"), comment="the alert that its cause raised or was counted on"
    ),
    Column("reported_at", TIME, nullable=False),
    Index(None, "scope", "flow", "reported_at"),
    comment="What each run did, kept when Airflow's own history is purged",
)

decisions = Table(
    "decisions",
    metadata,
    identity(),
    Column("document_id", BigInteger, ForeignKey("documents.id"), nullable=False),
    Column("reason", Text, nullable=False, comment="the reason code that a person is asked about"),
    Column("reason_since", TIME, nullable=False, comment="documents.since then: a later hold is another question"),
    Column("asked_at", TIME, nullable=False),
    Column("run_id", Text, nullable=False, server_default="", comment="the run of <shop>__decisions that asks"),
    Column("answer", Text, comment="again, approve, accept or ignore; null: open"),
    Column("answered_by", Text, nullable=False, server_default=""),
    Column("answered_at", TIME),
    UniqueConstraint("document_id", "reason_since"),
    Index("ix_decisions_open", "document_id", postgresql_where=text("answer is null")),
    comment="What a person was asked about a held document, and the answer",
)
