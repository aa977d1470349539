"""Reviewed calls of an agent or a team, for those whose calls they are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from pipeline.store.database import Database
from pipeline.store.recordings import local_start
from pipeline.store.review_tables import review_items
from pipeline.store.tables import recordings


@dataclass(frozen=True, slots=True)
class OwnCall:
    """A reviewed call."""

    id: str
    name: str
    agent: str | None
    started_at: datetime | None
    duration_s: float | None
    done_at: datetime | None
    """When its review was finished."""


def own_calls(
    database: Database, *, agent: str | None = None, team: str | None = None, limit: int, offset: int = 0
) -> tuple[int, list[OwnCall]]:
    """How many reviewed calls the agent or team has, and a page of them, the newest review first.

    Give one of both; with neither there are none, since a call without an agent is nobody's own.
    """
    if agent is None and team is None:
        return 0, []
    owned = recordings.c.agent == agent if agent is not None else recordings.c.team == team
    query = (
        select(recordings, review_items.c.done_at)
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(review_items.c.done, owned)
    )
    with database.reading() as connection:
        count = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        newest = query.order_by(review_items.c.done_at.desc(), recordings.c.id).limit(limit).offset(offset)
        rows = connection.execute(newest).all()
    return count, [
        OwnCall(
            row.id,
            row.name,
            row.agent,
            local_start(row.started_at, row.started_at_offset_min),
            row.duration_s,
            row.done_at,
        )
        for row in rows
    ]
