"""What is done about a line of a report, and whether it helped."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
