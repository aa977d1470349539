"""Days, weeks, months and other spans of local time, and those before them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pipeline.domain.results import BilingualText


class Unit(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SPAN = "span"
    """From one moment to another, as somebody chose them."""


@dataclass(frozen=True, slots=True)
class Period:
    """``[since, until)``, in the zone of the settings. Days follow the calendar, also where clocks are changed."""

    unit: Unit
    since: datetime
    until: datetime

    @property
    def title(self) -> BilingualText:
        """How people call it."""
        if self.unit is Unit.DAY:
            return BilingualText(f"{self.since.month} 月 {self.since.day} 日", f"{self.since:%Y-%m-%d}")
        if self.unit is Unit.WEEK:
            year, week, _ = self.since.isocalendar()
            return BilingualText(f"第 {week} 周", f"Week {week} of {year}")
        if self.unit is Unit.MONTH:
            return BilingualText(f"{self.since.year} 年 {self.since.month} 月", f"{self.since:%B %Y}")
        return BilingualText(f"{self.dates}", f"{self.dates}")

    @property
    def dates(self) -> str:
        """First and last day, or moments where it is no whole days."""
        if not _whole_days(self):
            return f"{self.since:%Y-%m-%d %H:%M} – {self.until:%Y-%m-%d %H:%M}"
        last = self.until.date() - timedelta(days=1)
        return f"{self.since:%Y-%m-%d}" if last == self.since.date() else f"{self.since:%Y-%m-%d} – {last:%m-%d}"


def _whole_days(period: Period) -> bool:
    return period.since.time() == time() == period.until.time()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins."""
    return datetime.combine(day, time(), zone)


def period_of(unit: Unit, day: date, zone: ZoneInfo) -> Period:
    """The day, the week from Monday, or the month that holds ``day``.

    >>> week = period_of(Unit.WEEK, date(2026, 11, 11), ZoneInfo("Asia/Shanghai"))
    >>> week.dates, week.title.zh
    ('2026-11-09 – 11-15', '第 46 周')
    """
    if unit is Unit.DAY:
        first, last = day, day + timedelta(days=1)
    elif unit is Unit.WEEK:
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=7)
    elif unit is Unit.MONTH:
        first, last = day.replace(day=1), (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    else:
        raise ValueError("a span has no day that it is of")
    return Period(unit, midnight(first, zone), midnight(last, zone))


def before(period: Period) -> Period:
    """The period of the same length that ends where this one begins.

    >>> march = period_of(Unit.MONTH, date(2026, 3, 9), ZoneInfo("Europe/Berlin"))
    >>> before(march).dates
    '2026-02-01 – 02-28'
    """
    zone = period.since.tzinfo
    if period.unit is Unit.MONTH:
        assert isinstance(zone, ZoneInfo)
        return period_of(Unit.MONTH, period.since.date() - timedelta(days=1), zone)
    # Wall-clock arithmetic: seven days before a midnight is a midnight, though an hour was skipped.
    return Period(period.unit, period.since - (period.until - period.since), period.since)


def series(period: Period, count: int) -> list[Period]:
    """The period and those before it, the oldest first."""
    found = [period]
    while len(found) < count:
        found.append(before(found[-1]))
    return found[::-1]


def buckets(since: datetime, until: datetime, *, days: int) -> list[datetime]:
    """Where stretches of so many local days begin, from ``since`` on.

    >>> berlin = ZoneInfo("Europe/Berlin")  # 25 hours on the day when clocks are set back
    >>> first, last = (midnight(date(2026, 10, day), berlin) for day in (24, 27))
    >>> [f"{one:%d %H%z}" for one in buckets(first, last, days=1)]
    ['24 00+0200', '25 00+0200', '26 00+0100']
    """
    found = []
    at = since
    while at < until:
        found.append(at)
        at += timedelta(days=days)
    return found
