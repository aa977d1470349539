"""Entering found recordings into the ledger: identity by content, once a recording however often it lies around."""

import errno
import hashlib
import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from pipeline.audio import remote
from pipeline.batch.inventory import DescribedFile
from pipeline.domain.calls import CallMetadata, Recording
from pipeline.domain.errors import AudioFault
from pipeline.store.database import Database, insist
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
    database: Database, files: Iterable[DescribedFile], *, redo: bool = False, patience_s: float = 0.0
) -> Iterator[Chunk]:
    """Enters the files chunk by chunk, as it is asked for them, and says for each what the ledger knows of it.

    A file that was registered before with the same size and time is not read again. A database that is away is
    waited for ``patience_s`` seconds.
    """
    remaining = iter(files)
    while chunk := list(islice(remaining, CHUNK_FILES)):
        uris = [file.uri for file in chunk]
        known = insist(partial(known_files, database, uris), patience_s=patience_s)
        found = [_found_file(file, known.get(file.uri)) for file in chunk]
        entering = partial(register, database, found, redo=redo, exists=remote.is_there)
        yield list(zip(chunk, insist(entering, patience_s=patience_s), strict=True))


def _found_file(file: DescribedFile, known: Known | None) -> FoundFile:
    try:
        size_bytes, stamp = _stamp(file)
        if not size_bytes:
            message = "the file is empty: copy it again from the recorder, then run again"
            return _unread(file, (AudioFault.EMPTY.value, message), stamp)
        if known is not None and stamp and known[:2] == (size_bytes, stamp) and not is_unread(known[2]):
            return _described(file, known[2], size_bytes, stamp)
        return _described(file, _digest(file.location), size_bytes, stamp)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot be read ({reason}): mend the file or its permissions, run again"
        return _unread(file, (AudioFault.UNREADABLE.value, message))


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


def _unread(file: DescribedFile, failure: tuple[str, str], stamp: int = 0) -> FoundFile:
    stand_in = UNREAD + hashlib.sha256(file.uri.encode()).hexdigest()
    return _described(file, stand_in, 0, stamp, failure)


def _described(
    file: DescribedFile, recording_id: str, size_bytes: int, stamp: int, failure: tuple[str, str] | None = None
) -> FoundFile:
    recording = Recording(
        id=recording_id,
        name=file.name,
        uri=file.uri,
        size_bytes=size_bytes,
        metadata=file.row.metadata if file.row else CallMetadata(),
        channel_roles=file.row.channel_roles if file.row else (),
    )
    return FoundFile(recording, stamp, described=file.row is not None, failure=failure)
