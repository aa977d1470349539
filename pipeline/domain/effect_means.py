"""As `pipeline.domain.effect`, for means: handling time, silence share, response time.

True means follow a normal distribution over agents (teams, periods), measured ones scatter around them by their
standard errors; shrinkage, drift and prediction as for shares. Source: B. Efron and C. Morris, Journal of the American
Statistical Association 70 (1975) 311–319; τ² by Paule and Mandel (1982).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.actions import Count
from pipeline.domain.effect import FEWEST_PEERS, PASSES, TAIL, together

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Expected:
    """A mean as it would come by itself: Student's t around it."""

    value: float
    spread: float
    """Standard deviation of the prediction, the due period's own scatter included."""
    freedom: int
    peers: int
    drift: float | None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % prediction interval."""
        reach = float(stats.t.ppf(1 - TAIL, self.freedom)) * self.spread
        return self.value - reach, self.value + reach

    def at_most(self, value: float) -> float:
        """The probability of so low a mean or a lower one."""
        return float(stats.t.cdf((value - self.value) / self.spread, self.freedom))


def error_of(count: Count) -> float | None:
    """The squared standard error of a mean; ``None`` below two values or where all are the same.

    >>> error_of(Count(6.0, 3, 14.0))  # 1, 2, 3: s² = 1, ÷ 3
    0.3333333333333333
    """
    if count.n < 2:
        return None
    spread = (count.squares - count.bad**2 / count.n) / (count.n - 1)
    return spread / count.n if spread > 1e-12 else None


def tau_squared(values: Numbers, errors: Numbers) -> float:
    """The variance of true means, which measured ones exceed by their errors.

    Means 0 and 2, each with error 1: the sum of squares 2 ÷ (1 + τ²) is 1, its expectation, at τ² = 1.

    >>> round(tau_squared(np.array([0.0, 2.0]), np.array([1.0, 1.0])), 6)
    1.0
    """

    def over(tau: float) -> float:
        weight = 1 / (errors + tau)
        centre = (weight @ values) / weight.sum()
        return float(weight @ (values - centre) ** 2) - (len(values) - 1)

    low, high = 0.0, float(np.ptp(values) ** 2) + 1e-12
    if len(values) < 2 or over(0.0) <= 0:
        return 0.0
    while over(high) > 0:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if over(middle) > 0 else (low, middle)
    return low


def expected_mean(
    before: Count, earlier: Sequence[Count], peers: Sequence[tuple[Count, Count]], due: Count
) -> Expected | None:
    """What to expect of the due period; ``None`` where there is nothing to learn from. Arguments as for shares."""
    own_error, due_error = error_of(before), error_of(due)
    if own_error is None or due_error is None:
        return None
    others = [one for one in peers if error_of(one[0]) is not None]
    if len(others) >= FEWEST_PEERS:
        periods = 1 + sum(error_of(one) is not None for one in earlier)
        return _among(together([before, *earlier]), others, due_error, periods)
    past = [one for one in [before, *earlier] if error_of(one) is not None]
    if len(past) <= FEWEST_PEERS:
        return None
    known = _known(past, 0.0)
    return Expected(known.centre, (known.uncertain + known.tau + due_error) ** 0.5, len(past) - 1, 0, None)


@dataclass(frozen=True, slots=True)
class _Known:
    """Where true means lie."""

    centre: float
    uncertain: float
    """Variance of the centre."""
    tau: float
    """Variance of true means around it."""
    wander: float = 0.0
    """Variance of a measured mean beyond its error: true means go up and down by themselves."""


def _known(counts: Sequence[Count], wander: float) -> _Known:
    values = np.array([one.bad / one.n for one in counts])
    errors = np.array([error_of(one) for one in counts], dtype=float) + wander
    tau = tau_squared(values, errors)
    weight = 1 / (errors + tau)
    return _Known(float((weight @ values) / weight.sum()), float(1 / weight.sum()), tau, wander)


def _among(own: Count, others: Sequence[tuple[Count, Count]], due_error: float, periods: int) -> Expected:
    """What to expect of one among others, each known from so many periods before."""
    wander, counts = 0.0, [own, *(one for one, _ in others)]
    for _ in range(PASSES):
        known = _known(counts, wander / periods)
        shift, of_shift, spread = _drift(others, known)
        if not spread:
            break
        wander = spread
    value, variance = _shrunk(own, known)
    total = variance + due_error + of_shift + max(spread, wander)
    drift = shift if any(error_of(other) for _, other in others) else None
    return Expected(value + shift, total**0.5, len(others), len(others), drift)


def _shrunk(count: Count, known: _Known) -> tuple[float, float]:
    """Mean and variance of the true mean behind a measured one.

    Measured 2 ± 1 where others have 0 ± 1: half way, with half the variance.

    >>> _shrunk(Count(4.0, 2, 10.0), _Known(0.0, 0.0, 1.0))  # 1 and 3: mean 2, error 2 ÷ 2
    (1.0, 0.5)
    """
    error = error_of(count)
    assert error is not None
    error += known.wander
    kept = known.tau / (known.tau + error)
    value = known.centre + kept * (count.bad / count.n - known.centre)
    return value, kept * error + (1 - kept) ** 2 * known.uncertain


def _drift(peers: Sequence[tuple[Count, Count]], known: _Known) -> tuple[float, float, float]:
    """How far the peers are from what was expected of them, that shift's variance, and the spread around it."""
    away, chance = [], []
    for one, other in peers:
        error = error_of(other)
        if error is not None:
            value, variance = _shrunk(one, known)
            away.append(other.bad / other.n - value)
            chance.append(error + variance)
    if not away:
        return 0.0, 0.0, 0.0
    values, errors = np.array(away), np.array(chance)
    spread = tau_squared(values, errors) if len(away) >= FEWEST_PEERS else 0.0
    weight = 1 / (errors + spread)
    return float((weight @ values) / weight.sum()), float(1 / weight.sum()), spread


def welch(one: Count, other: Count) -> float:
    """The two-sided p-value that two means are equal; 1 where that cannot be asked.

    Source: B. L. Welch, Biometrika 34 (1947) 28–35.
    """
    mine, theirs = error_of(one), error_of(other)
    if mine is None or theirs is None:
        return 1.0
    spread = mine + theirs
    freedom = spread**2 / (mine**2 / (one.n - 1) + theirs**2 / (other.n - 1))
    away = abs(one.bad / one.n - other.bad / other.n) / spread**0.5
    return float(2 * stats.t.sf(away, freedom))
