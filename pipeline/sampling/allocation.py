"""How many calls each stratum gets; fractions are rounded by chance in `pipeline.sampling.chance.whole`."""

from collections.abc import Hashable, Mapping

from scipy.special import betaincinv

Wanted = dict[Hashable, float]


def spread(n: float, weights: Mapping[Hashable, float], sizes: Mapping[Hashable, int], floor: float = 0) -> Wanted:
    """``n`` calls shared out by weight, none more than there are, each at least ``floor`` as far as calls suffice.

    What a full stratum cannot take goes to the others. Where ``n`` does not reach for the floors, each gets the same
    part of its floor.

    >>> spread(10, {"a": 1, "b": 3}, {"a": 100, "b": 4})  # b would get 7.5 and has 4
    {'a': 6.0, 'b': 4.0}
    >>> spread(10, {"a": 9, "b": 1}, {"a": 100, "b": 100}, floor=2)
    {'a': 8.0, 'b': 2.0}
    """
    n = min(n, float(sum(sizes.values())))
    floors = {stratum: min(float(floor), float(size)) for stratum, size in sizes.items()}
    short = sum(floors.values())
    if short >= n:
        return {stratum: least * n / short if short else 0.0 for stratum, least in floors.items()}
    fixed: Wanted = {}
    while True:
        free = [stratum for stratum in sizes if stratum not in fixed]
        left = n - sum(fixed.values())
        weight = sum(weights[stratum] for stratum in free)
        shares = {one: left * weights[one] / weight if weight else left / len(free) for one in free}
        over = {one: float(sizes[one]) for one in free if shares[one] > sizes[one] + 1e-12}
        under = {one: floors[one] for one in free if shares[one] < floors[one] - 1e-12}
        # Full strata free calls for others and short ones take them: settle whichever moves more first.
        spare = sum(shares[one] - over[one] for one in over)
        lack = sum(under[one] - shares[one] for one in under)
        if not over and not under:
            return {stratum: fixed.get(stratum, shares.get(stratum, 0.0)) for stratum in sizes}
        fixed |= over if spare >= lack else under


def neyman_weights(sizes: Mapping[Hashable, int], past: Mapping[Hashable, tuple[int, int]]) -> Wanted:
    """Size × standard deviation of the error rate, as found before; strata are pairs of failed and judged calls.

    Half a failed and half a good call are added to each, so that nothing is taken for certain.

    >>> found = neyman_weights({"a": 100, "b": 100}, {"a": (10, 20), "b": (0, 20)})  # √(½·½), √(½·20½)/21
    >>> round(found["a"], 1), round(found["b"], 1)
    (50.0, 15.2)

    Source: J. Neyman, Journal of the Royal Statistical Society 97 (1934) 558–625; W. G. Cochran, Sampling Techniques
    (1977) §5.5.
    """
    weights: Wanted = {}
    for stratum, size in sizes.items():
        failed, judged = past.get(stratum, (0, 0))
        rate = (failed + 0.5) / (judged + 1)
        weights[stratum] = size * (rate * (1 - rate)) ** 0.5
    return weights


PESSIMISM = 0.9


def could_be(failed: int, judged: int) -> float:
    """The error rate that an agent has at most, with probability 0.9: high for bad agents and for unknown ones.

    >>> round(could_be(0, 0), 2), round(could_be(0, 30), 2), round(could_be(10, 30), 2)
    (0.98, 0.04, 0.45)

    Source: 90 % point of Beta(failed + ½, others + ½), Jeffreys' posterior; as an index for where to look next, E.
    Kaufmann, O. Cappé and A. Garivier, Proceedings of AISTATS 22 (2012) 592–600.
    """
    return float(betaincinv(failed + 0.5, judged - failed + 0.5, PESSIMISM))
