"""When a failed recording may be tried again, and how many workers it has cost."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.add_column(sa.Column("not_before_s", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("workers_lost", sa.Integer(), nullable=False, server_default="0"))
