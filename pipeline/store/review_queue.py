"""The queue of calls to hear: entered by the batch, taken, given and finished by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from pipeline.store.database import Database, upsert
from pipeline.store.review_tables import accounts, review_items
from pipeline.store.sampling_tables import picks

HOLD = timedelta(minutes=10)
"""How long a call stays taken after its page was last open; the page renews it."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """What the batch says of a call to the queue."""

    recording_id: str
    risk: int
    """0–100, see `pipeline.domain.risk`."""
    flagged: bool
    """An active rule hit."""
    doubtful: bool
    """An active rule could not be judged."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Who has a call in hand."""

    account_id: int
    name: str


def enter(connection: Connection, entries: Sequence[QueueEntry]) -> None:
    """Enters calls, or renews their risk; whose they are and whether they are done stays."""
    ids = [entry.recording_id for entry in entries]
    picked = set(connection.scalars(select(picks.c.recording_id).where(picks.c.recording_id.in_(ids))))
    upsert(
        connection,
        review_items,
        [
            {
                "recording_id": entry.recording_id,
                "risk": entry.risk,
                "flagged": entry.flagged,
                "doubtful": entry.doubtful,
                "wanted": entry.flagged or entry.recording_id in picked,
            }
            for entry in entries
        ],
    )


def want_picked(connection: Connection, draw_id: int) -> None:
    """Puts what a draw has picked into the queue, where it looks like any other call."""
    of_draw = select(picks.c.recording_id).where(picks.c.draw_id == draw_id)
    connection.execute(update(review_items).where(review_items.c.recording_id.in_(of_draw)).values(wanted=True))


def take(database: Database, recording_id: str, account_id: int, *, now: datetime | None = None) -> Taken | None:
    """Takes a call in hand, or renews that; where somebody else has it, who that is, and nothing changes."""
    now = now or datetime.now(UTC)
    free = or_(
        review_items.c.taken_by.is_(None),
        review_items.c.taken_by == account_id,
        review_items.c.taken_until < now,
    )
    with database.writing() as connection:
        connection.execute(
            update(review_items)
            .where(review_items.c.recording_id == recording_id, free)
            .values(taken_by=account_id, taken_until=now + HOLD)
        )
        holder = connection.execute(
            select(accounts.c.id, accounts.c.name)
            .join(review_items, review_items.c.taken_by == accounts.c.id)
            .where(review_items.c.recording_id == recording_id)
        ).first()
    return None if holder is None or holder.id == account_id else Taken(holder.id, holder.name)


def leave(database: Database, recording_id: str, account_id: int) -> None:
    """Gives back a call that the account has in hand."""
    with database.writing() as connection:
        connection.execute(
            update(review_items)
            .where(review_items.c.recording_id == recording_id, review_items.c.taken_by == account_id)
            .values(taken_by=None, taken_until=None)
        )


def assign(database: Database, recording_ids: Sequence[str], account_id: int | None) -> int:
    """Gives open calls to a reviewer, or to nobody; returns how many."""
    changed = 0
    with database.writing() as connection:
        for start in range(0, len(recording_ids), 500):
            ids = recording_ids[start : start + 500]
            done = connection.execute(
                update(review_items)
                .where(review_items.c.recording_id.in_(ids), ~review_items.c.done)
                .values(assignee_id=account_id)
            )
            changed += done.rowcount
    return changed


def finish(connection: Connection, recording_id: str, account_id: int, *, now: datetime | None = None) -> None:
    """Marks a call as heard and judged."""
    connection.execute(
        update(review_items)
        .where(review_items.c.recording_id == recording_id)
        .values(done=True, done_by=account_id, done_at=now or datetime.now(UTC), taken_by=None, taken_until=None)
    )


def reopen(connection: Connection, recording_id: str) -> None:
    """Puts a call back into the queue."""
    connection.execute(
        update(review_items)
        .where(review_items.c.recording_id == recording_id)
        .values(done=False, done_by=None, done_at=None)
    )
