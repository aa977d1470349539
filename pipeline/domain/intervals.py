"""Intervals and tests for counts: how far a rate can be trusted."""

from typing import NamedTuple

Z_95 = 1.959963984540054
"""97.5 % point of the normal distribution: 95 % between both sides."""


class Interval(NamedTuple):
    """Bounds of a rate, 0–1."""

    low: float
    high: float


def rate(part: int, whole: int) -> float | None:
    """``part`` ÷ ``whole``; ``None`` for 0 ÷ 0, which is neither 0 nor 1.

    >>> rate(3, 4), rate(0, 0)
    (0.75, None)
    """
    return part / whole if whole else None


def rate_interval(part: int, whole: int) -> Interval | None:
    """The 95 % interval of the rate ``part`` ÷ ``whole``; ``None`` where there is no rate.

    Wilson's score interval; exact (Clopper–Pearson, one-sided at the open end) where nothing or everything was
    counted, since Wilson's is too short there.

    >>> [round(bound, 4) for bound in rate_interval(8, 10)]
    [0.4902, 0.9433]
    >>> [round(bound, 4) for bound in rate_interval(0, 300)]
    [0.0, 0.0122]

    Source: E. B. Wilson, JASA 22 (1927) 209–212; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404–413: for
    0 of n the upper bound is 1 − (0.05 / 2)^(1/n).
    """
    if not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole} is no rate")
    if whole == 0:
        return None
    if part in (0, whole):
        open_end = 1 - 0.025 ** (1 / whole)
        return Interval(0.0, open_end) if part == 0 else Interval(1 - open_end, 1.0)
    p, z2 = part / whole, Z_95**2
    middle = p + z2 / (2 * whole)
    spread = Z_95 * (p * (1 - p) / whole + z2 / (4 * whole**2)) ** 0.5
    return Interval((middle - spread) / (1 + z2 / whole), (middle + spread) / (1 + z2 / whole))


def exact_mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value that two classifiers differ, from the cases that only one of them got right.

    Under no difference each such case falls to either side like a fair coin.

    >>> round(exact_mcnemar(1, 8), 4)  # 2 · (1 + 9) / 2⁹
    0.0391
    >>> exact_mcnemar(0, 0)
    1.0

    Source: Q. McNemar, Psychometrika 12 (1947) 153–157, in its exact binomial form.
    """
    from math import comb

    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(n, k) for k in range(fewer + 1)) / float(2**n)
    return min(1.0, 2 * tail)
