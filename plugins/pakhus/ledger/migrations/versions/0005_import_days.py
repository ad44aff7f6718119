"""What importing the earlier orders of a day came to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0005'
down_revision: str | None = '0004'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('import_days',
    sa.Column('scope', sa.Text(), nullable=False, comment='shop'),
    sa.Column('day', sa.Date(), nullable=False, comment="in the shop's time zone"),
    sa.Column('mode', sa.Text(), nullable=False, comment='dry_run, draft or book'),
    sa.Column('outcomes', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='count, gross, VAT and order numbers per reason code'),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('run_id', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("mode in ('dry_run','draft','book')", name=op.f('ck_import_days_mode_known')),
    sa.PrimaryKeyConstraint('scope', 'day', 'mode', name=op.f('pk_import_days')),
    comment='What importing the earlier orders of a day came to, or would'
    )


def downgrade() -> None:
    op.drop_table('import_days')
