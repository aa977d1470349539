"""Trust, drift, and names of what is judged."""

import pytest

from pipeline.domain.agreement import Share, agreement
from pipeline.domain.calibration import (
    AgainstGold,
    Drift,
    Opinion,
    Subject,
    SubjectKind,
    TrustState,
    agreements,
    chance_of_change,
    subject_of,
    trust_of,
)

RAPPORT = Subject(SubjectKind.ITEM, "rapport", "default@1")
INSULT = Subject(SubjectKind.RULE, "insult")
ALIKE = [{1: "yes", 2: "yes"}, {1: "no", 2: "no"}]


@pytest.mark.parametrize("subject", [RAPPORT, INSULT], ids=["item", "rule"])
def test_a_name_means_what_it_names(subject):
    assert subject_of(subject.key) == subject


@pytest.mark.parametrize(
    ("calls", "state", "says"),
    [
        pytest.param(None, TrustState.UNKNOWN, "no closed calibration", id="never judged"),
        pytest.param([{1: "yes"}], TrustState.UNKNOWN, "two people", id="one person"),
        pytest.param([{1: "no", 2: "no"}] * 40, TrustState.UNKNOWN, "same of every call", id="no difference to tell"),
        pytest.param(
            [*[{1: "no", 2: "no"}] * 9, {1: "yes", 2: "no"}], TrustState.UNKNOWN, "all calls but one", id="one"
        ),
        pytest.param(
            [{1: "yes", 2: "no"}, {1: "no", 2: "yes"}] * 9, TrustState.DOUBTFUL, "; below 0.67", id="opposite"
        ),
        pytest.param(ALIKE * 5, TrustState.DOUBTFUL, "may be below", id="alike, on too few calls"),
        pytest.param(ALIKE * 50, TrustState.TRUSTED, "not below", id="alike"),
    ],
)
def test_trust_needs_the_whole_interval(calls, state, says):
    found = trust_of(None if calls is None else agreement(calls), 0.67)
    assert found.state == state
    assert says in found.why.en


def opinions(*values, subject=RAPPORT):
    return [Opinion(1, str(call), subject, who, value, None) for call, said in enumerate(values) for who, value in said]


def test_not_applicable_is_no_grade():
    found = agreements(
        opinions(
            [(1, "excellent"), (2, "n_a")], [(1, "fair"), (2, "fair")], [(1, "excellent"), (2, "needs_improvement")]
        )
    )
    assert found[RAPPORT].calls == 2


def test_rules_stand_before_items():
    said = [*opinions([(1, "yes"), (2, "no")]), *opinions([(1, "yes"), (2, "no")], subject=INSULT)]
    assert list(agreements(said)) == [INSULT, RAPPORT]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([], [Share(1, 2)], id="nothing before"),
        pytest.param([Share(1, 2)], [], id="nothing after"),
        pytest.param([Share(0, 0)], [Share(1, 2)], id="nothing decided before"),
    ],
)
def test_a_change_needs_two_sides(before, after):
    assert chance_of_change(before, after) is None


def drift(*rates, chance):
    periods = tuple(AgainstGold(1, "Lin", str(at), same, of) for at, (same, of) in enumerate(rates))
    return Drift(1, "Lin", periods, chance)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        pytest.param(drift((9, 10), chance=None), "one period", id="one period"),
        pytest.param(drift((90, 100), (80, 100), chance=0.2), "from 90% to 80%, within noise", id="noise"),
        pytest.param(drift((90, 100), (60, 100), chance=0.001), "worse by more than noise", id="worse"),
        pytest.param(drift((60, 100), (90, 100), chance=0.001), "better by more than noise", id="better"),
    ],
)
def test_drift_says_whether_it_is_more_than_noise(found, says):
    assert says in found.sentence.en


def test_judgements_of_one_call_count_together():
    # Twenty judgements changed, all of one call of ten: no signal, though a test of single judgements would see one.
    before = [Share(20, 20)] * 10
    after = [Share(20, 20)] * 9 + [Share(0, 20)]
    assert chance_of_change(before, after) > 0.05
