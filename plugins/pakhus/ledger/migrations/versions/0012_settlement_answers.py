"""What people said about lines of settlements."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0012'
down_revision: str | None = '0011'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('settlement_answers',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('settlement_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False, comment='with kind and provider_id: the line, wherever it stands'),
    sa.Column('gross', sa.Numeric(precision=20, scale=6), nullable=False, comment='of the line when it was answered: of another it says nothing'),
    sa.Column('action', sa.Text(), nullable=False, comment='link, post, ignore or wait'),
    sa.Column('item_id', sa.BigInteger(), nullable=True, comment='link: the document that the line pays'),
    sa.Column('account', sa.Integer(), nullable=True, comment='post: where it goes; link: where the rest goes'),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('answered_by', sa.Text(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['clearing_items.id'], name=op.f('fk_settlement_answers_item_id_clearing_items')),
    sa.ForeignKeyConstraint(['settlement_id'], ['settlements.id'], name=op.f('fk_settlement_answers_settlement_id_settlements'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settlement_answers')),
    comment='What people said about lines without a sure document; the newest word about a line counts'
    )
    op.create_index(op.f('ix_settlement_answers_settlement_id'), 'settlement_answers', ['settlement_id'], unique=False)


def downgrade() -> None:
    op.drop_table('settlement_answers')
