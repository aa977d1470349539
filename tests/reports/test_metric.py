"""A metric on trial: what separates, what is stable, what to keep. On both databases where calls are counted."""

import random

import pytest

from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Unit, period_of
from pipeline.reports.metric import HALVINGS, MetricWanted, build_metric
from pipeline.reports.separating import Agreement, Separation, Sums, rank_correlation, separation, stability
from pipeline.reports.verdict import Trial, Verdict, verdict_of
from pipeline.scoring.cards import load_default_card
from pipeline.store.report_queries import Scope
from tests.reports.builders import MONDAY, ZONE


def sums(*values):
    return Sums(len(values), sum(values), sum(value**2 for value in values))


@pytest.mark.parametrize(
    ("groups", "share"),
    [
        pytest.param([], False, id="nobody"),
        pytest.param([sums(1, 2, 3)], False, id="one agent"),
        pytest.param([sums(1), sums(2)], False, id="one call each"),
        pytest.param([sums(1, 1), sums(1, 1)], True, id="all clear"),
        pytest.param([sums(0, 0), sums(1, 1)], True, id="nothing varies within"),
        pytest.param([Sums(0, 0, 0), sums(1, 2)], False, id="one without calls"),
    ],
)
def test_nothing_to_separate(groups, share):
    assert separation(groups, share=share) is None


def test_separation_is_that_of_statistics_books():
    # Shrout and Fleiss (1979), table 2: six targets, four judges; ICC(1,1) 0.17, ICC(1,4) 0.44.
    targets = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
    found = separation([sums(*one) for one in targets], share=False)
    assert (round(found.icc, 2), round(found.reliability, 2)) == (0.17, 0.44)
    assert (found.units, found.values, found.typical_n) == (6, 24, 4.0)


def test_stability_needs_five_agents():
    assert stability([[1, 2, 3, 4]], [[1, 2, 3, 4]]) is None
    assert stability([], []) is None
    assert stability([[1, 1, 1, 1, 1]], [[1, 2, 3, 4, 5]]) is None
    assert rank_correlation([1, 2, 3, 4], [1, 2, 3, 4]) is None


SURE = Separation(8, 800, 100.0, 0.2, 0.1, 0.4, 0.9, 0.8, 0.95, 0.001, "F")
NOISE = Separation(8, 800, 100.0, 0.0, 0.0, 0.005, 0.0, 0.0, 0.33, 0.7, "F")
FEW = Separation(8, 16, 2.0, 0.0, 0.0, 0.04, 0.0, 0.0, 0.08, 0.7, "F")


@pytest.mark.parametrize(
    ("agents", "halves", "verdict"),
    [
        pytest.param(None, None, Verdict.UNCLEAR, id="nothing known"),
        pytest.param(NOISE, None, Verdict.DROP, id="noise for sure"),
        pytest.param(NOISE, Agreement(0.1, -0.5, 0.7, 8), Verdict.UNCLEAR, id="perhaps noise"),
        pytest.param(FEW, None, Verdict.UNCLEAR, id="two calls each tell nothing apart"),
        pytest.param(SURE, None, Verdict.UNCLEAR, id="not known to be stable"),
        pytest.param(SURE, Agreement(0.6, -0.1, 0.9, 8), Verdict.UNCLEAR, id="stability may be chance"),
        pytest.param(SURE, Agreement(0.4, 0.1, 0.6, 80), Verdict.UNCLEAR, id="too little comes back"),
        pytest.param(SURE, Agreement(0.8, 0.3, 0.9, 8), Verdict.KEEP, id="keep"),
    ],
)
def test_verdict(agents, halves, verdict):
    assert verdict_of(Trial(None, agents, halves, None, None, None, 0)) is verdict


def test_both_tests_count_together():
    # 0.04 alone would do; of two tests, the smaller is doubled.
    one = Separation(8, 800, 100.0, 0.2, 0.1, 0.4, 0.9, 0.8, 0.95, 0.04, "F")
    assert Trial(None, one, None, None, None, None, 0).separates == (False, True)
    assert Trial(one, one, None, None, None, None, 0).separates == (False, False)


def ask(centre, name, **scope):
    centre.classify()
    wanted = MetricWanted(name, period_of(Unit.WEEK, MONDAY.date(), ZONE), ZONE.key, Scope(**scope))
    return build_metric(centre.store, wanted, load_default_card())


@pytest.mark.slow
def test_metric_that_is_worth_keeping(centre):
    rng = random.Random(1)
    for number in range(96):
        level = number % 8
        centre.call(
            "i" if level < 2 and number % 3 else ".",
            agent=f"A{level}",
            team="一组" if level < 4 else "二组",
            day=number / 16,
            heard=number >= 48,
            survey_score=level // 2 + 1,
            extra={"effort": f"{10 + 3 * level + rng.gauss(0, 3):.2f}", "words": "many"},
            customer_id=f"k{number // 2}" if level < 6 else None,
        )
    centre.call(agent=None, team=None, heard=False, extra={"effort": "7"}, day=1)
    found = ask(centre, "effort")
    assert (found.verdict, found.n, found.unnamed, found.unit) == (Verdict.KEEP, 97, 1, "number")
    assert found.trial.separates == (True, True)
    assert found.trial.halves.value > 0.8
    assert found.trial.over_time.value > 0.8
    assert found.trial.satisfaction.value > 0.9
    assert [unit.name for unit in found.teams] == ["二组", "一组"]
    assert "它分得开班组和坐席" in found.lead.zh
    assert "数值高的坐席满意度也高" in found.lead.zh
    assert HALVINGS == 200
    assert "200 次" in found.reasons[2].zh
    again = ask(centre, "effort")
    assert again.trial.halves == found.trial.halves, "the seed decides the halves"
    insult = ask(centre, "insult")
    assert (insult.value, insult.unit, insult.trial.agents.test) == (pytest.approx(16 / 97), "share", "chi2")
    accuracy = ask(centre, "customer-critical")
    assert (accuracy.n, accuracy.value) == (48, pytest.approx(40 / 48))
    assert ask(centre, "handling_s").value == 30.0
    assert ask(centre, "silence_share").value == pytest.approx(26 / 30)
    assert ask(centre, "survey").trial.about_survey
    # The 7 days of nobody are over.
    assert ask(centre, "repeat").n == 0
    assert ask(centre, "effort", team="一组").trial.teams is None
    with pytest.raises(ConfigError, match="numeric metadata columns of the period's calls: effort, words"):
        ask(centre, "nothing")
    empty = ask(centre, "words")
    assert (empty.n, empty.value, empty.verdict) == (0, None, Verdict.UNCLEAR)


def test_repeat_contact_as_a_metric(centre):
    for day, customer in ((0, "k1"), (3, "k1"), (0, "k2"), (20, "k3")):
        centre.call(day=day, customer_id=customer, heard=False)
    found = ask(centre, "repeat")
    assert (found.n, found.value) == (3, pytest.approx(1 / 3))
    assert (found.verdict, found.trial.agents) == (Verdict.UNCLEAR, None)
    assert "太少" in found.lead.zh


def test_empty_period(centre):
    found = ask(centre, "score")
    assert (found.n, found.value, found.teams, found.agents) == (0, None, (), ())
    assert found.verdict is Verdict.UNCLEAR
