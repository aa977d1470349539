"""Error rates over time: a control chart and a trend for each class."""

from datetime import datetime, timedelta

from pipeline.domain.periods import Period, Unit, buckets, series
from pipeline.reports.control import control_chart
from pipeline.reports.evidence import ERROR_CLASSES
from pipeline.reports.model import ClassChart, Trend
from pipeline.reports.sentences import chart_sentence, trend_sentence
from pipeline.reports.shares import Tally
from pipeline.reports.trend import forecast
from pipeline.reports.words import TITLES, day
from pipeline.reports.work import Work

LONGEST_DAILY = timedelta(days=70)
"""A control chart of more than this has a point for each week, not for each day."""


def chart_since(period: Period) -> datetime:
    """Three weeks for a day or a week; the period and the one before it otherwise."""
    if period.unit in (Unit.DAY, Unit.WEEK):
        return period.until - timedelta(days=21)
    return series(period, 2)[0].since


def charts(work: Work) -> tuple[ClassChart, ...]:
    """One for each class: those with a signal first, then in the order of the classes."""
    period = work.wanted.period
    since = chart_since(period)
    days = 1 if period.until - since <= LONGEST_DAILY else 7
    starts = buckets(since, period.until, days=days)
    ends = [*starts[1:], period.until]
    evidence = work.evidence
    inside = [evidence.tallies(evidence.within(*ends_of)) for ends_of in zip(starts, ends, strict=True)]
    found = []
    for one in ERROR_CLASSES:
        errors = [tallies[one].rest for tallies in inside]
        points = [(day(at), evidence.share(each)) for at, each in zip(starts, errors, strict=True)]
        chart = control_chart(points, evidence.share(sum(errors, start=Tally())))
        found.append(ClassChart(one.value, TITLES[one], chart, chart_sentence(TITLES[one], chart)))
    return tuple(sorted(found, key=lambda one: not any(point.beyond or point.run for point in one.chart.points)))


def trends(work: Work) -> tuple[Trend, ...]:
    """Where the error rate of each class is going."""
    evidence = work.evidence
    inside = [evidence.tallies(evidence.of(period)) for period in work.periods]
    labels = tuple(day(period.since) for period in work.periods)
    found = []
    for one in ERROR_CLASSES:
        shares = tuple(evidence.share(tallies[one].rest) for tallies in inside)
        coming = forecast(shares)
        found.append(Trend(one.value, TITLES[one], labels, shares, coming, trend_sentence(TITLES[one], shares, coming)))
    return tuple(found)
