"""Whether a metric tells teams or agents apart, says the same of two halves of the data, and moves with satisfaction.

Formulas on sums and on lists of means; `pipeline.reports.metric` feeds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.intervals import Z_95, Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """Values of one team or agent: how many, their sum, and the sum of their squares."""

    n: int
    total: float
    squares: float

    def __add__(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Of at least one value."""
        return self.total / self.n


@dataclass(frozen=True, slots=True)
class Separation:
    """How far the units (teams or agents) differ, against the spread within each."""

    units: int
    values: int
    typical_n: float
    """Values of a unit, as the formula averages them."""
    icc: float
    """ICC(1): share of all variance that is between units; 0 where the estimate is negative."""
    icc_low: float
    """95 % interval."""
    icc_high: float
    reliability: float
    """Share of the variance of units' means that is between units; the rest is chance."""
    reliability_low: float
    reliability_high: float
    p: float
    """Probability of such differences where all units are alike."""
    test: str
    """``F`` or ``chi2``."""


def separation(groups: Sequence[Sums], *, share: bool) -> Separation | None:
    """How far units differ; ``None`` with fewer than two units, or where nothing varies.

    Three agents with two calls each, 1 and 3, 4 and 6, 7 and 9. Between: means 2, 5, 8, so 2 · 18 ÷ 2 = 18; within: 2
    in each, so 6 ÷ 3 = 2. F = 9, ICC = (18 − 2) ÷ (18 + 2) = 0.8, reliability of the means = 1 − 1 ÷ 9.

    >>> found = separation([Sums(2, 4, 10), Sums(2, 10, 52), Sums(2, 16, 130)], share=False)
    >>> round(found.icc, 3), round(found.reliability, 3), found.typical_n, round(found.p, 3)
    (0.8, 0.889, 2.0, 0.054)

    Shares of 1 of 10 and 9 of 10: χ² = (16 + 16) ÷ (10 · 0.25) = 12.8 with one degree of freedom.

    >>> round(separation([Sums(10, 1, 1), Sums(10, 9, 9)], share=True).p, 5)
    0.00035

    Args:
        groups: sums of each unit; those without values are left out.
        share: the values are 0 or 1. Then the test is that of equal rates, which needs no normal distribution.

    Source: R. A. Fisher (1925) for F; P. E. Shrout and J. L. Fleiss, Psychological Bulletin 86 (1979) 420–428, for
    ICC(1), ICC(1,k) and their intervals; A. Donner, International Statistical Review 54 (1986) 67–82, for unequal
    numbers; M. S. Ridout, C. G. B. Demétrio and D. Firth, Biometrics 55 (1999) 137–148: the same for 0 and 1; W. G.
    Cochran, Biometrics 10 (1954) 417–451, for χ².
    """
    known = [one for one in groups if one.n]
    k, n = len(known), sum(one.n for one in known)
    if k < 2 or n <= k:
        return None
    mean = sum(one.total for one in known) / n
    between = sum(one.n * (one.mean - mean) ** 2 for one in known) / (k - 1)
    within = max(0.0, sum(one.squares - one.n * one.mean**2 for one in known)) / (n - k)
    if within <= 1e-12 * max(1.0, mean**2):
        return None
    typical = (n - sum(one.n**2 for one in known) / n) / (k - 1)
    f = between / within
    low = f / float(stats.f.ppf(0.975, k - 1, n - k))
    high = f * float(stats.f.ppf(0.975, n - k, k - 1))
    icc = [max(0.0, (one - 1) / (one + typical - 1)) for one in (f, low, high)]
    reliable = [max(0.0, 1 - 1 / one) if one > 0 else 0.0 for one in (f, low, high)]
    if share:
        p = float(
            stats.chi2.sf(sum((one.total - one.n * mean) ** 2 / (one.n * mean * (1 - mean)) for one in known), k - 1)
        )
    else:
        p = float(stats.f.sf(f, k - 1, n - k))
    return Separation(
        k, n, typical, icc[0], icc[1], icc[2], reliable[0], reliable[1], reliable[2], p, "chi2" if share else "F"
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """A correlation over units with its 95 % interval."""

    value: float
    low: float
    high: float
    units: int


def stability(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> Agreement | None:
    """How reliable units' means over all data are, from halvings at random; ``None`` below five units.

    Each halving gives each unit two means; they correlate by r over units, and the whole is as reliable as
    2r ÷ (1 + r). The median r of all halvings counts; its interval is that of a correlation over so many units.

    >>> found = stability([[1, 2, 3, 4, 5]], [[1, 3, 2, 5, 4]])  # r = 0.8, and 1.6 ÷ 1.8
    >>> round(found.value, 3), found.units
    (0.889, 5)

    Args:
        one, other: for each halving, the means of the units in either half.

    Source: C. Spearman, British Journal of Psychology 3 (1910) 271–295, and W. Brown, ibid. 296–322; the interval by R.
    A. Fisher, Metron 1 (1921) 3–32.
    """
    units = len(one[0]) if one else 0
    found = [r for a, b in zip(one, other, strict=True) if (r := _pearson(np.array(a), np.array(b))) is not None]
    if units < FEWEST or not found:
        return None
    r = float(np.median(found))
    ends = fisher_interval(r, 1 / (units - 3) ** 0.5)
    return Agreement(_doubled(r), _doubled(ends.low), _doubled(ends.high), units)


FEWEST = 5
"""Units below which no correlation is told: its interval would be everything."""


def stepped_up(reliability: float, n: float) -> float:
    """How reliable the mean of n values is, of which each is as reliable as this.

    >>> stepped_up(0.2, 4)  # 4 · 0.2 ÷ (1 + 3 · 0.2)
    0.5

    Source: C. Spearman, British Journal of Psychology 3 (1910) 271–295, and W. Brown, ibid. 296–322.
    """
    return n * reliability / (1 + (n - 1) * reliability)


def _doubled(r: float) -> float:
    """The reliability of both halves together; below 0 the formula runs away to −∞, and is cut at −1."""
    return max(-1.0, stepped_up(r, 2)) if r > -1 else -1.0


def correlation(one: Sequence[float], other: Sequence[float]) -> Agreement | None:
    """Pearson's r with Fisher's interval; ``None`` below five units, or where nothing varies."""
    r = _pearson(np.array(one, dtype=float), np.array(other, dtype=float))
    if r is None or len(one) < FEWEST:
        return None
    ends = fisher_interval(r, 1 / (len(one) - 3) ** 0.5)
    return Agreement(r, ends.low, ends.high, len(one))


def rank_correlation(
    one: Sequence[float], other: Sequence[float], teams: Sequence[str] | None = None
) -> Agreement | None:
    """Spearman's ρ; with ``teams`` within them: of ranks from which each team's mean rank was taken.

    Ranks 1 2 3 4 5 against 2 1 3 5 4: 1 − 6 · 4 ÷ (5 · 24) = 0.8.

    >>> found = rank_correlation([1, 2, 3, 4, 5], [20, 10, 30, 50, 40])
    >>> round(found.value, 3), round(found.low, 2), round(found.high, 2)
    (0.8, -0.46, 0.99)

    Two teams that differ, in each of which the order is turned round:

    >>> one, other, teams = [1, 2, 3, 11, 12, 13], [3, 2, 1, 13, 12, 11], ["a", "a", "a", "b", "b", "b"]
    >>> round(rank_correlation(one, other).value, 3), round(rank_correlation(one, other, teams).value, 3)
    (0.543, -1.0)

    Source: C. Spearman, American Journal of Psychology 15 (1904) 72–101; D. G. Bonett and T. A. Wright, Psychometrika
    65 (2000) 23–28, for the interval. Within teams it is a partial correlation: one degree of freedom less for each
    further team.
    """
    if len(one) < FEWEST:
        return None
    ranks = [np.asarray(stats.rankdata(values), dtype=float) for values in (one, other)]
    lost = 0
    if teams is not None:
        names = sorted(set(teams))
        member = np.array([names.index(team) for team in teams])
        lost = len(names) - 1
        for each in ranks:
            for place in range(len(names)):
                each[member == place] -= each[member == place].mean()
    r = _pearson(*ranks)
    freedom = len(one) - 3 - lost
    if r is None or freedom < FEWEST - 3:
        return None
    ends = fisher_interval(r, ((1 + r**2 / 2) / freedom) ** 0.5)
    return Agreement(r, ends.low, ends.high, len(one))


def fisher_interval(r: float, error: float) -> Interval:
    """The 95 % interval of a correlation whose inverse hyperbolic tangent has this standard error.

    >>> [round(end, 3) for end in fisher_interval(0.5, 0.2)]  # tanh(0.549 ± 0.392)
    [0.156, 0.736]
    """
    middle = float(np.arctanh(min(0.999999, max(-0.999999, r))))
    return Interval(float(np.tanh(middle - Z_95 * error)), float(np.tanh(middle + Z_95 * error)))


def _pearson(one: Floats, other: Floats) -> float | None:
    """``None`` where either does not vary."""
    if len(one) < 2:
        return None
    a, b = one - one.mean(), other - other.mean()
    size = float((a**2).sum() * (b**2).sum()) ** 0.5
    return float((a * b).sum()) / size if size > 1e-12 else None
