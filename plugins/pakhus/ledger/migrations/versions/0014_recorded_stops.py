"""Flows that stop themselves: what met the refusal, who tried since, and when flows were stopped and went on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0014'
down_revision: str | None = '0013'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column('stops', sa.Column('subject', sa.Text(), server_default='', nullable=False, comment='the system or connection that refused'))
    op.add_column('stops', sa.Column('symptom', sa.Text(), server_default='', nullable=False, comment='what a try is compared with'))
    op.add_column('stops', sa.Column('part', sa.Text(), server_default='', nullable=False, comment="the documents' own flow, or the task that met it"))
    op.add_column('stops', sa.Column('document_id', sa.BigInteger(), nullable=True, comment='what met it; tried before any other'))
    op.add_column('stops', sa.Column('tries', sa.Integer(), server_default='0', nullable=False, comment='since it stopped, each of one document'))
    op.add_column('stops', sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('stops', sa.Column('tried_by', sa.Text(), server_default='', nullable=False, comment='the run that tried last, or met it'))
    op.create_foreign_key(op.f('fk_stops_document_id_documents'), 'stops', 'documents', ['document_id'], ['id'])
    op.create_table('stop_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('flow', sa.Text(), nullable=False),
    sa.Column('event', sa.Text(), nullable=False, comment='stopped or lifted'),
    sa.Column('by_person', sa.Boolean(), nullable=False),
    sa.Column('who', sa.Text(), server_default='', nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False, comment='why it was stopped; of a lifted stop: why it goes on'),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
    sa.Column('dag_id', sa.Text(), server_default='', nullable=False),
    sa.Column('run_id', sa.Text(), server_default='', nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("event in ('stopped','lifted')", name=op.f('ck_stop_events_event_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stop_events')),
    comment='When flows were stopped and went on, by persons or by themselves: why documents waited meanwhile'
    )
    op.create_index(op.f('ix_stop_events_scope_flow_at'), 'stop_events', ['scope', 'flow', 'at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_stop_events_scope_flow_at'), table_name='stop_events')
    op.drop_table('stop_events')
    op.drop_constraint(op.f('fk_stops_document_id_documents'), 'stops', type_='foreignkey')
    for name in ('tried_by', 'tried_at', 'tries', 'document_id', 'part', 'symptom', 'subject'):
        op.drop_column('stops', name)
