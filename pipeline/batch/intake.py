"""Entering found files into the ledger: identity by content, once a recording however often it lies around."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pipeline.batch.discovery import DescribedFile
from pipeline.domain.calls import CallMetadata, Recording
from pipeline.domain.errors import AudioFault
from pipeline.store.database import Database, insist
from pipeline.store.recordings import UNREAD, FoundFile, Registered, known_files, register

CHUNK_FILES = 32
"""Files entered in one transaction; few enough that workers never wait long for the first."""


def take_in(
    database: Database, files: Sequence[DescribedFile], *, redo: bool = False, patience_s: float = 0.0
) -> Iterator[list[tuple[DescribedFile, Registered]]]:
    """Enters the files chunk by chunk and says for each what the ledger knows of it.

    A file that was registered before with the same size and time is not read again. A database that is away is
    waited for ``patience_s`` seconds.
    """
    for start in range(0, len(files), CHUNK_FILES):
        chunk = files[start : start + CHUNK_FILES]
        uris = [_uri(file) for file in chunk]
        known = insist(partial(known_files, database, uris), patience_s=patience_s)
        found = [_found_file(file, known.get(_uri(file))) for file in chunk]
        registered = insist(partial(register, database, found, redo=redo), patience_s=patience_s)
        yield list(zip(chunk, registered, strict=True))


def _found_file(file: DescribedFile, known: tuple[int, int, str] | None) -> FoundFile:
    size_bytes, mtime_ns, failure = 0, 0, None
    try:
        if _uri(file) != str(file.path):
            raise OSError("its name is not UTF-8: rename it")
        status = file.path.stat()
        size_bytes, mtime_ns = status.st_size, status.st_mtime_ns
        if not size_bytes:
            message = "the file is empty: copy it again from the recorder, then run again"
            failure = (AudioFault.EMPTY.value, message)
        elif known is not None and known[:2] == (size_bytes, mtime_ns) and not known[2].startswith(UNREAD):
            return _described(file, known[2], size_bytes, mtime_ns)
        else:
            with file.path.open("rb") as opened:
                recording_id = hashlib.file_digest(opened, "sha256").hexdigest()
            return _described(file, recording_id, size_bytes, mtime_ns)
    except OSError as error:
        reason = error.strerror or str(error)
        failure = (
            AudioFault.UNREADABLE.value,
            f"cannot be read ({reason}): mend the file or its permissions, run again",
        )
    stand_in = UNREAD + hashlib.sha256(_uri(file).encode()).hexdigest()
    return _described(file, stand_in, size_bytes, mtime_ns, failure)


def _uri(file: DescribedFile) -> str:
    """The path as it can be stored and printed: bytes that are no UTF-8 are shown as they are (``\\xff``)."""
    return os.fsencode(file.path).decode(errors="backslashreplace")


def _described(
    file: DescribedFile, recording_id: str, size_bytes: int, mtime_ns: int, failure: tuple[str, str] | None = None
) -> FoundFile:
    recording = Recording(
        id=recording_id,
        name=Path(_uri(file)).name,
        uri=_uri(file),
        size_bytes=size_bytes,
        metadata=file.row.metadata if file.row else CallMetadata(),
        channel_roles=file.row.channel_roles if file.row else (),
    )
    return FoundFile(recording, mtime_ns, described=file.row is not None, failure=failure)
