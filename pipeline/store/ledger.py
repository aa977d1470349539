"""Who works on which recording: leases, and how each attempt ended.

Every change after a lease is fenced by (recording, owner, attempt, leased): whoever lost a lease cannot write. That
alone keeps results single; times only decide who tries when. They are read from the database's clock, and one that was
set back leaves nothing waiting: a time further ahead than could ever have been written counts as past.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, text, update

from pipeline.domain.calls import Recording
from pipeline.store.database import Database
from pipeline.store.recordings import State, recording_of
from pipeline.store.tables import ledger, recordings

MAX_ATTEMPTS = 3
"""Failures that may pass (a locked file, a lost machine) before a recording goes into quarantine."""
MAX_WORKERS_LOST = 2
"""Workers that a recording may kill or hang before it goes into quarantine."""
MAX_PAUSE_S = 3600.0
"""The longest pause between two attempts."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a recording and to write its result."""

    recording: Recording
    owner: str
    attempt: int
    workers_lost: int = 0
    """How many workers earlier attempts have cost."""


def claim(database: Database, owner: str, *, limit: int, ttl_s: float, now_s: float | None = None) -> list[Lease]:
    """Leases up to ``limit`` recordings that are pending, may be retried, or whose lease has expired.

    Args:
        owner: who asks.
        limit: how many at the most.
        ttl_s: seconds the lease holds without renewal.
        now_s: seconds since the epoch; by the database's clock where it is not given.
    """
    leases: list[Lease] = []
    with database.writing() as connection:
        now_s = clock_s(connection) if now_s is None else now_s
        for kind in _kinds(owner, ttl_s, now_s):
            if len(leases) < limit:
                rows = connection.execute(_claimable(kind, limit - len(leases)))
                leases += [Lease(recording_of(row), owner, row.attempts + 1, row.workers_lost) for row in rows]
        connection.execute(
            update(ledger)
            .where(ledger.c.recording_id.in_([lease.recording.id for lease in leases]))
            .values(
                state=State.LEASED,
                owner=owner,
                attempts=ledger.c.attempts + 1,
                lease_expires_s=now_s + ttl_s,
                not_before_s=None,
                updated_at=datetime.now(UTC),
            )
        )
    return leases


def _kinds(owner: str, ttl_s: float, now_s: float) -> tuple[ColumnElement[bool], ...]:
    """One kind after the other, each along its index: new work first, then what failed, then what others lost."""
    expired = or_(ledger.c.lease_expires_s < now_s, ledger.c.lease_expires_s > now_s + 2 * ttl_s)
    return (
        ledger.c.state == State.PENDING,
        and_(_may_be_retried(), _pause_is_over(now_s)),
        and_(ledger.c.state == State.LEASED, ledger.c.owner != owner, expired),
    )


def _may_be_retried() -> ColumnElement[bool]:
    return and_(ledger.c.state == State.FAILED, ledger.c.attempts < MAX_ATTEMPTS)


def _pause_is_over(now_s: float) -> ColumnElement[bool]:
    until_s = func.coalesce(ledger.c.not_before_s, 0.0)
    return or_(until_s <= now_s, until_s > now_s + MAX_PAUSE_S)


def seconds_to_retry(database: Database, *, now_s: float | None = None) -> float | None:
    """How long until a failed recording may be tried again, by anyone; ``None`` where there is none."""
    query = select(func.count(), func.min(func.coalesce(ledger.c.not_before_s, 0.0))).where(_may_be_retried())
    with database.reading() as connection:
        now_s = clock_s(connection) if now_s is None else now_s
        count, until_s = connection.execute(query).one()
    return min(MAX_PAUSE_S, max(0.0, until_s - now_s)) if count else None


def clock_s(connection: Connection) -> float:
    """Seconds since the epoch by the clock that all runners share: the server's, or this machine's for SQLite."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def _claimable(kind: ColumnElement[bool], limit: int) -> Select[Any]:
    return (
        select(recordings, ledger.c.attempts, ledger.c.workers_lost)
        .join(ledger, ledger.c.recording_id == recordings.c.id)
        .where(kind)
        .order_by(ledger.c.attempts, ledger.c.recording_id)
        .limit(limit)
        .with_for_update(of=ledger, skip_locked=True)
    )


def renew(database: Database, owner: str, *, ttl_s: float, now_s: float | None = None) -> None:
    """Holds all leases of ``owner`` for another ``ttl_s`` seconds."""
    with database.writing() as connection:
        now_s = clock_s(connection) if now_s is None else now_s
        connection.execute(
            update(ledger)
            .where(ledger.c.state == State.LEASED, ledger.c.owner == owner)
            .values(lease_expires_s=now_s + ttl_s)
        )


def release(database: Database, leases: Sequence[Lease]) -> None:
    """Gives recordings back untried, as though they had never been leased."""
    with database.writing() as connection:
        for lease in leases:
            connection.execute(
                update(ledger)
                .where(_fence(lease))
                .values(state=State.PENDING, attempts=lease.attempt - 1, owner=None, updated_at=datetime.now(UTC))
            )


def release_dead(database: Database, is_dead: Callable[[str], bool]) -> int:
    """Gives back what owners hold who are known to be dead; returns how many recordings."""
    with database.writing() as connection:
        owners = connection.scalars(select(ledger.c.owner).where(ledger.c.state == State.LEASED).distinct())
        dead = [owner for owner in owners if is_dead(owner)]
        released = connection.execute(
            update(ledger)
            .where(ledger.c.state == State.LEASED, ledger.c.owner.in_(dead))
            .values(state=State.PENDING, attempts=ledger.c.attempts - 1, owner=None, updated_at=datetime.now(UTC))
        )
        return released.rowcount


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed."""

    reason: str
    """A short word to count by, such as ``not_audio``."""
    message: str
    """What is wrong and what to do."""
    permanent: bool = False
    """Trying again cannot help, so straight into quarantine."""
    lost_worker: bool = False
    """The attempt has killed or hung its worker."""


def fail(database: Database, lease: Lease, failure: Failure, *, run_id: str, pause_s: float = 0.0) -> str | None:
    """Records a failed attempt; returns the new state, or ``None`` where the lease was lost meanwhile.

    Args:
        database: where.
        lease: what was tried.
        failure: what happened.
        run_id: the run that tried.
        pause_s: seconds before it may be tried again, at most ``MAX_PAUSE_S``.
    """
    workers_lost = lease.workers_lost + failure.lost_worker
    final = failure.permanent or lease.attempt >= MAX_ATTEMPTS or workers_lost >= MAX_WORKERS_LOST
    state = State.QUARANTINED if final else State.FAILED
    with database.writing() as connection:
        not_before_s = None if final else clock_s(connection) + min(pause_s, MAX_PAUSE_S)
        changed = connection.execute(
            update(ledger)
            .where(_fence(lease))
            .values(
                state=state,
                owner=None,
                lease_expires_s=None,
                not_before_s=not_before_s,
                workers_lost=workers_lost,
                reason=failure.reason,
                message=failure.message,
                run_id=run_id,
                updated_at=datetime.now(UTC),
            )
        )
    return state if changed.rowcount else None


def complete(connection: Connection, lease: Lease, *, run_id: str) -> bool:
    """Marks a recording done within the caller's transaction; False where the lease was lost meanwhile."""
    changed = connection.execute(
        update(ledger)
        .where(_fence(lease))
        .values(
            state=State.DONE,
            owner=None,
            lease_expires_s=None,
            reason=None,
            message=None,
            run_id=run_id,
            updated_at=datetime.now(UTC),
        )
    )
    return changed.rowcount == 1


def leased_elsewhere(database: Database, owner: str) -> int:
    """How many recordings others are working on."""
    query = select(func.count()).where(ledger.c.state == State.LEASED, ledger.c.owner != owner)
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def _fence(lease: Lease) -> ColumnElement[bool]:
    return and_(
        ledger.c.recording_id == lease.recording.id,
        ledger.c.state == State.LEASED,
        ledger.c.owner == lease.owner,
        ledger.c.attempts == lease.attempt,
    )
