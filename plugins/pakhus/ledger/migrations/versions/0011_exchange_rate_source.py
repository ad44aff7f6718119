"""Where the exchange rate of a document comes from: the accounts, or the order that states it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0011'
down_revision: str | None = '0010'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = 'accounts: their own rate of the day; mapping: stated there'
_NOW = 'accounts: their own rate of the day; order: the one that the order states'


def upgrade() -> None:
    op.alter_column('documents', 'exchange_rate_source', comment=_NOW, existing_comment=_BEFORE, existing_type=sa.Text(), existing_server_default='', existing_nullable=False)


def downgrade() -> None:
    op.alter_column('documents', 'exchange_rate_source', comment=_BEFORE, existing_comment=_NOW, existing_type=sa.Text(), existing_server_default='', existing_nullable=False)
