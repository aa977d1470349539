"""One customer: which calls are theirs, everything that is kept of these, and erasing it."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from pipeline.batch.file_deletion import forget_made, look_at
from pipeline.domain.calls import Transcript
from pipeline.domain.errors import ConfigError
from pipeline.domain.originals import Sealed
from pipeline.privacy.find import find_personal
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.sealing import SealError, open_transcript, pseudonym
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.erasure import (
    Begun,
    begin_erasure,
    erase_recording,
    erased_rows,
    finish_erasure,
    resume_erasure,
)
from pipeline.store.keeping import compact, places_of
from pipeline.store.originals import originals_of
from pipeline.store.tables import recordings, transcripts
from pipeline.text.normalise import normalise
from pipeline.text.written_numbers import is_personal

PAGE = 200
_NO_DIGIT = re.compile(r"\D")
FEWEST_DIGITS = 4
"""What has fewer is looked for as a word."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """By what a customer is found; a call counts where any of it fits."""

    customers: tuple[str, ...] = ()
    """Customer numbers, as the manifest has them."""
    recording_ids: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    """Numbers or names that were said; looked for in originals, which takes the key."""


@dataclass(frozen=True, slots=True)
class Found:
    """The calls of a customer."""

    recording_ids: tuple[str, ...]
    originals_read: int
    originals_closed: int
    """Originals that no key here opens: what was said in these calls nobody could look for."""


def customer_as_stored(customer: str, keys: KeyRing | None) -> str:
    """A customer's number as recordings have it: itself, or what stands for it where it is personal.

    Raises:
        ConfigError: it is personal, and without the key file nobody can tell what stands for it.
    """
    if not is_personal(customer):
        return customer
    if keys is None:
        raise ConfigError("this customer number is stored as a pseudonym: without key_file nobody can look for it")
    return pseudonym(keys, customer)


def find_subject(database: Database, wanted: Wanted, keys: KeyRing | None) -> Found:
    """The calls of a customer, by recording id."""
    found = set(wanted.recording_ids)
    # As it is written too: an earlier version stored it so.
    numbers = {*wanted.customers, *(customer_as_stored(number, keys) for number in wanted.customers)}
    with database.reading() as connection:
        found.update(connection.scalars(select(recordings.c.id).where(recordings.c.customer_id.in_(numbers))))
    read = closed = 0
    if wanted.says:
        sought = [_sought(text) for text in wanted.says]
        for recording_id, original in _originals(database, keys):
            read += 1
            if original is None:
                closed += 1
            elif any(_is_said(original, one) for one in sought):
                found.add(recording_id)
    return Found(tuple(sorted(found)), read - closed, closed)


def _sought(said: str) -> str:
    digits = _NO_DIGIT.sub("", normalise(said).text)
    return digits if len(digits) >= FEWEST_DIGITS else normalise(said).text.strip()


def _is_said(original: Transcript, sought: str) -> bool:
    if sought.isdigit():
        return any(sought in _NO_DIGIT.sub("", span.value) for span in find_personal(original))
    return any(sought in normalise(turn.text).text for turn in original.turns)


def _originals(database: Database, keys: KeyRing | None) -> Iterator[tuple[str, Transcript | None]]:
    """Every original by recording id, ``None`` where it cannot be opened; a page at a time."""
    query = select(transcripts).order_by(transcripts.c.recording_id).limit(PAGE)
    last = ""
    while True:
        with database.reading() as connection:
            rows = connection.execute(query.where(transcripts.c.recording_id > last)).all()
        sealed = originals_of(database, [row.recording_id for row in rows])
        for row in rows:
            if row.recording_id in sealed:
                masked = Transcript(documents.decode_turns(row.turns), row.duration_s, row.language)
                yield row.recording_id, _opened(keys, row.recording_id, sealed, masked)
        if len(rows) < PAGE:
            return
        last = rows[-1].recording_id


def _opened(
    keys: KeyRing | None, recording_id: str, sealed: Mapping[str, Sealed], masked: Transcript
) -> Transcript | None:
    if keys is None:
        return None
    try:
        return open_transcript(keys, recording_id, sealed[recording_id], masked)
    except SealError:
        return None


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure that was carried out as far as it could be."""

    certificate: Mapping[str, object]
    left: tuple[tuple[str, str], ...]
    """Files that could not be deleted: place, masked, and why."""
    complete: bool


def erase_subject(
    database: Database,
    found: Found,
    *,
    by: str,
    playback: Path,
    resume: str | None = None,
    keys: KeyRing | None = None,
) -> Erased:
    """Erases the calls of a customer and keeps a certificate of it.

    Cut off at any point it is finished by ``resume`` with its id, or by asking for the same again. Files at paths that
    ``keys`` do not open stay.
    """
    if resume is None:
        begun = begin_erasure(database, found.recording_ids, by=by, originals_not_opened=found.originals_closed)
    else:
        begun = resume_erasure(database, resume)
    left: list[tuple[str, str]] = []
    for recording_id in begun.recording_ids:
        files = look_at(recording_id, places_of(database, recording_id), keys)
        erase_recording(database, recording_id, begun.id, by=by, remove=files.remove)
        forget_made(playback, recording_id)
        left += [(place.named, place.why) for place in files.left]
    compact(database)
    certificate = _certificate(database, begun)
    complete = not certificate["unfinished"]
    finish_erasure(database, begun.id, certificate, finished=complete)
    return Erased(certificate, tuple(left), complete)


def _certificate(database: Database, begun: Begun) -> dict[str, object]:
    rows = erased_rows(database, begun.id)
    content: dict[str, object] = {
        "certificate": begun.id,
        "begun_at": rows.begun_at.isoformat(),
        "issued_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": rows.begun_by,
        "erased": {one: counts for one, counts in rows.recordings.items() if one not in rows.unfinished},
        "totals": _totals(rows.recordings.values()),
        "unfinished": list(rows.unfinished),
        "held": dict(begun.held),
        "kept_verdicts": rows.verdicts,
        "kept_audit_entries": rows.audit_entries,
        "originals_not_opened": begun.originals_not_opened,
    }
    said = json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
    return {**content, "sha256": hashlib.sha256(said).hexdigest()}


def _totals(each: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for classes in each:
        for data_class, counts in classes.items():
            of_class = totals.setdefault(data_class, {})
            for table, count in counts.items():
                of_class[table] = of_class.get(table, 0) + count
    return totals
