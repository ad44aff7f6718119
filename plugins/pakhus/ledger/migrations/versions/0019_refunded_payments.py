"""Payments that were refunded whole before an invoice stand on the list of clearing accounts, too."""

from collections.abc import Sequence

from alembic import op

revision: str = '0019'
down_revision: str | None = '0018'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE, NOW = 'term, journal or open', 'term, journal, open, or refunded: no invoice'


def upgrade() -> None:
    op.alter_column('clearing_items', 'way', comment=NOW, existing_comment=BEFORE)


def downgrade() -> None:
    op.alter_column('clearing_items', 'way', comment=BEFORE, existing_comment=NOW)
