"""Masking what earlier versions of earmark stored as it was spoken, or masked less than this one would."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from pipeline.domain.calls import Transcript
from pipeline.domain.originals import Sealed
from pipeline.domain.personal import is_masked
from pipeline.domain.results import Findings
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.masking import MASKING, Veil, mask_call, mask_findings, mask_text
from pipeline.privacy.places import call_name, close_again, close_path, mark_of_name
from pipeline.privacy.sealing import SealError, open_transcript, pseudonym, reseal, seal_transcript
from pipeline.store.database import Database
from pipeline.store.originals import closed_otherwise, originals_of, replace_originals
from pipeline.store.places import (
    REPLACED,
    TABLES,
    OpenRecording,
    close_files,
    close_recordings,
    open_files,
    open_recordings,
    replace_closed,
)
from pipeline.store.places import closed_otherwise as closed_paths
from pipeline.store.protecting import (
    ProtectedCall,
    calls_to_mask,
    mask_described,
    mask_typed,
    save_protected,
    wipe_remains,
)
from pipeline.store.results import StoredCall, stored_call

PAGE = 50
"""Calls that are masked, or closed anew, in one transaction."""

PATHS_PAGE = 500
"""Paths that are closed in one transaction."""

Told = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Protected:
    """What was masked."""

    calls: int
    recordings: int
    """Whose name, metadata or message held something personal."""
    typed: int
    """Comments, corrections and quotations that did, besides those of the calls."""
    paths: int = 0
    """Recordings and files whose paths were stored in the open."""


def protect(
    database: Database, keys: KeyRing | None, *, own_numbers: Collection[str] = (), told: Told = lambda _done: None
) -> Protected:
    """Masks every call that is not masked yet, or was by an earlier version that found less, and all that quotes it.

    Cut off, it goes on where it was. Where the original was not kept, only what is still readable is searched again.

    Args:
        database: where.
        keys: close what was said; without them it is lost.
        own_numbers: the company's own.
        told: told how many calls are done, now and then.

    Raises:
        SealError: the original of a call cannot be opened; what was masked before stays so.
    """
    calls = 0
    while page := calls_to_mask(database, MASKING, limit=PAGE):
        sealed = originals_of(database, [stored.recording.id for stored in page])
        anew = [_anew(database, stored, sealed.get(stored.recording.id), keys, own_numbers) for stored in page]
        save_protected(database, [call for call in anew if call is not None])
        calls += len(page)
        told(calls)
    # Paths before names: the name under which a file is found again is the one of its path.
    paths = _close_paths(database, keys) if keys else 0
    described = mask_described(database, partial(pseudonym, keys) if keys else None, call_name)
    typed = mask_typed(database, partial(mask_text, own_numbers=own_numbers))
    # Also where nothing was left to mask: what was cut off before may not have come to this.
    wipe_remains(database)
    return Protected(calls, described, typed, paths)


def _close_paths(database: Database, keys: KeyRing) -> int:
    """Closes every path that is stored in the open; returns how many rows that were."""
    done, after = 0, ""
    while paths := open_files(database, after=after, limit=PATHS_PAGE):
        close_files(database, {path: close_path(keys, path) for path in paths})
        done, after = done + len(paths), paths[-1]
    after = ""
    while page := open_recordings(database, after=after, limit=PATHS_PAGE):
        close_recordings(database, [_closed(keys, one) for one in page])
        done, after = done + len(page), page[-1].id
    return done


def _closed(keys: KeyRing, recording: OpenRecording) -> tuple[OpenRecording, dict[str, object], Sealed]:
    path = recording.uri.removesuffix(f" {REPLACED}")
    mark, sealed = close_path(keys, path)
    own = path.rstrip("/").rpartition("/")[2]
    remark = recording.uri[len(path) :]
    name = call_name(own, recording.id) + remark
    name_mark = mark_of_name(keys, own) if is_masked(name) else None
    return recording, {"uri": mark + remark, "name": name, "name_mark": name_mark}, sealed


def _anew(
    database: Database, stored: StoredCall, closed: Sealed | None, keys: KeyRing | None, own_numbers: Collection[str]
) -> ProtectedCall | None:
    """The call as it is to be stored; ``None`` where a run has stored it meanwhile. Raises: SealError."""
    try:
        return _protected(stored, closed, keys, own_numbers)
    except SealError:
        # The original was read after the call: a run that came between has left another.
        now = stored_call(database, stored.recording.id)
        if now is None or now.masking == MASKING:
            return None
        raise


def _protected(
    stored: StoredCall, closed: Sealed | None, keys: KeyRing | None, own_numbers: Collection[str]
) -> ProtectedCall:
    there, recording_id = stored.call.transcript, stored.recording.id
    original = _original(there, recording_id, closed, keys)
    masked = mask_call(original, own_numbers=own_numbers)
    veil = Veil(there, masked)

    def words(text: str) -> str:
        return mask_text(veil.words(text), own_numbers=own_numbers)

    # Of what was masked without keeping the original there is none to keep now.
    whole = closed is not None or not any(is_masked(turn.text) for turn in there.turns)
    sealed = seal_transcript(keys, recording_id, original, masked) if keys and whole else None
    findings = mask_findings(Findings(stored.results, stored.predictions), there, masked)
    return ProtectedCall(stored, masked, findings, sealed, closed, MASKING, words)


def _original(there: Transcript, recording_id: str, closed: Sealed | None, keys: KeyRing | None) -> Transcript:
    """What was said, as far as it is known. Raises: SealError, as `open_transcript`, or there is no key."""
    if closed is None:
        return there
    if keys is None:
        raise SealError(
            f"the original of call {recording_id[:12]} was closed by key {closed.key_id}, and no key_file is set: "
            "without it the call cannot be masked anew"
        )
    return open_transcript(keys, recording_id, closed, there)


def rotate(database: Database, keys: KeyRing, *, told: Told = lambda _done: None) -> int:
    """Closes all originals with the newest key and returns how many that were; cut off, it goes on where it was.

    Raises:
        SealError: one cannot be opened; what was closed anew before stays.
    """
    done = 0
    while page := closed_otherwise(database, keys.newest.id, limit=PAGE):
        resealed = [(recording_id, sealed, reseal(keys, recording_id, sealed)) for recording_id, sealed in page.items()]
        replace_originals(database, resealed)
        done += len(resealed)
        told(done)
    return done


def rotate_paths(database: Database, keys: KeyRing) -> int:
    """As `rotate`, for the paths of recordings; returns how many rows that were. Raises: SealError."""
    done = 0
    for table in TABLES:
        after = ""
        while page := closed_paths(database, table, keys.newest.id, after=after, limit=PATHS_PAGE):
            replace_closed(database, table, [(row, close_again(keys, row.uri, row.closed)) for row in page])
            done, after = done + len(page), page[-1].key
    return done
