"""A ledger that was restored from a backup: what it may have forgotten, and since when."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0010'
down_revision: str | None = '0009'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MODE = "normal; behind: older than Airflow's memory, nothing is done; recover: each first write looks up"


def upgrade() -> None:
    op.add_column('installation', sa.Column('generation', sa.Integer(), server_default='1', nullable=False, comment='grows with each recovery'))
    op.add_column('installation', sa.Column('looks_since', sa.DateTime(timezone=True), nullable=True, comment='recover: what was written after this moment may be unknown here'))
    op.alter_column('installation', 'mode', comment=_MODE, existing_comment='normal, or recover: each first write looks up', existing_type=sa.Text(), existing_server_default='normal', existing_nullable=False)
    op.drop_constraint(op.f('ck_installation_mode_known'), 'installation', type_='check')
    op.create_check_constraint(op.f('ck_installation_mode_known'), 'installation', "mode in ('normal','behind','recover')")


def downgrade() -> None:
    op.drop_constraint(op.f('ck_installation_mode_known'), 'installation', type_='check')
    op.create_check_constraint(op.f('ck_installation_mode_known'), 'installation', "mode in ('normal','recover')")
    op.alter_column('installation', 'mode', comment='normal, or recover: each first write looks up', existing_comment=_MODE, existing_type=sa.Text(), existing_server_default='normal', existing_nullable=False)
    op.drop_column('installation', 'looks_since')
    op.drop_column('installation', 'generation')
