"""Sessions in which several reviewers judge the same calls blind."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    op.create_table(
        "calibrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("chosen_zh", sa.Text(), nullable=False),
        sa.Column("chosen_en", sa.Text(), nullable=False),
        sa.Column("chosen_calls", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.Column("card", sa.String(length=80), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrations")),
    )
    op.create_table(
        "calibration_calls",
        sa.Column("calibration_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibrations.id"],
            name=op.f("fk_calibration_calls_calibration_id_calibrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_calibration_calls_recording_id_recordings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("calibration_id", "recording_id", name=op.f("pk_calibration_calls")),
    )
    op.create_index("ix_calibration_calls_recording", "calibration_calls", ["recording_id"])
    op.create_table(
        "calibration_judges",
        sa.Column("calibration_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibrations.id"],
            name=op.f("fk_calibration_judges_calibration_id_calibrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_calibration_judges_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("calibration_id", "account_id", name=op.f("pk_calibration_judges")),
    )
    op.create_index("ix_calibration_judges_account", "calibration_judges", ["account_id"])
    op.create_table(
        "calibration_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calibration_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("rule_id", sa.String(length=200), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("char_start", sa.Integer(), nullable=True),
        sa.Column("char_end", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("end_s", sa.Float(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("card", sa.String(length=80), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("value", sa.String(length=40), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibrations.id"],
            name=op.f("fk_calibration_entries_calibration_id_calibrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_calibration_entries_recording_id_recordings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_calibration_entries_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["undoes"],
            ["calibration_entries.id"],
            name=op.f("fk_calibration_entries_undoes_calibration_entries"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("account_id", "key", name="uq_calibration_entries_account_id_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_entries")),
    )
    op.create_index("ix_calibration_entries_session", "calibration_entries", ["calibration_id", "recording_id", "id"])
    op.create_index("ix_calibration_entries_recording", "calibration_entries", ["recording_id"])
    op.create_table(
        "calibration_gold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calibration_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("rule_id", sa.String(length=200), nullable=True),
        sa.Column("card", sa.String(length=80), nullable=True),
        sa.Column("item", sa.String(length=200), nullable=True),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["calibrations.id"],
            name=op.f("fk_calibration_gold_calibration_id_calibrations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"],
            ["recordings.id"],
            name=op.f("fk_calibration_gold_recording_id_recordings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_calibration_gold_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_gold")),
    )
    op.create_index("ix_calibration_gold_session", "calibration_gold", ["calibration_id", "recording_id", "id"])
    op.create_index("ix_calibration_gold_recording", "calibration_gold", ["recording_id"])
    for table in ("calibration_entries", "calibration_gold"):
        # Only changes are refused: what was said of a call goes when the call is deleted.
        refuse = (
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            if op.get_bind().dialect.name == "sqlite"
            else "FOR EACH ROW EXECUTE FUNCTION earmark_append_only()"
        )
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
