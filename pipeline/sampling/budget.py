"""What reviewers' hours suffice for: parts in their order, each cut as far as it must be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.domain.frames import Floats
from pipeline.sampling.allocation import Wanted
from pipeline.sampling.strata import Strata, scaled

RESERVE = 2.0
"""Standard deviations kept free: how many calls two parts choose both is a matter of chance."""


def fitted(strata: Sequence[Strata], calls: int, capacity: int | None) -> list[Wanted]:
    """Calls of each part's strata, such that all parts together fit ``capacity`` different calls.

    A part that does not fit beside those before it is cut in all its strata alike. The cut depends on numbers of calls,
    never on which calls the dice chose, so that probabilities stay known.
    """
    before = Load.of_none(calls)
    fitting: list[Wanted] = []
    for one in strata:
        asked = round(one.asked)
        n = asked if capacity is None else _most(one, asked, before, capacity)
        fitting.append(one.wanted if n == asked else scaled(one, n))
        if capacity is not None:
            before = before.and_of(chances_of(one, fitting[-1], calls))
    return fitting


def _most(strata: Strata, asked: int, before: "Load", capacity: int) -> int:
    """The most calls of the part that fit, by halving."""
    low, high = 0, asked
    calls = len(before.expected)
    while low < high:
        tried = (low + high + 1) // 2
        if before.and_of(chances_of(strata, scaled(strata, tried), calls)).calls <= capacity + 1e-9:
            low = tried
        else:
            high = tried - 1
    return low


def chances_of(strata: Strata, wanted: Wanted, calls: int) -> Floats:
    """The probability that the part chooses each call of the frame: calls wanted ÷ calls there are, by stratum."""
    chances = np.zeros(calls)
    each = [min(1.0, wanted[key] / size) for key, size in strata.sizes.items()]
    if each:
        chances[strata.positions] = np.array(each)[strata.strata]
    return chances


@dataclass(frozen=True, slots=True)
class Load:
    """Parts that choose calls independently, as sums over the parts for each call."""

    expected: Floats
    """Σ p."""
    missed: Floats
    """Π (1 − p)."""
    spread: Floats
    """Σ p (1 − p)."""

    @classmethod
    def of_none(cls, calls: int) -> "Load":
        """No part yet."""
        return cls(np.zeros(calls), np.ones(calls), np.zeros(calls))

    def and_of(self, chances: Floats) -> "Load":
        """With one more part."""
        return Load(self.expected + chances, self.missed * (1 - chances), self.spread + chances * (1 - chances))

    @property
    def calls(self) -> float:
        """Different calls that the parts choose: the number expected, and a reserve for chance.

        Two parts that choose half of 400 calls each: 300 calls are expected. Each call is chosen twice with probability
        ¼, with variance 3/16: the reserve is twice √(400 · 3/16). There are never more calls than the parts choose, or
        than there are.

        >>> half = Load.of_none(400).and_of(np.full(400, 0.5))
        >>> half.and_of(np.full(400, 0.5)).calls - 2 * 75**0.5
        300.0
        >>> half.and_of(np.ones(400)).calls
        400.0
        """
        any_part = 1 - self.missed
        # Parts that choose a call beyond the first: k − 1 where k > 0; E[(k − 1)²] = E[k²] − 2 E[k] + P(k > 0).
        spare = self.expected - any_part
        squares = self.spread + self.expected**2
        variance = np.maximum(squares - 2 * self.expected + any_part - spare**2, 0.0)
        never_more = min(self.expected.sum(), float((any_part > 0).sum()))
        return float(min(any_part.sum() + RESERVE * np.sqrt(variance.sum()), never_more))
