"""Service levels of a window: how long calls take, how long customers wait, whether they have to call again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import extract, func, select

from pipeline.domain.calls import Role
from pipeline.domain.signals import Signals
from pipeline.store import documents
from pipeline.store.call_counts import reworded
from pipeline.store.database import Database
from pipeline.store.report_queries import Window
from pipeline.store.tables import UtcDateTime, recordings, transcripts

REPEAT_DAYS = 7
TESTED = (recordings.c.started_at, recordings.c.team, recordings.c.agent, recordings.c.queue)
"""What windows ask of calls."""
MEASURED = 1000
"""Calls of a window whose signals are read. They are those with the lowest ids: an id is a hash of the sound, which
is as good as drawing lots, and the same each time."""


@dataclass(frozen=True, slots=True)
class Durations:
    """Handling time over all calls of the window."""

    n: int
    sum_s: float
    sum_squares: float


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whether customers called again within 7 days."""

    known: int
    """Calls with a customer, of which the 7 days are over."""
    repeated: int
    open: int
    """Calls with a customer, of which the 7 days are not over: not counted."""
    unnamed: int
    """Calls of which nobody knows the customer: not counted."""


@dataclass(frozen=True, slots=True)
class CallSignals:
    """What was measured in one call; ``None`` where there is nothing to measure."""

    silence_share: float | None
    """Nobody speaks, ÷ length of the call."""
    response_s: float | None
    """Mean time in which the agent answers."""


def durations(database: Database, window: Window) -> Durations:
    """Sums over the calls whose length is known."""
    length = recordings.c.duration_s
    query = select(func.count(length), func.sum(length), func.sum(length * length)).where(*window.tests)
    with database.reading() as connection:
        n, total, squares = connection.execute(query).one()
    return Durations(int(n or 0), float(total or 0.0), float(squares or 0.0))


def contacts(database: Database, window: Window, known_until: datetime | None) -> Contacts:
    """Repeat contacts of the window's calls, whoever takes the next call.

    Args:
        known_until: start of the last call that is known; 7 days that end later are not over.
    """
    began, customer = recordings.c.started_at, recordings.c.customer_id
    following = func.lead(began, type_=UtcDateTime()).over(partition_by=customer, order_by=(began, recordings.c.id))
    reach = window.until + timedelta(days=REPEAT_DAYS, seconds=1)
    calls = (
        select(*TESTED, following.label("following"))
        .where(customer.is_not(None), customer != "", began >= window.since, began < reach)
        .subquery()
    )
    wait_s = extract("epoch", calls.c.following) - extract("epoch", calls.c.started_at)
    again = func.coalesce(wait_s <= REPEAT_DAYS * 86_400, False).label("again")
    over = (calls.c.started_at <= (known_until or window.until) - timedelta(days=REPEAT_DAYS)).label("over")
    # Told of the same rows, which are not looked up a second time.
    tests = reworded(window.tests, {column: calls.c[column.name] for column in TESTED})
    named = select(over, again, func.count().label("calls")).where(*tests).group_by("over", "again")
    with database.reading() as connection:
        total = connection.execute(select(func.count()).select_from(recordings).where(*window.tests)).scalar_one()
        found = {(bool(row.over), bool(row.again)): row.calls for row in connection.execute(named)}
    known = sum(number for (is_over, _), number in found.items() if is_over)
    return Contacts(known, found.get((True, True), 0), sum(found.values()) - known, total - sum(found.values()))


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
