"""Who is which customer in the accounts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0009'
down_revision: str | None = '0008'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('customer_identities',
    sa.Column('target', sa.Text(), nullable=False, comment='<system>__<agreement>'),
    sa.Column('kind', sa.Text(), nullable=False, comment='email, phone, vat_number, ean, shop_customer, contact'),
    sa.Column('name', sa.Text(), nullable=False, comment='pseudonym of the value; the value itself stands nowhere here'),
    sa.Column('number', sa.BigInteger(), nullable=True, comment='of the customer or contact; null: it was deleted in the accounts'),
    sa.Column('generation', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='how often its customer was found deleted: a new one gets a document of its own'),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('target', 'kind', 'name', name=op.f('pk_customer_identities')),
    comment='Each way a buyer has been named, and their customer in the accounts'
    )
    op.create_index(op.f('ix_customer_identities_target_number'), 'customer_identities', ['target', 'number'], unique=False)
    op.create_table('customer_facts',
    sa.Column('target', sa.Text(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False, comment='customer number'),
    sa.Column('digest', sa.Text(), nullable=False, comment='of the members that orders may change, as last compared'),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False, comment='when the order was placed that they were taken from'),
    sa.PrimaryKeyConstraint('target', 'number', name=op.f('pk_customer_facts')),
    comment='What of a customer followed which order: an older order changes nothing'
    )


def downgrade() -> None:
    op.drop_table('customer_facts')
    op.drop_table('customer_identities')
