"""Today's work of a reviewer: how far it is, and where it should be by now."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.domain.accounts import Account
from pipeline.store.progress import DayProgress, day_progress

if TYPE_CHECKING:
    from pipeline.review.app import Desk, ReviewSettings


@dataclass(frozen=True, slots=True)
class Day:
    """What the top bar says of today."""

    done: int
    goal: int
    average_s: float | None
    share: float
    """Done of the goal, 0–1."""
    expected: float
    """Of the working hours, what has passed, 0–1."""
    ends: datetime | None
    """When the goal will be reached at this pace, local time; ``None`` where that is not today or not known."""


def day_of(desk: "Desk", account: Account) -> Day:
    """The day of the account so far."""
    now = datetime.now(ZoneInfo(desk.settings.timezone))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day_at(desk.settings, day_progress(desk.database, account.id, since=midnight.astimezone(UTC)), now)


def day_at(settings: "ReviewSettings", progress: DayProgress, now: datetime) -> Day:
    """The day as it stands at ``now``, in local time."""
    begin, end = (now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0) for at in settings.hours)
    left = settings.daily_goal - progress.done
    ends = None
    if progress.average_s is not None and left > 0:
        reached = now + timedelta(seconds=progress.average_s * left)
        ends = reached if reached.date() == now.date() else None
    return Day(
        progress.done,
        settings.daily_goal,
        progress.average_s,
        min(1.0, progress.done / settings.daily_goal),
        min(1.0, max(0.0, (now - begin) / (end - begin))),
        ends,
    )
