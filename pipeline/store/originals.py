"""Closed originals: what transcripts hide, for whoever has the key. Nothing here can open them."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Column, Connection, LargeBinary, String, Table, delete, func, select, update

from pipeline.domain.originals import Sealed
from pipeline.store.database import Database, upsert
from pipeline.store.tables import metadata, recording_key

originals = Table(
    "originals",
    metadata,
    recording_key(),
    Column("key_id", String(40), nullable=False, index=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
)


def keep_original(connection: Connection, recording_id: str, sealed: Sealed | None) -> None:
    """Stores what a transcript hides in place of what was there; nothing where it hides nothing or that is not kept."""
    if sealed is None:
        connection.execute(delete(originals).where(originals.c.recording_id == recording_id))
    else:
        upsert(connection, originals, [{"recording_id": recording_id, **_columns(sealed)}])


def originals_of(database: Database, recording_ids: Sequence[str]) -> Mapping[str, Sealed]:
    """The closed originals of at most a few hundred calls, by recording id; those that have none are left out."""
    query = select(originals).where(originals.c.recording_id.in_(recording_ids))
    with database.reading() as connection:
        return {row.recording_id: Sealed(row.key_id, row.nonce, row.ciphertext) for row in connection.execute(query)}


def originals_by_key(database: Database) -> dict[str, int]:
    """How many originals each key closes, by key id."""
    query = select(originals.c.key_id, func.count()).group_by(originals.c.key_id)
    with database.reading() as connection:
        return {key_id: count for key_id, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def closed_otherwise(database: Database, key_id: str, *, limit: int) -> Mapping[str, Sealed]:
    """Originals that another key closes, by recording id."""
    query = select(originals).where(originals.c.key_id != key_id).order_by(originals.c.recording_id).limit(limit)
    with database.reading() as connection:
        return {row.recording_id: Sealed(row.key_id, row.nonce, row.ciphertext) for row in connection.execute(query)}


def replace_originals(database: Database, resealed: Iterable[tuple[str, Sealed, Sealed]]) -> None:
    """Stores newly closed originals, in one transaction: recording id, what it replaces, what it is now.

    One that a run has replaced meanwhile stays as the run left it.
    """
    with database.writing() as connection:
        for recording_id, before, after in resealed:
            replace_original(connection, recording_id, before, after)


def replace_original(connection: Connection, recording_id: str, before: Sealed, after: Sealed | None) -> None:
    """Stores ``after`` in place of ``before``; nothing where that was deleted or replaced meanwhile."""
    same = (originals.c.recording_id == recording_id, originals.c.nonce == before.nonce)
    if after is None:
        connection.execute(delete(originals).where(*same))
    else:
        connection.execute(update(originals).where(*same).values(_columns(after)))


def _columns(sealed: Sealed) -> dict[str, object]:
    return {"key_id": sealed.key_id, "nonce": sealed.nonce, "ciphertext": sealed.ciphertext}
