"""Alerts that wait to be posted: stored with the call they are about, so that neither is ever without the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, Connection, Float, ForeignKey, Index, Integer, String, Table, Text, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.domain.alerts import Alert
from pipeline.store.database import Database
from pipeline.store.tables import Name, RecordingId, UtcDateTime, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("recording_id", RecordingId, ForeignKey("recordings.id", ondelete="CASCADE"), nullable=False),
    Column("rule_id", Name, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_s", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("error", Text),
    Column("body", Text, nullable=False),
    Index("ix_alerts_state", "state", "next_try_s"),
    Index("ix_alerts_recording_id", "recording_id"),
)


class AlertState:
    """States of an alert."""

    PENDING = "pending"
    SENT = "sent"
    DROPPED = "dropped"
    """The webhook refused it, or was away, for too long."""


@dataclass(frozen=True, slots=True)
class DueAlert:
    """An alert to post now; whoever took it has the time it asked for to say how that went."""

    alert: Alert
    attempt: int
    """1 for the first."""
    created_at: datetime


def queue_alerts(connection: Connection, queued: Sequence[Alert]) -> None:
    """Queues alerts within the caller's transaction; those that were queued before stay as they are."""
    if not queued:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    now = datetime.now(UTC)
    rows = [
        {
            "id": alert.id,
            "recording_id": alert.recording_id,
            "rule_id": alert.rule_id,
            "state": AlertState.PENDING,
            "attempts": 0,
            # Due at once; what was named first comes before what was named next.
            "next_try_s": place * 1e-6,
            "created_at": now,
            "body": alert.body,
        }
        for place, alert in enumerate(queued)
    ]
    connection.execute(dialect.insert(alerts).on_conflict_do_nothing(index_elements=["id"]), rows)


def next_due_s(database: Database) -> float | None:
    """When the next alert is to be posted, in seconds since the epoch; ``None`` where none waits."""
    with database.reading() as connection:
        return connection.execute(
            select(func.min(alerts.c.next_try_s)).where(alerts.c.state == AlertState.PENDING)
        ).scalar()


def take_alert(database: Database, *, now_s: float, hold_s: float) -> DueAlert | None:
    """The alert that has been due for longest; nobody else is given it for ``hold_s`` seconds.

    Args:
        database: where.
        now_s: seconds since the epoch.
        hold_s: how long posting it may take at the most.
    """
    with database.writing() as connection:
        row = connection.execute(
            select(alerts)
            .where(alerts.c.state == AlertState.PENDING, alerts.c.next_try_s <= now_s)
            .order_by(alerts.c.next_try_s, alerts.c.created_at, alerts.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        attempt: int = row.attempts + 1
        connection.execute(
            update(alerts).where(alerts.c.id == row.id).values(attempts=attempt, next_try_s=now_s + hold_s)
        )
    return DueAlert(Alert(row.id, row.recording_id, row.rule_id, row.body), attempt, row.created_at)


def mark_sent(database: Database, due: DueAlert) -> None:
    """The webhook has it."""
    _mark(database, due, state=AlertState.SENT, sent_at=datetime.now(UTC), error=None)


def mark_failed(database: Database, due: DueAlert, *, error: str, next_try_s: float | None) -> None:
    """The attempt failed; it will be tried again at ``next_try_s``, never more where that is ``None``."""
    if next_try_s is None:
        _mark(database, due, state=AlertState.DROPPED, error=error)
    else:
        _mark(database, due, next_try_s=next_try_s, error=error)


def _mark(database: Database, due: DueAlert, **values: object) -> None:
    # Fenced: whoever held it too long must not undo what another has done since.
    with database.writing() as connection:
        connection.execute(
            update(alerts).where(alerts.c.id == due.alert.id, alerts.c.attempts == due.attempt).values(**values)
        )


def count_alerts(database: Database) -> dict[str, int]:
    """Alerts by state."""
    with database.reading() as connection:
        rows = connection.execute(select(alerts.c.state, func.count()).group_by(alerts.c.state))
        return {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to mypy
