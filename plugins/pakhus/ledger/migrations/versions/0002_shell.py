"""Runs, decisions, proven days and stock levels."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0002'
down_revision: str | None = '0001'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _runs_and_decisions()
    _evidence()


def _runs_and_decisions() -> None:
    op.create_table('runs',
    sa.Column('dag_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('flow', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False, comment="counts, as Airflow's run note shows them"),
    sa.Column('codes', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='documents per reason code'),
    sa.Column('cause', sa.Text(), server_default='', nullable=False, comment='why the run is red; empty when it is green'),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('dag_id', 'run_id', name=op.f('pk_runs')),
    comment="What each run did, kept when Airflow's own history is purged"
    )
    op.create_index(op.f('ix_runs_scope_flow_reported_at'), 'runs', ['scope', 'flow', 'reported_at'], unique=False)
    op.create_table('decisions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False, comment='the reason code that a person is asked about'),
    sa.Column('reason_since', sa.DateTime(timezone=True), nullable=False, comment='documents.since then: a later hold is another question'),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('run_id', sa.Text(), server_default='', nullable=False, comment='the run of <shop>__decisions that asks'),
    sa.Column('answer', sa.Text(), nullable=True, comment='again, accept or ignore; null: open'),
    sa.Column('answered_by', sa.Text(), server_default='', nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_decisions_document_id_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions')),
    sa.UniqueConstraint('document_id', 'reason_since', name=op.f('uq_decisions_document_id_reason_since')),
    comment='What a person was asked about a held document, and the answer'
    )
    op.create_index('ix_decisions_open', 'decisions', ['document_id'], unique=False, postgresql_where=sa.text('answer is null'))


def _evidence() -> None:
    op.create_table('proven_days',
    sa.Column('scope', sa.Text(), nullable=False, comment='shop'),
    sa.Column('day', sa.Date(), nullable=False, comment="in the shop's time zone"),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('figures', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='count, gross and VAT per source'),
    sa.Column('differences', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='the documents that differ, by key, with a reason'),
    sa.Column('proved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('run_id', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("status in ('proven','open','differs')", name=op.f('ck_proven_days_status_known')),
    sa.PrimaryKeyConstraint('scope', 'day', name=op.f('pk_proven_days')),
    comment='The calendar of days on which shop, ledger and accounts were compared'
    )
    op.create_table('stock_levels',
    sa.Column('scope', sa.Text(), nullable=False, comment='shop'),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('product_id', sa.Text(), nullable=False, comment='in the shop'),
    sa.Column('wanted', sa.Numeric(precision=18, scale=3), nullable=False, comment='what the warehouse had available'),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False, comment='when the request that showed it began'),
    sa.Column('confirmed', sa.Numeric(precision=18, scale=3), nullable=True, comment='what the shop last said it shows; null: never confirmed'),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('problem', sa.Text(), server_default='', nullable=False, comment='why the shop did not take it'),
    sa.PrimaryKeyConstraint('scope', 'sku', name=op.f('pk_stock_levels')),
    comment='Stock per shop and SKU: what it is to be, and what the shop last confirmed'
    )


def downgrade() -> None:
    for table in ('stock_levels', 'proven_days', 'decisions', 'runs'):
        op.drop_table(table)
