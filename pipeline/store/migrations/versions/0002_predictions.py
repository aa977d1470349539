"""What the classifiers say of each call."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    op.create_table(
        "predictions",
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("dissatisfied", sa.Float(), nullable=True),
        sa.Column("dissatisfied_flagged", sa.Boolean(), nullable=False),
        sa.Column("escalation", sa.Float(), nullable=True),
        sa.Column("escalation_flagged", sa.Boolean(), nullable=False),
        sa.Column("dissatisfied_model", sa.String(length=64), nullable=False),
        sa.Column("escalation_model", sa.String(length=64), nullable=False),
        sa.Column("sentiment_model", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_predictions_recording_id_recordings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_predictions_run_id_runs")),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_predictions")),
    )
