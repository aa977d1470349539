"""What was said in a call and when, as far as that tells what of its sound may be heard."""

from dataclasses import dataclass

from sqlalchemy import select

from pipeline.domain.calls import Span, Transcript
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.tables import transcripts


@dataclass(frozen=True, slots=True)
class Spoken:
    """The masked transcript of a call."""

    transcript: Transcript
    unwritten: tuple[Span, ...]
    """Speech of any channel that was heard and not written."""


def spoken(database: Database, recording_id: str) -> Spoken | None:
    """What was said in the call, masked; ``None`` where there is no transcript, or one that was never masked."""
    query = select(transcripts).where(transcripts.c.recording_id == recording_id, transcripts.c.masking.is_not(None))
    with database.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    coverage = documents.decode_signals(row.signals).coverage
    transcript = Transcript(documents.decode_turns(row.turns), row.duration_s, row.language)
    return Spoken(transcript, tuple(span for channel in coverage for span in channel.unwritten))
