"""Masked transcripts, encrypted originals, holds and records of what was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Applies this step."""
    _keep_and_delete()
    _let_erase()
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


def _keep_and_delete() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=True),
        sa.Column("customer_id", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("placed_by", sa.String(length=200), nullable=False),
        sa.Column("released_at", sa.DateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_holds_recording_id_recordings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_recording_id"), "holds", ["recording_id"])
    op.create_index(op.f("ix_holds_customer_id"), "holds", ["customer_id"])
    _deletions()
    # Outlines show the shape of what was said: they are made again, under the mask.
    op.execute("DELETE FROM waveforms")


def _deletions() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("begun_by", sa.String(length=200), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("certificate", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "erased",
        sa.Column("recording_id", sa.String(length=80), nullable=False),
        sa.Column("erasure_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erased_erasure_id_erasures")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_erased_recording_id_recordings")),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_erased")),
    )
    op.create_index(op.f("ix_erased_erasure_id"), "erased", ["erasure_id"])
    op.create_table(
        "deletions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("data_class", sa.String(length=20), nullable=False),
        sa.Column("recording_id", sa.String(length=80), nullable=True),
        sa.Column("before", sa.DateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("erasure_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_deletions_erasure_id_erasures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletions")),
    )
    op.create_index("ix_deletions_recording", "deletions", ["recording_id", "data_class"])
    op.create_index("ix_deletions_at", "deletions", ["at"])
    op.create_index(op.f("ix_deletions_erasure_id"), "deletions", ["erasure_id"])


_OTHERS = (
    "id, recording_id, kind, account_id, at, key, rule_id, outcome, run_id, verdict, reason, turn, char_start,"
    " char_end, start_s, end_s, role, card, item, value, undoes"
)
"""Columns of a review that nobody ever changes; its quote and text can be blanked."""


def _let_erase() -> None:
    """Reviews lose their words and the audit log its old entries only where ``deletions`` says so."""
    new, old = (", ".join(f"{row}.{name.strip()}" for name in _OTHERS.split(",")) for row in ("NEW", "OLD"))
    blanked = (
        "NEW.quote IS NULL AND NEW.text IS NULL AND EXISTS (SELECT 1 FROM deletions"
        " WHERE recording_id = OLD.recording_id AND data_class = 'reviews')"
    )
    too_old = "EXISTS (SELECT 1 FROM deletions WHERE data_class = 'audit' AND deletions.before > OLD.at)"
    erased = "EXISTS (SELECT 1 FROM erased WHERE recording_id = NEW.recording_id)"
    sqlite = op.get_bind().dialect.name == "sqlite"
    same = f"({new}) IS ({old})" if sqlite else f"ROW({new}) IS NOT DISTINCT FROM ROW({old})"
    for table, action, allowed in (("reviews", "update", f"{blanked} AND {same}"), ("audit", "delete", too_old)):
        name = f"{table}_no_{action}"
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
        _refuse(name, f"{action.upper()} ON {table}", f"NOT ({allowed})", f"{table} is append-only")
    for table, action in (("deletions", "update"), ("deletions", "delete"), ("erased", "delete")):
        _refuse(f"{table}_no_{action}", f"{action.upper()} ON {table}", None, f"{table} is append-only")
    for table in ("reviews", "appeals", "calibration_calls", "calibration_entries", "calibration_gold"):
        _refuse(f"{table}_not_of_erased", f"INSERT ON {table}", erased, "the recording was erased")


def _refuse(name: str, moment: str, when: str | None, message: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        condition = f"WHEN {when}" if when else ""
        op.execute(f"CREATE TRIGGER {name} BEFORE {moment} {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    # A condition of a trigger on PostgreSQL may not look into other tables; its function may.
    instead = "OLD" if moment.startswith("DELETE") else "NEW"
    refuse = f"RAISE EXCEPTION '{message}';"
    body = f"IF {when} THEN {refuse} END IF; RETURN {instead};" if when else refuse
    op.execute(f"CREATE FUNCTION earmark_{name}() RETURNS trigger AS $$ BEGIN {body} END $$ LANGUAGE plpgsql")
    op.execute(f"CREATE TRIGGER {name} BEFORE {moment} FOR EACH ROW EXECUTE FUNCTION earmark_{name}()")
