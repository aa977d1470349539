"""Erasing recordings for good: first they are closed to every run, then what is kept of them goes."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, and_, delete, func, or_, select, update

from pipeline.domain.errors import StoreError
from pipeline.domain.retention import DataClass, in_letters
from pipeline.store.database import Database
from pipeline.store.keeping import BLANK, Counts, Reason, delete_recorded, scrub
from pipeline.store.retention_tables import deletions, erased, erasures, holds
from pipeline.store.review_tables import audit, reviews
from pipeline.store.tables import files, ledger, recordings

RULE = "customer request"
"""What the record of deletions gives as rule."""
PAGE = 200
RemoveFiles = Callable[[], Collection[str]]


@dataclass(frozen=True, slots=True)
class Begun:
    """An erasure under way."""

    id: str
    recording_ids: tuple[str, ...]
    """Still to be erased: closed, so that no run and nobody at the desk adds to them."""
    held: Mapping[str, int]
    """Recordings that stay, with the number of the legal hold that keeps each."""
    originals_not_opened: int = 0
    """In which nobody could look for the customer."""


def begin_erasure(database: Database, recording_ids: Sequence[str], *, by: str, originals_not_opened: int = 0) -> Begun:
    """Closes the recordings, all in one transaction, and takes them out of the hands of whoever processes them.

    A run that has one of them in hand finds its lease gone when it wants to store the result, and stores nothing.
    """
    erasure_id = in_letters(uuid.uuid4().hex)
    now = datetime.now(UTC)
    held: dict[str, int] = {}
    closed: list[str] = []
    with database.writing() as connection:
        connection.execute(erasures.insert().values(id=erasure_id, begun_at=now, begun_by=by, certificate={}))
        for recording_id in sorted(set(recording_ids)):
            mine = select(recordings.c.id).where(recordings.c.id == recording_id)
            if connection.execute(mine.with_for_update()).first() is None:
                continue
            hold = connection.execute(select(_hold_of()).where(recordings.c.id == recording_id)).scalar()
            if hold is not None:
                held[recording_id] = hold
                continue
            known = select(erased.c.finished_at).where(erased.c.recording_id == recording_id)
            tombstone = connection.execute(known).first()
            if tombstone is None:
                row = {"recording_id": recording_id, "erasure_id": erasure_id, "at": now}
                connection.execute(erased.insert().values(row))
            elif tombstone.finished_at is None:
                # An earlier request was cut off: this one finishes it.
                adopt = update(erased).where(erased.c.recording_id == recording_id)
                connection.execute(adopt.values(erasure_id=erasure_id))
            else:
                continue
            connection.execute(delete(ledger).where(ledger.c.recording_id == recording_id))
            closed.append(recording_id)
        begun = {"held": held, "originals_not_opened": originals_not_opened}
        connection.execute(update(erasures).where(erasures.c.id == erasure_id).values(certificate=begun))
    return Begun(erasure_id, tuple(closed), held, originals_not_opened)


def _hold_of() -> ScalarSelect[int | None]:
    """The number of the oldest hold on a row of ``recordings``."""
    mine = or_(holds.c.recording_id == recordings.c.id, holds.c.customer_id == recordings.c.customer_id)
    oldest = select(func.min(holds.c.id)).where(holds.c.released_at.is_(None), mine)
    return oldest.correlate(recordings).scalar_subquery()


def unfinished_erasures(database: Database) -> list[str]:
    """Erasures that were begun and not finished, oldest first."""
    query = select(erasures.c.id).where(erasures.c.finished_at.is_(None)).order_by(erasures.c.begun_at)
    with database.reading() as connection:
        return list(connection.scalars(query))


def resume_erasure(database: Database, erasure_id: str) -> Begun:
    """What is left to do of an erasure that was cut off. Raises: StoreError, there is none of that id."""
    with database.reading() as connection:
        row = connection.execute(select(erasures).where(erasures.c.id == erasure_id)).first()
        left = select(erased.c.recording_id).where(erased.c.erasure_id == erasure_id, erased.c.finished_at.is_(None))
        ids = tuple(connection.scalars(left.order_by(erased.c.recording_id)))
    if row is None or row.finished_at is not None:
        raise StoreError(f"no erasure {erasure_id} is unfinished")
    return Begun(erasure_id, ids, row.certificate["held"], row.certificate["originals_not_opened"])


def erase_recording(
    database: Database, recording_id: str, erasure_id: str, *, by: str, remove: RemoveFiles
) -> Mapping[DataClass, Counts]:
    """Deletes everything that is kept of a closed recording but what must stay, and returns it, in one transaction.

    Where a file cannot be deleted, its place is kept and the erasure of the recording is not finished. Where a hold
    came meanwhile, nothing is deleted.
    """
    reason = Reason(by, RULE, erasure_id)
    done: dict[DataClass, Counts] = {}
    with database.writing() as connection:
        scrub(connection)
        mine = recordings.c.id == recording_id
        customer = connection.execute(select(recordings.c.customer_id).where(mine).with_for_update()).scalar()
        if connection.execute(select(_hold_of()).where(mine)).scalar() is not None:
            return done
        for data_class in DataClass:
            if data_class is DataClass.AUDIT:
                continue
            if data_class is DataClass.DETAILS:
                lying = select(func.count()).select_from(files).where(files.c.recording_id == recording_id)
                if connection.execute(lying).scalar_one():
                    return done
            places = remove() if data_class is DataClass.AUDIO else ()
            counts = delete_recorded(connection, recording_id, data_class, reason, places=places)
            if counts:
                done[data_class] = counts
        _blank_past_holds(connection, recording_id, customer)
        finished = update(erased).where(erased.c.recording_id == recording_id)
        connection.execute(finished.values(finished_at=datetime.now(UTC)))
    return done


def _blank_past_holds(connection: Connection, recording_id: str, customer_id: str | None) -> None:
    of_customer = and_(holds.c.customer_id.is_not(None), holds.c.customer_id == customer_id)
    past = and_(holds.c.released_at.is_not(None), or_(holds.c.recording_id == recording_id, of_customer))
    connection.execute(update(holds).where(past).values(reason=BLANK, customer_id=None))


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """What the record says of an erasure."""

    begun_at: datetime
    begun_by: str
    recordings: Mapping[str, Mapping[str, Counts]]
    """Recording id → class → table → rows."""
    unfinished: tuple[str, ...]
    """Recordings of which files could not be deleted."""
    verdicts: int
    """Reviews of the recordings that stay, without words."""
    audit_entries: int
    """Entries of the audit log about the recordings."""


def erased_rows(database: Database, erasure_id: str) -> ErasedRows:
    """What was deleted in an erasure, by all attempts together, and what stays of its recordings."""
    mine = erased.c.erasure_id == erasure_id
    ids = select(erased.c.recording_id).where(mine)
    found: dict[str, dict[str, Counts]] = {}
    with database.reading() as connection:
        request = connection.execute(select(erasures).where(erasures.c.id == erasure_id)).one()
        for recording_id in connection.scalars(ids.order_by(erased.c.recording_id)):
            found[recording_id] = {}
        # An earlier attempt may have gone by another number: the record is looked up by recording.
        entries = select(deletions).where(deletions.c.recording_id.in_(ids), deletions.c.erasure_id.is_not(None))
        for row in connection.execute(entries.order_by(deletions.c.id)):
            counts = found[row.recording_id].setdefault(row.data_class, {})
            for table, count in row.counts.items():
                counts[table] = counts.get(table, 0) + count
        unfinished = tuple(connection.scalars(ids.where(erased.c.finished_at.is_(None))))
        verdicts, entries_left = (
            connection.execute(
                select(func.count()).select_from(table).where(table.c.recording_id.in_(ids))
            ).scalar_one()
            for table in (reviews, audit)
        )
    return ErasedRows(request.begun_at, request.begun_by, found, unfinished, verdicts, entries_left)


def finish_erasure(database: Database, erasure_id: str, certificate: Mapping[str, object], *, finished: bool) -> None:
    """Keeps the certificate of an erasure, which is done with where nothing of it is left to do."""
    at = datetime.now(UTC) if finished else None
    with database.writing() as connection:
        mine = update(erasures).where(erasures.c.id == erasure_id)
        connection.execute(mine.values(finished_at=at, certificate=dict(certificate)))


def kept_certificate(database: Database, erasure_id: str) -> dict[str, object]:
    """The certificate of an erasure. Raises: StoreError, there is none of that id, or it is not finished."""
    with database.reading() as connection:
        row = connection.execute(select(erasures).where(erasures.c.id == erasure_id)).first()
    if row is None:
        raise StoreError(f"there is no erasure {erasure_id}")
    if "certificate" not in row.certificate:
        raise StoreError(f"erasure {erasure_id} was cut off: `earmark subject erase --resume {erasure_id}` finishes it")
    return dict(row.certificate)


def subject_calls(database: Database, recording_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What lists show of recordings: id, name, start, agent, queue, and the hold that keeps each, if one does."""
    columns = (recordings.c.id, recordings.c.name.label("recording"), recordings.c.started_at, recordings.c.agent)
    found: list[dict[str, Any]] = []
    with database.reading() as connection:
        for start in range(0, len(recording_ids), PAGE):
            page = recordings.c.id.in_(recording_ids[start : start + PAGE])
            query = select(*columns, recordings.c.queue, _hold_of().label("hold")).where(page)
            found += [dict(row) for row in connection.execute(query.order_by(recordings.c.id)).mappings()]
    return found
