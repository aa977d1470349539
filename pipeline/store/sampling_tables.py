"""The tables of sampling: what was drawn, when, by which plan, and with what probability.

``picks`` holds a row for each part that chose a call; the queue joins it, and nothing in ``review_items`` tells a pick
of the audit from any other call. ``draws.inclusion`` keeps the probability of every call that could have been picked:
without those that were not, a call that two draws could pick has no weight that is right.
"""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from pipeline.store.tables import Name, RecordingId, UtcDateTime, metadata

draws = Table(
    "draws",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan_id", Name, nullable=False),
    Column("plan_digest", String(64), nullable=False),
    Column("plan", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("since", UtcDateTime),
    Column("until", UtcDateTime),
    Column("frame_size", Integer, nullable=False),
    Column("unflagged", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("capacity", Integer),
    Column("parts", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("inclusion", LargeBinary, nullable=False),
    Index("ix_draws_window", "since", "until"),
)

picks = Table(
    "picks",
    metadata,
    Column("draw_id", Integer, ForeignKey("draws.id", ondelete="CASCADE"), primary_key=True),
    Column("recording_id", RecordingId, ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    Column("part", Name, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("reason_zh", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    Column("chance", Float, nullable=False),
    Column("inclusion", Float, nullable=False),
    Index("ix_picks_recording_id", "recording_id"),
)
