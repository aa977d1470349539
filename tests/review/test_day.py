"""Today's work: shares and the time at which it will be done, computed by hand."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from pipeline.review.app import ReviewSettings
from pipeline.review.day import day_at
from pipeline.store.progress import DayProgress

SETTINGS = ReviewSettings("s", daily_goal=100, hours=(time(9), time(18)))


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("progress", "now", "share", "expected", "ends"),
    [
        pytest.param(DayProgress(0, None), at(7), 0.0, 0.0, None, id="before work"),
        # 4.5 of 9 hours; 63 calls of 160 s are 2 h 48 min.
        pytest.param(DayProgress(37, 160.0), at(13, 30), 0.37, 0.5, "16:18", id="in the middle"),
        pytest.param(DayProgress(120, 160.0), at(17), 1.0, 8 / 9, None, id="more than the goal"),
        # 90 calls of 10 minutes are 15 hours.
        pytest.param(DayProgress(10, 600.0), at(12), 0.1, 1 / 3, None, id="not today"),
        pytest.param(DayProgress(50, 60.0), at(20), 0.5, 1.0, "20:50", id="after hours"),
    ],
)
def test_day(progress, now, share, expected, ends):
    day = day_at(SETTINGS, progress, now)
    assert (day.share, day.expected) == (share, expected)
    assert (day.ends and day.ends.strftime("%H:%M")) == ends
