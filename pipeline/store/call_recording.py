"""Recordings by their ids."""

from collections.abc import Sequence

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


def names_of(database: Database, recording_ids: Sequence[str]) -> dict[str, str]:
    """The file name of each recording; those that are not there are absent."""
    found: dict[str, str] = {}
    with database.reading() as connection:
        for start in range(0, len(recording_ids), 500):
            ids = recording_ids[start : start + 500]
            query = select(recordings.c.id, recordings.c.name).where(recordings.c.id.in_(ids))
            found.update((row.id, row.name) for row in connection.execute(query))
    return found
