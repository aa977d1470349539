"""Recordings as they come: an intake that does not end, and the manifest that is written beside it."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.batch.arrivals import Arrivals
from pipeline.batch.intake import Chunk, take_in
from pipeline.batch.inventory import DescribedFile
from pipeline.batch.manifest import ManifestRow, Problems, Pseudonym, read_manifest
from pipeline.domain.errors import ConfigError
from pipeline.privacy.keys import KeyRing
from pipeline.store.database import Database

logger = logging.getLogger(__name__)


class WatchedManifest:
    """A manifest that grows while it is used; read again whenever it has changed."""

    def __init__(
        self, file: Path, folders: Sequence[Path], *, timezone: str, pseudonym: Pseudonym | None = None
    ) -> None:
        """Reads nothing yet.

        Args:
            file: as for `earmark run`; it may not be there yet.
            folders: rows may name recordings relative to them.
            timezone: IANA name, for start times that are written without an offset.
            pseudonym: as for `read_manifest`.
        """
        self._file = file
        self._bases = (file.absolute().parent, *(folder.absolute() for folder in folders))
        self._timezone = timezone
        self._pseudonym = pseudonym
        self._stamp: tuple[int, int] | None = None
        self._rows: dict[Path, ManifestRow] = {}

    def row(self, path: Path) -> ManifestRow | None:
        """What the manifest said of a recording when it was last read."""
        return self._rows.get(path)

    def refresh(self) -> set[Path]:
        """Reads the manifest if it has changed; returns the recordings of which it now says something else."""
        try:
            status = self._file.stat()
        except OSError:
            return set()
        stamp = (status.st_size, status.st_mtime_ns)
        if stamp == self._stamp:
            return set()
        self._stamp = stamp
        problems = Problems()
        try:
            manifest = read_manifest(self._file, timezone=self._timezone, pseudonym=self._pseudonym)
            read = list(manifest.rows(problems))
        except ConfigError as error:
            # It may be read while it is being written; the next look will tell.
            logger.warning("manifest cannot be read, what it said before holds: %s", error)
            return set()
        for problem in problems:
            if problem.is_error:
                logger.warning("manifest: %s cannot be used as it is written", problem.where)
        # Of two rows for a recording the first counts, and a path is tried beside the manifest first.
        rows = {base / row.path: row for base in reversed(self._bases) for row in reversed(read)}
        changed = {path for path, row in rows.items() if _said(self._rows.get(path)) != _said(row)}
        self._rows = rows
        return changed


def _said(row: ManifestRow | None) -> object:
    return None if row is None else (row.metadata, row.channel_roles)


def arriving(
    database: Database,
    arrivals: Arrivals,
    manifest: WatchedManifest | None = None,
    *,
    patience_s: float = 0.0,
    keys: KeyRing | None = None,
) -> Iterator[Chunk]:
    """Chunks of recordings as they are finished, for ever; an empty one where nothing is new.

    A recording that the manifest says something else of than before comes once more, so that it is known by it; what
    was heard in it is not heard again unless the roles of its channels have changed.
    """
    while True:
        paths = arrivals.finished()
        if manifest is not None:
            told = manifest.refresh()
            paths += sorted(path for path in told.difference(paths) if arrivals.is_there(path))
        files = [DescribedFile(str(path), manifest.row(path) if manifest is not None else None) for path in paths]
        if files:
            yield from take_in(database, files, patience_s=patience_s, keys=keys)
        else:
            yield []
