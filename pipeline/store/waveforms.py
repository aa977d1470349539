"""Outlines of recordings, kept so that a page draws them without decoding again."""

import json
import zlib
from dataclasses import dataclass

from sqlalchemy import select

from pipeline.domain.errors import StoreError
from pipeline.store.database import Database, upsert
from pipeline.store.erased import is_erased
from pipeline.store.review_tables import waveforms

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Waveform:
    """The outline of a recording as it is stored."""

    duration_s: float
    per_s: int
    """Peaks a second."""
    channels: tuple[bytes, ...]
    """One byte a peak, 0–127, for each channel; all of one length."""


def stored_waveform(database: Database, recording_id: str, mask: str) -> Waveform | None:
    """The outline of a recording under the mask of that digest; ``None`` where nobody has asked for it yet.

    Raises:
        StoreError: it is of another format, so it is to be made again.
    """
    query = select(waveforms.c.document).where(waveforms.c.recording_id == recording_id)
    with database.reading() as connection:
        document = connection.execute(query).scalar()
    if document is None:
        return None
    head, _, body = bytes(document).partition(b"\n")
    facts = json.loads(head)
    if facts.get("format") != FORMAT:
        raise StoreError(f"the outline of {recording_id[:12]} is of format {facts.get('format')}, not {FORMAT}")
    if facts["mask"] != mask:
        return None
    peaks = zlib.decompress(body)
    length = len(peaks) // facts["channels"]
    channels = tuple(peaks[start : start + length] for start in range(0, len(peaks), length))
    return Waveform(facts["duration_s"], facts["per_s"], channels)


def save_waveform(database: Database, recording_id: str, waveform: Waveform, mask: str) -> None:
    """Stores the outline that was made under the mask of that digest, in place of one that is there.

    Of a recording that was erased meanwhile nothing is stored.
    """
    facts = {
        "format": FORMAT,
        "mask": mask,
        "duration_s": waveform.duration_s,
        "per_s": waveform.per_s,
        "channels": len(waveform.channels),
    }
    document = json.dumps(facts).encode() + b"\n" + zlib.compress(b"".join(waveform.channels))
    with database.writing() as connection:
        if is_erased(connection, recording_id):
            return
        upsert(connection, waveforms, [{"recording_id": recording_id, "document": document}])
