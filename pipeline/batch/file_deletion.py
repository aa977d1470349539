"""Deleting the files of recordings: only what is known to be one, and only while it still is."""

import hashlib
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from pipeline.audio import remote
from pipeline.domain.errors import ConfigError
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.places import masked_path, open_path
from pipeline.privacy.sealing import SealError
from pipeline.store.places import StoredPlace
from pipeline.store.recordings import is_unread


class Fate(StrEnum):
    """What is found at the place of a recording."""

    SAME = "same"
    """The recording: it can be deleted."""
    GONE = "gone"
    """Nothing."""
    OTHER = "other"
    """Something else, or nobody can tell: it stays."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a recording that was looked at."""

    uri: str
    """The path or URL; what stands for it where it does not open."""
    fate: Fate
    stamp: tuple[int, ...] = ()
    """Changes when the file does."""
    why: str = ""
    """Why it stays."""
    stored: str = ""
    """As the ledger has it."""

    @property
    def named(self) -> str:
        """The place as people may read it."""
        return masked_path(self.uri)


@dataclass(frozen=True, slots=True)
class FileDeletion:
    """The files of one recording, looked at before anything is locked: reading a large one takes a while."""

    places: tuple[Place, ...]
    left: list[Place] = field(default_factory=list)
    """What `remove` could not delete."""

    def remove(self) -> Collection[str]:
        """Deletes what is the recording and has not changed since; returns the places where nothing lies any more, as
        they are stored."""
        self.left.clear()
        return [place.stored for place in self.places if self._removed(place)]

    def _removed(self, place: Place) -> bool:
        why = place.why
        try:
            if place.fate is Fate.SAME:
                if _stamp(place.uri) == place.stamp:
                    _delete(place.uri)
                    return True
                why = "it has just changed"
            elif place.fate is Fate.GONE:
                return True
        except FileNotFoundError:
            return True
        except (OSError, ConfigError) as error:
            why = _reason(error)
        self.left.append(replace(place, why=why))
        return False


def look_at(recording_id: str, places: Sequence[StoredPlace], keys: KeyRing | None = None) -> FileDeletion:
    """What lies at the places that the ledger knows of a recording. One that the key does not open stays."""
    return FileDeletion(tuple(_look(recording_id, place, keys) for place in places))


def _look(recording_id: str, place: StoredPlace, keys: KeyRing | None) -> Place:
    try:
        found = _place(recording_id, open_path(keys, place.uri, place.closed))
    except SealError as error:
        found = Place(place.uri, Fate.OTHER, why=str(error))
    return replace(found, stored=place.uri)


def _place(recording_id: str, uri: str) -> Place:
    if is_unread(recording_id):
        return Place(uri, Fate.OTHER, why="it could never be read, so nobody knows what it is")
    try:
        before = _stamp(uri)
        if remote.is_url(uri):
            same = remote.digest(uri) == recording_id
        else:
            with Path(uri).open("rb") as opened:
                same = hashlib.file_digest(opened, "sha256").hexdigest() == recording_id
    except FileNotFoundError:
        if remote.is_url(uri) or Path(uri).parent.is_dir():
            return Place(uri, Fate.GONE)
        return Place(uri, Fate.OTHER, why="its folder is not there: is a share away?")
    except (OSError, ConfigError) as error:
        return Place(uri, Fate.OTHER, why=_reason(error))
    return Place(uri, Fate.SAME, before) if same else Place(uri, Fate.OTHER, why="it holds something else now")


def _stamp(uri: str) -> tuple[int, ...]:
    if remote.is_url(uri):
        return remote.stamp(uri)
    status = Path(uri).lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is a link or no file: delete it by hand")
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _delete(uri: str) -> None:
    if remote.is_url(uri):
        remote.delete(uri)
    else:
        Path(uri).unlink()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def forget_made(folder: Path, recording_id: str) -> int:
    """Deletes what was made of a recording to be played; returns how many files."""
    made = list(folder.glob(f"{recording_id}.*"))
    for path in made:
        path.unlink(missing_ok=True)
    return len(made)
