"""The file that a browser is given to play: a WAV made once with a tone over what is masked, or the clear recording."""

import errno
import logging
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.audio.masking import NOTHING, SoundMask
from pipeline.audio.remote import is_url, local_file
from pipeline.audio.transcode import WAV, playable_type, write_wav
from pipeline.domain.calls import Recording
from pipeline.domain.errors import AudioError, AudioFault, ConfigError, EarmarkError
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.places import with_path
from pipeline.privacy.sealing import SealError

log = logging.getLogger(__name__)

FOLDER_MOST_BYTES = 4 << 30
"""Of decoded recordings; an hour of stereo at 8 kHz is 115 MB."""
KEPT_S = 900.0
"""A decoded recording that was asked for so recently is not removed: somebody is hearing it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that a browser can play."""

    path: Path
    media_type: str
    status: os.stat_result


class FileGone(AudioError):
    """The file of a recording is not there any more, or holds something else now."""


class NoRoom(EarmarkError):
    """The disk for recordings that are played is full."""


class Locks:
    """A lock for each key, kept while somebody wants it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def one_at_a_time(self, key: str) -> Iterator[None]:
        """Waits until nobody else is inside with this key."""
        with self._guard:
            lock, waiting = self._held.get(key, (threading.Lock(), 0))
            self._held[key] = lock, waiting + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, waiting = self._held[key]
                if waiting == 1:
                    del self._held[key]
                else:
                    self._held[key] = lock, waiting - 1


@dataclass(frozen=True)
class Playback:
    """Finds or makes what can be played. ``folder`` holds decoded recordings and is nobody else's to read."""

    folder: Path
    most_bytes: int = FOLDER_MOST_BYTES
    keys: KeyRing | None = None
    """Open the paths of recordings."""
    _locks: Locks = field(default_factory=Locks)

    def clear_sound_of(self, recording: Recording) -> Sound:
        """What the browser of somebody who may hear everything is to be given for the recording.

        Raises:
            FileGone: the file is not there, or is not the one that was transcribed.
            AudioError: it cannot be played.
        """
        original = self.file_of(recording)
        media_type = playable_type(original)
        if media_type is not None:
            return Sound(original, media_type, original.stat())
        return self._made(recording, original, self.folder / f"{recording.id}.wav", NOTHING)

    def masked_sound_of(self, recording: Recording, mask: SoundMask) -> Sound:
        """The recording as everybody may hear it: as a WAV whatever it was, since tags in a file may name people.

        Raises:
            FileGone: the file is not there, or is not the one that was transcribed.
            AudioError: it cannot be played.
        """
        original = self.file_of(recording)
        return self._made(recording, original, self.folder / f"{recording.id}.{mask.digest}.wav", mask)

    def _made(self, recording: Recording, original: Path, made: Path, mask: SoundMask) -> Sound:
        with self._locks.one_at_a_time(recording.id):
            if not made.is_file():
                for stale in self.folder.glob(f"{recording.id}.*.wav"):
                    # What was masked otherwise is not to be heard any more.
                    stale.unlink(missing_ok=True)
                self._decode(original, made, mask)
            _note_use(made)
            return Sound(made, WAV, made.stat())

    def forget(self, recording_id: str) -> None:
        """Removes whatever was made of the recording."""
        for made in self.folder.glob(f"{recording_id}.*"):
            made.unlink(missing_ok=True)

    def file_of(self, recording: Recording) -> Path:
        """A path to the recording's bytes: its file, or a copy of what a URL names, which is fetched once.

        Raises:
            FileGone: it is not there, or is not what was transcribed, or no key opens where it lies.
        """
        recording = _opened(recording, self.keys)
        if not is_url(recording.uri):
            original_status(recording)
            return Path(recording.uri)
        copy = self.folder / f"{recording.id}.copy"
        with self._locks.one_at_a_time(copy.name):
            if not copy.is_file():
                self._fetch(recording, copy)
            _note_use(copy)
        return copy

    def _fetch(self, recording: Recording, copy: Path) -> None:
        make_private(self.folder)
        part = copy.with_suffix(".part")
        try:
            with _needs_room(self.folder), local_file(recording.uri) as fetched:
                if fetched.stat().st_size != recording.size_bytes:
                    raise FileGone(f"{recording.id[:12]} is something else now", fault=AudioFault.UNREADABLE)
                shutil.copyfile(fetched, part)
            part.replace(copy)
        except (OSError, ConfigError) as error:
            raise FileGone(f"{recording.id[:12]} cannot be fetched: {error}", fault=AudioFault.UNREADABLE) from error
        finally:
            part.unlink(missing_ok=True)
        self._make_room(copy)

    def _decode(self, original: Path, decoded: Path, mask: SoundMask) -> None:
        make_private(self.folder)
        handle, name = tempfile.mkstemp(suffix=".part", dir=self.folder)
        os.close(handle)
        part = Path(name)
        try:
            with _needs_room(self.folder):
                write_wav(original, part, mask)
            part.replace(decoded)
        finally:
            part.unlink(missing_ok=True)
        log.info("decoded %s for playback, %d bytes", decoded.stem[:12], decoded.stat().st_size)
        self._make_room(decoded)

    def _kept(self) -> Iterator[Path]:
        yield from self.folder.glob("*.wav")
        yield from self.folder.glob("*.copy")

    def _make_room(self, newest: Path) -> None:
        """Removes what was not asked for longest, until the rest is within bounds."""
        found = sorted((path.stat().st_atime, path.stat().st_size, path) for path in self._kept())
        total = sum(size for _, size, _ in found)
        now = newest.stat().st_atime
        for asked_at, size, path in found:
            if total <= self.most_bytes or path == newest or now - asked_at < KEPT_S:
                break
            path.unlink(missing_ok=True)
            total -= size


def _note_use(path: Path) -> None:
    """The time of the last use; that of the last change stays, by which browsers tell that the file is the same."""
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


@contextmanager
def _needs_room(folder: Path) -> Iterator[None]:
    """Raises: NoRoom in place of what a full disk makes of writing, which reads as if the recording were damaged."""
    try:
        yield
    except (OSError, AudioError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(f"no room for recordings in {folder}: free some, or set review_cache") from error
        raise


def original_status(recording: Recording) -> os.stat_result:
    """What the file system says of the recording's file.

    Raises:
        FileGone: it is not there, is no file, or is of another size than the one that was transcribed.
    """
    try:
        status = Path(recording.uri).stat()
    except (OSError, ValueError) as error:
        raise FileGone(f"the file of {recording.id[:12]} is not there", fault=AudioFault.UNREADABLE) from error
    if not stat.S_ISREG(status.st_mode) or status.st_size != recording.size_bytes:
        raise FileGone(f"the file of {recording.id[:12]} holds something else now", fault=AudioFault.UNREADABLE)
    return status


def _opened(recording: Recording, keys: KeyRing | None) -> Recording:
    try:
        return with_path(keys, recording)
    except SealError as error:
        log.error("%s: %s", recording.id[:12], error)
        raise FileGone(f"{recording.id[:12]}: {error}", fault=AudioFault.UNREADABLE) from error


def is_there(recording: Recording, keys: KeyRing | None = None) -> bool:
    """Whether the file of the recording is still there and the same size; of a URL only the player finds out."""
    try:
        recording = _opened(recording, keys)
        if is_url(recording.uri):
            return True
        original_status(recording)
    except FileGone:
        return False
    return True


def default_folder() -> Path:
    """Where decoded recordings go if nobody says otherwise: a folder of this user under the system's temporary one."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"earmark-playback-{user}"


def make_private(folder: Path) -> None:
    """Makes the folder for this user alone.

    Raises:
        ConfigError: somebody else made it, or others may read it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    foreign = hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077)
    if foreign or not stat.S_ISDIR(status.st_mode):
        raise ConfigError(f"{folder} is not this user's alone: remove it, since recordings would be written there")
