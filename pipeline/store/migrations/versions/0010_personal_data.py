"""Masked transcripts, encrypted originals, holds and records of what was deleted."""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
