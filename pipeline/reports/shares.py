"""Shares with their n and interval, and whether two of them differ by more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.domain.intervals import Interval, rate_interval
from pipeline.sampling.shares import counted, effective_counts, share_bounds

ALPHA = 0.05
"""A difference is called more than noise where chance alone gives one as large in fewer than 5 of 100 reports."""


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``n`` calls. Where calls were drawn with different chances: of as many equal draws as those tell."""

    part: float
    n: float
    heard: tuple[int, int] | None = None
    """The calls themselves, where part and n are what they are worth."""

    @property
    def value(self) -> float | None:
        """0–1; ``None`` for 0 ÷ 0."""
        return self.part / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """95 %: Wilson's, exact at 0 and 1; of a weighted share Jeffreys'. ``None`` without calls."""
        if self.heard is None:
            return rate_interval(int(self.part), int(self.n))
        if not self.n:
            return None
        bounds = share_bounds(counted(self.part, self.n))
        return Interval(float(bounds.low), float(bounds.high))

    @property
    def calls(self) -> tuple[int, int]:
        """Part and n as calls that somebody heard."""
        return self.heard if self.heard is not None else (int(self.part), int(self.n))


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over calls that a share is made of; those of parts add up to those of the whole."""

    yes: int = 0
    calls: int = 0
    w: float = 0.0
    """Sum of the weights; a call that was not drawn weighs nothing."""
    wy: float = 0.0
    w2: float = 0.0
    w2y: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(one + two for one, two in zip(self._sums, other._sums, strict=True)))  # type: ignore[arg-type]

    def __sub__(self, other: "Tally") -> "Tally":
        """This without a part of it."""
        return Tally(*(one - two for one, two in zip(self._sums, other._sums, strict=True)))  # type: ignore[arg-type]

    @property
    def rest(self) -> "Tally":
        """The calls that are not counted as yes."""
        return Tally(self.calls - self.yes, self.calls, self.w, self.w - self.wy, self.w2, self.w2 - self.w2y)

    @property
    def _sums(self) -> tuple[float, ...]:
        return self.yes, self.calls, self.w, self.wy, self.w2, self.w2y

    def share(self, *, weighted: bool) -> Share:
        """The share as counted, or as the weights estimate it for all calls.

        Weighted, its value is Σ w·y ÷ Σ w, and its n the number of equal draws that tell as much. One yes that stands
        for 1 call and three noes that stand for 33 each:

        >>> parts = [Tally.of(True, 1.0), *[Tally.of(False, 33.0)] * 3]
        >>> found = sum(parts, start=Tally()).share(weighted=True)
        >>> round(found.value, 4), found.heard, sum(parts, start=Tally()).share(weighted=False)
        (0.01, (1, 4), Share(part=1, n=4, heard=None))

        Source: `pipeline.sampling.shares.effective_counts`.
        """
        if not weighted:
            return Share(self.yes, self.calls)
        if self.w <= TINY:
            return Share(0, 0, (0, 0))
        n = float(effective_counts(self.w, self.wy, self.w2, self.w2y).n)
        value = min(1.0, max(0.0, self.wy / self.w))
        # Sums of which parts were taken away leave crumbs; nothing and everything are to be exactly that.
        value = 0.0 if self.yes == 0 else 1.0 if self.yes == self.calls else value
        return Share(value * n, n, (self.yes, self.calls))

    @classmethod
    def of(cls, yes: bool, weight: float = 1.0) -> "Tally":
        """One call."""
        y = int(yes)
        return cls(y, 1, weight, weight * y, weight**2, weight**2 * y)


TINY = 1e-9


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

    Weighted shares count as the whole number of equal draws that they are worth.

    3 of 4 against 1 of 4: (16 + 1 + 16 + 1) of 70 tables are as rare.

    >>> round(fisher(Share(3, 4), Share(1, 4)), 4)
    0.4857

    Source: R. A. Fisher, Journal of the Royal Statistical Society 98 (1935) 39–82.
    """
    if one.n == 0 or other.n == 0:
        return 1.0
    one_n, one_part, other_n, other_part = (round(number) for number in (one.n, one.part, other.n, other.part))
    total, found = one_n + other_n, one_part + other_part
    # scipy.stats.fisher_exact says the same and takes forty times as long, which hundreds of agents would feel.
    parts = np.arange(max(0, found - other_n), min(found, one_n) + 1)
    logs = _log_choose(one_n, parts) + _log_choose(other_n, found - parts) - _log_choose(total, np.array([found]))
    chances = np.exp(logs)
    as_rare = chances <= chances[one_part - parts[0]] * (1 + 1e-7)
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
