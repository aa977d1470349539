"""Intervals against published figures and another implementation."""

import pytest
from scipy.stats import binom, binomtest

from pipeline.domain.intervals import exact_mcnemar, rate, rate_interval


@pytest.mark.parametrize("bad", [(-1, 3), (4, 3)])
def test_refuses_what_is_no_rate(bad):
    with pytest.raises(ValueError, match="no rate"):
        rate_interval(*bad)


def test_nothing_counted_is_neither_zero_nor_one():
    assert rate(0, 0) is None
    assert rate_interval(0, 0) is None


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
        pytest.param(81, 263, 0.2553, 0.3662, id="Newcombe 81/263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="Newcombe 15/148"),
        pytest.param(1, 29, 0.0061, 0.1718, id="Newcombe 1/29"),
    ],
)
def test_wilson_as_published(part, whole, low, high):
    assert rate_interval(part, whole) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("whole", [1, 7, 29, 300])
def test_open_ends_are_exact(whole):
    for part in (0, whole):
        expected = binomtest(part, whole).proportion_ci(0.95, method="exact")
        assert rate_interval(part, whole) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("first, second", [(0, 1), (1, 8), (5, 5), (0, 20), (30, 12)])
def test_mcnemar_is_the_binomial_test(first, second):
    assert exact_mcnemar(first, second) == pytest.approx(binomtest(first, first + second, 0.5).pvalue)


def test_wilson_covers_what_it_promises():
    for p in (0.05, 0.3, 0.8):
        covered = sum(binom.pmf(k, 60, p) for k in range(61) if rate_interval(k, 60)[0] <= p <= rate_interval(k, 60)[1])
        assert 0.93 < covered < 0.98
