"""What the queue shows: a page of calls, counts, choices of filters, and the next call to hear."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, case, func, select, true, update

from pipeline.domain.results import ErrorClass
from pipeline.store.database import Database
from pipeline.store.queue_filter import (
    Cursor,
    QueueFilter,
    QueueOrder,
    QueueStatus,
    active_hit,
    behind,
    conditions,
    cursor_at,
    ordering,
)
from pipeline.store.queue_rows import QueueRow, queue_rows
from pipeline.store.review_queue import HOLD
from pipeline.store.review_tables import accounts, review_items
from pipeline.store.tables import rule_results

PAGE = 50
FACET_LIMIT = 1_000
"""Choices of a filter that are offered; nobody reads more."""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of a list."""

    rows: tuple[QueueRow, ...]
    after: Cursor | None
    """Where the next page begins; ``None`` where this is the last."""


@dataclass(frozen=True, slots=True)
class QueueSums:
    """How many calls a list has."""

    calls: int
    compliance: int
    """Of these with a hit of an active rule whose breach is a compliance-critical error."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter can be set to, and how many calls it would leave."""

    value: str
    count: int


def list_queue(
    database: Database,
    wanted: QueueFilter,
    order: QueueOrder = QueueOrder.RISK,
    *,
    after: Cursor | None = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> QueuePage:
    """A page of the wanted calls; the first, or the one after a cursor. Raises: StoreError for a bad cursor."""
    limit = limit or PAGE
    first, second = ordering(order)
    with database.reading() as connection:
        query = _chosen(connection, wanted, first.label("ordered_by"), second)
        if after is not None:
            query = query.where(behind(order, after))
        found = connection.execute(query.order_by(first.desc(), second.desc()).limit(limit + 1)).all()
        page = found[:limit]
        rows = queue_rows(connection, [row.recording_id for row in page], now or datetime.now(UTC))
    last = cursor_at(page[-1].ordered_by, page[-1].recording_id) if len(found) > limit else None
    return QueuePage(rows, last)


def list_and_sum(
    database: Database, wanted: QueueFilter, order: QueueOrder = QueueOrder.RISK, *, now: datetime | None = None
) -> tuple[QueuePage, QueueSums]:
    """The first page of the wanted calls and how many there are: what is searched for is searched for once."""
    first, second = ordering(order)
    grave = select(rule_results.c.recording_id).where(
        rule_results.c.error_class == ErrorClass.COMPLIANCE_CRITICAL.value, *active_hit()
    )
    with database.reading() as connection:
        tests = conditions(connection.dialect.name, wanted)
        top = select(first.label("ordered_by"), second).where(*tests)
        page = top.order_by(first.desc(), second.desc()).limit(PAGE + 1).cte("page")
        is_grave = case((review_items.c.recording_id.in_(grave), 1), else_=0)
        sums = select(func.count().label("calls"), func.sum(is_grave).label("compliance")).where(*tests).cte("sums")
        query = select(sums, page).select_from(sums.outerjoin(page, true()))
        found = connection.execute(query.order_by(page.c.ordered_by.desc(), page.c.recording_id.desc())).all()
        counted = QueueSums(found[0].calls, found[0].compliance or 0)
        listed = [row for row in found[:PAGE] if row.recording_id is not None]
        rows = queue_rows(connection, [row.recording_id for row in listed], now or datetime.now(UTC))
    last = cursor_at(listed[-1].ordered_by, listed[-1].recording_id) if len(found) > PAGE else None
    return QueuePage(rows, last), counted


def first_calls(database: Database, wanted: QueueFilter, order: QueueOrder, count: int) -> list[str]:
    """Ids of the first ``count`` wanted calls, for giving them to somebody."""
    first, second = ordering(order)
    with database.reading() as connection:
        query = _chosen(connection, wanted, second)
        return list(connection.execute(query.order_by(first.desc(), second.desc()).limit(count)).scalars())


def queue_counts(database: Database, views: Mapping[str, QueueFilter]) -> dict[str, int]:
    """How many calls each of the named filters leaves, at one moment."""
    with database.reading() as connection:
        return {
            name: connection.execute(_chosen(connection, wanted, func.count())).scalar_one()
            for name, wanted in views.items()
        }


def choices(database: Database, wanted: QueueFilter, dimension: str) -> list[Choice]:
    """What a filter can be set to, the most frequent first, counted among the calls that the other filters leave.

    Args:
        database: where to look.
        wanted: the filter as it stands; what it says of ``dimension`` itself does not count.
        dimension: ``team``, ``agent`` or ``rule``.
    """
    free = {
        "team": replace(wanted, team=None),
        "agent": replace(wanted, agent=None),
        "rule": replace(wanted, rule=None),
    }
    others = free[dimension]
    number = func.count().label("number")
    with database.reading() as connection:
        column: ColumnElement[Any]
        if dimension == "rule":
            column = rule_results.c.rule_id
            # Joined to an empty text, so that SQLite reads the hits in order and tests each, rather than look up the
            # results of every call: 119 instead of 195 ms for 100,000 calls.
            left = (rule_results.c.recording_id + "").in_(_chosen(connection, others, review_items.c.recording_id))
            query = select(column.label("value"), number).where(left, *active_hit())
        else:
            column = review_items.c[dimension]
            query = _chosen(connection, others, column.label("value"), number).where(column.is_not(None))
        rows = connection.execute(query.group_by(column).order_by(number.desc(), column).limit(FACET_LIMIT))
        return [Choice(row.value, row.number) for row in rows]


def open_counts(database: Database) -> dict[int, int]:
    """How many open calls are given to each account."""
    query = (
        select(review_items.c.assignee_id, func.count().label("number"))
        .where(*_open(), review_items.c.assignee_id.is_not(None))
        .group_by(review_items.c.assignee_id)
    )
    with database.reading() as connection:
        return {row.assignee_id: row.number for row in connection.execute(query)}


def held_by_others(database: Database, account_id: int, now: datetime) -> dict[str, str]:
    """Which calls others have in hand, and who: recording id → name."""
    query = (
        select(review_items.c.recording_id, accounts.c.name)
        .join(accounts, accounts.c.id == review_items.c.taken_by)
        .where(review_items.c.taken_until >= now, review_items.c.taken_by != account_id)
    )
    with database.reading() as connection:
        return {row.recording_id: row.name for row in connection.execute(query)}


def next_call(
    database: Database,
    account_id: int,
    wanted: QueueFilter,
    order: QueueOrder = QueueOrder.RISK,
    *,
    leaving: str | None = None,
    now: datetime | None = None,
) -> str | None:
    """The call to hear next, already taken by the account; ``None`` where nothing is left for it.

    The account's own calls come first, then those that are given to nobody; a call in somebody else's hands is left
    out. Two who ask at once get two calls.

    Args:
        database: where the queue is.
        account_id: who asks.
        wanted: the list that is worked through; of its status only doubt and absence of hits count, as only open
            calls are given.
        order: what comes first.
        leaving: the call that the account is on. It is given back; where it is still open, the next one is looked
            for behind it, then from the top again.
        now: the present, for tests.
    """
    now = now or datetime.now(UTC)
    keep = (QueueStatus.DOUBTFUL, QueueStatus.UNFLAGGED)
    if wanted.status not in keep:
        wanted = replace(wanted, status=QueueStatus.OPEN)
    wanted = replace(wanted, done_since=None)
    with database.writing() as connection:
        here = _leave(connection, leaving, account_id, order) if leaving is not None else None
        for query in _attempts(connection, account_id, wanted, order, leaving, here, now):
            found: str | None = connection.execute(query).scalar()
            if found is not None:
                _take(connection, found, account_id, now)
                return found
    return None


def _attempts(
    connection: Connection,
    account_id: int,
    wanted: QueueFilter,
    order: QueueOrder,
    leaving: str | None,
    here: RowMapping | None,
    now: datetime,
) -> Iterable[Select[Any]]:
    items = review_items.c
    first, second = ordering(order)
    mine, nobodys = items.assignee_id == account_id, items.assignee_id.is_(None)
    free = items.taken_by.is_(None) | (items.taken_by == account_id) | (items.taken_until < now)
    query = _chosen(connection, wanted, items.recording_id).where(free)
    if leaving is not None:
        query = query.where(items.recording_id != leaving)
    # On PostgreSQL two transactions look at the same rows; each skips what the other is about to take.
    query = query.order_by(first.desc(), second.desc()).limit(1).with_for_update(of=review_items, skip_locked=True)
    if here is not None and not here["done"]:
        below = behind(order, cursor_at(here["ordered_by"], here["recording_id"]))
        if here["assignee_id"] == account_id:
            yield query.where(mine, below)
            yield query.where(nobodys)
        else:
            yield query.where(mine)
            yield query.where(nobodys, below)
    yield query.where(mine)
    yield query.where(nobodys)


def _leave(connection: Connection, recording_id: str, account_id: int, order: QueueOrder) -> RowMapping | None:
    items = review_items.c
    connection.execute(
        update(review_items)
        .where(items.recording_id == recording_id, items.taken_by == account_id)
        .values(taken_by=None, taken_until=None)
    )
    first, _ = ordering(order)
    query = select(items.recording_id, items.done, items.assignee_id, first.label("ordered_by"))
    return connection.execute(query.where(items.recording_id == recording_id)).mappings().first()


def _take(connection: Connection, recording_id: str, account_id: int, now: datetime) -> None:
    taking = update(review_items).where(review_items.c.recording_id == recording_id)
    connection.execute(taking.values(taken_by=account_id, taken_until=now + HOLD))


def _open() -> Sequence[ColumnElement[bool]]:
    return conditions("", QueueFilter())


def _chosen(connection: Connection, wanted: QueueFilter, *columns: ColumnElement[Any]) -> Select[Any]:
    tests = conditions(connection.dialect.name, wanted)
    return select(*columns).select_from(review_items).where(*tests)
