"""Sessions in which several reviewers judge the same calls blind."""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
