"""The p-chart: does a rate swing as a rate of so few calls must, or did something happen?"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

RUN = 8
"""So many points in a row on one side of the mean are a signal."""
RARE = 0.0027
"""Chance of a point beyond 3 sigma where counts are normal. With few calls they are not: a point is a signal only if it
is as rare by the binomial distribution as well."""


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """Errors of a stretch of time; ``n`` may be 0, which gives no point."""

    label: str
    errors: int
    n: int
    low: float
    """Control limits, 0–1."""
    high: float
    beyond: bool = False
    """Out of the limits."""
    run: bool = False
    """The eighth or a later one in a row on one side of the mean."""

    @property
    def value(self) -> float | None:
        """Errors ÷ calls."""
        return self.errors / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A rate over time."""

    mean: float | None
    """All errors ÷ all calls; ``None`` without calls."""
    errors: int
    n: int
    points: tuple[ChartPoint, ...]

    @property
    def signals(self) -> tuple[ChartPoint, ...]:
        """Points that chance does not explain."""
        return tuple(point for point in self.points if point.beyond or point.run)


def limits(mean: float, n: int) -> tuple[float, float]:
    """Mean ± 3 sigma, sigma = √(mean · (1 − mean) ÷ n), within 0–1.

    >>> [round(bound, 3) for bound in limits(0.1, 100)]  # sigma = √(0.09 ÷ 100) = 0.03
    [0.01, 0.19]

    Source: W. A. Shewhart (1931); NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.2.
    """
    sigma = (mean * (1 - mean) / n) ** 0.5
    return max(0.0, mean - 3 * sigma), min(1.0, mean + 3 * sigma)


def control_chart(counts: Sequence[tuple[str, int, int]]) -> ControlChart:
    """The chart of (label, errors, calls).

    The mean is 11 ÷ 130. The last point's limit is 0.0846 + 3 · √(0.0846 · 0.9154 ÷ 10) = 0.349, and 5 of 10 is more.

    >>> chart = control_chart([("1", 2, 40), ("2", 1, 40), ("3", 3, 40), ("4", 0, 0), ("5", 5, 10)])
    >>> round(chart.mean, 4), round(chart.points[-1].high, 3), [point.label for point in chart.signals]
    (0.0846, 0.349, ['5'])
    """
    errors, calls = sum(row[1] for row in counts), sum(row[2] for row in counts)
    if not calls:
        return ControlChart(None, 0, 0, tuple(ChartPoint(label, 0, 0, 0.0, 1.0) for label, _, _ in counts))
    mean = errors / calls
    points, side, row = [], 0, 0
    for label, failed, n in counts:
        if not n:
            points.append(ChartPoint(label, 0, 0, 0.0, 1.0))
            continue
        low, high = limits(mean, n)
        here = (failed / n > mean) - (failed / n < mean)
        row = row + 1 if here == side and here else abs(here)
        side = here
        points.append(ChartPoint(label, failed, n, low, high, _beyond(failed, n, mean), row >= RUN))
    return ControlChart(mean, errors, calls, tuple(points))


def _beyond(failed: int, n: int, mean: float) -> bool:
    low, high = limits(mean, n)
    if low <= failed / n <= high:
        return False
    tail = stats.binom.cdf(failed, n, mean) if failed / n < low else stats.binom.sf(failed - 1, n, mean)
    return bool(tail <= RARE)
