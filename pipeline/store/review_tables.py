"""The tables of the review desk: who may come in, what is to be heard, and what people said of it.

``review_items`` holds one row for each evaluated call and is all that the queue sorts and counts by; what it repeats of
``recordings`` and ``search_documents`` is copied by triggers, so that it holds whoever writes there. ``reviews`` is
what people said, row after row, never changed: the newest word on a thing counts, an undoing is a row as well.
``audit`` is who opened, heard, judged and exported what; triggers refuse to change either.

Besides these, migration 0003 creates ``search_text``, an index of character pairs that is FTS5 on SQLite and a
``tsvector`` on PostgreSQL (`pipeline.store.search`); it is no table that SQLAlchemy could describe for both.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from pipeline.store.tables import Name, RecordingId, UtcDateTime, metadata, recording_key, rule_results

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Name, nullable=False, unique=True),
    Column("name", Name, nullable=False),
    Column("role", String(20), nullable=False),
    Column("agent", Name),
    Column("team", Name),
    Column("password_hash", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("language", String(5), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("address", String(60), nullable=False),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Name, nullable=False),
    Column("address", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Index("ix_login_attempts_login", "login", "at"),
    Index("ix_login_attempts_address", "address", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("account_id", Integer),
    Column("login", Name, nullable=False),
    Column("action", String(40), nullable=False),
    Column("recording_id", RecordingId, index=True),
    Column("detail", JSON, nullable=False),
    Column("address", String(60), nullable=False),
)

review_items = Table(
    "review_items",
    metadata,
    recording_key(),
    Column("risk", Integer, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("doubtful", Boolean, nullable=False),
    # Flagged, or picked by sampling: the queue does not tell the two apart.
    Column("wanted", Boolean, nullable=False, server_default=false()),
    Column("done", Boolean, nullable=False, server_default=false()),
    Column("assignee_id", Integer, ForeignKey("accounts.id"), index=True),
    Column("taken_by", Integer, ForeignKey("accounts.id")),
    Column("taken_until", UtcDateTime, index=True),
    Column("done_by", Integer, ForeignKey("accounts.id")),
    Column("done_at", UtcDateTime, index=True),
    # Copied by triggers. An unknown start is 1970, an unknown length 0: lists sort by them.
    Column("agent", Name),
    Column("team", Name),
    Column("started_at", UtcDateTime),
    Column("duration_s", Float),
    Column("document_id", Integer),
    # Holds what searches and counts ask for, so that they need not look at the rows.
    Index("ix_review_items_queue", "done", "wanted", "risk", "recording_id", "document_id", "assignee_id"),
    Index("ix_review_items_doubtful", "done", "doubtful", "risk", "recording_id"),
    Index("ix_review_items_started", "done", "wanted", "started_at", "recording_id"),
    Index("ix_review_items_longest", "done", "wanted", "duration_s", "recording_id"),
    Index("ix_review_items_agent", "agent", "done", "wanted"),
    Index("ix_review_items_team", "team", "done", "wanted"),
    # Counts of a period, read from the index alone.
    Index("ix_review_items_period", "started_at", "flagged", "done", "recording_id"),
)

# Which calls a rule, a class or a severity hit, read from the index alone.
for _name in ("rule_id", "error_class", "severity"):
    Index(
        f"ix_rule_results_hits_{_name}",
        rule_results.c[_name],
        rule_results.c.outcome,
        rule_results.c.status,
        rule_results.c.recording_id,
    )


def said_columns() -> tuple[Column[Any], ...]:
    """The columns of what a person said of a call, and of what the rule said then."""
    return (
        Column("rule_id", Name),
        Column("outcome", String(20)),
        Column("run_id", String(32)),
        Column("verdict", String(20)),
        Column("reason", String(40)),
        Column("turn", Integer),
        Column("char_start", Integer),
        Column("char_end", Integer),
        Column("start_s", Float),
        Column("end_s", Float),
        Column("role", String(20)),
        Column("quote", Text),
        Column("text", Text),
        Column("card", String(80)),
        Column("item", Name),
        Column("value", String(40)),
    )


reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recording_id", RecordingId, ForeignKey("recordings.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("key", String(64), nullable=False),
    *said_columns(),
    Column("undoes", Integer, ForeignKey("reviews.id")),
    UniqueConstraint("account_id", "key", name="uq_reviews_account_id_key"),
    Index("ix_reviews_recording", "recording_id", "id"),
    Index("ix_reviews_rule", "rule_id", "id"),
    Index("ix_reviews_account", "account_id", "at"),
)

appeals = Table(
    "appeals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recording_id", RecordingId, ForeignKey("recordings.id"), nullable=False, index=True),
    Column("rule_id", Name, nullable=False, index=True),
    Column("review_id", Integer, ForeignKey("reviews.id"), nullable=False),
    Column("opened_by", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", Integer, ForeignKey("accounts.id")),
    Column("decided_at", UtcDateTime),
    Column("outcome", String(20)),
    Column("answer", Text),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Name, nullable=False),
    Column("query", Text, nullable=False),
)

waveforms = Table(
    "waveforms",
    metadata,
    recording_key(),
    Column("document", LargeBinary, nullable=False),
)

search_documents = Table(
    "search_documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "recording_id",
        RecordingId,
        ForeignKey("recordings.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
)
