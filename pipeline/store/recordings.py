"""The recordings that are known, and the files they lie in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.domain.calls import CallMetadata, Direction, Recording, Role
from pipeline.store.database import Database, upsert
from pipeline.store.erased import ERASED, erased_among
from pipeline.store.places import CLOSED, REPLACED, StoredPlace, closed_columns, closed_in
from pipeline.store.report_columns import read_columns
from pipeline.store.tables import files, ledger, recordings


class State:
    """States of a recording in the ledger."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a recording, as a run found it."""

    recording: Recording
    mtime_ns: int
    described: bool
    """Whether a manifest row gave the metadata; where none did, metadata known from before is kept."""
    failure: tuple[str, str] | None = None
    """Reason and message of a file that cannot even be read: it goes into quarantine at once."""
    name_mark: str | None = None
    """What stands for the file's own name, where the recording's hides something of it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a found file."""

    recording_id: str
    state: str
    """State in the ledger before any work on it; ``ERASED`` where the recording was erased and is not entered."""
    duplicate_of: str | None
    """Path of an earlier file with the same bytes, if there is one; its name where the path is closed."""
    reason: str | None
    message: str | None


def known_files(database: Database, uris: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    """Size, modification time (ns) and recording id of those ``uris`` (paths, or what stands for them) that were
    registered before."""
    with database.reading() as connection:
        rows = connection.execute(select(files).where(files.c.uri.in_(uris)))
        return {row.uri: (row.size_bytes, row.mtime_ns, row.recording_id) for row in rows}


def _is_there(place: StoredPlace) -> bool:
    return place.closed is None and Path(place.uri).exists()


def register(
    database: Database,
    found: Sequence[FoundFile],
    *,
    redo: bool = False,
    exists: Callable[[StoredPlace], bool] = _is_there,
    keyless: bool = False,
) -> list[Registered]:
    """Enters files into the ledger, once a recording however often it lies around or is registered.

    Files that are new, and those of which all is known, are entered together; the rest one by one.

    Args:
        database: where.
        found: at most a few hundred files; one transaction.
        redo: put recordings that are done or in quarantine back to pending.
        exists: whether something still lies at a path or URL; asked where a recording turns up in a second place.
        keyless: nobody can open closed paths any more: a file of the same bytes, size and time takes the place of one.
    """
    now = datetime.now(UTC)
    given, ids = found, [file.recording.id for file in found]
    duplicates: dict[str, str] = {}
    with database.writing() as connection:
        gone = erased_among(connection, ids)
        found = [file for file in found if file.recording.id not in gone]
        rest = _enter_new(connection, found, now)
        known = {row.id: row for row in connection.execute(select(recordings).where(recordings.c.id.in_(ids)))}
        rows = connection.execute(select(files).where(files.c.uri.in_([file.recording.uri for file in rest])))
        places = {row.uri: (row.size_bytes, row.mtime_ns, row.recording_id) for row in rows}
        for file in rest:
            if not redo and _is_unchanged(file, known.get(file.recording.id), places.get(file.recording.uri)):
                continue
            duplicate_of = _register_one(connection, file, now, redo=redo, exists=exists)
            if keyless:
                _forget_closed(connection, file)
            if duplicate_of:
                duplicates[file.recording.uri] = duplicate_of
        entries = {
            row.recording_id: row for row in connection.execute(select(ledger).where(ledger.c.recording_id.in_(ids)))
        }
    return [
        Registered(file.recording.id, ERASED, None, None, None)
        if file.recording.id in gone
        else _registered(entries[file.recording.id], duplicates.get(file.recording.uri))
        for file in given
    ]


def _registered(entry: Row[Any], duplicate_of: str | None) -> Registered:
    return Registered(entry.recording_id, entry.state, duplicate_of, entry.reason, entry.message)


def _enter_new(connection: Connection, found: Sequence[FoundFile], now: datetime) -> list[FoundFile]:
    """Enters those whose bytes and whose place are new, in as few statements as there are tables; returns the rest.

    Another run may enter the same at the same time: in one order, so that neither waits for the other for ever, and
    who comes second leaves what is there.
    """
    first = {file.recording.id: file for file in reversed(found) if file.failure is None}
    taken = set(connection.scalars(select(recordings.c.id).where(recordings.c.id.in_(first))))
    uris = [file.recording.uri for file in found]
    occupied = set(connection.scalars(select(files.c.uri).where(files.c.uri.in_(uris))))
    new = [first[key] for key in sorted(first.keys() - taken) if first[key].recording.uri not in occupied]
    entry = {"state": State.PENDING, "attempts": 0, "workers_lost": 0, "updated_at": now}
    _insert_missing(connection, recordings, [{**_columns(file), "added_at": now} for file in new])
    _insert_missing(connection, ledger, [{"recording_id": file.recording.id, **entry} for file in new])
    _insert_missing(connection, files, [_place(file) for file in new])
    entered = {id(file) for file in new}
    return [file for file in found if id(file) not in entered]


def _insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def _is_unchanged(file: FoundFile, known: Row[Any] | None, place: tuple[int, int, str] | None) -> bool:
    recording = file.recording
    if known is None or file.failure or place != (recording.size_bytes, file.mtime_ns, recording.id):
        return False
    said = _columns(file) if file.described else _placed(file)
    # Closed twice, a path reads otherwise: what stands for it tells.
    return all(getattr(known, column) == value for column, value in said.items() if column not in CLOSED)


def _register_one(
    connection: Connection, file: FoundFile, now: datetime, *, redo: bool, exists: Callable[[StoredPlace], bool]
) -> str | None:
    """Enters a file; returns the path of an earlier one with the same bytes, if there is one."""
    recording = file.recording
    known = connection.execute(
        select(recordings, ledger.c.state)
        .join(ledger, ledger.c.recording_id == recordings.c.id)
        .where(recordings.c.id == recording.id)
    ).one_or_none()
    duplicate_of = None
    if known is None:
        _insert_missing(connection, recordings, [{**_columns(file), "added_at": now}])
        _enter(connection, recording.id, now)
    elif known.uri != recording.uri and exists(StoredPlace(known.uri, closed_in(known))):
        duplicate_of = known.uri if known.closed is None else known.name
    else:
        changed = _columns(file) if file.described else _placed(file)
        connection.execute(update(recordings).where(recordings.c.id == recording.id).values(changed))
        # Who spoke in which channel is part of the transcript: a corrected manifest means doing it again.
        other_roles = file.described and list(known.channel_roles) != _roles(recording)
        if (redo or other_roles) and known.state != State.LEASED:
            _enter(connection, recording.id, now)
    _remember_file(connection, file)
    if file.failure is not None:
        _quarantine_unread(connection, recording.id, file.failure, now)
    return duplicate_of


def _enter(connection: Connection, recording_id: str, now: datetime) -> None:
    entry = {
        "recording_id": recording_id,
        "state": State.PENDING,
        "attempts": 0,
        "owner": None,
        "lease_expires_s": None,
        "not_before_s": None,
        "workers_lost": 0,
        "reason": None,
        "message": None,
        "updated_at": now,
    }
    upsert(connection, ledger, [entry])


def _remember_file(connection: Connection, file: FoundFile) -> None:
    uri = file.recording.uri
    before = connection.execute(select(files.c.recording_id).where(files.c.uri == uri)).scalar()
    upsert(connection, files, [_place(file)])
    if before is None or before == file.recording.id:
        return
    if is_unread(before):
        # The file could not be read earlier and now can: the stand-in has served.
        connection.execute(delete(recordings).where(recordings.c.id == before))
    else:
        _move_replaced(connection, before, uri)


def _place(file: FoundFile) -> Mapping[str, object]:
    return {
        "uri": file.recording.uri,
        "size_bytes": file.recording.size_bytes,
        "mtime_ns": file.mtime_ns,
        "recording_id": file.recording.id,
        **closed_columns(file.recording.closed),
    }


def _forget_closed(connection: Connection, file: FoundFile) -> None:
    alike = and_(
        files.c.recording_id == file.recording.id,
        files.c.closed.is_not(None),
        files.c.size_bytes == file.recording.size_bytes,
        files.c.mtime_ns == file.mtime_ns,
    )
    one = select(files.c.uri).where(alike).limit(1).scalar_subquery()
    connection.execute(delete(files).where(files.c.uri == one))


def _move_replaced(connection: Connection, recording_id: str, uri: str) -> None:
    """Another recording has taken the place of this one: it is known by a copy, or marked as replaced."""
    copy = connection.execute(select(files).where(files.c.recording_id == recording_id).limit(1)).first()
    now_at: dict[str, object] = (
        {"uri": copy.uri, **closed_columns(closed_in(copy))}
        if copy
        else {"uri": f"{uri} {REPLACED}", "name": recordings.c.name + f" {REPLACED}"}
    )
    mine = (recordings.c.id == recording_id, recordings.c.uri == uri)
    connection.execute(update(recordings).where(*mine).values(now_at))


def _quarantine_unread(connection: Connection, recording_id: str, failure: tuple[str, str], now: datetime) -> None:
    reason, message = failure
    connection.execute(
        update(ledger)
        .where(ledger.c.recording_id == recording_id)
        .values(state=State.QUARANTINED, reason=reason, message=message, updated_at=now)
    )


UNREAD = "unread-"


def is_unread(recording_id: str) -> bool:
    """Whether the id stands for a file whose bytes could not be read (or that has none)."""
    return recording_id.startswith(UNREAD)


def _roles(recording: Recording) -> list[str]:
    return [role.value for role in recording.channel_roles]


def _placed(file: FoundFile) -> dict[str, object]:
    recording = file.recording
    return {
        "name": recording.name,
        "uri": recording.uri,
        "name_mark": file.name_mark,
        **closed_columns(recording.closed),
    }


def _columns(file: FoundFile) -> dict[str, object]:
    recording = file.recording
    facts = recording.metadata
    offset = facts.started_at.utcoffset() if facts.started_at else None
    return {
        **_placed(file),
        "id": recording.id,
        "size_bytes": recording.size_bytes,
        "agent": facts.agent,
        "team": facts.team,
        "skill": facts.skill,
        "queue": facts.queue,
        "direction": facts.direction.value if facts.direction else None,
        "started_at": facts.started_at,
        "started_at_offset_min": None if offset is None else round(offset.total_seconds() / 60),
        "customer_id": facts.customer_id,
        "survey_score": facts.survey_score,
        "extra": dict(facts.extra),
        **read_columns(facts.extra),
        "channel_roles": _roles(recording),
    }


def recording_of(row: Row[Any]) -> Recording:
    """The recording in a row that holds all columns of ``recordings``."""
    return Recording(
        id=row.id,
        name=row.name,
        uri=row.uri,
        size_bytes=row.size_bytes,
        metadata=CallMetadata(
            agent=row.agent,
            team=row.team,
            skill=row.skill,
            queue=row.queue,
            direction=Direction(row.direction) if row.direction else None,
            started_at=local_start(row.started_at, row.started_at_offset_min),
            customer_id=row.customer_id,
            survey_score=row.survey_score,
            extra=row.extra,
        ),
        channel_roles=tuple(Role(role) for role in row.channel_roles),
        closed=closed_in(row),
    )


def local_start(started_at: datetime | None, offset_min: int | None) -> datetime | None:
    """The start of a call in the zone that the manifest gave it in."""
    if started_at is None:
        return None
    return started_at.astimezone(timezone(timedelta(minutes=offset_min or 0)))
