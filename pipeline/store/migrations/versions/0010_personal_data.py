"""Masked transcripts, encrypted originals, holds and records of what was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    _originals()


def _originals() -> None:
    # Transcripts of earlier versions have none: `earmark privacy protect` masks those.
    op.add_column("transcripts", sa.Column("masking", sa.Integer()))
    op.create_index("ix_transcripts_masking", "transcripts", ["masking"])
    op.create_table(
        "originals",
        sa.Column("recording_id", sa.String(80), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_originals_recording_id_recordings", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", name="pk_originals"),
    )
    op.create_index("ix_originals_key_id", "originals", ["key_id"])
