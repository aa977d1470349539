"""Service levels of a window: how long calls take, how long customers wait, whether they have to call again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, case, extract, func, literal, select

from pipeline.domain.calls import Role
from pipeline.domain.signals import Signals
from pipeline.store import documents
from pipeline.store.call_counts import reworded
from pipeline.store.database import Database
from pipeline.store.report_queries import Window, Windows
from pipeline.store.tables import UtcDateTime, recordings, transcripts

REPEAT_DAYS = 7
TESTED = (recordings.c.started_at, recordings.c.team, recordings.c.agent, recordings.c.queue)
"""What windows ask of calls."""
MEASURED = 1000
"""Calls of a window whose signals are read. They are those with the lowest ids: an id is a hash of the sound, which
is as good as drawing lots, and the same each time."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Sums over calls, in seconds; of shares and scores as well, in what they are measured in."""

    n: int
    sum_s: float
    sum_squares: float


@dataclass(frozen=True, slots=True)
class Totals:
    """All calls of a window."""

    calls: int
    handling: Durations
    """Over the calls whose length is known."""
    hold: Durations
    """Hold ÷ length, over the calls that have a column for it."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whether customers called again within 7 days."""

    known: int
    """Calls with a customer, of which the 7 days are over."""
    repeated: int
    open: int
    """Calls with a customer, of which the 7 days are not over: not counted."""


@dataclass(frozen=True, slots=True)
class CallSignals:
    """What was measured in one call; ``None`` where there is nothing to measure."""

    silence_share: float | None
    """Nobody speaks, ÷ length of the call."""
    response_s: float | None
    """Mean time in which the agent answers."""


def totals(database: Database, windows: Sequence[Window]) -> list[Totals]:
    """Of each window. ``windows``: as in `Windows`."""
    every = Windows(windows)
    length, held = recordings.c.duration_s, recordings.c.hold_s
    share = case(((length > 0) & (held >= 0), held / length))
    place = every.place(recordings.c.started_at).label("place")
    query = select(place, func.count(), *sums(length), *sums(share)).where(*every.whole.tests).group_by("place")
    none = Totals(0, Durations(0, 0.0, 0.0), Durations(0, 0.0, 0.0))
    with database.reading() as connection:
        found = {row[0]: Totals(int(row[1]), summed(*row[2:5]), summed(*row[5:8])) for row in connection.execute(query)}
    return [found.get(number, none) for number in range(len(windows))]


def sums(value: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """What `summed` takes."""
    return [func.count(value), func.sum(value), func.sum(value * value)]


def summed(n: int, total: float | None, squares: float | None) -> Durations:
    """Number, sum and sum of squares, as the database gives them."""
    return Durations(int(n), float(total or 0.0), float(squares or 0.0))


def contacts(database: Database, windows: Sequence[Window], known_until: datetime | None) -> list[Contacts]:
    """Repeat contacts of each window's calls, whoever takes the next call.

    Args:
        database: where.
        windows: as in `Windows`.
        known_until: start of the last call that is known; 7 days that end later are not over.
    """
    every = Windows(windows)
    began, customer = recordings.c.started_at, recordings.c.customer_id
    following = func.lead(began, type_=UtcDateTime()).over(partition_by=customer, order_by=(began, recordings.c.id))
    reach = every.whole.until + timedelta(days=REPEAT_DAYS, seconds=1)
    calls = (
        select(*TESTED, following.label("following"))
        .where(customer.is_not(None), customer != "", began >= every.whole.since, began < reach)
        .subquery()
    )
    again = within_days(calls.c.started_at, calls.c.following, database.dialect).label("again")
    place = every.place(calls.c.started_at).label("place")
    over = (calls.c.started_at <= (known_until or every.whole.until) - timedelta(days=REPEAT_DAYS)).label("over")
    # Told of the same rows, which are not looked up a second time.
    tests = reworded(every.whole.tests, {column: calls.c[column.name] for column in TESTED})
    named = select(place, over, again, func.count().label("calls")).where(*tests).group_by("place", "over", "again")
    found: dict[int, dict[tuple[bool, bool], int]] = {}
    with database.reading() as connection:
        for row in connection.execute(named):
            found.setdefault(row.place, {})[bool(row.over), bool(row.again)] = row.calls
    return [_contacts(found.get(number, {})) for number in range(len(windows))]


def within_days(
    began: ColumnElement[datetime], following: ColumnElement[datetime], dialect: str
) -> ColumnElement[bool]:
    """Whether the following call came within `REPEAT_DAYS`; not where there is none."""
    if dialect == "postgresql":
        # What it takes of an epoch are exact decimals, which take longer than all the rest.
        soon = following - began <= literal(timedelta(days=REPEAT_DAYS), Interval())
    else:
        soon = extract("epoch", following) - extract("epoch", began) <= REPEAT_DAYS * 86_400
    return func.coalesce(soon, False)


def _contacts(found: Mapping[tuple[bool, bool], int]) -> Contacts:
    known = sum(number for (is_over, _), number in found.items() if is_over)
    return Contacts(known, found.get((True, True), 0), sum(found.values()) - known)


def call_signals(database: Database, window: Window) -> list[CallSignals]:
    """What was measured in at most `MEASURED` calls of the window."""
    query = (
        select(transcripts.c.signals, transcripts.c.duration_s)
        .join(recordings, recordings.c.id == transcripts.c.recording_id)
        .where(*window.tests)
        .order_by(recordings.c.id)
        .limit(MEASURED)
    )
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [measured_signals(documents.decode_signals(row.signals), row.duration_s) for row in rows]


def measured_signals(signals: Signals, duration_s: float) -> CallSignals:
    """What one call's signals come to."""
    latencies = [max(0.0, one.latency_s) for one in signals.responses if one.role is Role.AGENT]
    silent_s = sum(one.duration_s for one in signals.silences)
    # A call that nobody spoke in was not measured: what has no speaker has no silence between speakers either.
    spoken = signals.last_speaker is not None and duration_s > 0
    return CallSignals(
        min(1.0, silent_s / duration_s) if spoken else None,
        sum(latencies) / len(latencies) if latencies else None,
    )
