"""When a settlement was posted, and how much of which payment each of its lines pays."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0008'
down_revision: str | None = '0007'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column('settlements', sa.Column('posted_at', sa.DateTime(timezone=True), nullable=True, comment='when its voucher was made and its lines settled what they pay'))
    op.add_column('settlement_lines', sa.Column('pays', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='clearing item -> how much of it'))
    op.alter_column('settlement_lines', 'number', comment='1, 2, … as in the settlement', existing_comment='place in the file', existing_type=sa.Integer(), existing_nullable=False)


def downgrade() -> None:
    op.alter_column('settlement_lines', 'number', comment='place in the file', existing_comment='1, 2, … as in the settlement', existing_type=sa.Integer(), existing_nullable=False)
    op.drop_column('settlement_lines', 'pays')
    op.drop_column('settlements', 'posted_at')
