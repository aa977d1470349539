"""The intervals hold the truth as often as they say, on a few scenes of benchmarks/coverage.py."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "coverage.py"


@pytest.fixture(scope="module")
def coverage():
    """The benchmark, without running it."""
    spec = importlib.util.spec_from_file_location("coverage_benchmark", FILE)
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    sys.path[:] = path
    return module


WORLDS = 3_000
ERROR = 3 * (0.95 * 0.05 / WORLDS) ** 0.5
"""Three standard errors of a coverage that is counted on so many worlds."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prevalence", "recall", "precision", "reviewed", "size", "uneven"),
    [
        pytest.param(0.1, 0.8, 0.9, None, (10_000, 400), False, id="common"),
        pytest.param(0.1, 0.5, 0.5, 100, (10_000, 2_000), True, id="common, sampled, uneven"),
        pytest.param(0.02, 0.8, 0.5, None, (10_000, 2_000), True, id="2 %"),
        pytest.param(0.002, 0.5, 0.9, None, (100_000, 8_000), False, id="rare"),
        pytest.param(0.002, 0.8, 0.5, 100, (100_000, 8_000), True, id="rare, sampled, uneven"),
        pytest.param(0.002, 0.8, 0.9, None, (10_000, 400), False, id="rare, none found"),
    ],
)
def test_intervals_hold_the_truth(coverage, prevalence, recall, precision, reviewed, size, uneven):
    scene = coverage.Scene(prevalence, recall, precision, reviewed, size, uneven)
    scores = list(coverage.score(scene, WORLDS, np.random.default_rng(11)))
    for one in scores:
        if one.way == "earmark":
            # Where the audit often finds none, the interval is allowed to be too wide, never too short.
            highest = 1.0 if one.none_missed > 0.02 or prevalence < 0.01 else 0.97 + ERROR
            assert 0.93 - ERROR <= one.covered <= highest, one
            if one.covered_shown is not None and one.shown > 0.5:
                assert one.covered_shown >= 0.93 - ERROR, one


@pytest.mark.slow
def test_counts_without_weights_do_not(coverage):
    scene = coverage.Scene(0.1, 0.8, 0.9, None, (10_000, 400), False)
    scores = coverage.score(scene, 500, np.random.default_rng(11))
    assert next(one.covered for one in scores if (one.way, one.metric) == ("as counted", "recall")) < 0.1
