"""Values of a metric over the calls of a window, added up by agent, team, part of the period, and lot.

A lot is the last character of a recording's id, which is a hash of its sound: sixteen lots drawn at random, the same
each time. Halves of the data are made of lots, and no call needs to leave the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal, select

from pipeline.domain.results import Outcome
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.report_columns import HOLD_S, number, written
from pipeline.store.report_contacts import following_calls
from pipeline.store.report_queries import Window
from pipeline.store.report_service import REPEAT_DAYS, CallSignals, measured_signals
from pipeline.store.review_tables import review_items
from pipeline.store.tables import recordings, rule_results, transcripts

MEASURED = 5_000
"""Calls whose signals are read, those with the lowest ids."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Values of calls that have agent, team, lot and half of the period in common."""

    agent: str | None
    team: str | None
    lot: str
    late: bool
    """In the second half of the period."""
    n: int
    total: float
    squares: float


@dataclass(frozen=True, slots=True)
class CallValue:
    """The value of one call."""

    id: str
    agent: str | None
    team: str | None
    late: bool
    value: float


def cells_of(values: Iterable[CallValue]) -> list[Cell]:
    """Values that were read call by call, added up."""
    sums: dict[tuple[str | None, str | None, str, bool], list[float]] = {}
    for one in values:
        found = sums.setdefault((one.agent, one.team, one.id[-1:], one.late), [0.0, 0.0, 0.0])
        for place, power in enumerate((1.0, one.value, one.value**2)):
            found[place] += power
    return [Cell(*key, int(n), total, squares) for key, (n, total, squares) in sums.items()]


def rule_cells(database: Database, window: Window, middle: datetime, rule_id: str) -> list[Cell]:
    """1 for each call that the rule hits, 0 for each that rules were run on and it does not."""
    mine = and_(
        rule_results.c.recording_id == recordings.c.id,
        rule_results.c.rule_id == rule_id,
        rule_results.c.outcome == Outcome.HIT.value,
    )
    source = recordings.join(review_items, review_items.c.recording_id == recordings.c.id)
    hit = case((rule_results.c.rule_id.is_not(None), 1.0), else_=0.0)
    return _cells(database, window, middle, hit, source.outerjoin(rule_results, mine))


def column_cells(database: Database, window: Window, middle: datetime, name: str) -> list[Cell]:
    """The numbers of a metadata column; cells that hold no number are left out."""
    read = recordings.c.hold_s if name in HOLD_S else number(written((name,)))
    return _cells(database, window, middle, read, recordings)


def handling_cells(database: Database, window: Window, middle: datetime) -> list[Cell]:
    """Lengths of calls in seconds."""
    return _cells(database, window, middle, recordings.c.duration_s, recordings)


def survey_cells(database: Database, window: Window, middle: datetime) -> list[Cell]:
    """Survey scores."""
    return _cells(database, window, middle, recordings.c.survey_score, recordings)


def repeat_cells(database: Database, window: Window, middle: datetime, known_until: datetime | None) -> list[Cell]:
    """1 for each call after which the customer called again within 7 days, 0 for others whose 7 days are over."""
    chain = following_calls(window, database.dialect)
    over = recordings.c.started_at <= (known_until or window.until) - timedelta(days=REPEAT_DAYS)
    again = case((and_(over, chain.c.again), 1.0), (over, 0.0), else_=None)
    return _cells(database, window, middle, again, recordings.join(chain, chain.c.id == recordings.c.id))


def _cells(
    database: Database, window: Window, middle: datetime, value: ColumnElement[Any], source: FromClause
) -> list[Cell]:
    lot = func.substr(recordings.c.id, func.length(recordings.c.id), 1).label("lot")
    late = case((recordings.c.started_at >= literal(middle, recordings.c.started_at.type), 1), else_=0).label("late")
    by = (recordings.c.agent, recordings.c.team, lot, late)
    query = (
        select(*by, func.count(value), func.sum(value), func.sum(value * value))
        .select_from(source)
        .where(value.is_not(None), *window.tests)
        .group_by(*by)
    )
    with database.reading() as connection:
        return [
            Cell(agent or None, team or None, one, bool(is_late), int(n), float(total), float(squares))
            for agent, team, one, is_late, n, total, squares in connection.execute(query)
        ]


def signal_values(database: Database, window: Window, middle: datetime, name: str) -> list[CallValue]:
    """``silence_share`` or ``response_s`` of at most `MEASURED` calls; those without one are left out."""
    query = (
        select(recordings, transcripts.c.signals, transcripts.c.duration_s.label("length_s"))
        .join(transcripts, transcripts.c.recording_id == recordings.c.id)
        .where(*window.tests)
        .order_by(recordings.c.id)
        .limit(MEASURED)
    )
    with database.reading() as connection:
        rows = connection.execute(query).all()
    found = []
    for row in rows:
        measured: CallSignals = measured_signals(documents.decode_signals(row.signals), row.length_s)
        value = measured.silence_share if name == "silence_share" else measured.response_s
        if value is not None:
            found.append(CallValue(row.id, row.agent or None, row.team or None, row.started_at >= middle, value))
    return found


def metadata_columns(database: Database, window: Window) -> Sequence[str]:
    """Names of the metadata columns of at most a thousand calls, to suggest them."""
    query = select(recordings.c.extra).where(*window.tests).order_by(recordings.c.id).limit(1000)
    with database.reading() as connection:
        return sorted({str(name) for extra in connection.execute(query).scalars() for name in extra or {}})
