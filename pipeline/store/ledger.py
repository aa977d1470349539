"""Who works on which recording: leases, and how each attempt ended.

Every change after a lease is fenced by (recording, owner, attempt, leased): whoever lost a lease cannot write.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from pipeline.domain.calls import Recording
from pipeline.store.database import Database
from pipeline.store.recordings import State, recording_of
from pipeline.store.tables import ledger, recordings

MAX_ATTEMPTS = 3
"""Failures that may pass (a crash, an unexpected error) before a recording goes into quarantine."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a recording and to write its result."""

    recording: Recording
    owner: str
    attempt: int


def claim(database: Database, owner: str, *, limit: int, ttl_s: float, now_s: float) -> list[Lease]:
    """Leases up to ``limit`` recordings that are pending, may be retried, or whose lease has expired.

    Args:
        owner: who asks.
        limit: how many at the most.
        ttl_s: seconds the lease holds without renewal.
        now_s: seconds since the epoch.
    """
    # One kind after the other, each along its index: new work first, then what failed, then what others lost.
    kinds = (
        ledger.c.state == State.PENDING,
        and_(ledger.c.state == State.FAILED, ledger.c.attempts < MAX_ATTEMPTS),
        and_(ledger.c.state == State.LEASED, ledger.c.lease_expires_s < now_s),
    )
    leases: list[Lease] = []
    with database.writing() as connection:
        for kind in kinds:
            if len(leases) < limit:
                query = _claimable(kind, limit - len(leases))
                leases += [Lease(recording_of(row), owner, row.attempts + 1) for row in connection.execute(query)]
        for lease in leases:
            connection.execute(
                update(ledger)
                .where(ledger.c.recording_id == lease.recording.id)
                .values(
                    state=State.LEASED,
                    owner=owner,
                    attempts=lease.attempt,
                    lease_expires_s=now_s + ttl_s,
                    updated_at=datetime.now(UTC),
                )
            )
    return leases


def _claimable(kind: ColumnElement[bool], limit: int) -> Select[Any]:
    return (
        select(recordings, ledger.c.attempts)
        .join(ledger, ledger.c.recording_id == recordings.c.id)
        .where(kind)
        .order_by(ledger.c.attempts, ledger.c.recording_id)
        .limit(limit)
        .with_for_update(of=ledger, skip_locked=True)
    )


def renew(database: Database, owner: str, *, ttl_s: float, now_s: float) -> None:
    """Holds all leases of ``owner`` for another ``ttl_s`` seconds."""
    with database.writing() as connection:
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


def fail(database: Database, lease: Lease, *, reason: str, message: str, permanent: bool, run_id: str) -> str | None:
    """Records a failed attempt; returns the new state, or ``None`` where the lease was lost meanwhile.

    Args:
        lease: what was tried.
        reason: a short word to count by, such as ``not_audio``.
        message: what is wrong and what to do.
        permanent: trying again cannot help, so straight into quarantine.
        run_id: the run that tried.
    """
    state = State.QUARANTINED if permanent or lease.attempt >= MAX_ATTEMPTS else State.FAILED
    with database.writing() as connection:
        changed = connection.execute(
            update(ledger)
            .where(_fence(lease))
            .values(
                state=state,
                owner=None,
                lease_expires_s=None,
                reason=reason,
                message=message,
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
