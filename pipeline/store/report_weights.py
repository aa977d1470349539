"""What evaluated calls stand for where a sampling plan drew some of them."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import case, func, select

from pipeline.store.call_counts import queued
from pipeline.store.database import Database
from pipeline.store.report_queries import Window
from pipeline.store.review_tables import review_items
from pipeline.store.sampling_store import weights_of


def design_weights(
    database: Database, recording_ids: Sequence[str], since: datetime, until: datetime
) -> dict[str, float]:
    """1 ÷ chance of those calls that were drawn; the others are absent."""
    with database.reading() as connection:
        found = weights_of(connection, recording_ids, since, until)
    return {one: float(w) for one, w in zip(recording_ids, found, strict=True) if not np.isnan(w)}


def checked_calls(database: Database, window: Window, starts: Sequence[datetime]) -> dict[tuple[int, bool], int]:
    """Calls that rules were run on, by stretch of time and whether they were flagged.

    Args:
        window: which calls.
        starts: ascending; a stretch goes from one to the next, the last to the end of the window.
    """
    table, tests = queued(review_items, window.tests)
    began = review_items.c.started_at
    later = [(began >= start, place) for place, start in reversed(list(enumerate(starts)))]
    stretch = case(*later, else_=-1).label("stretch")
    query = (
        select(stretch, review_items.c.flagged, func.count())
        .select_from(table)
        .where(*tests)
        .group_by(stretch, review_items.c.flagged)
    )
    with database.reading() as connection:
        return {(int(place), bool(flagged)): number for place, flagged, number in connection.execute(query)}
