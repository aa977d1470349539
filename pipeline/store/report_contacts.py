"""What metadata tell of how calls went: transfers, hold, and what customers called for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Subquery, case, extract, func, select

from pipeline.domain.results import Outcome
from pipeline.store.database import Database
from pipeline.store.report_columns import HOLD_S, REASONS, SITE, TRANSFERS, cells, number, written
from pipeline.store.report_queries import Window
from pipeline.store.report_service import REPEAT_DAYS, Durations
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


def transfers(database: Database, window: Window, checked: int) -> Transfers:
    """Transferred calls of the window. ``checked``: calls that rules were run on."""
    found_cells = cells(TRANSFERS, window.tests)
    with database.reading() as connection:
        query = select(found_cells.c.cell, func.count()).group_by(found_cells.c.cell)
        found = [(_transferred(str(value)), int(n)) for value, n in connection.execute(query)]
        if found:
            known = sum(n for moved, n in found if moved is not None)
            return Transfers(sum(n for moved, n in found if moved), known, sum(n for _, n in found) - known, False)
        hits = (
            select(func.count())
            .select_from(rule_results.join(recordings, recordings.c.id == rule_results.c.recording_id))
            .where(rule_results.c.rule_id == TRANSFER_RULE, rule_results.c.outcome == Outcome.HIT.value, *window.tests)
        )
        return Transfers(int(connection.execute(hits).scalar_one()), checked, 0, True)


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


def hold_shares(database: Database, window: Window) -> Durations:
    """Hold ÷ length over the calls that have a column for it, as sums of shares in place of seconds."""
    found = cells(HOLD_S, [*window.tests, recordings.c.duration_s > 0], recordings.c.duration_s)
    held = select((number(found.c.cell) / found.c.duration_s).label("share")).cte("held").prefix_with("MATERIALIZED")
    share = held.c.share
    query = select(func.count(share), func.sum(share), func.sum(share * share)).where(share >= 0)
    with database.reading() as connection:
        n, total, squares = connection.execute(query).one()
    return Durations(int(n or 0), float(total or 0.0), float(squares or 0.0))


def reason_counts(database: Database, window: Window, known_until: datetime | None) -> list[ReasonCounts]:
    """Every reason in every team; empty where no call has a column for it.

    Args:
        known_until: start of the last call that is known; 7 days that end later are not over.
    """
    reason, began = written(REASONS), recordings.c.started_at
    with database.reading() as connection:
        there = select(recordings.c.id).where(reason.is_not(None), *window.tests).limit(1)
        if connection.execute(there).first() is None:
            return []
        chain = following_calls(window)
        over = began <= (known_until or window.until) - timedelta(days=REPEAT_DAYS)
        known = case((over & chain.c.id.is_not(None), 1), else_=0)
        again = case((over & chain.c.again, 1), else_=0)
        length, score = recordings.c.duration_s, recordings.c.survey_score
        sums = [each for one in (length, score) for each in (func.count(one), func.sum(one), func.sum(one * one))]
        query = (
            select(reason, recordings.c.team, func.count(), *sums, func.sum(known), func.sum(again))
            .select_from(recordings.outerjoin(chain, chain.c.id == recordings.c.id))
            .where(reason.is_not(None), *window.tests)
            .group_by(reason, recordings.c.team)
        )
        rows = connection.execute(query).all()
    return [
        ReasonCounts(row[0], row[1] or None, row[2], _sums(*row[3:6]), _sums(*row[6:9]), int(row[9]), int(row[10]))
        for row in rows
    ]


def _sums(n: int, total: float | None, squares: float | None) -> Durations:
    return Durations(int(n), float(total or 0.0), float(squares or 0.0))


def following_calls(window: Window) -> Subquery:
    """Calls of the window with a customer, and whether he called again within 7 days, whoever took that call."""
    began, customer = recordings.c.started_at, recordings.c.customer_id
    following = func.lead(began, type_=UtcDateTime()).over(partition_by=customer, order_by=(began, recordings.c.id))
    reach = window.until + timedelta(days=REPEAT_DAYS, seconds=1)
    wait_s = extract("epoch", following) - extract("epoch", began)
    return (
        select(recordings.c.id.label("id"), func.coalesce(wait_s <= REPEAT_DAYS * 86_400, False).label("again"))
        .where(customer.is_not(None), customer != "", began >= window.since, began < reach)
        .subquery()
    )


def calls_of_reason(
    database: Database, window: Window, reason: str, team: str, limit: int
) -> list[tuple[str, str, str | None]]:
    """Id, name and agent of calls of the reason in the team, those with the best survey score first."""
    query = (
        select(recordings.c.id, recordings.c.name, recordings.c.agent)
        .where(written(REASONS) == reason, recordings.c.team == team, *window.tests)
        .order_by(func.coalesce(recordings.c.survey_score, -1.0).desc(), recordings.c.id)
        .limit(limit)
    )
    with database.reading() as connection:
        return [(row.id, row.name, row.agent or None) for row in connection.execute(query)]


def sites_of(database: Database, window: Window) -> dict[str, str]:
    """Recording id → what a column of `report_columns.SITE` says, for the finished calls of the window."""
    site = written(SITE)
    query = (
        select(recordings.c.id, site)
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(review_items.c.done, site.is_not(None), *window.tests)
    )
    with database.reading() as connection:
        return {row[0]: str(row[1]) for row in connection.execute(query)}
