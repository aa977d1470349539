"""Recordings as they arrive in folders: a file is taken when nobody has changed it for a while.

Folders are looked at again and again, since notices of changes do not come from network shares. Whatever writes the
files need not know of this: it may write in place, or under another name and rename.
"""

import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch.discovery import RECORDING_SUFFIXES

logger = logging.getLogger(__name__)

EMPTY_SETTLE_S = 3600.0
"""An empty file is one whose call goes on; after this it is one that went wrong, and is taken to be told of."""
LOOK_S = 1.0
"""How often folders are looked at, at the most."""
LOOKING_SHARE = 0.1
"""Part of the time that may be spent looking: large folders on slow shares are looked at less often."""

Stamp = tuple[int, int]
"""Size in bytes and time of change in ns."""


@dataclass(slots=True)
class _Seen:
    stamp: Stamp
    since_s: float
    taken: bool = False


class Arrivals:
    """Files under folders, each given out once for each content it settles on."""

    def __init__(
        self, folders: Sequence[Path], *, settle_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Looks at nothing yet.

        Args:
            folders: where recordings arrive, at any depth.
            settle_s: seconds without a change after which a file is finished.
            clock: monotonic seconds.
        """
        self._folders = tuple(Path(os.path.abspath(folder)) for folder in folders)
        self._settle_s = settle_s
        self._clock = clock
        self._seen: dict[Path, _Seen] = {}
        self._away: set[Path] = set()
        self._next_look_s = float("-inf")

    def finished(self) -> list[Path]:
        """Files that have settled since the last time, the oldest first; none where it is too early to look again."""
        started_s = self._clock()
        if started_s < self._next_look_s:
            return []
        ready = self._look(started_s)
        took_s = self._clock() - started_s
        self._next_look_s = started_s + max(LOOK_S, took_s / LOOKING_SHARE)
        return ready

    def is_there(self, path: Path) -> bool:
        """Whether the file has been given out and was still there at the last look."""
        seen = self._seen.get(path)
        return seen is not None and seen.taken

    def _look(self, now_s: float) -> list[Path]:
        found: dict[Path, Stamp] = {}
        kept: dict[Path, _Seen] = {}
        for folder in self._folders:
            listed = self._listed(folder)
            if listed is None:
                # The share is away: nothing has vanished, and nothing has settled either.
                kept.update({path: seen for path, seen in self._seen.items() if path.is_relative_to(folder)})
            else:
                found.update(listed)
        self._seen = kept | {path: seen for path, seen in self._seen.items() if path in found}
        ready = [(stamp[1], path) for path, stamp in found.items() if self._settled(path, stamp, now_s)]
        return [path for _, path in sorted(ready)]

    def _settled(self, path: Path, stamp: Stamp, now_s: float) -> bool:
        seen = self._seen.get(path)
        if seen is None or seen.stamp != stamp:
            self._seen[path] = seen = _Seen(stamp, now_s)
        waits_s = self._settle_s if stamp[0] else max(self._settle_s, EMPTY_SETTLE_S)
        if seen.taken or now_s - seen.since_s < waits_s:
            return False
        seen.taken = True
        return True

    def _listed(self, folder: Path) -> dict[Path, Stamp] | None:
        try:
            listed = dict(_recordings(folder))
        except OSError as error:
            if folder not in self._away:
                logger.warning("folder cannot be listed (%s): trying again", error.strerror)
            self._away.add(folder)
            return None
        if folder in self._away:
            self._away.discard(folder)
            logger.warning("folder can be listed again")
            for seen in self._seen.values():
                # Whether a file grew meanwhile is not known.
                if not seen.taken:
                    seen.since_s = self._clock()
        return listed


def _recordings(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    """Recordings under ``folder`` with their stamps. Raises: OSError, ``folder`` itself cannot be listed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from _recordings(Path(entry.path))
                elif Path(entry.name).suffix.lower() in RECORDING_SUFFIXES:
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        yield Path(entry.path), (status.st_size, status.st_mtime_ns)
            except OSError:
                # Renamed or deleted just now, or a folder that is not ours to read.
                continue
