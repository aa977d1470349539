"""Where recordings lie, as it is stored: a path, or what stands for one that is closed. Nothing here can open it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Table, and_, delete, func, select, union, update

from pipeline.domain.originals import Sealed
from pipeline.store.database import Database
from pipeline.store.tables import files, recordings

REPLACED = "(replaced)"
"""Stands behind the name and place of a recording whose file holds another one now."""
CLOSED = ("key_id", "closed")
"""The columns of a closed path."""
_NONCE_BYTES = 12
_NO_PLACE = "—"
"""What `pipeline.store.keeping` puts where a place was."""


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """A place of a recording."""

    uri: str
    """A path or URL, or what stands for one."""
    closed: Sealed | None


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """A recording whose path an earlier version stored in the open."""

    id: str
    name: str
    uri: str


def closed_columns(closed: Sealed | None) -> dict[str, object]:
    """A closed path as columns; ``None`` where the path is open."""
    if closed is None:
        return {"key_id": None, "closed": None}
    return {"key_id": closed.key_id, "closed": closed.nonce + closed.ciphertext}


def closed_in(row: Row[Any]) -> Sealed | None:
    """The closed path in a row of ``files`` or ``recordings``."""
    if row.closed is None:
        return None
    document = bytes(row.closed)
    return Sealed(row.key_id, document[:_NONCE_BYTES], document[_NONCE_BYTES:])


def places_by_key(database: Database) -> dict[str, int]:
    """How many paths each key closes, by key id."""
    tables = (select(table.c.key_id, table.c.uri).where(table.c.key_id.is_not(None)) for table in (files, recordings))
    places = union(*tables).subquery()
    query = select(places.c.key_id, func.count()).group_by(places.c.key_id)
    with database.reading() as connection:
        return {key_id: count for key_id, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def a_closed_place(database: Database, key_id: str) -> StoredPlace | None:
    """Any path that the key closes."""
    with database.reading() as connection:
        for table in (files, recordings):
            row = connection.execute(select(table).where(table.c.key_id == key_id).limit(1)).first()
            if row is not None:
                return StoredPlace(row.uri, closed_in(row))
    return None


def count_open_places(database: Database) -> int:
    """How many recordings lie at paths that are stored in the open."""
    query = select(func.count()).select_from(recordings).where(_is_open_recording())
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def _is_open_recording() -> ColumnElement[bool]:
    return and_(recordings.c.key_id.is_(None), recordings.c.uri != _NO_PLACE)


def open_files(database: Database, *, after: str, limit: int) -> list[str]:
    """Paths in ``files`` that are stored in the open, in order, from behind ``after`` on."""
    query = select(files.c.uri).where(files.c.key_id.is_(None), files.c.uri > after)
    with database.reading() as connection:
        return list(connection.scalars(query.order_by(files.c.uri).limit(limit)))


def open_recordings(database: Database, *, after: str, limit: int) -> list[OpenRecording]:
    """Recordings whose paths are stored in the open, by id, from behind ``after`` on."""
    query = select(recordings.c.id, recordings.c.name, recordings.c.uri)
    query = query.where(_is_open_recording(), recordings.c.id > after).order_by(recordings.c.id)
    with database.reading() as connection:
        return [OpenRecording(row.id, row.name, row.uri) for row in connection.execute(query.limit(limit))]


def close_files(database: Database, closed: Mapping[str, tuple[str, Sealed]]) -> None:
    """Puts closed paths in the place of open ones, in one transaction: path → what stands for it, and it closed."""
    with database.writing() as connection:
        marks = [mark for mark, _ in closed.values()]
        taken = set(connection.scalars(select(files.c.uri).where(files.c.uri.in_(marks))))
        for path, (mark, sealed) in closed.items():
            mine = files.c.uri == path
            if mark in taken:
                connection.execute(delete(files).where(mine))
            else:
                connection.execute(update(files).where(mine).values(uri=mark, **closed_columns(sealed)))


def close_recordings(database: Database, closed: Sequence[tuple[OpenRecording, Mapping[str, object], Sealed]]) -> None:
    """As `close_files`, for recordings: as it was, what it is called and stands at from now on, the path closed."""
    with database.writing() as connection:
        for before, columns, sealed in closed:
            mine = (recordings.c.id == before.id, recordings.c.uri == before.uri)
            connection.execute(update(recordings).where(*mine).values({**columns, **closed_columns(sealed)}))


TABLES: Mapping[Table, Column[str]] = {files: files.c.uri, recordings: recordings.c.id}
"""Where closed paths stand, and by what their rows are told apart."""


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """A row with a closed path."""

    key: str
    uri: str
    closed: Sealed


def closed_otherwise(database: Database, table: Table, key_id: str, *, after: str, limit: int) -> list[ClosedRow]:
    """Rows of a table whose path another key closes, by their keys, from behind ``after`` on."""
    key = TABLES[table]
    query = select(key.label("key"), table.c.uri, table.c.key_id, table.c.closed)
    query = query.where(table.c.key_id != key_id, key > after).order_by(key).limit(limit)
    with database.reading() as connection:
        found = [(row.key, row.uri, closed_in(row)) for row in connection.execute(query)]
    return [ClosedRow(key, uri, closed) for key, uri, closed in found if closed is not None]


def replace_closed(database: Database, table: Table, resealed: Iterable[tuple[ClosedRow, Sealed]]) -> None:
    """Stores paths that were closed anew, in one transaction. One that a run has replaced meanwhile stays."""
    key = TABLES[table]
    with database.writing() as connection:
        for before, after in resealed:
            same = (key == before.key, table.c.closed == closed_columns(before.closed)["closed"])
            connection.execute(update(table).where(*same).values(closed_columns(after)))
