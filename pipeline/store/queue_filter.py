"""Which calls of the queue are wanted, and in what order."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, tuple_

from pipeline.domain.errors import StoreError
from pipeline.domain.results import ErrorClass, Outcome, RuleStatus, Severity
from pipeline.store.review_tables import review_items
from pipeline.store.search import search_condition
from pipeline.store.tables import rule_results

UNKNOWN_START = datetime(1970, 1, 1, tzinfo=UTC)
"""What ``review_items`` holds for a call of which nobody knows when it began."""


class QueueStatus(StrEnum):
    """How far a call is."""

    OPEN = "open"
    """An active rule hit or sampling picked the call, and nobody is through with it."""
    DOUBTFUL = "doubtful"
    """Open, and an active rule could not be judged."""
    UNFLAGGED = "unflagged"
    """Open, no active rule hit, and sampling did not pick it."""
    DONE = "done"
    ALL = "all"


class QueueOrder(StrEnum):
    """What comes first."""

    RISK = "risk"
    NEWEST = "newest"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which calls to list; an empty field does not restrict."""

    status: QueueStatus = QueueStatus.OPEN
    text: str = ""
    """Blank-separated words, each of which must be said in the call."""
    rule: str | None = None
    error_class: ErrorClass | None = None
    severity: Severity | None = None
    """Rule, class and severity are those of one hit."""
    team: str | None = None
    agent: str | None = None
    since: datetime | None = None
    """Calls that began at this moment or later."""
    until: datetime | None = None
    """Calls that began before this moment."""
    reviewer_id: int | None = None
    """Whose call it is: given to them while open, finished by them when done."""
    unassigned: bool = False
    done_since: datetime | None = None


Cursor = tuple[str, str]
"""Where a page of a list ended: what it is ordered by, as text, and the recording."""

_LARGEST = 2**31 - 1
_ORDERED_BY: dict[QueueOrder, ColumnElement[Any]] = {
    QueueOrder.RISK: review_items.c.risk,
    QueueOrder.NEWEST: review_items.c.started_at,
    QueueOrder.LONGEST: review_items.c.duration_s,
}


def ordering(order: QueueOrder) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What a list is sorted by, both falling; the second makes the order of equals the same on every page."""
    return _ORDERED_BY[order], review_items.c.recording_id


def cursor_at(value: object, recording_id: str) -> Cursor:
    """The cursor of a call whose order column holds ``value``."""
    return (value.isoformat() if isinstance(value, datetime) else str(value)), recording_id


def behind(order: QueueOrder, cursor: Cursor) -> ColumnElement[bool]:
    """Whether a call comes after the cursor. Raises: StoreError for a cursor of no list."""
    text, recording_id = cursor
    column = _ORDERED_BY[order]
    try:
        value: object
        if order is QueueOrder.NEWEST:
            value = datetime.fromisoformat(text)
            if value.tzinfo is None:
                raise ValueError("no zone")
        else:
            value = int(text) if order is QueueOrder.RISK else float(text)
            if abs(value) > _LARGEST:
                raise ValueError("larger than the database holds")
    except ValueError as error:
        raise StoreError(f"no list ordered by {order} continues at {text[:40]!r}") from error
    return tuple_(column, review_items.c.recording_id) < tuple_(
        literal(value, type_=column.type), literal(recording_id)
    )


def conditions(dialect: str, wanted: QueueFilter) -> list[ColumnElement[bool]]:
    """What a row of ``review_items`` has to meet, all of it."""
    items = review_items.c
    tests = _status(wanted.status)
    tests += _hit(wanted)
    for column, value in ((items.team, wanted.team), (items.agent, wanted.agent)):
        if value is not None:
            tests.append(column == value)
    if wanted.since is not None:
        tests.append(items.started_at >= wanted.since)
    if wanted.until is not None:
        tests += [items.started_at < wanted.until, items.started_at > UNKNOWN_START]
    if wanted.reviewer_id is not None:
        given = and_(~items.done, items.assignee_id == wanted.reviewer_id)
        finished = and_(items.done, items.done_by == wanted.reviewer_id)
        by_status = {QueueStatus.ALL: or_(given, finished), QueueStatus.DONE: items.done_by == wanted.reviewer_id}
        tests.append(by_status.get(wanted.status, items.assignee_id == wanted.reviewer_id))
    if wanted.unassigned:
        tests.append(items.assignee_id.is_(None))
    if wanted.done_since is not None:
        tests.append(items.done_at >= wanted.done_since)
    said = search_condition(dialect, wanted.text)
    return tests if said is None else [*tests, said]


def _status(status: QueueStatus) -> list[ColumnElement[bool]]:
    # Compared with values, not `IS`: only so does SQLite use an index for them.
    items = review_items.c
    is_open = items.done == literal(False)
    return {
        QueueStatus.OPEN: [is_open, items.wanted == literal(True)],
        QueueStatus.DOUBTFUL: [is_open, items.doubtful == literal(True)],
        QueueStatus.UNFLAGGED: [is_open, items.wanted == literal(False)],
        QueueStatus.DONE: [items.done == literal(True)],
        QueueStatus.ALL: [],
    }[status]


def _hit(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    """The call has one hit of an active rule that is all of what is wanted of a hit."""
    of_hit = [
        column == value
        for column, value in (
            (rule_results.c.rule_id, wanted.rule),
            (rule_results.c.error_class, wanted.error_class and wanted.error_class.value),
            (rule_results.c.severity, wanted.severity and wanted.severity.value),
        )
        if value is not None
    ]
    if not of_hit:
        return []
    # Named, so that a statement that uses the condition twice finds the hits once; PostgreSQL joins better than that.
    hit = select(rule_results.c.recording_id).where(*of_hit, *active_hit()).cte("hit")
    hit = hit.prefix_with("NOT MATERIALIZED", dialect="postgresql")
    return [review_items.c.recording_id.in_(select(hit.c.recording_id))]


def active_hit() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a row of ``rule_results`` is a hit that flags its call."""
    return rule_results.c.outcome == Outcome.HIT.value, rule_results.c.status == RuleStatus.ACTIVE.value
