"""Payments on clearing accounts, and the settlements of providers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0004'
down_revision: str | None = '0003'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _clearing_items()
    _settlements()
    _settlement_lines()


def _clearing_items() -> None:
    op.create_table('clearing_items',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('shop', sa.Text(), nullable=False),
    sa.Column('target', sa.Text(), nullable=False, comment='<system>__<agreement> of the accounts'),
    sa.Column('account', sa.Integer(), nullable=False, comment='clearing account; of open invoices: whose payouts pay them'),
    sa.Column('way', sa.Text(), nullable=False, comment='term, journal or open'),
    sa.Column('kind', sa.Text(), nullable=False, comment='capture or refund'),
    sa.Column('method', sa.Text(), nullable=False, comment="the payment method's id in the shop"),
    sa.Column('order_number', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=20, scale=6), nullable=False, comment="capture +, refund -, in the buyer's currency"),
    sa.Column('base_amount', sa.Numeric(precision=20, scale=6), nullable=True, comment="in the accounts' base currency; null: the same currency"),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('provider_ids', postgresql.ARRAY(sa.Text()), nullable=False, comment='ids of the transaction, capture or refund'),
    sa.Column('parent_ids', postgresql.ARRAY(sa.Text()), nullable=False, comment="a refund's: ids of its payment"),
    sa.Column('settled_amount', sa.Numeric(precision=20, scale=6), server_default='0', nullable=False, comment='of the amount, by payouts so far'),
    sa.Column('settled_by', sa.BigInteger(), nullable=True, comment='the payout that paid the rest'),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_clearing_items_document_id_documents')),
    sa.ForeignKeyConstraint(['invoice_id'], ['documents.id'], name=op.f('fk_clearing_items_invoice_id_documents')),
    sa.ForeignKeyConstraint(['settled_by'], ['documents.id'], name=op.f('fk_clearing_items_settled_by_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clearing_items')),
    sa.UniqueConstraint('document_id', name=op.f('uq_clearing_items_document_id')),
    comment="Each payment and refund that a provider is to settle; open ones make the clearing account's balance"
    )
    op.create_index(op.f('ix_clearing_items_invoice_id'), 'clearing_items', ['invoice_id'], unique=False)
    op.create_index('ix_clearing_items_open', 'clearing_items', ['target', 'account'], unique=False, postgresql_where=sa.text('settled_by is null'))
    op.create_index(op.f('ix_clearing_items_settled_by'), 'clearing_items', ['settled_by'], unique=False)


def _settlements() -> None:
    op.create_table('settlements',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('account', sa.Text(), nullable=False, comment='provider account: include/accounts/<account>.yaml'),
    sa.Column('batch', sa.Text(), nullable=False, comment="the provider's id of the payout or settlement"),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('opening', sa.Numeric(precision=20, scale=6), nullable=False),
    sa.Column('closing', sa.Numeric(precision=20, scale=6), nullable=False),
    sa.Column('net', sa.Numeric(precision=20, scale=6), nullable=False, comment='paid out; negative: taken from us'),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('payment_reference', sa.Text(), server_default='', nullable=False),
    sa.Column('file_name', sa.Text(), server_default='', nullable=False),
    sa.Column('file_sha256', sa.Text(), nullable=False, comment='the file as it came'),
    sa.Column('content_sha256', sa.Text(), nullable=False, comment='of what was read from it: tells re-issued files'),
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_settlements_document_id_documents')),
    sa.ForeignKeyConstraint(['file_sha256'], ['bodies.sha256'], name=op.f('fk_settlements_file_sha256_bodies')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settlements')),
    sa.UniqueConstraint('account', 'batch', name=op.f('uq_settlements_account_batch')),
    sa.UniqueConstraint('document_id', name=op.f('uq_settlements_document_id')),
    comment='Each settlement of a provider, as it was imported'
    )


def _settlement_lines() -> None:
    op.create_table('settlement_lines',
    sa.Column('settlement_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False, comment='place in the file'),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Text(), server_default='', nullable=False),
    sa.Column('order_reference', sa.Text(), server_default='', nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=True),
    sa.Column('gross', sa.Numeric(precision=20, scale=6), nullable=False),
    sa.Column('fee', sa.Numeric(precision=20, scale=6), nullable=False),
    sa.Column('fee_vat', sa.Numeric(precision=20, scale=6), nullable=False),
    sa.Column('net', sa.Numeric(precision=20, scale=6), nullable=False),
    sa.Column('transaction_currency', sa.Text(), server_default='', nullable=False),
    sa.Column('transaction_amount', sa.Numeric(precision=20, scale=6), nullable=True),
    sa.Column('exchange_rate', sa.Numeric(precision=20, scale=10), nullable=True),
    sa.Column('text', sa.Text(), server_default='', nullable=False),
    sa.Column('outcome', sa.Text(), server_default='', nullable=False, comment='of the matching; empty: needs no document'),
    sa.Column('difference', sa.Numeric(precision=20, scale=6), nullable=True, comment="what was paid beyond the document's amount"),
    sa.Column('items', postgresql.ARRAY(sa.BigInteger()), server_default='{}', nullable=False, comment='clearing_items: found or likely'),
    sa.ForeignKeyConstraint(['settlement_id'], ['settlements.id'], name=op.f('fk_settlement_lines_settlement_id_settlements'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('settlement_id', 'number', name=op.f('pk_settlement_lines')),
    comment='The lines of settlements, and which documents they pay'
    )
    op.create_index('ix_settlement_lines_identity', 'settlement_lines', ['account', 'provider_id', 'kind', 'ordinal'], unique=False)
    op.create_index('ix_settlement_lines_unmatched', 'settlement_lines', ['account'], unique=False, postgresql_where=sa.text("outcome not in ('', 'matched')"))


def downgrade() -> None:
    op.drop_index('ix_settlement_lines_unmatched', table_name='settlement_lines', postgresql_where=sa.text("outcome not in ('', 'matched')"))
    op.drop_index('ix_settlement_lines_identity', table_name='settlement_lines')
    op.drop_table('settlement_lines')
    op.drop_table('settlements')
    op.drop_index(op.f('ix_clearing_items_settled_by'), table_name='clearing_items')
    op.drop_index('ix_clearing_items_open', table_name='clearing_items', postgresql_where=sa.text('settled_by is null'))
    op.drop_index(op.f('ix_clearing_items_invoice_id'), table_name='clearing_items')
    op.drop_table('clearing_items')
