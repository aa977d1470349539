"""Masking what earlier versions of earmark stored as it was spoken."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from pipeline.domain.results import Findings
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.masking import MASKING, Veil, mask_call, mask_findings, mask_text
from pipeline.privacy.sealing import pseudonym, reseal, seal_transcript
from pipeline.store.database import Database
from pipeline.store.originals import closed_otherwise, replace_originals
from pipeline.store.protecting import (
    ProtectedCall,
    mask_described,
    mask_typed,
    save_protected,
    unmasked_calls,
    wipe_remains,
)
from pipeline.store.results import StoredCall

PAGE = 50
"""Calls that are masked, or closed anew, in one transaction."""

Told = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Protected:
    """What was masked."""

    calls: int
    recordings: int
    """Whose name, metadata or message held something personal."""
    typed: int
    """Comments, corrections and quotations that did, besides those of the calls."""


def protect(
    database: Database, keys: KeyRing | None, *, own_numbers: Collection[str] = (), told: Told = lambda _done: None
) -> Protected:
    """Masks every call that is not masked yet and all that quotes it; cut off, it goes on where it was.

    Args:
        database: where.
        keys: close what was said; without them it is lost.
        own_numbers: the company's own.
        told: told how many calls are done, now and then.
    """
    calls = 0
    while page := unmasked_calls(database, limit=PAGE):
        save_protected(database, [_protected(stored, keys, own_numbers) for stored in page])
        calls += len(page)
        told(calls)
    described = mask_described(database, partial(pseudonym, keys) if keys else None)
    typed = mask_typed(database, partial(mask_text, own_numbers=own_numbers))
    if calls or described or typed:
        wipe_remains(database)
    return Protected(calls, described, typed)


def _protected(stored: StoredCall, keys: KeyRing | None, own_numbers: Collection[str]) -> ProtectedCall:
    original = stored.call.transcript
    masked = mask_call(original, own_numbers=own_numbers)
    veil = Veil(original, masked)

    def words(text: str) -> str:
        return mask_text(veil.words(text), own_numbers=own_numbers)

    sealed = seal_transcript(keys, stored.recording.id, original, masked) if keys else None
    findings = mask_findings(Findings(stored.results, stored.predictions), original, masked)
    return ProtectedCall(stored, masked, findings, sealed, MASKING, words)


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
