"""Reports count the calls of a period without going through all calls."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    op.create_index("ix_review_items_period", "review_items", ["started_at", "flagged", "done", "recording_id"])
    op.create_index("ix_recordings_survey_score", "recordings", ["survey_score"])
