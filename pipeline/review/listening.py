"""What the desk keeps while people listen: decoded recordings, outlines that are being made, who has begun to hear."""

import logging
import threading
import time
from collections import OrderedDict
from pathlib import Path

from fastapi import Request

from pipeline.audio.masking import SoundMask, sound_mask
from pipeline.audio.peaks import peaks_of
from pipeline.domain.calls import Recording
from pipeline.domain.errors import StoreError
from pipeline.privacy.keys import KeyRing
from pipeline.review.playback import Locks, Playback, default_folder
from pipeline.review.visitor import desk_of
from pipeline.store.database import Database
from pipeline.store.spoken import spoken
from pipeline.store.waveforms import Waveform, save_waveform, stored_waveform

log = logging.getLogger(__name__)

REMEMBERED = 10_000
"""Sessions and calls for which it is known that they were heard; one entry in the audit log for each."""
_making = threading.Lock()


class Listening:
    """One for each application."""

    def __init__(self, folder: Path, *, outlines_at_once: int = 2, keys: KeyRing | None = None) -> None:
        self.playback = Playback(folder, keys=keys)
        self._locks = Locks()
        # Decoding takes a core: more at once would slow every page.
        self._decoders = threading.BoundedSemaphore(outlines_at_once)
        self._heard: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._clear_until: dict[tuple[str, str], float] = {}
        self._guard = threading.Lock()

    def let_hear_clear(self, session: str, recording_id: str, *, seconds: float) -> None:
        """From now on the session may hear the call unmasked, for so long."""
        now = time.monotonic()
        with self._guard:
            self._clear_until = {key: until for key, until in self._clear_until.items() if until > now}
            self._clear_until[session, recording_id] = now + seconds

    def may_hear_clear(self, session: str, recording_id: str) -> bool:
        """Whether the session may hear the call unmasked at this moment."""
        with self._guard:
            return self._clear_until.get((session, recording_id), 0.0) > time.monotonic()

    def begins_to_hear(self, session: str, recording_id: str) -> bool:
        """Whether the session asks for the sound of the call for the first time."""
        with self._guard:
            key = session, recording_id
            if key in self._heard:
                self._heard.move_to_end(key)
                return False
            self._heard[key] = None
            if len(self._heard) > REMEMBERED:
                self._heard.popitem(last=False)
            return True

    def outline(self, database: Database, recording: Recording, mask: SoundMask) -> Waveform:
        """The outline of the masked recording: the stored one, or it is made and stored; by one request at a time.

        Raises:
            AudioError: there is none stored, and the file has gone or cannot be decoded.
        """
        with self._locks.one_at_a_time(recording.id):
            stored = _stored(database, recording.id, mask)
            if stored is not None:
                return stored
            original = self.playback.file_of(recording)
            with self._decoders:
                peaks = peaks_of(original, mask)
            made = Waveform(peaks.duration_s, peaks.per_s, peaks.channels)
            try:
                save_waveform(database, recording.id, made, mask.digest)
            except StoreError as error:
                # A batch may hold the database; the page gets its wave all the same.
                log.warning("the outline of %s is not stored: %s", recording.id[:12], error)
            return made


def _stored(database: Database, recording_id: str, mask: SoundMask) -> Waveform | None:
    try:
        return stored_waveform(database, recording_id, mask.digest)
    except StoreError as error:
        if error.passing:
            raise
        return None


def mask_of(database: Database, recording_id: str) -> SoundMask | None:
    """What nobody is to hear of a call; ``None`` where that is not known, so that nothing of it may be heard.

    It is not known where there is no transcript (any more), or where masked words have no times.
    """
    found = spoken(database, recording_id)
    return None if found is None else sound_mask(found.transcript, unwritten=found.unwritten)


def listening_of(request: Request) -> Listening:
    """The application's."""
    state = request.app.state
    with _making:
        if not hasattr(state, "listening"):
            desk = desk_of(request)
            state.listening = Listening(desk.settings.cache or default_folder(), keys=desk.keys)
    found: Listening = state.listening
    return found
