"""Every recording of a run with its manifest row, kept in a temporary file: a million of them take no memory."""

import os
import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from pipeline.batch.manifest import ManifestRow
from pipeline.domain.errors import ConfigError
from pipeline.privacy.places import mask_part

BATCH = 10_000
"""Recordings that are in memory at a time."""
CACHE_KB = 16_000


@dataclass(frozen=True, slots=True)
class DescribedFile:
    """A recording to process, with its manifest row if there is one."""

    location: str
    """An absolute path as the system gave it, or a URL."""
    row: ManifestRow | None = None

    @property
    def uri(self) -> str:
        """The location as it can be stored and printed: bytes that are no UTF-8 are shown as they are (``\\xff``)."""
        return os.fsencode(self.location).decode(errors="backslashreplace")

    @property
    def own_name(self) -> str:
        """The last part of the location."""
        return self.uri.rstrip("/").rpartition("/")[2]

    @property
    def name(self) -> str:
        """The last part of the location, with what is personal in it masked."""
        return mask_part(self.own_name)


class Inventory:
    """Recordings by location, each once. Goes with the object: SQLite deletes its nameless file by itself."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(
            f"""
            PRAGMA cache_size = -{CACHE_KB};
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE manifest_rows (id INTEGER PRIMARY KEY, content BLOB NOT NULL);
            CREATE TABLE found (location BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID;
            """
        )

    def __len__(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM found").fetchone()[0]
        return count

    def __iter__(self) -> Iterator[DescribedFile]:
        """The recordings by location."""
        return self._read("ORDER BY location")

    def __contains__(self, location: object) -> bool:
        query = "SELECT 1 FROM found WHERE location = ?"
        return isinstance(location, str) and self._connection.execute(query, [_key(location)]).fetchone() is not None

    def add(self, locations: Iterable[str]) -> None:
        """Adds recordings; one that is there already stays as it is.

        Raises:
            ConfigError: there is no room for temporary files.
        """
        remaining = iter(locations)
        while batch := sorted(map(_key, islice(remaining, BATCH))):
            with self._full_disk_told():
                self._connection.execute("BEGIN")
                self._connection.executemany(
                    "INSERT OR IGNORE INTO found (location) VALUES (?)", zip(batch, strict=True)
                )
                self._connection.execute("COMMIT")

    def add_one(self, location: str) -> None:
        """Adds one recording within `describing`."""
        with self._full_disk_told():
            self._connection.execute("INSERT OR IGNORE INTO found (location) VALUES (?)", [_key(location)])

    def describe(self, location: str, row: ManifestRow) -> ManifestRow | None:
        """Gives the row to a recording that is there; returns the row it had before, and then keeps that."""
        (before,) = self._connection.execute("SELECT row FROM found WHERE location = ?", [_key(location)]).fetchone()
        if before is not None:
            content = self._connection.execute("SELECT content FROM manifest_rows WHERE id = ?", [before]).fetchone()[0]
            kept: ManifestRow = pickle.loads(content)  # Written below, by this process.
            return kept
        with self._full_disk_told():
            insert = "INSERT INTO manifest_rows (content) VALUES (?)"
            number = self._connection.execute(insert, [pickle.dumps(row, pickle.HIGHEST_PROTOCOL)]).lastrowid
            self._connection.execute("UPDATE found SET row = ? WHERE location = ?", [number, _key(location)])
        return None

    @contextmanager
    def describing(self) -> Iterator[None]:
        """Many calls of `describe` go faster within this."""
        self._connection.execute("BEGIN")
        yield
        self._connection.execute("COMMIT")

    def undescribed(self, limit: int) -> tuple[list[DescribedFile], int]:
        """The first ``limit`` recordings without a row, and how many there are."""
        count = self._connection.execute("SELECT count(*) FROM found WHERE row IS NULL").fetchone()[0]
        return list(self._read("WHERE row IS NULL ORDER BY location LIMIT ?", limit)), count

    def _read(self, selection: str, *values: object) -> Iterator[DescribedFile]:
        query = "SELECT location, content FROM found LEFT JOIN manifest_rows ON manifest_rows.id = found.row "
        for location, content in self._connection.execute(query + selection, values):
            row = None if content is None else pickle.loads(content)
            yield DescribedFile(os.fsdecode(location), row)

    @contextmanager
    def _full_disk_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ConfigError(
                f"the list of recordings cannot be written to the folder for temporary files ({error}): make room "
                "there, or name another in SQLITE_TMPDIR"
            ) from error


def _key(location: str) -> bytes:
    return os.fsencode(location)
