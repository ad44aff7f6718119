"""Accounts and VAT codes that a bookkeeper has approved."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0007'
down_revision: str | None = '0006'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('approved_postings',
    sa.Column('scope', sa.Text(), nullable=False, comment='shop'),
    sa.Column('account', sa.Integer(), autoincrement=False, nullable=False, comment='0: the accounts do not say'),
    sa.Column('vat_code', sa.Text(), nullable=False, comment='empty: none'),
    sa.Column('rate', sa.Numeric(precision=7, scale=6), nullable=False, comment='VAT as a fraction: 0.25'),
    sa.Column('country', sa.Text(), nullable=False),
    sa.Column('scheme', sa.Text(), nullable=False),
    sa.Column('approved_by', sa.Text(), nullable=False),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'account', 'vat_code', 'rate', 'country', 'scheme', name=op.f('pk_approved_postings')),
    comment="Accounts and VAT codes that a bookkeeper has approved for a shop's sales (trial posting)"
    )


def downgrade() -> None:
    op.drop_table('approved_postings')
