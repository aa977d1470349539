"""What surrounds one call: the customer's other calls, and appeals against what was judged."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from pipeline.store.database import Database
from pipeline.store.report_service import REPEAT_DAYS
from pipeline.store.review_tables import appeals
from pipeline.store.tables import recordings

NEIGHBOURS = 20


@dataclass(frozen=True, slots=True)
class OtherCall:
    """Another call of the same customer."""

    id: str
    name: str
    agent: str | None
    team: str | None
    started_at: datetime


def other_calls(database: Database, recording_id: str) -> list[OtherCall]:
    """Calls of the same customer within 7 days before or after, at most twenty, by start."""
    began = recordings.c.started_at
    with database.reading() as connection:
        mine = connection.execute(
            select(recordings.c.customer_id, began).where(recordings.c.id == recording_id)
        ).one_or_none()
        if mine is None or not mine.customer_id or mine.started_at is None:
            return []
        reach = timedelta(days=REPEAT_DAYS)
        query = (
            select(recordings)
            .where(
                recordings.c.customer_id == mine.customer_id,
                recordings.c.id != recording_id,
                began >= mine.started_at - reach,
                began <= mine.started_at + reach,
            )
            .order_by(began, recordings.c.id)
            .limit(NEIGHBOURS)
        )
        return [
            OtherCall(row.id, row.name, row.agent or None, row.team or None, row.started_at)
            for row in connection.execute(query)
        ]


def appeal_outcomes(database: Database, recording_id: str) -> dict[str, str | None]:
    """Rule → what became of the newest appeal against its verdict; ``None`` while it waits."""
    query = select(appeals).where(appeals.c.recording_id == recording_id).order_by(appeals.c.id)
    with database.reading() as connection:
        return {row.rule_id: row.outcome for row in connection.execute(query)}
