"""Entering found recordings into the ledger: identity by content, once a recording however often it lies around."""

import errno
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path

from pipeline.audio import remote
from pipeline.batch.inventory import DescribedFile
from pipeline.domain.calls import CallMetadata, Recording
from pipeline.domain.errors import AudioFault
from pipeline.domain.personal import is_masked
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.places import call_name, close_path, mark_of_name, mark_of_path, open_path
from pipeline.store.database import Database, insist
from pipeline.store.places import StoredPlace
from pipeline.store.recordings import UNREAD, FoundFile, Registered, is_unread, known_files, register

CHUNK_FILES = 64
"""Files entered in one transaction; few enough that workers never wait long for the first."""
PASSING = frozenset(
    [errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ETIMEDOUT, errno.ESTALE, errno.ECONNRESET, errno.ETXTBSY]
)
"""Errors of a file that is locked, or of a share that is away for a moment."""
READ_PAUSES_S = (0.5, 2.0)
"""Pauses before a file that gave such an error is read again; the next run looks at it once more in any case."""

Chunk = list[tuple[DescribedFile, Registered]]
Known = tuple[int, int, str]
"""Size in bytes, stamp and recording id of a file as it was registered."""


def take_in(
    database: Database,
    files: Iterable[DescribedFile],
    *,
    redo: bool = False,
    patience_s: float = 0.0,
    keys: KeyRing | None = None,
) -> Iterator[Chunk]:
    """Enters the files chunk by chunk, as it is asked for them, and says for each what the ledger knows of it.

    A file that was registered before with the same size and time is not read again. A database that is away is
    waited for ``patience_s`` seconds. With ``keys`` paths are stored closed, but for those that an earlier version
    stored in the open: `earmark privacy protect` closes these, and leaves nothing of them in the database's files.

    Raises:
        SealError: the path of an earlier file with the same bytes does not open; nothing of its chunk is entered.
    """
    remaining = iter(files)
    exists = partial(_lies_there, keys)
    while chunk := list(islice(remaining, CHUNK_FILES)):
        uris = [file.uri for file in chunk]
        marks = [mark_of_path(keys, uri) for uri in uris] if keys else []
        known = insist(partial(known_files, database, [*uris, *marks]), patience_s=patience_s)
        places = [_place(keys, uri, mark, known) for uri, mark in zip_longest(uris, marks)]
        found = [_found_file(file, place, known.get(place.uri)) for file, place in zip(chunk, places, strict=True)]
        if keys:
            found = [_with_name_mark(keys, file, one) for file, one in zip(chunk, found, strict=True)]
        entering = partial(register, database, found, redo=redo, exists=exists, keyless=keys is None)
        yield list(zip(chunk, insist(entering, patience_s=patience_s), strict=True))


def _place(keys: KeyRing | None, uri: str, mark: str | None, known: Mapping[str, Known]) -> StoredPlace:
    if keys is None or mark is None or (uri in known and mark not in known):
        return StoredPlace(uri, None)
    return StoredPlace(*close_path(keys, uri, mark=mark))


def _with_name_mark(keys: KeyRing, file: DescribedFile, found: FoundFile) -> FoundFile:
    return replace(found, name_mark=mark_of_name(keys, file.own_name)) if is_masked(found.recording.name) else found


def _lies_there(keys: KeyRing | None, place: StoredPlace) -> bool:
    """Whether something still lies there. Without any key a closed place is lost, and any other is better."""
    if place.closed is not None and keys is None:
        return False
    return remote.is_there(open_path(keys, place.uri, place.closed))


def _found_file(file: DescribedFile, place: StoredPlace, known: Known | None) -> FoundFile:
    try:
        size_bytes, stamp = _stamp(file)
        if not size_bytes:
            message = "the file is empty: copy it again from the recorder, then run again"
            return _unread(file, place, (AudioFault.EMPTY.value, message), stamp)
        if known is not None and stamp and known[:2] == (size_bytes, stamp) and not is_unread(known[2]):
            return _described(file, place, known[2], size_bytes, stamp)
        return _described(file, place, _digest(file.location), size_bytes, stamp)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot be read ({reason}): mend the file or its permissions, run again"
        return _unread(file, place, (AudioFault.UNREADABLE.value, message))


def _stamp(file: DescribedFile) -> tuple[int, int]:
    """Size in bytes, and what changes with the content: for a path the time of its last change in ns."""
    if remote.is_url(file.location):
        return remote.stamp(file.location)
    if file.uri != file.location:
        raise OSError("its name is not UTF-8: rename it")
    status = Path(file.location).stat()
    return status.st_size, status.st_mtime_ns


def _digest(location: str) -> str:
    if remote.is_url(location):
        return remote.digest(location)
    for pause_s in READ_PAUSES_S:
        try:
            return _digest_of_file(location)
        except OSError as error:
            if error.errno not in PASSING:
                raise
            time.sleep(pause_s)
    return _digest_of_file(location)


def _digest_of_file(path: str) -> str:
    with Path(path).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _unread(file: DescribedFile, place: StoredPlace, failure: tuple[str, str], stamp: int = 0) -> FoundFile:
    # Of a path that is closed the digest of what stands for it: a number in a path could be tried out.
    stand_in = UNREAD + hashlib.sha256(place.uri.encode()).hexdigest()
    return _described(file, place, stand_in, 0, stamp, failure)


def _described(
    file: DescribedFile,
    place: StoredPlace,
    recording_id: str,
    size_bytes: int,
    stamp: int,
    failure: tuple[str, str] | None = None,
) -> FoundFile:
    recording = Recording(
        id=recording_id,
        name=call_name(file.own_name, recording_id),
        uri=place.uri,
        closed=place.closed,
        size_bytes=size_bytes,
        metadata=file.row.metadata if file.row else CallMetadata(),
        channel_roles=file.row.channel_roles if file.row else (),
    )
    return FoundFile(recording, stamp, described=file.row is not None, failure=failure)
