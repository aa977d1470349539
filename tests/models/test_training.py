"""Training: too few labels first; then that held-out figures are held out, and arrays say what scikit-learn says."""

from dataclasses import replace

import numpy as np
import pytest

from models.calibration import Aim, auc, choose_threshold, reliability
from models.call_text import read_call
from models.examples import TurnExample
from models.fitting import as_arrays, fit
from models.linear import character_shares, score_call, score_customer_turns, score_turns
from models.problems import call_problem, split, turn_problem
from models.recipe import Task
from models.training import Provenance, train
from pipeline.domain.errors import ConfigError

ANYWHERE = Provenance(("a.jsonl: 40 lines",), "ours", "2026-01-01")


def train_small(shipped, calls, **options):
    problem = call_problem(Task.DISSATISFIED, calls, sentiment=shipped.sentiment, **options)
    return train(problem, aim=Aim(precision=0.8), provenance=ANYWHERE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda calls: [replace(one, label=True) for one in calls], "only 0 no among 40", id="one class"),
        pytest.param(lambda calls: calls[:12], "only 6 no and 6 yes among 12", id="few"),
    ],
)
def test_labels_that_teach_nothing_are_refused(shipped, small_calls, change, message):
    with pytest.raises(ConfigError, match=message):
        train_small(shipped, change(small_calls))


def test_the_same_call_twice_is_never_learnt_from_and_judged(shipped, small_calls):
    problem = call_problem(Task.DISSATISFIED, small_calls * 2, sentiment=shipped.sentiment)
    for learn, judge in split(problem):
        assert not {problem.groups[row] for row in learn} & {problem.groups[row] for row in judge}


def test_turns_of_one_call_stay_together():
    turns = [
        TurnExample(f"第{n}句话不满意", ("negative", "neutral", "positive")[n % 3], f"call {n // 4}")
        for n in range(120)
    ]
    problem = turn_problem(Task.SENTIMENT, turns)
    for learn, judge in split(problem):
        assert not {problem.groups[row] for row in learn} & {problem.groups[row] for row in judge}


def test_calls_of_another_kind_are_learnt_from_and_never_judged(shipped, small_calls):
    calls = [replace(one, judged=number < 30) for number, one in enumerate(small_calls)]
    problem = call_problem(Task.DISSATISFIED, calls, sentiment=shipped.sentiment)
    for learn, judge in split(problem):
        assert max(judge) < 30
        assert set(range(30, 40)) <= set(learn.tolist())


def test_arrays_score_as_the_pipeline_does(shipped, small_calls):
    problem = call_problem(Task.DISSATISFIED, small_calls, sentiment=shipped.sentiment, base=shipped.dissatisfied)
    fitted = fit(problem.table, problem.labels, problem.recipe)
    model = as_arrays(fitted, problem.table, problem.classes)
    expected = fitted.scores(problem.table)[:, 0]
    width = len(problem.table.names)
    for number, example in enumerate(small_calls):
        features = problem.table.values[[number], -width:].toarray()[0]
        found = score_call(model, read_call(example.transcript, example.signals), features).scores[0, 0]
        assert found == pytest.approx(expected[number], abs=1e-4)


def test_customer_turns_score_the_same_alone_and_among_all(shipped, small_calls):
    call = read_call(small_calls[0].transcript, small_calls[0].signals)
    model = shipped.sentiment.model
    among_all = score_turns(model, call).scores[call.spoken_by_customer]
    alone = score_customer_turns(model, call).scores[call.spoken_by_customer]
    assert alone == pytest.approx(among_all)


def test_the_order_of_zones_does_not_matter(shipped, small_calls):
    call = read_call(small_calls[0].transcript, small_calls[0].signals)
    model = shipped.escalation.model
    turned = replace(model, zones=model.zones[::-1])
    features = np.zeros(len(model.dense.names))
    expected = score_call(model, call, features).scores
    assert score_call(turned, call, features).scores == pytest.approx(expected)


def test_the_characters_shares_sum_to_what_the_words_add(shipped, small_calls):
    call = read_call(small_calls[0].transcript, small_calls[0].signals)
    model = shipped.dissatisfied.model
    scored = score_call(model, call, np.zeros(len(model.dense.names)))
    by_words = scored.scores[0, 0] - model.intercept[0] - scored.features.sum()
    assert character_shares(call, scored, [1.0]).sum() == pytest.approx(by_words)


@pytest.mark.slow
def test_a_model_trained_on_labels_that_mean_nothing_has_an_auc_of_a_coin(shipped, small_calls):
    random = np.random.default_rng(1)
    calls = [
        replace(one, label=bool(label)) for one, label in zip(small_calls, random.permutation(40) < 20, strict=True)
    ]
    found = train_small(shipped, calls).artifact.card.figures.auc
    assert found is not None
    assert 0.15 < found < 0.85


@pytest.mark.slow
def test_training_keeps_the_shipped_model_as_a_starting_point(shipped, small_calls):
    training = train_small(shipped, small_calls, base=shipped.dissatisfied)
    assert training.artifact.base == shipped.dissatisfied.digest
    assert training.artifact.card.figures.auc > 0.9
    assert training.shipped_auc is not None
    assert [point.examples for point in training.curve] == [20, 32]
    assert all(point.on_shipped is not None for point in training.curve)


@pytest.mark.parametrize(
    ("aim", "threshold", "rule"),
    [
        pytest.param(
            Aim(precision=0.9), 0.55, "precision of at least 0.90: precision 1.00 and recall 0.71", id="precision"
        ),
        pytest.param(Aim(recall=0.99), 0.25, "recall of at least 0.99: precision 0.78 and recall 1.00", id="recall"),
    ],
)
def test_thresholds_are_chosen_for_what_is_asked(aim, threshold, rule):
    probabilities = [0.95, 0.9, 0.85, 0.8, 0.6, 0.5, 0.4, 0.35, 0.3, 0.2]
    labels = [True, True, True, True, True, False, True, False, True, False]
    chosen = choose_threshold(probabilities, labels, aim)
    assert chosen.value == pytest.approx(threshold)
    assert chosen.rule.startswith(rule)


def test_a_precision_out_of_reach_is_said_so():
    chosen = choose_threshold(
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [False, True, False, True, False, True], Aim(precision=0.95)
    )
    assert chosen.rule.startswith("best F1, as no threshold has a precision of 0.95")


@pytest.mark.parametrize("given", [{}, {"precision": 0.5, "recall": 0.5}, {"precision": 1.5}, {"recall": 0.0}])
def test_an_aim_is_one_rate_between_0_and_1(given):
    with pytest.raises(ValueError, match="one of them"):
        Aim(**given)


def test_ties_count_half_and_one_class_has_no_auc():
    assert auc([0.5, 0.5], [True, False]) == 0.5
    assert auc([0.5, 0.4], [True, True]) is None


def test_the_reliability_curve_takes_in_both_ends():
    assert [one.n for one in reliability([0.0, 1.0], [False, True])] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
