"""What lay where in a warehouse, for shops that sell from some of its locations."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0013'
down_revision: str | None = '0012'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('stock_places',
    sa.Column('target', sa.Text(), nullable=False, comment='agreement: <system>__<agreement>'),
    sa.Column('number', sa.Text(), nullable=False, comment='of the item in the warehouse'),
    sa.Column('stock', sa.Numeric(precision=20, scale=6), nullable=True, comment='over all locations, in the reading that these rows were read for'),
    sa.Column('available', sa.Numeric(precision=20, scale=6), nullable=True, comment='the same'),
    sa.Column('places', postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment='stock and available by number of the location'),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=False, comment='when the request that showed them began'),
    sa.PrimaryKeyConstraint('target', 'number', name=op.f('pk_stock_places')),
    comment='What lay where in a warehouse, item by item'
    )


def downgrade() -> None:
    op.drop_table('stock_places')
