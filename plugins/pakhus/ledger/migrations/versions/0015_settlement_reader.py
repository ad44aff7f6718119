"""What reads a settlement that was stored: an account may have both files and an API."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0015'
down_revision: str | None = '0014'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column('settlements', sa.Column('reader', sa.Text(), server_default='', nullable=False, comment='what reads that file; empty: as the account says'))


def downgrade() -> None:
    op.drop_column('settlements', 'reader')
