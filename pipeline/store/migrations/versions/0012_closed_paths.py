"""Where recordings lie is closed by a key: what stands for a path, and the path for whoever has the key."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step. Paths that are there stay open: `earmark privacy protect` closes them."""
    for table in ("recordings", "files"):
        op.add_column(table, sa.Column("key_id", sa.String(40)))
        op.add_column(table, sa.Column("closed", sa.LargeBinary()))
    op.add_column("recordings", sa.Column("name_mark", sa.String(80)))
