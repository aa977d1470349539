"""One recording by its id."""

from sqlalchemy import select

from pipeline.domain.calls import Recording
from pipeline.store.database import Database
from pipeline.store.recordings import recording_of
from pipeline.store.tables import recordings


def find_by_id(database: Database, recording_id: str) -> Recording | None:
    """The recording with exactly this id; ``None`` where there is none."""
    with database.reading() as connection:
        row = connection.execute(select(recordings).where(recordings.c.id == recording_id)).first()
    return None if row is None else recording_of(row)
