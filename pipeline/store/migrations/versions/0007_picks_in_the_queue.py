"""What sampling picked stands in the queue like what rules flagged."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = {
    "queue": ["done", "{}", "risk", "recording_id", "document_id", "assignee_id"],
    "started": ["done", "{}", "started_at", "recording_id"],
    "longest": ["done", "{}", "duration_s", "recording_id"],
    "agent": ["agent", "done", "{}"],
    "team": ["team", "done", "{}"],
}


def upgrade() -> None:
    """Applies this step."""
    # Added in place: rebuilding the table would lose its triggers.
    op.add_column("review_items", sa.Column("wanted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE review_items SET wanted = (flagged OR EXISTS"
        " (SELECT 1 FROM picks WHERE picks.recording_id = review_items.recording_id))"
    )
    for name, columns in INDEXES.items():
        op.drop_index(f"ix_review_items_{name}", "review_items")
        op.create_index(
            f"ix_review_items_{name}", "review_items", [column.format("wanted") for column in columns], unique=False
        )
