"""The tables. SQLAlchemy Core, the same on SQLite and PostgreSQL; Alembic migrations create and change them.

``recordings`` is what there is to hear, ``files`` where it lies, ``ledger`` how far each has come; ``runs`` names
what made a result (code, pack, speech model), ``transcripts`` and ``evaluations`` hold one call's results,
``rule_results`` every outcome that is not clear, with its ``evidence``, ``predictions`` what the classifiers say. A
rule that was evaluated and has no row in ``rule_results`` was clear: ``pack_rules`` lists the rules of the run's pack.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware datetimes in, UTC datetimes out, on databases that keep no zone as well."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC without zone, as stored. Raises: ValueError for a datetime without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The stored moment, aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RecordingId = String(80)
Name = String(200)


def recording_key() -> Column[str]:
    """The primary key of a table that has one row for each recording."""
    return Column("recording_id", RecordingId, ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)


runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("command", String(20), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("code_version", String(80), nullable=False),
    Column("pack_digest", String(64), nullable=False),
    Column("asr_digest", String(64)),
    Column("asr_options", JSON),
)

pack_rules = Table(
    "pack_rules",
    metadata,
    Column("pack_digest", String(64), primary_key=True),
    Column("rule_id", Name, primary_key=True),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("error_class", String(30), nullable=False),
    Column("status", String(20), nullable=False),
    # Unknown for packs of before.
    Column("digest", String(64)),
)


def _written_index(name: str) -> Index:
    """By period, of the calls only that have a value."""
    there = text(f"{name} IS NOT NULL")
    return Index(f"ix_recordings_{name}", "started_at", name, sqlite_where=there, postgresql_where=there)


recordings = Table(
    "recordings",
    metadata,
    Column("id", RecordingId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("uri", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("agent", Name),
    Column("team", Name),
    Column("skill", Name),
    Column("queue", Name),
    Column("direction", String(20)),
    Column("started_at", UtcDateTime),
    Column("started_at_offset_min", Integer),
    Column("customer_id", Name),
    Column("survey_score", Float),
    Column("extra", JSON, nullable=False),
    # Of ``extra``, read by pipeline.store.report_columns.
    Column("department", Text),
    Column("site", Text),
    Column("contact_reason", Text),
    Column("transfers", Text),
    Column("hold_s", Float),
    Column("channel_roles", JSON, nullable=False),
    Column("duration_s", Float),
    Column("sample_rate_hz", Integer),
    Column("channel_count", Integer),
    Column("codec", String(40)),
    Column("container", String(80)),
    # Of a path that is closed: by which key, nonce and ciphertext; ``uri`` is what stands for it.
    Column("key_id", String(40)),
    Column("closed", LargeBinary),
    # What stands for the file's own name, where that is masked in ``name``.
    Column("name_mark", String(80)),
    Index("ix_recordings_name", "name"),
    Index("ix_recordings_started_at", "started_at"),
    Index("ix_recordings_agent", "agent", "started_at"),
    Index("ix_recordings_team", "team", "started_at"),
    Index("ix_recordings_survey_score", "survey_score"),
    Index("ix_recordings_customer", "customer_id", "started_at", "id"),
    *(_written_index(name) for name in ("transfers", "contact_reason", "site")),
)

files = Table(
    "files",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column(
        "recording_id",
        RecordingId,
        ForeignKey("recordings.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    # As in ``recordings``.
    Column("key_id", String(40)),
    Column("closed", LargeBinary),
)

ledger = Table(
    "ledger",
    metadata,
    recording_key(),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(200)),
    Column("lease_expires_s", Float),
    Column("not_before_s", Float),
    Column("workers_lost", Integer, nullable=False, server_default="0"),
    Column("reason", String(40)),
    Column("message", Text),
    Column("run_id", String(32), ForeignKey("runs.id")),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_ledger_state", "state", "attempts", "recording_id"),
)

transcripts = Table(
    "transcripts",
    metadata,
    recording_key(),
    Column("run_id", String(32), ForeignKey("runs.id"), nullable=False),
    Column("asr_digest", String(64), nullable=False),
    Column("language", String(10), nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("turns", LargeBinary, nullable=False),
    Column("signals", LargeBinary, nullable=False),
    # Which masking it went through; none where an earlier version stored it.
    Column("masking", Integer, index=True),
)

evaluations = Table(
    "evaluations",
    metadata,
    recording_key(),
    Column("run_id", String(32), ForeignKey("runs.id"), nullable=False),
    Column("critical", Integer, nullable=False),
    Column("alert", Integer, nullable=False),
    Column("minor", Integer, nullable=False),
    Column("not_evaluable", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Index("ix_evaluations_risk", "critical", "alert", "minor"),
)

predictions = Table(
    "predictions",
    metadata,
    recording_key(),
    Column("run_id", String(32), ForeignKey("runs.id"), nullable=False),
    Column("dissatisfied", Float),
    Column("dissatisfied_flagged", Boolean, nullable=False),
    Column("escalation", Float),
    Column("escalation_flagged", Boolean, nullable=False),
    Column("dissatisfied_model", String(64), nullable=False),
    Column("escalation_model", String(64), nullable=False),
    Column("sentiment_model", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
)

rule_results = Table(
    "rule_results",
    metadata,
    recording_key(),
    Column("rule_id", Name, primary_key=True),
    Column("outcome", String(20), nullable=False),
    Column("severity", String(20), nullable=False),
    Column("error_class", String(30), nullable=False),
    Column("status", String(20), nullable=False),
    Column("explanation_zh", Text, nullable=False),
    Column("explanation_en", Text, nullable=False),
    Index("ix_rule_results_rule", "rule_id", "outcome"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("recording_id", RecordingId, primary_key=True),
    Column("rule_id", Name, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("turn", Integer),
    Column("char_start", Integer),
    Column("char_end", Integer),
    Column("start_s", Float, nullable=False),
    Column("end_s", Float, nullable=False),
    Column("role", String(20), nullable=False),
    Column("quote", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("by_sound", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["recording_id", "rule_id"],
        ["rule_results.recording_id", "rule_results.rule_id"],
        ondelete="CASCADE",
        name="fk_evidence_rule_results",
    ),
)
