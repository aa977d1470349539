"""Chance that can be repeated: the same seed and call give the same number, whatever other calls there are."""

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np

from pipeline.sampling.shares import Floats


def number_of(seed: int, *names: str) -> float:
    """A number in [0, 1) that looks random and is always the same for the same seed and names.

    >>> number_of(1, "plan", "part", "call") == number_of(1, "plan", "part", "call")
    True
    >>> number_of(1, "plan", "part", "call") == number_of(2, "plan", "part", "call")
    False

    Source: the permanent random numbers of E. Ohlsson, in B. G. Cox et al. (eds.), Business Survey Methods (1995)
    ch. 9, here the first 53 bits of BLAKE2b.
    """
    digest = hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def lowest(numbers: Sequence[float], n: int) -> list[int]:
    """Positions of the ``n`` lowest numbers: a simple random sample. A call that is added pushes out at most one.

    >>> lowest([0.9, 0.1, 0.5], 2)
    [1, 2]

    Source: C. T. Fan, M. E. Muller and I. Rezucha, JASA 57 (1962) 387–402.
    """
    return sorted(range(len(numbers)), key=lambda position: (numbers[position], position))[:n]


def whole(wanted: dict[Hashable, float], start: float, order: dict[Hashable, float]) -> dict[Hashable, int]:
    """Whole numbers in place of fractions, each the one below or above, with the fraction as its expectation.

    Along the strata, in an ``order`` that is random, the running sum from ``start`` (in [0, 1)) counts the whole
    numbers that it reaches. A total that is whole stays as it is.

    >>> whole({"a": 0.5, "b": 0.5, "c": 1.0}, 0.2, {"a": 0.1, "b": 0.2, "c": 0.3})  # 0.2 → 0.7 → 1.2 → 2.2
    {'a': 0, 'b': 1, 'c': 1}

    Source: W. G. Madow, Annals of Mathematical Statistics 20 (1949) 333–354, systematic sampling.
    """
    counts: dict[Hashable, int] = {}
    total = 0.0
    for stratum in sorted(wanted, key=lambda stratum: order[stratum]):
        # The little that is added keeps sums of fractions that make a whole number from falling short of it.
        before, total = total, total + wanted[stratum]
        counts[stratum] = int(np.floor(total + start + 1e-9) - np.floor(before + start + 1e-9))
    return {stratum: counts[stratum] for stratum in wanted}


def union(chances: Sequence[Floats], calls: int) -> Floats:
    """The probability that any of several independent parts chooses a call: 1 − Π(1 − p).

    >>> union([np.array([0.5, 0.0]), np.array([0.2, 0.1])], 2).round(9).tolist()
    [0.6, 0.1]
    """
    missed = np.ones(calls)
    for chance in chances:
        missed *= 1 - chance
    return np.asarray(1 - missed)
