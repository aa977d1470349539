"""Deleting what is kept of one recording, class by class; the row of the recording itself stays, so that what reviewers
decided of it can still be counted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select, text, true, update

from pipeline.domain.retention import DataClass
from pipeline.store import documents
from pipeline.store.alerts import alerts
from pipeline.store.calibration_tables import calibration_calls, calibration_entries, calibration_gold
from pipeline.store.database import Database, Row
from pipeline.store.originals import originals
from pipeline.store.places import StoredPlace, closed_columns, closed_in
from pipeline.store.report_columns import read_columns
from pipeline.store.retention_tables import deletions
from pipeline.store.review_tables import appeals, review_items, reviews, search_documents, waveforms
from pipeline.store.sampling_tables import picks
from pipeline.store.search import forget_call
from pipeline.store.tables import (
    evaluations,
    evidence,
    files,
    predictions,
    recordings,
    rule_results,
    transcripts,
)

_SESSIONS = (calibration_entries, calibration_gold, calibration_calls)
"""What was said in calibrations can be deleted and not changed; gold has become a review as well."""
TABLES: Mapping[DataClass, tuple[Table, ...]] = {
    DataClass.AUDIO: (files, waveforms),
    DataClass.ORIGINALS: (originals,),
    DataClass.TRANSCRIPTS: (transcripts, search_documents),
    DataClass.DERIVED: (evidence, rule_results, predictions, evaluations, review_items, picks, alerts),
    DataClass.REVIEWS: (reviews, appeals, *_SESSIONS),
    DataClass.DETAILS: (recordings,),
    DataClass.AUDIT: (),
}
"""Which tables hold what of a recording. Rows of reviews, appeals and recordings are blanked, others are deleted."""
BLANK = "—"
"""Stands where a text was."""

MERGE_PAGES = 500
_RULE_CHARS = 200

Counts = dict[str, int]
"""Rows that were deleted or blanked, by table."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is deleted, as the record of it says."""

    by: str
    """Who had it deleted."""
    rule: str
    """The rule, or what else asked for it; no personal data."""
    erasure_id: str | None = None


def record(
    connection: Connection,
    reason: Reason,
    data_class: str,
    counts: Counts,
    *,
    recording_id: str | None = None,
    before: datetime | None = None,
) -> None:
    """Notes for good what is deleted."""
    row = {
        "at": datetime.now(UTC),
        "by": reason.by,
        "rule": reason.rule[:_RULE_CHARS],
        "data_class": data_class,
        "recording_id": recording_id,
        "before": before,
        "counts": counts,
        "erasure_id": reason.erasure_id,
    }
    connection.execute(deletions.insert().values(row))


def recorded(database: Database, *, limit: int) -> list[dict[str, Any]]:
    """The record of what was deleted, the newest first: when, by whom, why, which class, of what, how many rows."""
    columns = [deletions.c[name] for name in ("at", "by", "rule", "data_class", "recording_id", "counts")]
    with database.reading() as connection:
        rows = connection.execute(select(*columns).order_by(deletions.c.id.desc()).limit(limit)).mappings()
        return [dict(row) for row in rows]


def delete_recorded(
    connection: Connection, recording_id: str, data_class: DataClass, reason: Reason, *, places: Collection[str] = ()
) -> Counts:
    """Deletes what the class holds of a recording, and records it.

    Args:
        connection: within a transaction that writes.
        recording_id: of which recording.
        data_class: what to delete.
        reason: what the record says.
        places: of ``AUDIO``: where nothing lies any more. Other places stay, to be deleted later.

    Returns:
        How many rows of which tables; empty, and nothing is recorded, where there was nothing.
    """
    if data_class is DataClass.REVIEWS:
        # The record first: without it triggers refuse.
        counts = _count_worded(connection, recording_id)
        if counts:
            record(connection, reason, data_class.value, counts, recording_id=recording_id)
            _blank_reviews(connection, recording_id)
        return counts
    if data_class is DataClass.AUDIO:
        found = _delete_audio(connection, recording_id, places)
    elif data_class is DataClass.TRANSCRIPTS:
        found = _delete_transcript(connection, recording_id)
    elif data_class is DataClass.DETAILS:
        found = _blank_details(connection, recording_id)
    else:
        found = _delete_rows(connection, recording_id, data_class)
    counts = {table: count for table, count in found.items() if count}
    if counts:
        record(connection, reason, data_class.value, counts, recording_id=recording_id)
    return counts


def scrub(connection: Connection) -> None:
    """From here on SQLite overwrites what is deleted; PostgreSQL does so as it vacuums."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def compact(database: Database) -> None:
    """Makes SQLite let go of what was deleted: in the search index, and in the log of its last transactions."""
    if not database.url.startswith("sqlite"):
        return
    # Source: https://www.sqlite.org/fts5.html#the_merge_command; a step at a time, so that others may write between.
    step, before = -MERGE_PAGES, -1
    while True:
        with database.writing() as connection:
            changes = text("SELECT total_changes()")
            before = connection.execute(changes).scalar_one()
            merge = text("INSERT INTO search_text (search_text, rank) VALUES ('merge', :pages)")
            connection.execute(merge, {"pages": step})
            if connection.execute(changes).scalar_one() - before < 2:
                break
        step = MERGE_PAGES
    with database.alone() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def places_of(database: Database, recording_id: str) -> list[StoredPlace]:
    """Where a recording is known to lie."""
    with database.reading() as connection:
        query = select(files).where(files.c.recording_id == recording_id).order_by(files.c.uri)
        return [StoredPlace(row.uri, closed_in(row)) for row in connection.execute(query)]


def _delete_audio(connection: Connection, recording_id: str, places: Collection[str]) -> Counts:
    gone = and_(files.c.recording_id == recording_id, files.c.uri.in_(places))
    outline = delete(waveforms).where(waveforms.c.recording_id == recording_id)
    return {
        files.name: connection.execute(delete(files).where(gone)).rowcount,
        waveforms.name: connection.execute(outline).rowcount,
    }


def _delete_rows(connection: Connection, recording_id: str, data_class: DataClass) -> Counts:
    return {
        table.name: connection.execute(delete(table).where(table.c.recording_id == recording_id)).rowcount
        for table in TABLES[data_class]
    }


def _delete_transcript(connection: Connection, recording_id: str) -> Counts:
    mine = transcripts.c.recording_id == recording_id
    turns = connection.execute(select(transcripts.c.turns).where(mine)).scalar()
    indexed = forget_call(connection, recording_id, documents.decode_turns(turns) if turns is not None else ())
    rows = connection.execute(delete(transcripts).where(mine)).rowcount
    return {transcripts.name: rows, search_documents.name: indexed}


def _worded(table: Table, recording_id: str) -> ColumnElement[bool]:
    return and_(table.c.recording_id == recording_id, has_words(table))


def _count_worded(connection: Connection, recording_id: str) -> Counts:
    counts = {
        table.name: connection.execute(
            select(func.count()).select_from(table).where(_worded(table, recording_id))
        ).scalar_one()
        for table in TABLES[DataClass.REVIEWS]
    }
    return {table: count for table, count in counts.items() if count}


def _blank_reviews(connection: Connection, recording_id: str) -> None:
    for table in _SESSIONS:
        connection.execute(delete(table).where(table.c.recording_id == recording_id))
    connection.execute(update(reviews).where(_worded(reviews, recording_id)).values(quote=None, text=None))
    connection.execute(update(appeals).where(_worded(appeals, recording_id)).values(reason=BLANK, answer=None))


def _blank_details(connection: Connection, recording_id: str) -> Counts:
    name = f"{BLANK}{recording_id[:12]}"
    blank: Row = {
        "name": name,
        "uri": BLANK,
        "customer_id": None,
        "extra": {},
        **read_columns({}),
        "name_mark": None,
        **closed_columns(None),
    }
    mine = and_(recordings.c.id == recording_id, has_words(recordings))
    return {recordings.name: connection.execute(update(recordings).where(mine).values(blank)).rowcount}


def has_words(table: Table) -> ColumnElement[bool]:
    """Whether a row of the table holds what its class deletes: of some tables only words are."""
    if table is reviews:
        return or_(reviews.c.quote.is_not(None), reviews.c.text.is_not(None))
    if table is appeals:
        return or_(appeals.c.reason != BLANK, appeals.c.answer.is_not(None))
    return recordings.c.uri != BLANK if table is recordings else true()
