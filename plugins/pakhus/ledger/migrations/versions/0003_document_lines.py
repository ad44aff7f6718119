"""The lines of accounting documents with their VAT; a document's date and exchange rate."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0003'
down_revision: str | None = '0002'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table('document_lines',
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('line_number', sa.Integer(), nullable=False, comment='1, 2, … as in the accounts'),
    sa.Column('product_number', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=20, scale=6), nullable=False, comment='negative on credit notes'),
    sa.Column('rate', sa.Numeric(precision=7, scale=6), nullable=False, comment='VAT as a fraction: 0.25'),
    sa.Column('vat_code', sa.Text(), server_default='', nullable=False, comment='of the accounts; empty: none, or unknown'),
    sa.Column('country', sa.Text(), server_default='', nullable=False, comment='where the goods went, ISO 3166 or XI'),
    sa.Column('scheme', sa.Text(), server_default='', nullable=False, comment='domestic, oss, reverse_charge, export'),
    sa.Column('net', sa.Numeric(precision=20, scale=6), nullable=False, comment="in the document's currency"),
    sa.Column('vat', sa.Numeric(precision=20, scale=6), nullable=False, comment='the lines of a document sum to its VAT'),
    sa.Column('order_line_id', sa.Text(), nullable=True, comment="of the shop's order; null: the correction line, or added by a person"),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_document_lines_document_id_documents'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('document_id', 'line_number', name=op.f('pk_document_lines')),
    comment='The lines of drafted and booked documents with their VAT'
    )
    op.create_index(op.f('ix_document_lines_scheme_country_document_id'), 'document_lines', ['scheme', 'country', 'document_id'], unique=False)
    op.add_column('documents', sa.Column('document_date', sa.Date(), nullable=True, comment='the date that stands on it in the accounts'))
    op.add_column('documents', sa.Column('exchange_rate', sa.Numeric(precision=20, scale=6), nullable=True, comment='base currency for 100 units, as the accounts applied it'))
    op.add_column('documents', sa.Column('exchange_rate_source', sa.Text(), server_default='', nullable=False, comment='accounts: their own rate of the day; mapping: stated there'))
    op.add_column('documents', sa.Column('exchange_rate_date', sa.Date(), nullable=True, comment='the day whose rate it is'))


def downgrade() -> None:
    for column in ('exchange_rate_date', 'exchange_rate_source', 'exchange_rate', 'document_date'):
        op.drop_column('documents', column)
    op.drop_table('document_lines')
