"""Recordings that were erased: nothing of them may come back."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from pipeline.store.database import Database
from pipeline.store.retention_tables import erased
from pipeline.store.tables import recordings

ERASED = "erased"
"""Stands in place of a state in the ledger for recordings that are not in it any more."""


def erased_among(connection: Connection, recording_ids: Collection[str]) -> set[str]:
    """Those of ``recording_ids``, at most a few hundred, that were erased.

    Until the caller's transaction ends, none of the others can be erased: whoever writes of a recording asks first.
    """
    known = select(recordings.c.id).where(recordings.c.id.in_(recording_ids)).order_by(recordings.c.id)
    connection.execute(known.with_for_update(read=True, key_share=True)).all()
    return set(connection.scalars(select(erased.c.recording_id).where(erased.c.recording_id.in_(recording_ids))))


def is_erased(connection: Connection, recording_id: str) -> bool:
    """Whether the recording was erased; as `erased_among`."""
    return bool(erased_among(connection, [recording_id]))


def has_been_erased(database: Database, recording_id: str) -> bool:
    """Whether the recording was erased by now; it may be in the next moment."""
    with database.reading() as connection:
        query = select(erased.c.recording_id).where(erased.c.recording_id == recording_id)
        return connection.execute(query).first() is not None
