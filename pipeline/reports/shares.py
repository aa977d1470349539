"""Shares with their n and interval, and whether two of them differ by more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.domain.intervals import Interval, rate, rate_interval

ALPHA = 0.05
"""A difference is called more than noise where chance alone gives one as large in fewer than 5 of 100 reports."""


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``n`` calls."""

    part: int
    n: int

    @property
    def value(self) -> float | None:
        """0–1; ``None`` for 0 ÷ 0."""
        return rate(self.part, self.n)

    @property
    def interval(self) -> Interval | None:
        """95 %: Wilson's, exact at 0 and 1; ``None`` without calls."""
        return rate_interval(self.part, self.n)


@dataclass(frozen=True, slots=True)
class Change:
    """How far a share is from another."""

    value: float
    """This less the other, −1 to 1."""
    low: float
    high: float
    p: float
    """Probability of such a difference by chance."""
    beyond: bool
    """More than noise."""


def difference_interval(one: Share, other: Share) -> Interval | None:
    """The 95 % interval of ``one`` − ``other``; ``None`` where either has no calls.

    56 of 70 against 48 of 80, the example of the source (its table II, method 10): 0.2, from 0.0524 to 0.3339.

    >>> [round(bound, 4) for bound in difference_interval(Share(56, 70), Share(48, 80))]
    [0.0524, 0.3339]

    Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890, method 10: from both Wilson intervals.
    """
    if one.value is None or other.value is None:
        return None
    mine, theirs = one.interval, other.interval
    assert mine is not None
    assert theirs is not None
    between = one.value - other.value
    down = ((one.value - mine.low) ** 2 + (theirs.high - other.value) ** 2) ** 0.5
    up = ((mine.high - one.value) ** 2 + (other.value - theirs.low) ** 2) ** 0.5
    return Interval(between - down, between + up)


def fisher(one: Share, other: Share) -> float:
    """The two-sided p-value that both shares are of the same kind; 1 where either has no calls.

    3 of 4 against 1 of 4: (16 + 1 + 16 + 1) of 70 tables are as rare.

    >>> round(fisher(Share(3, 4), Share(1, 4)), 4)
    0.4857

    Source: R. A. Fisher, Journal of the Royal Statistical Society 98 (1935) 39–82.
    """
    if one.n == 0 or other.n == 0:
        return 1.0
    total, found = one.n + other.n, one.part + other.part
    # scipy.stats.fisher_exact says the same and takes forty times as long, which hundreds of agents would feel.
    parts = np.arange(max(0, found - other.n), min(found, one.n) + 1)
    logs = _log_choose(one.n, parts) + _log_choose(other.n, found - parts) - _log_choose(total, np.array([found]))
    chances = np.exp(logs)
    as_rare = chances <= chances[one.part - parts[0]] * (1 + 1e-7)
    return float(min(1.0, chances[as_rare].sum()))


def _log_choose(n: int, k: NDArray[np.int_]) -> NDArray[np.float64]:
    chosen: NDArray[np.float64] = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return chosen


def holm(chances: Sequence[float]) -> list[float]:
    """p-values raised so that among all of them one in twenty reports at most has a false alarm.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]  # 3 · 0.01; then 2 · 0.03; then no less than that
    [0.03, 0.06, 0.06]

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65–70.
    """
    order = np.argsort(chances, kind="stable")
    raised, highest = [0.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[place]))
        raised[place] = highest
    return raised


def changes(pairs: Sequence[tuple[Share, Share]]) -> list[Change | None]:
    """How far each first share is from its second one, tested together; ``None`` where either has no calls."""
    known = [place for place, (one, other) in enumerate(pairs) if one.n and other.n]
    raised = holm([fisher(*pairs[place]) for place in known])
    found: list[Change | None] = [None] * len(pairs)
    for place, p in zip(known, raised, strict=True):
        one, other = pairs[place]
        between = difference_interval(one, other)
        assert between is not None
        assert one.value is not None
        assert other.value is not None
        found[place] = Change(one.value - other.value, between.low, between.high, p, p < ALPHA)
    return found
