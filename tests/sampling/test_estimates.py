"""Estimates from judged calls: what is shown, what is not and why."""

import numpy as np
import pytest

from pipeline.domain.sampling import Estimate, Metric, NotEnough
from pipeline.sampling.estimates import ENOUGH, Basis, figures, group

CALLS = 10_000
UNREAD = {"confirmed": 0, "reviewed": 0}
NO_HITS = {"hits": 0, **UNREAD}


def judged(*, hits=200, confirmed=160, reviewed=200, audited=0, missed=0, calls=CALLS, extra_audits=0):
    """Figures of a period in which a rule hit ``hits`` calls and so many others were audited."""
    hit = np.arange(calls) < hits
    truth, weight = np.full(calls, -1), np.full(calls, np.nan)
    truth[:reviewed] = 0
    truth[:confirmed] = 1
    weight[:reviewed] = hits / max(reviewed, 1)
    audited += extra_audits
    truth[hits : hits + audited] = 0
    truth[hits : hits + missed] = 1
    weight[hits : hits + audited] = (calls - hits) / max(audited, 1)
    return figures(hit, hit, truth, weight)


@pytest.mark.parametrize(
    ("case", "precision", "recall", "prevalence"),
    [
        pytest.param(
            {"hits": 0, "confirmed": 0, "reviewed": 0}, "no hit", "no audits", "no audits", id="nothing at all"
        ),
        pytest.param(
            {"hits": 0, "confirmed": 0, "reviewed": 0, "audited": 400},
            "no hit",
            "nothing to recall",
            None,
            id="all clear",
        ),
        pytest.param(
            {"confirmed": 0, "reviewed": 0}, "no reviewed hits", "no hit of the period was", "no hit", id="unread"
        ),
        pytest.param({}, None, "no audits yet", "no audits yet", id="no audits"),
        pytest.param({"audited": 400, "missed": 2}, None, "too few calls", None, id="few audits"),
        pytest.param({"confirmed": 0, "audited": 400}, None, "nothing to recall", None, id="all hits false"),
        pytest.param({"audited": 1_500, "missed": 3}, None, None, None, id="enough"),
        pytest.param(
            {"hits": 30, "confirmed": 20, "reviewed": 30, "audited": 1_500}, None, "even all 8470", None, id="too rare"
        ),
    ],
)
def test_what_is_shown(case, precision, recall, prevalence):
    found = judged(**case)
    for one, reason in ((found.precision, precision), (found.recall, recall), (found.prevalence, prevalence)):
        if reason is None:
            assert isinstance(one, Estimate), one
            assert one.low <= one.value <= one.high
        else:
            assert isinstance(one, NotEnough), one
            assert reason in one.reason.en
            assert one.reason.zh


def test_recall_is_weighted_not_counted():
    found = judged(audited=1_500, missed=3)
    # 160 hits are true; 3 of 1,500 stand for 19.6 of 9,800: 160 ÷ 179.6.
    assert found.recall.value == pytest.approx(160 / 179.6)
    assert found.prevalence.value == pytest.approx(179.6 / CALLS)


def test_a_rule_that_hits_nothing_recalls_nothing():
    found = judged(hits=0, confirmed=0, reviewed=0, audited=400, missed=2)
    assert isinstance(found.recall, Estimate)
    assert (found.recall.value, found.recall.low) == (0.0, 0.0)
    assert found.recall.high < 0.5


@pytest.mark.parametrize("audited", [0, 100, 400])
def test_what_is_said_to_be_lacking_suffices(audited):
    lacking = judged(audited=audited).recall
    assert isinstance(lacking.more, int)
    assert lacking.half_width <= ENOUGH[Metric.RECALL]
    assert isinstance(judged(audited=audited, missed=1, extra_audits=lacking.more).recall, Estimate)
    assert isinstance(judged(audited=audited, missed=1, extra_audits=int(lacking.more * 0.8)).recall, NotEnough)


def test_whether_recall_is_shown_does_not_look_at_what_was_missed():
    shown = {isinstance(judged(audited=1_100, missed=missed).recall, Estimate) for missed in (0, 1, 5, 50)}
    assert shown == {True}


def test_group_wholly_judged_needs_no_picks():
    found = group(np.array([1, 0, 1], dtype=np.int8), np.array([np.nan, 2.0, np.nan]))
    assert (found.basis, found.weights.tolist()) == (Basis.ALL, [1.0, 1.0, 1.0])


def test_group_leaves_out_what_was_judged_without_being_drawn():
    found = group(np.array([1, 1, 0, -1], dtype=np.int8), np.array([np.nan, np.nan, 2.0, np.nan]))
    assert (found.basis, found.judged, found.truths.tolist()) == (Basis.PICKED, 1, [False])


def test_group_without_picks_is_said_to_be_as_found():
    assert group(np.array([1, 0, -1], dtype=np.int8), np.full(3, np.nan)).basis == Basis.AS_FOUND


def test_open_picks_are_like_judged_ones_of_similar_weight():
    truth = np.array([1, -1, 0, 0, -1], dtype=np.int8)
    found = group(truth, np.array([10.0, 10.0, 1.0, 1.0, np.nan]))
    # 20 : 1 : 1 of 5 calls.
    assert found.weights == pytest.approx(np.array([20, 1, 1]) * 5 / 22)
    assert found.open_picks == 1


def test_group_whose_heavy_picks_are_open_knows_nothing():
    found = group(np.array([-1, -1, 0, 0], dtype=np.int8), np.array([10.0, 10.0, 1.0, 1.0]))
    assert (found.basis, found.judged) == (Basis.NONE, 0)


def test_misses_in_calls_that_other_rules_flagged_count_once():
    hit = np.array([True] * 10 + [False] * 90)
    flagged = np.array([True] * 30 + [False] * 70)
    truth, weight = np.full(100, -1), np.full(100, np.nan)
    truth[:30], weight[:30] = 0, 1.0
    truth[:10], truth[10:15] = 1, 1
    truth[30:65], weight[30:65] = 0, 2.0
    truth[30] = 1
    found = figures(hit, flagged, truth, weight)
    # 10 found; missed: 5 of 20 flagged by others, 1 of 35 that stand for 70.
    assert (found.missed, found.judged_others, found.uncovered) == (6, 55, 0)
    recall = found.recall.value if isinstance(found.recall, Estimate) else None
    assert recall in (None, pytest.approx(10 / 17))
    assert (found.recall.low, found.recall.high) != (0, 1)


def test_flagged_by_others_and_judged_by_nobody_is_left_out():
    hit, flagged = np.arange(1_000) < 100, np.arange(1_000) < 300
    truth, weight = np.full(1_000, -1), np.full(1_000, np.nan)
    truth[:100], weight[:100] = 1, 1.0
    truth[300:650], weight[300:650] = 0, 2.0
    found = figures(hit, flagged, truth, weight)
    assert found.uncovered == 200
    assert found.prevalence.value == pytest.approx(100 / 800)
