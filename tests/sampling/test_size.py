"""The calculator at its edges."""

import pytest

from pipeline.sampling.size import half_width, reach, sample_size, to_see_one


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5])
def test_refuses_a_confidence_that_is_none(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        sample_size(0.05, confidence=confidence)


@pytest.mark.parametrize(
    ("half", "calls", "needed"),
    [
        # R. V. Krejcie and D. W. Morgan, Educational and Psychological Measurement 30 (1970) 607–610, table 1.
        pytest.param(0.05, 100, 80, id="100"),
        pytest.param(0.05, 500, 218, id="500"),
        pytest.param(0.05, 10_000, 370, id="10,000"),
        pytest.param(0.05, 1, 1, id="one call"),
        pytest.param(0.0001, 50, 50, id="all of them"),
    ],
)
def test_finite_populations(half, calls, needed):
    assert sample_size(half, calls=calls) == pytest.approx(needed, abs=1)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5, 0.95])
@pytest.mark.parametrize("calls", [None, 2_000])
def test_the_size_gives_the_half_width(rate, calls):
    n = sample_size(0.03, rate=rate, calls=calls)
    assert half_width(n, rate=rate, calls=calls) <= 0.03 + 1e-6
    assert half_width(n - 2, rate=rate, calls=calls) > 0.03 - 1e-4


def test_less_than_one_call_an_agent_says_nothing():
    assert reach(40, agents=50).per_agent is None


def test_one_in_five_hundred_takes_fifteen_hundred_calls():
    assert to_see_one(1 / 500) == 1497
