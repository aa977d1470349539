"""The calls that can be drawn, with what a plan may ask of them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, null, select

from pipeline.domain.results import ErrorClass
from pipeline.domain.reviews import standing_of
from pipeline.domain.sampling import Frame, FrameCall, PastCall
from pipeline.store.database import Database
from pipeline.store.recordings import recording_of
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.reviews import reviews_of
from pipeline.store.tables import UtcDateTime, pack_rules, recordings

HISTORY = timedelta(days=90)
"""How far back what people found counts for adaptive parts and Neyman allocation."""
KNOWN_AFTER = timedelta(days=7)
"""An agent who is heard within the first week of all records may have been there before: since when is not known."""
CRITICAL = (ErrorClass.CUSTOMER_CRITICAL, ErrorClass.BUSINESS_CRITICAL, ErrorClass.COMPLIANCE_CRITICAL)


def load_frame(
    database: Database, *, since: datetime | None = None, until: datetime | None = None, to_draw: bool = True
) -> Frame:
    """Every evaluated call that began in ``[since, until)``, by start and id. Without bounds also calls of which
    nobody knows when they began.

    Args:
        to_draw: also what only plans ask for: since when agents are there, when customers called before, and what
            people found in the 90 days before ``since``; without ``since`` there is nothing before.
    """
    with database.reading() as connection:
        known_since = connection.execute(select(func.min(recordings.c.started_at))).scalar()
        starts = _first_calls(connection) if to_draw else {}
        rows = connection.execute(_calls_of(since, until, contacts=to_draw))
        calls = tuple(_call(row, starts, known_since) for row in rows)
    found = tuple(_past(database, since)) if to_draw and since is not None else ()
    return Frame(calls, found, since, until, known_since)


def _first_calls(connection: Connection) -> dict[str, datetime]:
    query = select(recordings.c.agent, func.min(recordings.c.started_at).label("first")).group_by(recordings.c.agent)
    return {row.agent: row.first for row in connection.execute(query.where(recordings.c.agent.is_not(None)))}


def _calls_of(since: datetime | None, until: datetime | None, *, contacts: bool) -> Select[Any]:
    query = (
        select(recordings, review_items.c.flagged)
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(*within(since, until))
        .order_by(recordings.c.started_at, recordings.c.id)
    )
    if not contacts:
        return query.add_columns(null().label("last_contact"))
    earlier = func.lag(recordings.c.started_at, type_=UtcDateTime()).over(
        partition_by=recordings.c.customer_id, order_by=(recordings.c.started_at, recordings.c.id)
    )
    known = (
        select(recordings.c.id.label("contact_id"), earlier.label("last_contact"))
        .where(recordings.c.customer_id.is_not(None), recordings.c.started_at.is_not(None))
        .subquery()
    )
    return query.add_columns(known.c.last_contact).outerjoin(known, known.c.contact_id == recordings.c.id)


def within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Whether a call began in the period."""
    tests: list[ColumnElement[bool]] = []
    if since is not None:
        tests.append(recordings.c.started_at >= since)
    if until is not None:
        tests.append(recordings.c.started_at < until)
    return tests


def _call(row: Row[Any], starts: Mapping[str, datetime], known_since: datetime | None) -> FrameCall:
    first = starts.get(row.agent)
    known = first is not None and known_since is not None and first - known_since >= KNOWN_AFTER
    recording = recording_of(row)
    return FrameCall(
        id=row.id,
        name=row.name,
        facts=recording.metadata,
        flagged=bool(row.flagged),
        duration_s=row.duration_s,
        agent_days=_days(first, row.started_at) if known else None,
        last_contact_days=_days(row.last_contact, row.started_at),
    )


def _days(before: datetime | None, after: datetime | None) -> float | None:
    return None if before is None or after is None else (after - before).total_seconds() / 86_400


def _past(database: Database, since: datetime) -> Iterator[PastCall]:
    """Calls before the window of which somebody said whether there is a critical error."""
    with database.reading() as connection:
        query = (
            select(recordings)
            .where(recordings.c.started_at >= since - HISTORY, recordings.c.started_at < since)
            .where(recordings.c.id.in_(select(reviews.c.recording_id)))
            .order_by(recordings.c.id)
        )
        rows = connection.execute(query).all()
        critical = set(
            connection.execute(
                select(pack_rules.c.rule_id).where(pack_rules.c.error_class.in_([one.value for one in CRITICAL]))
            ).scalars()
        )
    said = reviews_of(database, [row.id for row in rows])
    for row in rows:
        standing = standing_of(said.get(row.id, ()))
        truths = {
            rule: entry.said.verdict.truth
            for rule, entry in standing.verdicts.items()
            if entry.said.verdict is not None
        }
        if standing.finished is not None or any(truth is not None for truth in truths.values()):
            failed = any(truth and rule in critical for rule, truth in truths.items())
            yield PastCall(recording_of(row).metadata, failed)
