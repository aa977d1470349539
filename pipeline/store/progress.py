"""What somebody has got through today."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select

from pipeline.store.database import Database
from pipeline.store.review_tables import review_items
from pipeline.store.tables import recordings

LONGEST_GAP = timedelta(minutes=15)
"""A longer time between two finished calls is a break, not work on a call."""


@dataclass(frozen=True, slots=True)
class DayProgress:
    """Calls that an account has finished since a moment."""

    done: int
    average_s: float | None
    """Mean time from one finished call to the next, breaks left out; ``None`` before the second."""


def day_progress(database: Database, account_id: int, *, since: datetime) -> DayProgress:
    """How many calls the account has finished since then, and how long it takes for one."""
    with database.reading() as connection:
        times = list(
            connection.execute(
                select(review_items.c.done_at)
                .where(review_items.c.done_by == account_id, review_items.c.done_at >= since)
                .order_by(review_items.c.done_at)
            ).scalars()
        )
    gaps = [later - earlier for earlier, later in pairwise(times)]
    worked = [gap.total_seconds() for gap in gaps if gap <= LONGEST_GAP]
    return DayProgress(len(times), sum(worked) / len(worked) if worked else None)


@dataclass(frozen=True, slots=True)
class CallOwner:
    """Whose call it is, for deciding who may see it."""

    agent: str | None
    team: str | None
    done: bool


def call_owner(database: Database, recording_id: str) -> CallOwner | None:
    """Whose call it is and whether it was reviewed; ``None`` where there is no such call."""
    query = (
        select(recordings.c.agent, recordings.c.team, func.coalesce(review_items.c.done, False).label("done"))
        .outerjoin(review_items, review_items.c.recording_id == recordings.c.id)
        .where(recordings.c.id == recording_id)
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else CallOwner(row.agent, row.team, bool(row.done))
