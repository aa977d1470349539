"""Agreement: published examples, scikit-learn's κ, and what the numbers must not say."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from pipeline.domain.agreement import Coefficient, Share, Undefined, agreement

GRADES = ("1", "2", "3", "4", "5")
KRIPPENDORFF_C = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), C: four observers, twelve units, gaps."""
KRIPPENDORFF_A = ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
"""The same, A: two observers, binary."""
KRIPPENDORFF_B = ("a a b b d c c c e d d a", "b a b b b c c c e d d d")
"""The same, B: two observers, five values."""


def units(rows):
    """Who said what of each unit, from one line of values for each observer."""
    columns = zip(*(row.split() for row in rows), strict=True)
    return [{who: value for who, value in enumerate(column) if value != "."} for column in columns]


def table(counts, values):
    """Pairs of judgements from a table of counts."""
    return [
        {1: values[row], 2: values[column]}
        for row, line in enumerate(counts)
        for column, count in enumerate(line)
        for _ in range(count)
    ]


def with_a_gap(calls):
    """The same, with a call that one person judged: that makes it α, and adds nothing to it."""
    return [*calls, {1: next(iter(calls[0].values()))}]


@pytest.mark.parametrize(
    ("calls", "grades", "expected"),
    [
        pytest.param(with_a_gap(units(KRIPPENDORFF_A)), (), 0.095, id="two observers, binary"),
        pytest.param(with_a_gap(units(KRIPPENDORFF_B)), (), 0.692, id="two observers, nominal"),
        pytest.param(units(KRIPPENDORFF_C), (), 0.743, id="four observers, gaps, nominal"),
        pytest.param(units(KRIPPENDORFF_C), GRADES, 0.815, id="four observers, gaps, ordinal"),
    ],
)
def test_alpha_is_that_of_krippendorffs_examples(calls, grades, expected):
    found = agreement(calls, grades)
    assert found.coefficient == Coefficient.ALPHA
    assert found.value == pytest.approx(expected, abs=0.0005)
    assert found.interval.low < found.value < found.interval.high <= 1


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # Cohen (1960), table 1: 200 cases, three categories.
        pytest.param([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492, id="Cohen 1960"),
        # Fleiss, Cohen and Everitt (1969): 200 cases.
        pytest.param([[106, 10, 4], [22, 28, 10], [2, 12, 6]], 0.429, id="Fleiss 1969"),
    ],
)
def test_kappa_is_that_of_published_examples(counts, expected):
    found = agreement(table(counts, "abc"))
    assert found.coefficient == Coefficient.KAPPA
    assert found.value == pytest.approx(expected, abs=0.0005)


def test_the_interval_of_kappa_holds_that_of_its_large_sample_error():
    # The same example has a standard error of 0.053 (Fleiss, Cohen and Everitt 1969, formula 13).
    found = agreement(table([[106, 10, 4], [22, 28, 10], [2, 12, 6]], "abc"))
    half = (found.interval.high - found.interval.low) / 2
    assert 1.96 * 0.053 <= half < 1.25 * 1.96 * 0.053


@pytest.mark.parametrize("grades", [(), GRADES], ids=["same or not", "graded"])
@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns(seed, grades):
    draw = np.random.default_rng(seed)
    first, second = draw.integers(1, 6, (2, 40)).astype(str)
    second = np.where(draw.random(40) < 0.5, first, second)
    found = agreement([{1: a, 2: b} for a, b in zip(first, second, strict=True)], grades)
    weights = "linear" if grades else None
    assert found.value == pytest.approx(cohen_kappa_score(first, second, weights=weights), abs=1e-12)


@pytest.mark.parametrize(
    ("calls", "undefined"),
    [
        pytest.param([], Undefined.NO_PAIRS, id="nothing"),
        pytest.param([{1: "yes"}, {2: "no"}], Undefined.NO_PAIRS, id="each judged by one"),
        pytest.param([{1: "no", 2: "no"}] * 30, Undefined.NO_VARIATION, id="always the same"),
    ],
)
def test_what_cannot_be_told_is_not_a_number(calls, undefined):
    found = agreement(calls)
    assert (found.value, found.interval, found.undefined) == (None, None, undefined)


def test_full_agreement_on_few_calls_is_not_certain():
    few = agreement([{1: "yes", 2: "yes"}, {1: "no", 2: "no"}] * 5)
    many = agreement([{1: "yes", 2: "yes"}, {1: "no", 2: "no"}] * 50)
    assert few.value == many.value == 1
    # 10 calls without a difference still allow 31 % of them: 1 − 0.31 ÷ 0.5.
    assert few.interval.low == pytest.approx(1 - (1 - 0.025**0.1) / 0.5)
    assert few.interval.low < 0.67 < many.interval.low


def test_one_difference_on_many_calls_still_gives_an_interval():
    found = agreement([*[{1: "no", 2: "no"}, {1: "yes", 2: "yes"}] * 10, {1: "yes", 2: "no"}])
    assert found.interval.low < found.value < found.interval.high < 1


def test_one_call_that_is_unlike_all_others_gives_no_interval():
    found = agreement([*[{1: "no", 2: "no"}] * 20, {1: "yes", 2: "no"}])
    assert found.value is not None
    assert found.interval is None


def test_who_judged_half_leaves_gaps():
    said = [
        {1: "yes", 2: "yes", 3: "yes"},
        {1: "no", 2: "no", 3: "yes"},
        {1: "no", 2: "no"},
        {1: "yes", 2: "yes"},
        {1: "no"},
    ]
    found = agreement(said)
    assert (found.coefficient, found.calls, found.judgements, found.people) == (Coefficient.ALPHA, 4, 10, 3)
    assert found.agreed == Share(3, 4)


def test_the_nearer_grade_is_the_milder_difference():
    near = [{1: "1", 2: "2", 3: "1"}, {1: "3", 2: "3", 3: "3"}, {1: "2", 2: "2", 3: "2"}, {1: "1", 2: "1", 3: "1"}]
    far = [{1: "1", 2: "3", 3: "1"}, *near[1:]]
    assert agreement(near, GRADES).value > agreement(far, GRADES).value
