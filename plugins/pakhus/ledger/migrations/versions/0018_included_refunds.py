"""Refunds that a booked invoice has taken off already."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0018'
down_revision: str | None = '0017'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('included_refunds',
    sa.Column('refund_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=20, scale=6), nullable=False, comment="positive, in the invoice's currency"),
    sa.Column('vat', sa.Numeric(precision=20, scale=6), nullable=True, comment='in the amount, as the shop says; null: it does not'),
    sa.Column('refunded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['documents.id'], name=op.f('fk_included_refunds_invoice_id_documents')),
    sa.ForeignKeyConstraint(['refund_id'], ['sources.id'], name=op.f('fk_included_refunds_refund_id_sources')),
    sa.PrimaryKeyConstraint('refund_id', name=op.f('pk_included_refunds')),
    comment='Refunds that a booked invoice has taken off already: no credit note is made of them'
    )
    op.create_index(op.f('ix_included_refunds_invoice_id'), 'included_refunds', ['invoice_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_included_refunds_invoice_id'), table_name='included_refunds')
    op.drop_table('included_refunds')
