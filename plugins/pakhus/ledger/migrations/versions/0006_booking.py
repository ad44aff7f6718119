"""What opens booking: equal drafts in a row, a person's approval; where the PDF is."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0006'
down_revision: str | None = '0005'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column('documents', sa.Column('equal_at', sa.DateTime(timezone=True), nullable=True, comment='when its draft first equalled the prediction, since it last differed'))
    op.add_column('documents', sa.Column('differed_at', sa.DateTime(timezone=True), nullable=True, comment='when its draft last differed from the prediction'))
    op.add_column('documents', sa.Column('approved_version', sa.Integer(), nullable=True, comment='the version of the source of whose draft a person said: book it'))
    op.add_column('documents', sa.Column('pdf_link', sa.Text(), server_default='', nullable=False, comment='where the target keeps it as a PDF'))
    op.alter_column('decisions', 'answer', comment='again, approve, accept or ignore; null: open', existing_comment='again, accept or ignore; null: open', existing_type=sa.Text(), existing_nullable=True)


def downgrade() -> None:
    op.alter_column('decisions', 'answer', comment='again, accept or ignore; null: open', existing_comment='again, approve, accept or ignore; null: open', existing_type=sa.Text(), existing_nullable=True)
    for name in ('pdf_link', 'approved_version', 'differed_at', 'equal_at'):
        op.drop_column('documents', name)
