"""Everything that is kept of one customer, written to a folder for the customer."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from pipeline.audio.remote import local_file
from pipeline.domain.calls import Transcript
from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import shown
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.places import open_path
from pipeline.privacy.sealing import SealError, open_transcript
from pipeline.store.database import Database
from pipeline.store.originals import originals_of
from pipeline.store.places import CLOSED, closed_in
from pipeline.store.results import stored_call
from pipeline.store.review_tables import reviews
from pipeline.store.tables import recordings, rule_results

_OWN = (*CLOSED, "name_mark")
"""Columns that say nothing to anybody."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written."""

    calls: int
    remarks: tuple[str, ...]
    """What could not be."""


def write_copy(
    database: Database, recording_ids: Sequence[str], folder: Path, *, keys: KeyRing | None, sound: bool
) -> Copied:
    """Writes ``data.json``, and with ``sound`` the recordings, to ``folder``, which takes its name when it is whole.

    Raises:
        ConfigError: the folder is there, or cannot be written.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already: name a folder that is not")
    part = folder.with_name(f".{folder.name}.part")
    remarks: list[str] = []
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        calls = [_call(database, one, keys, remarks) for one in recording_ids]
        if sound:
            for call in calls:
                _copy_sound(call, part, remarks)
        (part / "data.json").write_text(json.dumps(calls, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.rename(folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Copied(len(calls), tuple(remarks))


def _call(database: Database, recording_id: str, keys: KeyRing | None, remarks: list[str]) -> dict[str, Any]:
    with database.reading() as connection:
        found = connection.execute(select(recordings).where(recordings.c.id == recording_id)).one()
        judged = _reviews(connection, recording_id)
        results = _results(connection, recording_id)
    stored = stored_call(database, recording_id)
    said: list[dict[str, Any]] = []
    if stored is None:
        remarks.append(f"{recording_id[:12]}: no transcript is kept")
    else:
        original = _original(database, recording_id, stored.call.transcript, keys, remarks)
        said = [
            {"role": turn.role.value, "start_s": turn.start_s, "end_s": turn.end_s, "text": shown(turn.text)}
            for turn in original.turns
        ]
    row = found._mapping
    facts = {name: str(value) for name, value in row.items() if name not in _OWN and value not in (None, [], {})}
    try:
        facts["uri"] = open_path(keys, found.uri, closed_in(found))
    except SealError as error:
        remarks.append(f"{recording_id[:12]}: {error}")
    return {"recording": facts, "turns": said, "results": results, "reviews": judged}


def _results(connection: Connection, recording_id: str) -> list[dict[str, Any]]:
    columns = [rule_results.c[name] for name in ("rule_id", "outcome", "severity", "explanation_zh")]
    rows = connection.execute(select(*columns).where(rule_results.c.recording_id == recording_id)).mappings()
    return [_shown(dict(row)) for row in rows]


def _reviews(connection: Connection, recording_id: str) -> list[dict[str, Any]]:
    """What people said of the call; who they are is not the customer's to know."""
    columns = [reviews.c[name] for name in ("at", "kind", "rule_id", "verdict", "reason", "quote", "text", "value")]
    rows = connection.execute(select(*columns).where(reviews.c.recording_id == recording_id)).mappings()
    return [_shown(dict(row)) for row in rows]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown(str(value)) for name, value in row.items() if value is not None}


def _original(
    database: Database, recording_id: str, masked: Transcript, keys: KeyRing | None, remarks: list[str]
) -> Transcript:
    sealed = originals_of(database, [recording_id]).get(recording_id)
    if sealed is None:
        return masked
    try:
        if keys is not None:
            return open_transcript(keys, recording_id, sealed, masked)
        remarks.append(f"{recording_id[:12]}: masked, since there is no key_file")
    except SealError as error:
        remarks.append(f"{recording_id[:12]}: masked, {error}")
    return masked


def _copy_sound(call: Mapping[str, Any], folder: Path, remarks: list[str]) -> None:
    facts = call["recording"]
    suffix = Path(facts["uri"]).suffix
    try:
        with local_file(facts["uri"]) as file:
            shutil.copyfile(file, folder / f"{facts['id'][:12]}{suffix}")
    except (OSError, ConfigError):
        remarks.append(f"{facts['id'][:12]}: its file is not there any more")
