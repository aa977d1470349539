"""Chance that can be repeated: the same seed and call give the same number, whatever other calls there are."""

import hashlib
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.frames import Floats, Positions


def number_of(seed: int, *names: str) -> float:
    """A number in [0, 1) that looks random and is always the same for the same seed and names.

    >>> number_of(1, "plan", "part", "call") == number_of(1, "plan", "part", "call")
    True
    >>> number_of(1, "plan", "part", "call") == number_of(2, "plan", "part", "call")
    False

    Source: the permanent random numbers of E. Ohlsson, in B. G. Cox et al. (eds.), Business Survey Methods (1995)
    ch. 9, here the first 53 bits of BLAKE2b.
    """
    return float(lots(seed, names[:-1], [names[-1].encode()])[0])


def lots(seed: int, names: Sequence[str], ids: Iterable[bytes]) -> Floats:
    """`number_of` the names and each id.

    >>> lots(1, ["plan", "part"], [b"call"]).tolist() == [number_of(1, "plan", "part", "call")]
    True
    """
    start = hashlib.blake2b("".join(f"{one}\x1f" for one in (seed, *names)).encode(), digest_size=8)
    digests = bytearray()
    for one in ids:
        lot = start.copy()
        lot.update(one)
        digests += lot.digest()
    return np.asarray((np.frombuffer(digests, dtype=">u8") >> 11) / 2**53)


def lowest(numbers: Floats, strata: Positions, counts: NDArray[np.int64]) -> Positions:
    """Places of so many lowest numbers of each stratum: a simple random sample. A call that is added pushes out at most
    one.

    Args:
        numbers: of each call, as `lots` gives them.
        strata: of each call, from 0.
        counts: of each stratum.

    >>> lowest(np.array([0.9, 0.1, 0.5, 0.7]), np.array([0, 0, 0, 1]), np.array([2, 1])).tolist()
    [1, 2, 3]

    Source: C. T. Fan, M. E. Muller and I. Rezucha, JASA 57 (1962) 387–402.
    """
    order = np.lexsort((numbers, strata))
    sizes = np.bincount(strata, minlength=len(counts))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(order[rank < np.repeat(counts, sizes)])


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
    return 1 - missed
