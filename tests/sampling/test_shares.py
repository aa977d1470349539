"""Intervals of weighted shares against other implementations and against drawn posteriors."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, binomtest

from pipeline.sampling.shares import (
    Bounds,
    counted,
    effective_counts,
    prevalence_bounds,
    recall_bounds,
    share_bounds,
)


def sums(weights, truths):
    w, y = np.asarray(weights, dtype=float), np.asarray(truths, dtype=float)
    return w.sum(), (w * y).sum(), (w**2).sum(), (w**2 * y).sum()


def test_nothing_sampled_says_nothing():
    bounds = share_bounds(counted(0, 0))
    assert (bounds.low, bounds.high) == (0.0, 1.0)
    assert np.isnan(bounds.share)


@pytest.mark.parametrize("n", [1, 5, 40, 2000])
def test_open_ends_are_exact(n):
    for yes in (0, n):
        expected = binomtest(yes, n).proportion_ci(0.95, method="exact")
        bounds = share_bounds(counted(yes, n))
        assert (bounds.low, bounds.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("yes", "n"), [(2, 10), (8, 10), (37, 400), (1999, 2002)])
def test_jeffreys_between(yes, n):
    bounds = share_bounds(counted(yes, n))
    expected = beta(yes + 0.5, n - yes + 0.5).ppf([0.025, 0.5, 0.975])
    assert (bounds.low, bounds.middle, bounds.high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("yes", range(4))
def test_yes_and_no_mirror_each_other(yes):
    few, many = share_bounds(counted(yes, 30)), share_bounds(counted(30 - yes, 30))
    assert (few.low, few.high) == pytest.approx((1 - many.high, 1 - many.low))


def test_more_cases_lift_both_ends():
    found = [share_bounds(counted(yes, 50)) for yes in range(51)]
    assert all(a.low <= b.low and a.high <= b.high for a, b in pairwise(found))


@pytest.mark.parametrize(("yes", "n"), [(0, 7), (1, 7), (3, 7), (7, 7)])
@pytest.mark.parametrize("weight", [1.0, 83.3])
def test_equal_weights_are_no_weights(yes, n, weight):
    found = effective_counts(*sums([weight] * n, [1] * yes + [0] * (n - yes)))
    assert (found.yes, found.n) == (pytest.approx(yes, abs=1e-9), pytest.approx(n))


def test_only_the_ratio_of_weights_counts():
    weights, truths = [1, 1, 5, 20], [1, 0, 1, 0]
    one, other = effective_counts(*sums(weights, truths)), effective_counts(*sums(np.multiply(weights, 7), truths))
    assert (one.yes, one.n) == (pytest.approx(other.yes), pytest.approx(other.n))


def test_unequal_weights_tell_less():
    weights = [1.0] * 50 + [20.0] * 50
    found = effective_counts(*sums(weights, [1, 0] * 50))
    assert found.n < 100 * 0.6


def drawn(shares, random):
    return [random.beta(yes + 0.5, n - yes + 0.5, 200_000) for yes, n in shares]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hit", "if_hit", "if_not"),
    [
        ((200, 10_000), (160, 200), (4, 2_000)),
        ((1_000, 10_000), (45, 100), (20, 400)),
        ((30, 10_000), (20, 30), (2, 5_000)),
    ],
)
def test_combined_ends_are_near_drawn_ones(hit, if_hit, if_not):
    shares = [share_bounds(counted(*one)) for one in (hit, if_hit, if_not)]
    h, p1, p0 = drawn([hit, if_hit, if_not], np.random.default_rng(3))
    for bounds, values in (
        (recall_bounds(*shares), h * p1 / (h * p1 + (1 - h) * p0)),
        (prevalence_bounds(*shares), h * p1 + (1 - h) * p0),
    ):
        low, high = np.percentile(values, [2.5, 97.5])
        assert (bounds.low, bounds.high) == pytest.approx((low, high), abs=0.08 * (high - low))


def test_nothing_missed_leaves_recall_open_above():
    shares = [share_bounds(counted(*one)) for one in ((200, 10_000), (160, 200), (0, 400))]
    found = recall_bounds(*shares)
    assert (found.high, found.share) == (1.0, 1.0)
    assert 0.5 < found.low < 0.7


def test_no_hits_leave_prevalence_to_the_audit():
    shares = [share_bounds(counted(*one)) for one in ((0, 10_000), (0, 0), (4, 400))]
    found = prevalence_bounds(*shares)
    assert found.share == pytest.approx(0.01)
    assert 0 < found.low < 0.01 < found.high < 0.03


def test_bounds_hold_arrays_of_worlds():
    found = share_bounds(counted(np.arange(5), np.full(5, 4)))
    assert isinstance(found, Bounds)
    assert found.low.shape == (5,)
