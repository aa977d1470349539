"""Which few errors make up most of all."""

from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats

VITAL = 0.8


@dataclass(frozen=True, slots=True)
class ParetoItem:
    """One kind of error."""

    rule_id: str
    count: int
    """Calls with it that were heard."""
    amount: float
    """As many calls as they stand for; ``count`` where nothing was weighted."""
    cumulative: float
    """This and all more frequent ones ÷ all errors."""
    vital: bool
    """One of the fewest that together make up 80 %."""


def pareto(amounts: Mapping[str, float], heard: Mapping[str, int] | None = None) -> tuple[ParetoItem, ...]:
    """Errors by frequency, then id; those that never came up are left out.

    >>> [(item.rule_id, item.cumulative, item.vital) for item in pareto({"a": 1, "b": 6, "c": 3, "d": 0})]
    [('b', 0.6, True), ('c', 0.9, True), ('a', 1.0, False)]

    Args:
        amounts: calls with each error, or what they stand for.
        heard: calls with each error; the same as ``amounts`` where nothing was weighted.

    Source: J. M. Juran, Quality Control Handbook (1951): the vital few.
    """
    total, so_far = sum(amounts.values()), 0.0
    items = []
    for rule_id, amount in sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0])):
        if amount > 0:
            # A hundred-millionth less: sums of weights are not exact.
            vital = so_far < VITAL * total * (1 - 1e-8)
            so_far += amount
            count = round(amount) if heard is None else heard[rule_id]
            items.append(ParetoItem(rule_id, count, amount, min(1.0, so_far / total), vital))
    return tuple(items)


def lead_chance(first: float, second: float) -> float:
    """The two-sided p-value that two errors are equally frequent, by the exact binomial test.

    >>> round(lead_chance(8, 2), 4)  # 2 · (1 + 10 + 45) ÷ 2¹⁰
    0.1094

    Source: the sign test, J. Arbuthnot (1710); exact, since each error is one of the two like a fair coin. Of weighted
    errors the whole number of equal draws that they are worth.
    """
    one, other = round(first), round(second)
    return float(stats.binomtest(one, one + other, 0.5).pvalue) if one + other else 1.0
