"""The p-chart: does a rate swing as a rate of so few calls must, or did something happen?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from scipy import special

from pipeline.reports.shares import Share

RUN = 8
"""So many points in a row on one side of the mean are a signal, if each could as well be on the other. With few calls
most points have no error and lie below: then the run must be as rare as eight heads of a fair coin."""
RARE = 0.0027
"""Chance of a point beyond 3 sigma where counts are normal. With few calls they are not: a point is a signal only if it
is as rare by the binomial distribution as well."""


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """Errors of a stretch of time; ``n`` may be 0, which gives no point."""

    label: str
    share: Share
    low: float
    """Control limits, 0–1."""
    high: float
    beyond: bool = False
    """Out of the limits."""
    run: bool = False
    """The eighth or a later one in a row on one side of the mean."""

    @property
    def n(self) -> float:
        """Calls, or what they are worth where they were drawn with different chances: limits follow this."""
        return self.share.n

    @property
    def value(self) -> float | None:
        """Errors ÷ calls."""
        return self.share.value


@dataclass(frozen=True, slots=True)
class ControlChart:
    """A rate over time."""

    whole: Share
    """All errors of all calls."""
    points: tuple[ChartPoint, ...]

    @property
    def mean(self) -> float | None:
        """All errors ÷ all calls; ``None`` without calls."""
        return self.whole.value

    @property
    def signals(self) -> tuple[ChartPoint, ...]:
        """Points that chance does not explain."""
        return tuple(point for point in self.points if point.beyond or point.run)


def limits(mean: float, n: float) -> tuple[float, float]:
    """Mean ± 3 sigma, sigma = √(mean · (1 − mean) ÷ n), within 0–1.

    >>> [round(bound, 3) for bound in limits(0.1, 100)]  # sigma = √(0.09 ÷ 100) = 0.03
    [0.01, 0.19]

    Source: W. A. Shewhart (1931); NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.2.
    """
    sigma = (mean * (1 - mean) / n) ** 0.5
    return max(0.0, mean - 3 * sigma), min(1.0, mean + 3 * sigma)


def control_chart(shares: Sequence[tuple[str, Share]], whole: Share) -> ControlChart:
    """The chart of labelled shares; ``whole`` is that of all their calls.

    The mean is 11 ÷ 130. The last point's limit is 0.0846 + 3 · √(0.0846 · 0.9154 ÷ 10) = 0.349, and 5 of 10 is more.

    >>> counts = [("1", 2, 40), ("2", 1, 40), ("3", 3, 40), ("4", 0, 0), ("5", 5, 10)]
    >>> chart = control_chart([(label, Share(part, n)) for label, part, n in counts], Share(11, 130))
    >>> round(chart.mean, 4), round(chart.points[-1].high, 3), [point.label for point in chart.signals]
    (0.0846, 0.349, ['5'])

    Nine days with 1 of 2, then nine with none; the mean is 0.25. A day is above it with probability 0.4375, and
    0.4375⁸ is less than 0.5⁸; it is below with 0.5625, and 0.5625⁹ is more: of so few calls many days have no error.

    >>> shares = [(str(day), Share(1 if day < 9 else 0, 2)) for day in range(18)]
    >>> [point.label for point in control_chart(shares, Share(9, 36)).signals]
    ['7', '8']
    """
    mean, points, side, row, chance = whole.value, [], 0, 0, 1.0
    for label, share in shares:
        if share.value is None or mean is None:
            points.append(ChartPoint(label, share, 0.0, 1.0))
            continue
        low, high = limits(mean, share.n)
        here = (share.value > mean) - (share.value < mean)
        goes_on = here == side and here
        row, chance = (row + 1, chance) if goes_on else (abs(here), 1.0)
        chance *= _side_chance(share.n, mean, above=here > 0)
        side = here
        run = row >= RUN and chance <= 0.5**RUN
        points.append(ChartPoint(label, share, low, high, _beyond(share, mean), run))
    return ControlChart(whole, tuple(points))


def _beyond(share: Share, mean: float) -> bool:
    low, high = limits(mean, share.n)
    if share.value is None or low <= share.value <= high:
        return False
    return binomial_tail(share.part, share.n, mean, above=share.value > high) <= RARE


def _side_chance(n: float, mean: float, *, above: bool) -> float:
    """The chance that a point of n calls lies on this side of the mean, which it does not touch."""
    middle = n * mean
    if above:
        return binomial_tail(min(floor(middle) + 1, n), n, mean, above=True)
    return binomial_tail(max(ceil(middle) - 1, 0), n, mean, above=False)


def binomial_tail(part: float, n: float, rate: float, *, above: bool) -> float:
    """The chance of at least (``above``), or at most, ``part`` of ``n``; also of a number of calls that is no integer.

    >>> round(binomial_tail(2, 3, 0.5, above=True), 4), round(binomial_tail(0, 3, 0.5, above=False), 4)
    (0.5, 0.125)

    Source: as a regularised incomplete beta function, NIST Handbook of Mathematical Functions (2010) 8.17.5.
    """
    if above:
        return float(special.betainc(part, n - part + 1, rate)) if part > 0 else 1.0
    return float(special.betainc(n - part, part + 1, 1 - rate)) if part < n else 1.0
