"""What reviewers' hours suffice for: parts in their order, each cut as far as it must be."""

from collections.abc import Hashable, Sequence

import numpy as np

from pipeline.sampling.allocation import Wanted
from pipeline.sampling.chance import union
from pipeline.sampling.shares import Floats
from pipeline.sampling.strata import Strata, scaled

RESERVE = 2.0
"""Standard deviations kept free: how many calls two parts choose both is a matter of chance."""


def fitted(strata: Sequence[Strata], calls: int, capacity: int | None) -> list[Wanted]:
    """Calls of each part's strata, such that all parts together fit ``capacity`` different calls.

    A part that does not fit beside those before it is cut in all its strata alike. The cut depends on numbers of calls,
    never on which calls the dice chose, so that probabilities stay known.
    """
    chances: list[Floats] = []
    fitting: list[Wanted] = []
    for one in strata:
        asked = round(one.asked)
        n = asked if capacity is None else _most(one, asked, chances, calls, capacity)
        fitting.append(one.wanted if n == asked else scaled(one, n))
        chances.append(chances_of(one, fitting[-1], calls))
    return fitting


def _most(strata: Strata, asked: int, before: Sequence[Floats], calls: int, capacity: int) -> int:
    """The most calls of the part that fit, by halving."""
    low, high = 0, asked
    while low < high:
        tried = (low + high + 1) // 2
        if load([*before, chances_of(strata, scaled(strata, tried), calls)], calls) <= capacity + 1e-9:
            low = tried
        else:
            high = tried - 1
    return low


def chances_of(strata: Strata, wanted: Wanted, calls: int) -> Floats:
    """The probability that the part chooses each call of the frame: calls wanted ÷ calls there are, by stratum."""
    chances = np.zeros(calls)
    members: dict[Hashable, list[int]] = strata.calls
    for stratum, positions in members.items():
        chances[positions] = min(1.0, wanted[stratum] / len(positions))
    return chances


def load(chances: Sequence[Floats], calls: int) -> float:
    """Different calls that the parts choose: the number expected, and a reserve for chance.

    Two parts that choose half of 400 calls each: 300 calls are expected. Each call is chosen twice with probability ¼,
    with variance 3/16: the reserve is twice √(400 · 3/16). There are never more calls than the parts choose, or than
    there are.

    >>> half = np.full(400, 0.5)
    >>> load([half, half], 400) - 2 * 75**0.5
    300.0
    >>> load([np.ones(400), half], 400)
    400.0
    """
    if not chances:
        return 0.0
    expected = np.sum(chances, axis=0)
    any_part = union(chances, calls)
    squares = np.sum([one * (1 - one) for one in chances], axis=0) + expected**2
    # Parts that choose a call beyond the first: k − 1 where k > 0; E[(k − 1)²] = E[k²] − 2 E[k] + P(k > 0).
    spare = expected - any_part
    variance = np.maximum(squares - 2 * expected + any_part - spare**2, 0.0)
    never_more = min(expected.sum(), float((any_part > 0).sum()))
    return float(min(any_part.sum() + RESERVE * np.sqrt(variance.sum()), never_more))
