"""When an action is looked at again: a period that somebody names, or the next one as long as the baseline."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Period, Unit, period_of

FORMS = "2026-12 (month), 2026-W50 (ISO week) or 2026-12-05 (day)"


def due_period(text: str, zone: ZoneInfo) -> Period:
    """The day, week or month that is named.

    >>> due_period("2026-12", ZoneInfo("Asia/Shanghai")).dates
    '2026-12-01 – 12-31'
    >>> due_period("2026-W50", ZoneInfo("Asia/Shanghai")).title.zh
    '第 50 周'

    Raises:
        ConfigError: it names none.
    """
    month, week = re.fullmatch(r"(\d{4})-(\d\d)", text), re.fullmatch(r"(\d{4})-W(\d\d)", text)
    try:
        if month:
            return period_of(Unit.MONTH, date(int(month[1]), int(month[2]), 1), zone)
        if week:
            return period_of(Unit.WEEK, date.fromisocalendar(int(week[1]), int(week[2]), 1), zone)
        return period_of(Unit.DAY, date.fromisoformat(text), zone)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{text!r} is no period: write {FORMS}") from error


def named(period: Period) -> str:
    """The period as `due_period` reads it; of another span, its first day.

    >>> named(due_period("2026-W01", ZoneInfo("Asia/Shanghai")))
    '2026-W01'
    """
    if period.unit is Unit.MONTH:
        return f"{period.since:%Y-%m}"
    if period.unit is Unit.WEEK:
        year, week, _ = period.since.isocalendar()
        return f"{year}-W{week:02}"
    return f"{period.since:%Y-%m-%d}"


def following(period: Period) -> Period:
    """The period of the same length that begins where this one ends.

    >>> following(due_period("2026-12", ZoneInfo("Asia/Shanghai"))).dates
    '2027-01-01 – 01-31'
    """
    zone = period.since.tzinfo
    if period.unit is Unit.SPAN or not isinstance(zone, ZoneInfo):
        return Period(period.unit, period.until, period.until + (period.until - period.since))
    return period_of(period.unit, (period.until + timedelta(hours=12)).date(), zone)


def next_due(base: Period, now: datetime) -> Period:
    """The first period as long as the baseline that has not begun yet: what is done now can show in all of it.

    >>> november = due_period("2026-11", ZoneInfo("Asia/Shanghai"))
    >>> named(next_due(november, datetime(2026, 12, 4, tzinfo=ZoneInfo("Asia/Shanghai"))))
    '2027-01'
    """
    found = following(base)
    while found.since < now:
        found = following(found)
    return found
