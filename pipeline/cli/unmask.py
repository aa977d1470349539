"""Showing a call unmasked on a terminal: with a reason, and an entry in the audit log."""

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.cli.originals import keys_of
from pipeline.domain.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.domain.calls import Transcript
    from pipeline.store.database import Database
    from pipeline.store.results import StoredCall

SHORTEST_REASON = 4


def unmasked(database: "Database", stored: "StoredCall", reason: str | None) -> "Transcript":
    """The call as it was spoken; who asks and why is in the audit log before it is shown.

    Raises:
        ConfigError: no reason was given, or the original was not kept.
        SealError: no key opens it.
    """
    import getpass

    from pipeline.domain.personal import kinds_in
    from pipeline.privacy.masking import mask_text
    from pipeline.privacy.sealing import open_transcript
    from pipeline.settings import load_settings
    from pipeline.store.accounts import audit
    from pipeline.store.originals import originals_of

    recording = stored.recording
    if reason is None or len(reason.strip()) < SHORTEST_REASON:
        raise ConfigError(f"--clear needs --reason, {SHORTEST_REASON} characters or more: it goes into the audit log")
    masked = stored.call.transcript
    kinds = Counter(kind.zh for turn in masked.turns for kind in kinds_in(turn.text))
    if not kinds:
        return masked
    sealed = originals_of(database, [recording.id]).get(recording.id)
    if sealed is None:
        raise ConfigError("what this call hides was not kept: no key was set when it was transcribed")
    keys = keys_of(load_settings())
    if keys is None:
        raise ConfigError("no key_file is set, so that the original stays closed (docs/privacy-access.md)")
    original = open_transcript(keys, recording.id, sealed, masked)
    audit(
        database,
        account=None,
        login=f"{getpass.getuser()} (console)",
        action="unmask",
        recording_id=recording.id,
        detail={"reason": mask_text(reason.strip()), "kinds": dict(kinds)},
    )
    return original
