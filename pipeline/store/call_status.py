"""Where a call stands in the queue."""

from dataclasses import dataclass

from sqlalchemy import select

from pipeline.store.appeals import unless_appealed
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, review_items


@dataclass(frozen=True, slots=True)
class CallStatus:
    """A call in the queue."""

    risk: int
    """0–100."""
    done: bool
    assignee: str | None
    """Name of the reviewer it was given to; ``None`` while an appeal waits, as is who has done it."""
    assignee_id: int | None
    done_by: str | None


def call_status(database: Database, recording_id: str) -> CallStatus | None:
    """Where the call stands; ``None`` where it never entered the queue."""
    assignee, finisher = accounts.alias(), accounts.alias()
    query = (
        select(
            review_items.c.risk,
            review_items.c.done,
            review_items.c.assignee_id,
            unless_appealed(assignee.c.name).label("assignee"),
            unless_appealed(finisher.c.name).label("done_by"),
        )
        .outerjoin(assignee, assignee.c.id == review_items.c.assignee_id)
        .outerjoin(finisher, finisher.c.id == review_items.c.done_by)
        .where(review_items.c.recording_id == recording_id)
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return CallStatus(row.risk, row.done, row.assignee, row.assignee_id, row.done_by)
