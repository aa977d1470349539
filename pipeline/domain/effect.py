"""What a share of bad calls would become if nothing were done, and whether what it became is better than that.

A line is acted upon because it is among the worst. Part of what made it the worst was chance, and chance does not
repeat itself: the next period is better though nobody did anything (regression to the mean, F. Galton, Journal of the
Anthropological Institute 15 (1886) 246–263). So the due period is compared not with the baseline alone but with what
was to be expected:

1. *Shrinkage.* The true rates of agents (teams) follow a beta distribution; each one's calls are binomial. Both its
   parameters are integrated over, rather than estimated, so that few peers give a wide expectation. What Bayes' rule
   says of the worst is not changed by its having been picked for being the worst. Source: A. Gelman et al., Bayesian
   Data Analysis (2013) §5.3; B. Efron, Journal of the American Statistical Association 106 (2011) 1602–1614.
2. *Drift.* What the peers did between the same periods, beyond what was expected of them, is taken off: a change of the
   whole centre is nobody's success (difference in differences, J. D. Angrist and J.-S. Pischke, Mostly Harmless
   Econometrics (2009) §5.2). How far peers differ from it is the spread that a rate has over time.
3. *Prediction.* The number of bad calls among those heard in the due period follows from both.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from pipeline.domain.actions import Count

Numbers = NDArray[np.float64]

TAIL = 0.025
"""Of 40 actions that do nothing one at most is called an improvement."""
SEEN = 0.8
"""Probability with which a halving should be seen."""
MOST = 5_000
"""Calls beyond which nobody will hear more."""
PASSES = 3
"""How often the spread of rates over time is estimated anew; then it hardly changes."""
FEWEST_PEERS = 3
"""Others below which a target is compared with its own earlier periods."""

LOGITS: Numbers = np.linspace(-12.0, 12.0, 961)
RATES: Numbers = special.expit(LOGITS)
_MEANS: Numbers = special.expit(np.linspace(-7.0, 7.0, 71))
_SIZES: Numbers = np.exp(np.linspace(np.log(0.5), np.log(5_000.0), 41))
_A = np.outer(_MEANS, _SIZES).ravel()
_B = np.outer(1 - _MEANS, _SIZES).ravel()
_HYPER = (np.log(_MEANS * (1 - _MEANS))[:, None] - 0.5 * np.log(_SIZES)[None, :]).ravel()
"""Uniform in the mean and in 1 ÷ √size, as densities over the logarithmic grid: Gelman et al. §5.3."""


class Counted(Protocol):
    """Bad calls of n; parts of calls where they are counted as fewer."""

    @property
    def bad(self) -> float:
        """Bad calls."""

    @property
    def n(self) -> float:
        """All calls."""


@dataclass(frozen=True, slots=True)
class Thinned:
    """A count that says less than its calls seem to."""

    bad: float
    n: float


@dataclass(frozen=True, slots=True)
class Prior:
    """How true rates are spread over agents, teams or periods: beta distributions with weights that sum to 1."""

    a: Numbers
    b: Numbers
    weight: Numbers


@dataclass(frozen=True)
class Belief:
    """What is held of a rate: a weight for each of ``RATES``, summing to 1."""

    weight: Numbers

    @cached_property
    def mean(self) -> float:
        """The expected rate."""
        return float(self.weight @ RATES)

    def at_most(self, bad: int, n: int, *, times: float = 1.0) -> float:
        """The probability of so many bad calls of n or fewer, if the rate is ``times`` what is believed."""
        return float(self.weight @ stats.binom.cdf(bad, n, times * RATES)) if bad >= 0 else 0.0

    def at_least(self, bad: int, n: int) -> float:
        """The probability of so many bad calls of n or more."""
        return 1.0 - self.at_most(bad - 1, n)

    def interval(self, n: int) -> tuple[int, int]:
        """The least and the most bad calls of n that are no surprise: either tail beyond has 2.5 % at most."""
        low = _first(lambda bad: self.at_most(bad, n) > TAIL, n)
        return low, _first(lambda bad: self.at_most(bad, n) >= 1 - TAIL, n)


def beta(a: float, b: float) -> Prior:
    """The prior that is one beta distribution."""
    return Prior(np.array([a]), np.array([b]), np.ones(1))


def prior_of(counts: Sequence[Counted]) -> Prior:
    """The prior that the counts of all agents, teams or periods speak for.

    Everybody has one bad call of ten, a hundred times over: there is little to choose between them.

    >>> found = prior_of([Count(10, 100)] * 100)
    >>> round(posterior(found, Count(30, 100)), 2)  # far from 0.3: three times the rate of everybody is mostly chance
    0.11
    """
    found = Counter((one.bad, one.n) for one in counts if one.n)
    logs = _HYPER.copy()
    for (bad, n), times in found.items():
        logs += times * (special.betaln(_A + bad, _B + n - bad) - special.betaln(_A, _B))
    weight = np.exp(logs - logs.max())
    kept = weight > 1e-4
    return Prior(_A[kept], _B[kept], weight[kept] / weight[kept].sum())


def posterior(prior: Prior, count: Counted) -> float:
    """The rate to be expected of who has such a count.

    Beta(1, 9), a rate of 0.1 as sure as 10 calls; 5 of 10 bad calls: (1 + 5) ÷ (10 + 10).

    >>> posterior(beta(1, 9), Count(5, 10))
    0.3
    """
    return float(_moments(prior, count)[0])


def _moments(prior: Prior, count: Counted) -> tuple[float, float]:
    """Mean and variance of the rate behind a count."""
    # The count's own likelihood is in the weights already: it is one of those that the prior was made of.
    size = prior.a + prior.b + count.n
    mean = (prior.a + count.bad) / size
    square = mean * (prior.a + count.bad + 1) / (size + 1)
    average = float(prior.weight @ mean)
    return average, max(0.0, float(prior.weight @ square) - average**2)


def belief_of(prior: Prior, count: Counted) -> Belief:
    """What is held of the rate behind a count; of a new one where the count is of no calls.

    >>> belief = belief_of(beta(1, 9), Count(5, 10))
    >>> round(belief.mean, 4), round(belief.at_most(0, 1), 4)  # one more call is good with 0.7
    (0.3, 0.7)
    >>> round(belief.at_most(0, 2), 4)  # two: B(6, 16) ÷ B(6, 14) = 14 · 15 ÷ (20 · 21)
    0.5
    """
    a, b = prior.a + count.bad, prior.b + count.n - count.bad
    good = special.log_expit(-LOGITS)
    logs = np.outer(a, special.log_expit(LOGITS)) + np.outer(b, good) - special.betaln(a, b)[:, None]
    return _belief(prior.weight @ np.exp(logs))


def _belief(weight: Numbers) -> Belief:
    return Belief(weight / weight.sum())


def moved(belief: Belief, shift: float, variance: float) -> Belief:
    """The belief after the rate's logit has moved by ``shift``, give or take."""
    step = LOGITS[1] - LOGITS[0]
    spread = max(variance, (step / 2) ** 2)
    away = step * np.arange(1 - len(LOGITS), len(LOGITS)) - shift
    spread_out = np.convolve(belief.weight, np.exp(-0.5 * away**2 / spread))
    return _belief(spread_out[len(LOGITS) - 1 :][: len(LOGITS)])


@dataclass(frozen=True, slots=True)
class Drift:
    """What happened to the peers between the periods, on the scale of logits."""

    shift: float
    variance: float
    """Of the shift: it is known from so many calls only."""
    spread: float
    """Variance of single peers around it."""
    peers: int
    before: float
    """Their rate as it was expected, and as it came."""
    after: float


def drift_of(prior: Prior, peers: Sequence[tuple[Counted, Count]]) -> Drift | None:
    """How the peers moved from the first to the second of their counts; ``None`` where nobody has calls in the second.

    Ten peers as expected: 100 of 1,000 before and after.

    >>> drift = drift_of(beta(1000, 9000), [(Count(10, 100), Count(10, 100))] * 10)
    >>> round(drift.shift, 3), drift.spread, round(drift.variance, 4)  # 1 ÷ (1000 · 0.1 · 0.9), a little more
    (0.0, 0.0, 0.0112)

    Source of the spread: R. C. Paule and J. Mandel, Journal of Research of the National Bureau of Standards 87 (1982)
    377–385.
    """
    known = [(one, other) for one, other in peers if other.n]
    if not known:
        return None
    bad, n = (np.array([getattr(other, name) for _, other in known], dtype=float) for name in ("bad", "n"))
    moments = {key: _moments(prior, Thinned(*key)) for key in {(one.bad, one.n) for one, _ in known}}
    mean, variance = np.array([moments[one.bad, one.n] for one, _ in known]).T
    total, expected = n.sum(), n @ mean
    shift = float(special.logit((bad.sum() + 0.5) / (total + 1)) - special.logit((expected + 0.5) / (total + 1)))
    rate = special.expit(special.logit(mean) + shift)
    slope = n * rate * (1 - rate)
    chance = slope + n * np.maximum(n - 1, 0) * variance
    spread = _spread((bad - n * rate) ** 2, chance, slope**2) if len(known) >= FEWEST_PEERS else 0.0
    uncertain = float((chance + spread * slope**2).sum() / slope.sum() ** 2)
    return Drift(shift, uncertain, spread, len(known), float(expected / total), float(bad.sum() / total))


def _spread(squares: Numbers, chance: Numbers, slopes: Numbers) -> float:
    """The variance that makes the standardised squares what they should be on the average; 0 where chance suffices."""

    def over(spread: float) -> float:
        return float((squares / (chance + spread * slopes)).sum()) - (len(squares) - 1)

    low, high = 0.0, 4.0
    if over(low) <= 0:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if over(middle) > 0 else (low, middle)
    return low


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the due period would be if nothing were done."""

    belief: Belief
    drift: Drift | None
    peers: int
    """Others it rests on; 0: own earlier periods."""


def expected(before: Count, earlier: Sequence[Count], peers: Sequence[tuple[Count, Count]]) -> Expectation | None:
    """What to expect of the target; ``None`` where there is neither a peer nor an earlier period to learn from.

    Args:
        before: the target's baseline.
        earlier: the same in the periods before it.
        peers: of everybody else of the level before (baseline and earlier periods together), and in the due period.
    """
    others = [one for one in peers if one[0].n]
    if len(others) >= FEWEST_PEERS:
        return _among(together([before, *earlier]), others, 1 + sum(one.n > 0 for one in earlier))
    past = [one for one in earlier if one.n]
    if len(past) < FEWEST_PEERS:
        return None
    # Nobody to compare with: the next period is one more of those that there were.
    return Expectation(belief_of(prior_of([before, *past]), Count(0, 0)), None, 0)


def _among(own: Count, others: Sequence[tuple[Count, Count]], periods: int) -> Expectation:
    """What to expect of one among others, each known from so many periods before."""
    mine: Counted = own
    theirs: Sequence[tuple[Counted, Count]] = others
    wander = 0.0
    for _ in range(PASSES):
        prior = prior_of([mine, *(one for one, _ in theirs)])
        drift = drift_of(prior, theirs)
        if drift is None or not drift.spread:
            break
        # Rates go up and down by themselves: the baseline says less of what is to come than its calls seem to.
        wander = drift.spread
        mine = thinned(own, posterior(prior, mine), wander / periods)
        theirs = [(thinned(one, posterior(prior, one), wander / periods), other) for one, other in others]
    belief = belief_of(prior, mine)
    if drift is not None:
        belief = moved(belief, drift.shift, drift.variance + max(drift.spread, wander))
    return Expectation(belief, drift, len(others))


def thinned(count: Count, rate: float, variance: float) -> Thinned:
    """The count as if of fewer calls, so that it says no more than one of a rate whose logit varies.

    100 calls at 0.5, the logit's variance 0.12: pq ÷ n + (pq)² · 0.12 = 0.0025 + 0.0075, as of 25 calls.

    >>> thinned(Count(40, 100), 0.5, 0.12)
    Thinned(bad=10.0, n=25.0)

    Source: the design effect, L. Kish, Survey Sampling (1965) §5.4.
    """
    kept = 1 / (1 + count.n * rate * (1 - rate) * variance)
    return Thinned(count.bad * kept, count.n * kept)


def together(counts: Sequence[Count]) -> Count:
    """All counts as one."""
    return Count(sum(one.bad for one in counts), sum(one.n for one in counts), sum(one.squares for one in counts))


def noise(one: Count, other: Count) -> float:
    """The two-sided p-value that two shares are of the same kind; 1 where either has no calls.

    >>> round(noise(Count(3, 4), Count(1, 4)), 4)  # (16 + 1 + 16 + 1) ÷ 70
    0.4857

    Source: R. A. Fisher, Journal of the Royal Statistical Society 98 (1935) 39–82.
    """
    if not one.n or not other.n:
        return 1.0
    return float(stats.fisher_exact([[one.bad, one.n - one.bad], [other.bad, other.n - other.bad]]).pvalue)


def best_seen(belief: Belief, before: Count, n: int) -> int:
    """The most bad calls of n that are still an improvement beyond noise and regression; −1 where none is.

    With a baseline of 50 of 100 and a rate that is sure to stay 0.5, 3 of 20 are the most: 3 or fewer have a chance of
    0.0013, 5 of 0.0207; but 5 of 20 do not differ from 50 of 100 by Fisher's test (0.05), 4 of 20 do (0.014).

    >>> best_seen(belief_of(beta(5e6, 5e6), Count(0, 0)), Count(50, 100), 20)
    4
    """

    def seen(bad: int) -> bool:
        lower = bad * before.n < before.bad * n
        return lower and belief.at_most(bad, n) <= TAIL and noise(Count(bad, n), before) < 2 * TAIL

    return _first(lambda bad: not seen(bad), n + 1) - 1


def halving_seen(belief: Belief, before: Count, n: int) -> float:
    """The probability that half the rate would be seen with n calls."""
    return belief.at_most(best_seen(belief, before, n), n, times=0.5)


def calls_lacking(belief: Belief, before: Count, n: int) -> int | None:
    """Calls besides n until a halving is seen four times of five; ``None`` where no number of calls suffices."""

    def enough(calls: int) -> bool:
        return halving_seen(belief, before, calls) >= SEEN

    if not enough(MOST):
        return None
    low, high = n, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return 0 if enough(low) else high - n


def _first(holds: Callable[[int], bool], end: int) -> int:
    """The first of 0 … end for which it holds, where it holds for all after that; ``end`` where for none."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
