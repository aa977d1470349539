"""How far the ledger has come, and putting back what was set aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from pipeline.store.database import Database
from pipeline.store.recordings import UNREAD, State
from pipeline.store.tables import ledger, recordings

RATE_WINDOW = timedelta(minutes=10)
"""How far back speed is measured: long enough for a steady figure, short enough to see a change."""


@dataclass(frozen=True, slots=True)
class Status:
    """The ledger at one moment; counts are recordings."""

    pending: int
    leased: int
    done: int
    failed: int
    quarantined: int
    audio_h: float
    """Length of all that is done, in hours."""
    done_per_h: float
    """Speed over the last ten minutes."""
    audio_h_per_h: float
    """Hours of recordings done in an hour, over the last ten minutes."""
    left_s: float | None
    """Seconds until all is done at that speed; ``None`` where nothing moves or nothing is left."""
    ends_at: datetime | None
    """When that will be."""
    reasons: dict[str, int]
    """Recordings that failed or were set aside, by reason, the most frequent first."""


def read_status(database: Database, *, now: datetime | None = None) -> Status:
    """Counts, speed and time left."""
    now = now or datetime.now(UTC)
    seconds = RATE_WINDOW.total_seconds()
    with database.reading() as connection:
        by_state = connection.execute(select(ledger.c.state, func.count()).group_by(ledger.c.state))
        states: dict[str, int] = {state: count for state, count in by_state}  # noqa: C416 - rows are not pairs to mypy
        audio_s = connection.execute(
            select(func.sum(recordings.c.duration_s)).join(ledger).where(ledger.c.state == State.DONE)
        ).scalar()
        recent = connection.execute(
            select(func.count(), func.min(ledger.c.updated_at), func.sum(recordings.c.duration_s))
            .join(recordings, recordings.c.id == ledger.c.recording_id)
            .where(ledger.c.state == State.DONE, ledger.c.updated_at.between(now - RATE_WINDOW, now))
        ).one()
        reasons = connection.execute(
            select(ledger.c.reason, func.count())
            .where(ledger.c.state.in_((State.FAILED, State.QUARANTINED)))
            .group_by(ledger.c.reason)
            .order_by(func.count().desc(), ledger.c.reason)
        )
        failed = {reason or "": count for reason, count in reasons}
    if recent[0]:
        seconds = min(seconds, max(1.0, (now - recent[1]).total_seconds()))
    per_s = recent[0] / seconds
    left = states.get(State.PENDING, 0) + states.get(State.LEASED, 0) + states.get(State.FAILED, 0)
    left_s = round(left / per_s) if per_s and left else None
    return Status(
        pending=states.get(State.PENDING, 0),
        leased=states.get(State.LEASED, 0),
        done=states.get(State.DONE, 0),
        failed=states.get(State.FAILED, 0),
        quarantined=states.get(State.QUARANTINED, 0),
        audio_h=round((audio_s or 0.0) / 3600, 3),
        done_per_h=round(per_s * 3600, 1),
        audio_h_per_h=round((recent[2] or 0.0) / seconds, 1),
        left_s=left_s,
        ends_at=None if left_s is None else now + timedelta(seconds=left_s),
        reasons=failed,
    )


def retry(database: Database, *, recording_ids: Sequence[str] = (), reason: str | None = None) -> tuple[int, int]:
    """Puts recordings that failed or were set aside back to pending; returns how many, and how many it left.

    Files that could not even be read are left: there are no bytes to work on until a run finds them mended.

    Args:
        database: where.
        recording_ids: only these; all where empty.
        reason: only those set aside for it.
    """
    wanted: list[ColumnElement[bool]] = [ledger.c.state.in_((State.FAILED, State.QUARANTINED))]
    if recording_ids:
        wanted.append(ledger.c.recording_id.in_(recording_ids))
    if reason is not None:
        wanted.append(ledger.c.reason == reason)
    unread = ledger.c.recording_id.startswith(UNREAD)
    with database.writing() as connection:
        left = connection.execute(select(func.count()).select_from(ledger).where(*wanted, unread)).scalar_one()
        changed = connection.execute(
            update(ledger)
            .where(*wanted, ~unread)
            .values(
                state=State.PENDING,
                attempts=0,
                workers_lost=0,
                not_before_s=None,
                reason=None,
                message=None,
                updated_at=datetime.now(UTC),
            )
        )
    return changed.rowcount, left
