"""The tables of keeping and deleting.

``holds`` is what may not be deleted for now. ``deletions`` is what was deleted, when, by whom and under which rule: no
row ever changes, none holds personal data, and a row is also the permission without which triggers refuse to blank a
review or to shorten the audit log. ``erasures`` are requests of customers, with the certificate of each, ``erased`` the
recordings that were erased for them: whatever comes of these again is refused.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from pipeline.store.tables import Name, RecordingId, UtcDateTime, metadata

holds = Table(
    "holds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recording_id", RecordingId, ForeignKey("recordings.id"), index=True),
    Column("customer_id", Name, index=True),
    Column("reason", Text, nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("placed_by", Name, nullable=False),
    Column("released_at", UtcDateTime),
    Column("released_by", Name),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("begun_by", Name, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("certificate", JSON, nullable=False),
)

erased = Table(
    "erased",
    metadata,
    Column("recording_id", RecordingId, ForeignKey("recordings.id"), primary_key=True),
    Column("erasure_id", String(32), ForeignKey("erasures.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
)

deletions = Table(
    "deletions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Name, nullable=False),
    Column("rule", Name, nullable=False),
    Column("data_class", String(20), nullable=False),
    Column("recording_id", RecordingId),
    # Of the audit log: entries of before were deleted.
    Column("before", UtcDateTime),
    Column("counts", JSON, nullable=False),
    Column("erasure_id", String(32), ForeignKey("erasures.id"), index=True),
    Index("ix_deletions_recording", "recording_id", "data_class"),
    Index("ix_deletions_at", "at"),
)
