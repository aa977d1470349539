"""How far the picks of draws are judged, and whether anything has happened that changes what estimates say."""

from sqlalchemy import case, func, select

from pipeline.store.database import Database
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.sampling_tables import draws, picks
from pipeline.store.tables import runs

State = tuple[int, int, int]


def draw_progress(database: Database) -> dict[int, tuple[int, int]]:
    """Calls that each draw picked and those of them that a reviewer is through with, by the draw's number."""
    called = select(picks.c.draw_id, picks.c.recording_id).distinct().subquery()
    query = (
        select(called.c.draw_id, func.count(), func.sum(case((review_items.c.done, 1), else_=0)))
        .join(review_items, review_items.c.recording_id == called.c.recording_id)
        .group_by(called.c.draw_id)
    )
    with database.reading() as connection:
        return {draw: (calls, int(done)) for draw, calls, done in connection.execute(query)}


def evidence_state(database: Database) -> State:
    """The newest entry of a reviewer, the newest draw, and the number of runs: while they stay the same, estimates do,
    but for calls that a run is still adding."""
    with database.reading() as connection:
        entry = connection.execute(select(func.max(reviews.c.id))).scalar()
        draw = connection.execute(select(func.max(draws.c.id))).scalar()
        count = connection.execute(select(func.count()).select_from(runs)).scalar()
    return entry or 0, draw or 0, count or 0
