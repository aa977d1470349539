"""The calculator: how many calls a question takes, and what a number of calls can answer."""

from dataclasses import dataclass
from math import ceil, log, sqrt
from statistics import NormalDist

WEEKS = (1, 4, 13, 52)
"""Over how many weeks a number of calls a week is looked at."""
HALF_WIDTHS = (0.15, 0.1, 0.05, 0.03, 0.02, 0.01)
"""± that are asked for most."""
POWER = 0.8
"""With which a difference that is called visible is found."""


def z_of(confidence: float) -> float:
    """The two-sided point of the normal distribution.

    >>> round(z_of(0.95), 4)
    1.96

    Raises:
        ValueError: not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def sample_size(half_width: float, *, confidence: float = 0.95, rate: float = 0.5, calls: int | None = None) -> int:
    """Calls to hear so that a rate is known to ± ``half_width``.

    Args:
        half_width: 0–1, such as 0.05 for ± 5 points.
        rate: what the rate is thought to be; 0.5 asks for most.
        calls: in the period; ``None``: any number.

    >>> sample_size(0.05), sample_size(0.05, calls=1000), sample_size(0.05, rate=0.1)  # 384.1; 384.1 ÷ (1 + 383.1/1000)
    (385, 278, 139)

    Source: W. G. Cochran, Sampling Techniques (1977) §4.4: n₀ = z²p(1 − p) ÷ e², n = n₀ ÷ (1 + (n₀ − 1) ÷ N).
    """
    unlimited = z_of(confidence) ** 2 * rate * (1 - rate) / half_width**2
    if calls is None:
        return max(1, ceil(unlimited - 1e-9))
    return max(1, min(calls, ceil(unlimited / (1 + (unlimited - 1) / calls) - 1e-9)))


def half_width(n: int, *, confidence: float = 0.95, rate: float = 0.5, calls: int | None = None) -> float:
    """± that ``n`` calls give a rate.

    >>> round(half_width(40), 3), round(half_width(40, calls=41), 3), half_width(41, calls=41)  # 1.96 · √(0.25/40)
    (0.155, 0.024, 0.0)

    Source: W. G. Cochran, Sampling Techniques (1977) §3.2: e = z √(p(1 − p)/n · (N − n)/(N − 1)).
    """
    left = 1.0 if calls is None else max(calls - n, 0) / max(calls - 1, 1)
    return z_of(confidence) * sqrt(rate * (1 - rate) / n * left)


def most_if_none(n: int, *, confidence: float = 0.95) -> float:
    """The highest rate that fits with ``n`` calls without a single case.

    >>> round(most_if_none(40), 3), round(most_if_none(300), 4)  # 1 − 0.05^(1/40); about 3 ÷ n
    (0.072, 0.0099)

    Source: J. A. Hanley and A. Lippman-Hand, JAMA 249 (1983) 1743–1745.
    """
    return float(1 - (1 - confidence) ** (1 / n))


def to_see_one(rate: float, *, confidence: float = 0.95) -> int:
    """Calls after which at least one case was heard, with probability ``confidence``.

    >>> to_see_one(1 / 500)  # ln 0.05 ÷ ln 0.998
    1497

    Source: 1 − (1 − p)^n ≥ c, solved for n.
    """
    return ceil(log(1 - confidence) / log(1 - rate) - 1e-9)


def visible_difference(n: int, *, confidence: float = 0.95, rate: float = 0.5) -> float:
    """The difference between two periods of ``n`` calls that is found four times in five.

    >>> round(visible_difference(40), 2), round(visible_difference(520), 3)  # (1.96 + 0.84) · √(2 · 0.25/40)
    (0.31, 0.087)

    Source: J. L. Fleiss, Statistical Methods for Rates and Proportions (1981) §3.2, without continuity correction.
    """
    return (z_of(confidence) + NormalDist().inv_cdf(POWER)) * sqrt(2 * rate * (1 - rate) / n)


@dataclass(frozen=True, slots=True)
class Reach:
    """What so many calls can tell."""

    calls: int
    half_width: float
    """± of a rate over all of them."""
    most_if_none: float
    """The highest rate where not one case was heard."""
    visible_difference: float
    """Between this period and the one before, found four times in five."""
    per_agent: float | None = None
    """± of one agent's rate; ``None`` where no number of agents is given, or an agent has less than one call."""


def reach(
    n: int, *, confidence: float = 0.95, rate: float = 0.5, calls: int | None = None, agents: int | None = None
) -> Reach:
    """What ``n`` calls can tell.

    >>> round(reach(40, agents=20).per_agent, 2)  # 2 calls each: 1.96 · √(0.25/2)
    0.69
    """
    each = n // agents if agents else 0
    in_all = calls // agents if calls and agents else None
    return Reach(
        n,
        half_width(n, confidence=confidence, rate=rate, calls=calls),
        most_if_none(n, confidence=confidence),
        visible_difference(n, confidence=confidence, rate=rate),
        min(1.0, half_width(each, confidence=confidence, rate=rate, calls=in_all)) if each else None,
    )


def over_weeks(
    weekly: int, *, confidence: float = 0.95, rate: float = 0.5, calls: int | None = None, agents: int | None = None
) -> dict[int, Reach]:
    """What ``weekly`` calls a week can tell after each of `WEEKS`; ``calls``: that there are in a week."""
    return {
        weeks: reach(
            weekly * weeks,
            confidence=confidence,
            rate=rate,
            calls=calls * weeks if calls else None,
            agents=agents,
        )
        for weeks in WEEKS
    }
