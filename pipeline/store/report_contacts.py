"""What metadata tell of how calls went: transfers, hold, and what customers called for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Subquery, case, func, select

from pipeline.domain.results import Outcome
from pipeline.store.call_counts import queued, reworded
from pipeline.store.database import Database
from pipeline.store.report_queries import Window, Windows
from pipeline.store.report_service import REPEAT_DAYS, TESTED, Durations, summed, sums, within_days
from pipeline.store.review_tables import review_items
from pipeline.store.tables import UtcDateTime, recordings, rule_results

TRANSFER_RULE = "transfer-without-notice"
"""What is left to count where no column tells of transfers: those of which the customer was not told."""
_YES = frozenset({"yes", "y", "true", "t", "是", "有"})
_NO = frozenset({"no", "n", "false", "f", "否", "无", "没有"})


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transferred calls, as a column tells, or as the rule heard."""

    transferred: int
    known: int
    """Calls of which it is known."""
    unread: int
    """Calls whose cell is neither a number nor yes or no."""
    by_rule: bool
    """No call of the window has the column: only transfers without notice were heard."""


@dataclass(frozen=True, slots=True)
class ReasonCounts:
    """Calls of one contact reason in one team."""

    reason: str
    team: str | None
    calls: int
    handling: Durations
    survey: Durations
    """Scores in place of seconds."""
    known: int
    """Calls with a customer, of which the 7 days are over."""
    repeated: int


def transfers(database: Database, windows: Sequence[Window], checked: Sequence[int]) -> list[Transfers]:
    """Transferred calls of each window.

    Args:
        database: where.
        windows: as in `Windows`.
        checked: calls of each that rules were run on.
    """
    every, cell = Windows(windows), recordings.c.transfers
    place = every.place(recordings.c.started_at).label("place")
    told = select(place, cell, func.count()).where(cell.is_not(None), *every.whole.tests).group_by("place", cell)
    hits, tests = queued(
        rule_results.join(review_items, review_items.c.recording_id == rule_results.c.recording_id), every.whole.tests
    )
    heard = (
        select(every.place(review_items.c.started_at).label("place"), func.count())
        .select_from(hits)
        .where(rule_results.c.rule_id == TRANSFER_RULE, rule_results.c.outcome == Outcome.HIT.value, *tests)
        .group_by("place")
    )
    cells: dict[int, list[tuple[bool | None, int]]] = {}
    with database.reading() as connection:
        for number, value, n in connection.execute(told):
            cells.setdefault(number, []).append((_transferred(value), int(n)))
        by_rule: dict[int, int] = {}
        if not all(number in cells for number in range(len(windows))):
            by_rule = {number: int(n) for number, n in connection.execute(heard)}
    return [
        _told(cells[number]) if number in cells else Transfers(by_rule.get(number, 0), n, 0, True)
        for number, n in enumerate(checked)
    ]


def _told(cells: Sequence[tuple[bool | None, int]]) -> Transfers:
    known = sum(n for moved, n in cells if moved is not None)
    return Transfers(sum(n for moved, n in cells if moved), known, sum(n for _, n in cells) - known, False)


def _transferred(cell: str) -> bool | None:
    """Whether a cell says that the call was transferred; ``None`` where it says nothing that is understood.

    >>> [_transferred(cell) for cell in ("2", "0", "是", "No", "?")]
    [True, False, True, False, None]
    """
    word = cell.strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    try:
        return float(word) > 0
    except ValueError:
        return None


def reason_counts(database: Database, window: Window, known_until: datetime | None) -> list[ReasonCounts]:
    """Every reason in every team; empty where no call has a column for it.

    Args:
        known_until: start of the last call that is known; 7 days that end later are not over.
    """
    began, customer = recordings.c.started_at, func.nullif(recordings.c.customer_id, "")
    following = func.lead(began, type_=UtcDateTime()).over(partition_by=customer, order_by=(began, recordings.c.id))
    asked = (*TESTED, recordings.c.contact_reason, recordings.c.duration_s, recordings.c.survey_score)
    calls = (
        select(*asked, customer.label("customer"), following.label("following"))
        .where(began >= window.since, began < window.until + timedelta(days=REPEAT_DAYS, seconds=1))
        .subquery()
    )
    again = within_days(calls.c.started_at, calls.c.following, database.dialect)
    over = calls.c.started_at <= (known_until or window.until) - timedelta(days=REPEAT_DAYS)
    known = over & calls.c.customer.is_not(None)
    tests = reworded(window.tests, {column: calls.c[column.name] for column in TESTED})
    query = (
        select(
            calls.c.contact_reason,
            calls.c.team,
            func.count(),
            *sums(calls.c.duration_s),
            *sums(calls.c.survey_score),
            func.sum(case((known, 1), else_=0)),
            func.sum(case((known & again, 1), else_=0)),
        )
        .where(calls.c.contact_reason.is_not(None), *tests)
        .group_by(calls.c.contact_reason, calls.c.team)
    )
    with database.reading() as connection:
        there = select(recordings.c.id).where(recordings.c.contact_reason.is_not(None), *window.tests).limit(1)
        if connection.execute(there).first() is None:
            return []
        rows = connection.execute(query).all()
    return [
        ReasonCounts(row[0], row[1] or None, row[2], summed(*row[3:6]), summed(*row[6:9]), int(row[9]), int(row[10]))
        for row in rows
    ]


def following_calls(window: Window, dialect: str) -> Subquery:
    """Calls of the window with a customer, and whether he called again within 7 days, whoever took that call."""
    began, customer = recordings.c.started_at, recordings.c.customer_id
    following = func.lead(began, type_=UtcDateTime()).over(partition_by=customer, order_by=(began, recordings.c.id))
    reach = window.until + timedelta(days=REPEAT_DAYS, seconds=1)
    return (
        select(recordings.c.id.label("id"), within_days(began, following, dialect).label("again"))
        .where(customer.is_not(None), customer != "", began >= window.since, began < reach)
        .subquery()
    )


def calls_of_reason(
    database: Database, window: Window, reason: str, team: str, limit: int
) -> list[tuple[str, str, str | None]]:
    """Id, name and agent of calls of the reason in the team, those with the best survey score first."""
    query = (
        select(recordings.c.id, recordings.c.name, recordings.c.agent)
        .where(recordings.c.contact_reason == reason, recordings.c.team == team, *window.tests)
        .order_by(func.coalesce(recordings.c.survey_score, -1.0).desc(), recordings.c.id)
        .limit(limit)
    )
    with database.reading() as connection:
        return [(row.id, row.name, row.agent or None) for row in connection.execute(query)]


def sites_of(database: Database, window: Window) -> dict[str, str]:
    """Recording id → who employs the agent, for the finished calls of the window."""
    site = recordings.c.site
    query = (
        select(recordings.c.id, site)
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(review_items.c.done, site.is_not(None), *window.tests)
    )
    with database.reading() as connection:
        return {row[0]: str(row[1]) for row in connection.execute(query)}
