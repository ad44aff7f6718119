"""What is known of each product in each system that it is kept in step in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0017'
down_revision: str | None = '0016'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('product_facts',
    sa.Column('target', sa.Text(), nullable=False, comment='<system>__<agreement> or <platform>__<shop>'),
    sa.Column('name', sa.Text(), nullable=False, comment='the number without letter case and blanks'),
    sa.Column('number', sa.Text(), nullable=False, comment='as the target has it, or is to have it'),
    sa.Column('master', sa.Text(), nullable=False, comment='the shop or agreement whose product it is: one of them writes it'),
    sa.Column('also', postgresql.ARRAY(sa.Text()), server_default='{}', nullable=False, comment='other shops of the agreement that sell it'),
    sa.Column('source_id', sa.Text(), nullable=False, comment="the product's id there; of Rackbeat, which has none: its number"),
    sa.Column('wanted', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment="field -> what the master says, in the target's words"),
    sa.Column('applied', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='field -> what the master said when the target was last looked at'),
    sa.Column('written', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='field -> what the target showed after our last write, or when it was last in step'),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False, comment='grows with each change of the master'),
    sa.Column('treated', sa.Integer(), server_default='0', nullable=False, comment='the revision that was last taken in hand'),
    sa.Column('document_id', sa.BigInteger(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True, comment='when the master was found to have it no more'),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_product_facts_document_id_documents')),
    sa.PrimaryKeyConstraint('target', 'name', name=op.f('pk_product_facts')),
    sa.UniqueConstraint('document_id', name=op.f('uq_product_facts_document_id')),
    comment='What the master of a product says, and what the other systems show of it'
    )
    op.create_index(op.f('ix_product_facts_target_master_source_id'), 'product_facts', ['target', 'master', 'source_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_product_facts_target_master_source_id'), table_name='product_facts')
    op.drop_table('product_facts')
