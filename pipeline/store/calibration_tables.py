"""The tables of calibration sessions.

``calibration_entries`` has the shape of ``reviews`` and is kept apart from it: what is said in a session counts nowhere
else until gold is decided, which then becomes a review as well. Neither table is ever changed, only added to. All that
is said of a call goes when the call is deleted; ``calibrations.chosen_calls`` still tells how many there were.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from pipeline.store.review_tables import said_columns
from pipeline.store.tables import Name, RecordingId, UtcDateTime, metadata

calibrations = Table(
    "calibrations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Name, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("chosen_zh", Text, nullable=False),
    Column("chosen_en", Text, nullable=False),
    Column("chosen_calls", Integer, nullable=False),
    Column("rules", JSON),
    Column("card", String(80)),
    Column("closed_at", UtcDateTime),
)

calibration_calls = Table(
    "calibration_calls",
    metadata,
    Column("calibration_id", Integer, ForeignKey("calibrations.id", ondelete="CASCADE"), primary_key=True),
    Column("recording_id", RecordingId, ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, nullable=False),
    Index("ix_calibration_calls_recording", "recording_id"),
)

calibration_judges = Table(
    "calibration_judges",
    metadata,
    Column("calibration_id", Integer, ForeignKey("calibrations.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), primary_key=True),
    Column("added_at", UtcDateTime, nullable=False),
    Index("ix_calibration_judges_account", "account_id"),
)

calibration_entries = Table(
    "calibration_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("calibration_id", Integer, ForeignKey("calibrations.id", ondelete="CASCADE"), nullable=False),
    Column("recording_id", RecordingId, ForeignKey("recordings.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("key", String(64), nullable=False),
    *said_columns(),
    Column("undoes", Integer, ForeignKey("calibration_entries.id", ondelete="CASCADE")),
    UniqueConstraint("account_id", "key", name="uq_calibration_entries_account_id_key"),
    Index("ix_calibration_entries_session", "calibration_id", "recording_id", "id"),
    Index("ix_calibration_entries_recording", "recording_id"),
)

calibration_gold = Table(
    "calibration_gold",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("calibration_id", Integer, ForeignKey("calibrations.id", ondelete="CASCADE"), nullable=False),
    Column("recording_id", RecordingId, ForeignKey("recordings.id", ondelete="CASCADE"), nullable=False),
    Column("rule_id", Name),
    Column("card", String(80)),
    Column("item", Name),
    Column("value", String(40), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("note", Text),
    Index("ix_calibration_gold_session", "calibration_id", "recording_id", "id"),
    Index("ix_calibration_gold_recording", "recording_id"),
)
