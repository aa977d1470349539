"""Intervals of shares that were sampled with unequal probability, and of what is made of several shares.

Everything works on numbers and on numpy arrays of equal shape alike: `benchmarks/coverage.py` proves these very
functions on thousands of worlds at once. A share is that of a process (what this rule does on calls such as these), not
of the finite set of calls in a period; so sampling a large part of a period does not shrink its interval.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """A weighted sample as the unweighted one that tells as much; fractions occur."""

    yes: Floats
    n: Floats


@dataclass(frozen=True, slots=True)
class Bounds:
    """A 95 % interval with what lies in it."""

    low: Floats
    middle: Floats
    """As likely above as below; distances to the ends are measured from here."""
    high: Floats
    share: Floats
    """The estimate itself; not a number for 0 of 0."""


def counted(yes: ArrayLike, n: ArrayLike) -> Counts:
    """A sample in which every call weighs the same."""
    return Counts(np.asarray(yes, dtype=float), np.asarray(n, dtype=float))


def effective_counts(w: ArrayLike, wy: ArrayLike, w2: ArrayLike, w2y: ArrayLike) -> Counts:
    """What a weighted sample is worth, from four sums over its calls: w, w·y, w², w²·y; y is 1 for yes, 0 for no.

    Weights are 1 ÷ inclusion probability, up to a common factor. To the sample half a yes and half a no are added, each
    of the weight that a typical call of the *population* is represented with (Σw² ÷ Σw); the variance of that share by
    linearisation then says how many equal draws tell as much. Equal weights give back the counts:

    >>> found = effective_counts(w=50.0, wy=10.0, w2=250.0, w2y=50.0)  # 10 calls of weight 5, 2 of them yes
    >>> round(float(found.yes), 9), round(float(found.n), 9)
    (2.0, 10.0)
    >>> found = effective_counts(w=60.0, wy=0.0, w2=2510.0, w2y=0.0)  # weights 10 × 1, 1 × 50, none yes: 60² ÷ 2510
    >>> round(float(found.yes), 9), round(float(found.n), 3)
    (0.0, 1.434)

    An empty sample has 0 of 0.

    Source: J. Hájek, in V. P. Godambe and D. A. Sprott (eds.), Foundations of Statistical Inference (1971) 236, for the
    share; L. Kish, Survey Sampling (1965) §11.7, for the worth where none is yes; E. L. Korn and B. I. Graubard, Survey
    Methodology 24 (1998) 193–201, for exact intervals on effective counts.
    """
    w, wy, w2, w2y = (np.asarray(one, dtype=float) for one in (w, wy, w2, w2y))
    some = w > 0
    typical = np.divide(w2, w, out=np.zeros(w.shape), where=some)
    total = np.where(some, w + typical, 1.0)
    share = np.where(some, (wy + typical / 2) / total, 0.5)
    squares = w2y * (1 - 2 * share) + share**2 * w2 + typical**2 / 2 * ((1 - share) ** 2 + share**2)
    variance = np.where(some, squares / total**2, 0.25)
    n = np.where(some, np.maximum(share * (1 - share) / variance - 1, 0.0), 0.0)
    yes = np.clip(share * (n + 1) - 0.5, 0.0, n)
    # Nothing and everything are to be exactly that.
    return Counts(np.where(wy <= 0, 0.0, np.where(wy >= w, n, yes)), n)


def share_bounds(counts: Counts) -> Bounds:
    """The 95 % interval of a share.

    Jeffreys' interval: 2.5 %, 50 % and 97.5 % points of Beta(yes + ½, no + ½). Where nothing or everything is yes, the
    open end is exact (Clopper–Pearson). Where exactly one is, the near end is where even one is seen in only 1 of 20
    samples: Jeffreys' own end lies above that and misses too often. 0 of 0 says nothing: 0 to 1.

    >>> none = share_bounds(counted(0, 300))  # 1 − 0.025^(1/300)
    >>> float(none.low), round(float(none.high), 4)
    (0.0, 0.0122)
    >>> one = share_bounds(counted(1, 300))  # low: 1 − 0.95^(1/300)
    >>> round(float(one.low), 6), round(float(one.high), 4)
    (0.000171, 0.0155)
    >>> some = share_bounds(counted(8, 10))
    >>> round(float(some.low), 4), round(float(some.high), 4)
    (0.4972, 0.9559)

    Source: L. D. Brown, T. T. Cai and A. DasGupta, Statistical Science 16 (2001) 101–133, §4.1.2, equal-tailed Jeffreys
    with modified ends; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404–413.
    """
    yes, n = np.broadcast_arrays(counts.yes, counts.n)
    no = np.maximum(n - yes, 0.0)
    low, middle, high = (betaincinv(yes + 0.5, no + 0.5, point) for point in (0.025, 0.5, 0.975))
    trials = np.where(n > 0, n, 1.0)
    exact, lone = 1 - 0.025 ** (1 / trials), 1 - 0.95 ** (1 / trials)
    few, lacking = yes < FEW, no < FEW
    low = np.where(lacking & (no < NONE), 1 - exact, np.where(few, np.minimum(low, lone), low))
    high = np.where(few & (yes < NONE), exact, np.where(lacking, np.maximum(high, 1 - lone), high))
    low = np.where((yes < NONE) | (n < NONE), 0.0, low)
    high = np.where((no < NONE) | (n < NONE), 1.0, high)
    return Bounds(low, middle, high, np.divide(yes, n, out=np.full(n.shape, np.nan), where=n >= NONE))


NONE = 1e-6
FEW = 1 + 1e-6
"""Effective counts are compared with a little room: they come out of divisions."""


def recall_bounds(hit: Bounds, true_if_hit: Bounds, true_if_not: Bounds) -> Bounds:
    """The interval of the share of true cases that are hit, from three samples that know nothing of each other.

    With h, p₁ and p₀ for the three shares, the odds of recall are h·p₁ ÷ ((1 − h)·p₀): a sum of three logarithms, whose
    bounds follow from theirs (MOVER).

    Source: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693–1702, equation 4, on the log scale as A.
    Donner and G. Y. Zou, Statistical Methods in Medical Research 21 (2012) 347–359.
    """
    low, middle, high = _sum([_logit(hit), _log(true_if_hit), _minus(_log(true_if_not))])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = _hit_and_true(hit, true_if_hit)
        share = found / (found + (1 - hit.share) * true_if_not.share)
        ends = [1 / (1 + np.exp(-end)) for end in (low, middle, high)]
    return Bounds(ends[0], ends[1], ends[2], share)


def prevalence_bounds(hit: Bounds, true_if_hit: Bounds, true_if_not: Bounds) -> Bounds:
    """The interval of the share of all calls that are true: h·p₁ + (1 − h)·p₀, each product by its logarithms.

    Source: as `recall_bounds`.
    """
    # Around the estimates, not the medians: the median of a share of which none was seen is not nothing, and would lift
    # the lower end of the sum.
    found = _exp(_sum([_log(hit), _log(true_if_hit)]), _hit_and_true(hit, true_if_hit))
    missed = _exp(_sum([_log(_complement(hit)), _log(true_if_not)]), (1 - hit.share) * true_if_not.share)
    low, share, high = _sum([found, missed])
    return Bounds(np.maximum(low, 0.0), share, np.minimum(high, 1.0), share)


def _hit_and_true(hit: Bounds, true_if_hit: Bounds) -> Floats:
    """The share of calls that are hit and true: none where none is hit, whatever would be true of them."""
    return np.where(hit.share == 0, 0.0, hit.share * true_if_hit.share)


Ends = tuple[Floats, Floats, Floats]
"""Lower end, middle, upper end, on any scale."""


def _sum(parts: list[Ends]) -> Ends:
    """A sum of independent quantities: the distances to the middle add like legs of a right angle."""
    middle = sum((part[1] for part in parts), start=np.zeros(()))
    below = sum(((part[1] - part[0]) ** 2 for part in parts), start=np.zeros(()))
    above = sum(((part[2] - part[1]) ** 2 for part in parts), start=np.zeros(()))
    return middle - np.sqrt(below), middle, middle + np.sqrt(above)


def _log(share: Bounds) -> Ends:
    with np.errstate(divide="ignore"):
        return np.log(share.low), np.log(share.middle), np.log(share.high)


def _logit(share: Bounds) -> Ends:
    with np.errstate(divide="ignore"):
        low, middle, high = (np.log(one) - np.log1p(-one) for one in (share.low, share.middle, share.high))
    return low, middle, high


def _exp(logarithms: Ends, middle: Floats) -> Ends:
    return np.exp(logarithms[0]), middle, np.exp(logarithms[2])


def _complement(share: Bounds) -> Bounds:
    return Bounds(1 - share.high, 1 - share.middle, 1 - share.low, 1 - share.share)


def _minus(one: Ends) -> Ends:
    return -one[2], -one[1], -one[0]
