"""The last SKU report of each shop."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0016'
down_revision: str | None = '0015'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('sku_reports',
    sa.Column('scope', sa.Text(), nullable=False, comment='shop'),
    sa.Column('products', sa.Integer(), nullable=False, comment='how many were looked at'),
    sa.Column('problems', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the products whose SKU is wrong, in the report's order"),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('run_id', sa.Text(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('scope', name=op.f('pk_sku_reports')),
    comment='The last SKU report of each shop'
    )


def downgrade() -> None:
    op.drop_table('sku_reports')
