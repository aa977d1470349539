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
    cumulative: float
    """This and all more frequent ones ÷ all errors."""
    vital: bool
    """One of the fewest that together make up 80 %."""


def pareto(counts: Mapping[str, int]) -> tuple[ParetoItem, ...]:
    """Errors by frequency, then id; those that never came up are left out.

    >>> [(item.rule_id, item.cumulative, item.vital) for item in pareto({"a": 1, "b": 6, "c": 3, "d": 0})]
    [('b', 0.6, True), ('c', 0.9, True), ('a', 1.0, False)]

    Source: J. M. Juran, Quality Control Handbook (1951): the vital few.
    """
    total, so_far = sum(counts.values()), 0
    items = []
    for rule_id, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        if count:
            vital = so_far < VITAL * total
            so_far += count
            items.append(ParetoItem(rule_id, count, so_far / total, vital))
    return tuple(items)


def lead_chance(first: int, second: int) -> float:
    """The two-sided p-value that two errors are equally frequent, by the exact binomial test.

    >>> round(lead_chance(8, 2), 4)  # 2 · (1 + 10 + 45) ÷ 2¹⁰
    0.1094

    Source: the sign test, J. Arbuthnot (1710); exact, since each error is one of the two like a fair coin.
    """
    return float(stats.binomtest(first, first + second, 0.5).pvalue) if first + second else 1.0
