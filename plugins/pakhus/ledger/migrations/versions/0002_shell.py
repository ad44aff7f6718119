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
    _alerts_and_stops()
    _runs_and_decisions()
    _evidence()
    _transfers()


_STOPS = 'Flows that are stopped for a shop, by a person or by a configuration error'


def _alerts_and_stops() -> None:
    op.add_column('alerts', sa.Column('told', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False, comment='the channels that have it'))
    op.add_column('alerts', sa.Column('problem', sa.Text(), server_default='', nullable=False, comment='why the last sending failed'))
    op.alter_column('alerts', 'sent_at', comment='every channel has it', existing_nullable=True, existing_type=sa.DateTime(timezone=True))
    op.add_column('stops', sa.Column('stopped_by', sa.Text(), server_default='', nullable=False, comment='who: a name of Airflow or of the host'))
    op.create_table_comment('stops', 'Flows that are stopped for a shop (flow all: every one), by a person or by a configuration error', existing_comment=_STOPS)


def _runs_and_decisions() -> None:
    op.create_table('runs',
    sa.Column('dag_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('flow', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False, comment="counts, as Airflow's run note shows them"),
    sa.Column('codes', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='documents per reason code'),
    sa.Column('cause', sa.Text(), server_default='', nullable=False, comment='why the run is red; empty when it is green'),
    sa.Column('alert_id', sa.BigInteger(), nullable=True, comment='the alert that its cause raised or was counted on'),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['alert_id'], ['alerts.id'], name=op.f('fk_runs_alert_id_alerts')),
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
    sa.Column('product_id', sa.Text(), server_default='', nullable=False, comment='in the shop, as last found'),
    sa.Column('available', sa.Numeric(precision=20, scale=6), nullable=True, comment='as the warehouse said; null: it could not be read'),
    sa.Column('wanted', sa.Numeric(precision=18, scale=3), nullable=True, comment='what the shop is to show; null: nothing is known of it'),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False, comment='when the reading began that first showed this quantity'),
    sa.Column('confirmed', sa.Numeric(precision=18, scale=3), nullable=True, comment='what the shop last said it shows; null: unknown, to be written anew'),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False, comment='why it is not pushed: a code of pakhus/reasons.py'),
    sa.Column('problem', sa.Text(), server_default='', nullable=False, comment='the same in the words of whoever refused it'),
    sa.PrimaryKeyConstraint('scope', 'sku', name=op.f('pk_stock_levels')),
    comment='Stock per shop and SKU: what it is to be, and what the shop last confirmed'
    )


def _transfers() -> None:
    """What the Transfers page reads: each document's order, the amounts of every version, and indexes."""
    op.add_column('source_versions', sa.Column('gross', sa.Numeric(precision=20, scale=6), nullable=True, comment="in the source's currency"))
    op.add_column('source_versions', sa.Column('vat', sa.Numeric(precision=20, scale=6), nullable=True))
    op.execute("""
        update source_versions set gross = sources.gross, vat = sources.vat from sources
        where sources.id = source_versions.source_id and sources.version = source_versions.version
    """)
    op.add_column('documents', sa.Column('order_id', sa.BigInteger(), nullable=True, comment='the order it belongs to, if one'))
    op.execute("""
        update documents set order_id = orders.id from sources, sources orders
        where sources.id = documents.source_id and orders.id in (sources.id, sources.parent_id) and orders.kind = 'order'
    """)
    op.create_foreign_key(op.f('fk_documents_order_id_sources'), 'documents', 'sources', ['order_id'], ['id'])
    for columns in (['order_id'], ['remote_id'], ['remote_number'], ['status', 'order_id', 'reason', 'scope', 'kind']):
        op.create_index(op.f(f'ix_documents_{"_".join(columns)}'), 'documents', columns, unique=False)
    op.create_index('ix_documents_without_order', 'documents', ['id'], unique=False, postgresql_where=sa.text('order_id is null'))
    op.drop_index(op.f('ix_sources_scope_kind_placed_at'), table_name='sources')
    op.create_index(op.f('ix_sources_scope_kind_placed_at_id'), 'sources', ['scope', 'kind', 'placed_at', 'id'], unique=False)
    op.create_index(op.f('ix_sources_kind_placed_at_id'), 'sources', ['kind', 'placed_at', 'id'], unique=False)


def downgrade() -> None:
    _forget_transfers()
    for table in ('stock_levels', 'proven_days', 'decisions', 'runs'):
        op.drop_table(table)
    _forget_who_was_told()


def _forget_transfers() -> None:
    op.drop_index(op.f('ix_sources_kind_placed_at_id'), table_name='sources')
    op.drop_index(op.f('ix_sources_scope_kind_placed_at_id'), table_name='sources')
    op.create_index(op.f('ix_sources_scope_kind_placed_at'), 'sources', ['scope', 'kind', 'placed_at'], unique=False)
    for index in ('without_order', 'status_order_id_reason_scope_kind', 'remote_number', 'remote_id', 'order_id'):
        op.drop_index(f'ix_documents_{index}', table_name='documents')
    op.drop_column('documents', 'order_id')
    op.drop_column('source_versions', 'vat')
    op.drop_column('source_versions', 'gross')


def _forget_who_was_told() -> None:
    op.create_table_comment('stops', _STOPS)
    op.drop_column('stops', 'stopped_by')
    op.alter_column('alerts', 'sent_at', comment=None, existing_nullable=True, existing_type=sa.DateTime(timezone=True))
    for column in ('problem', 'told'):
        op.drop_column('alerts', column)
