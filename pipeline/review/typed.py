"""What people type of a call, masked by what the call hides as well: a name that nothing around it tells to be one."""

import logging
from typing import TYPE_CHECKING

from pipeline.privacy.masking import Veil
from pipeline.privacy.sealing import SealError, open_transcript
from pipeline.store.originals import originals_of
from pipeline.store.results import StoredCall

if TYPE_CHECKING:
    from pipeline.review.app import Desk

logger = logging.getLogger(__name__)


def masked_as_call(desk: "Desk", stored: StoredCall | None, text: str | None) -> str | None:
    """``text`` with everything masked that the transcript of the call masks, as far as the desk has its key."""
    if desk.keys is None or stored is None or not text:
        return text
    recording_id = stored.recording.id
    sealed = originals_of(desk.database, [recording_id]).get(recording_id)
    if sealed is None:
        return text
    masked = stored.call.transcript
    try:
        original = open_transcript(desk.keys, recording_id, sealed, masked)
    except SealError as error:
        logger.warning("what was typed is masked without its call: %s", error)
        return text
    return Veil(original, masked).words(text)
