"""Running the retention rules over everything that is kept."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.batch.file_deletion import FileDeletion, forget_made, look_at
from pipeline.domain.retention import DataClass, RetentionRules
from pipeline.privacy.keys import KeyRing
from pipeline.store.database import Database
from pipeline.store.keeping import compact, places_of
from pipeline.store.retention import DueCall, DuePlan, delete_due, due_calls, note_run, shorten_audit

logger = logging.getLogger(__name__)
NAMED = 1000
"""Files that stay which are named one by one."""


@dataclass(slots=True)
class Swept:
    """What a run of the rules has deleted."""

    calls: int = 0
    """Calls of which something was deleted."""
    counts: Counter[tuple[DataClass, str]] = field(default_factory=Counter)
    """Rows and files by class and table."""
    left: list[tuple[str, str, str]] = field(default_factory=list)
    """Files that stay: recording id, place, masked, and why."""
    passed_over: list[str] = field(default_factory=list)
    """Recordings that came under a hold, or into the hands of a run, meanwhile."""
    audit_entries: int = 0


def sweep(
    database: Database,
    rules: RetentionRules,
    plan: DuePlan,
    *,
    by: str,
    playback: Path,
    keys: KeyRing | None = None,
) -> Swept:
    """Deletes what the plan says, call by call; when cut off, run it again.

    Args:
        database: where.
        rules: what `plan` was made by.
        plan: its day counts, so that a run over midnight deletes no more than was planned.
        by: who does it.
        playback: the folder of the review desk for recordings that are played.
        keys: open the paths of recordings; a file at a path that they do not open stays.
    """
    swept = Swept()
    for call in due_calls(database, rules, plan.today):
        _sweep_one(database, call, swept, keys, by=by, playback=playback)
    swept.audit_entries = shorten_audit(database, rules, plan, by=by)
    note_run(database, plan, by=by, calls=swept.calls)
    compact(database)
    return swept


def _sweep_one(
    database: Database, call: DueCall, swept: Swept, keys: KeyRing | None, *, by: str, playback: Path
) -> None:
    audio = DataClass.AUDIO in call.rules
    places = places_of(database, call.recording_id) if audio else ()
    files = look_at(call.recording_id, places, keys) if audio else FileDeletion(())
    done = delete_due(database, call, by=by, remove=files.remove)
    if done is None:
        swept.passed_over.append(call.recording_id)
        return
    if audio:
        forget_made(playback, call.recording_id)
    room = NAMED - len(swept.left)
    swept.left += [(call.recording_id, place.named, place.why) for place in files.left][: max(0, room)]
    for data_class, counts in done.items():
        swept.counts.update({(data_class, table): count for table, count in counts.items()})
    swept.calls += bool(done)
    logger.info("deleted by rule", extra={"recording_id": call.recording_id, "classes": sorted(done)})
