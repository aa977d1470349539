"""Learned conditions: what is refused, what pays, and that a rule can use what was trained."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.artifact import save_artifact
from models.predict import predict_call
from models.registry import load_models
from models.training import Provenance
from pipeline.domain.calls import Role
from pipeline.domain.errors import ConfigError
from pipeline.domain.predictions import LearnedCondition, LearnedTurn
from pipeline.domain.results import Outcome
from pipeline.evaluation.learned_gain import NEVER, JudgedCall, best_threshold, learn_condition, measure_gain
from pipeline.evaluation.model_labels import read_texts
from rules.engine import Engine
from rules.loader import load_sources
from tests.rules.builder import call, rule_yaml

ANYWHERE = Provenance(("a.jsonl",), "ours", "2026-01-01")
INSULTS = ["你是猪脑子吗", "你真是个废物啊", "滚远点听不懂人话", "你这种蠢货我见多了"]
POLITE = ["好的马上为您办理", "请您稍等一下", "您的余额是二十元", "感谢您的来电再见"]


def labelled(tmp_path, insults, polite, *, quoted=True):
    """Calls of one agent turn: so many with an insult, so many without."""
    lines = []
    for number in range(insults + polite):
        bad = number < insults
        text = (INSULTS if bad else POLITE)[number % 4] + f"第{number}位"
        lines.append(
            {
                "recording": f"x{number}",
                "turns": [{"role": "agent", "text": text}, {"role": "customer", "text": "我再问一下吧"}],
                "labels": {"insult": bad},
                "evidence": {"insult": text} if bad and quoted else {},
            }
        )
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return read_texts([file])


def engine(when, **options):
    return Engine(load_sources([("site/r.yaml", rule_yaml(f"when: {when}", rule_id="insult"))]), **options)


@pytest.mark.parametrize(
    ("insults", "polite", "quoted", "message"),
    [
        pytest.param(29, 40, True, "29 turns show it, a learned condition takes 30", id="few"),
        pytest.param(0, 40, True, "none of the 40 calls is labelled true", id="none"),
        pytest.param(40, 0, True, "only 0 no", id="one class"),
        pytest.param(40, 40, False, 'no quote in "evidence"', id="no quotes"),
    ],
)
def test_labels_that_teach_nothing_are_refused(tmp_path, insults, polite, quoted, message):
    texts = labelled(tmp_path, insults, polite, quoted=quoted)
    with pytest.raises(ConfigError, match=message):
        learn_condition("insult", texts, [], engine("{phrase: 猪脑子}").evaluate, ANYWHERE)


@pytest.mark.slow
def test_a_condition_pays_where_words_are_few_and_not_where_they_are_enough(tmp_path):
    texts = labelled(tmp_path, 40, 60)
    few = learn_condition("insult", texts, [], engine("{phrase: 猪脑子}").evaluate, ANYWHERE).gain
    assert few.words_only.recall == 0.25
    assert few.with_learned.recall > 0.9
    assert few.pays
    enough = engine("{phrase: [猪脑子, 废物, 听不懂人话, 蠢货]}").evaluate
    assert not learn_condition("insult", texts, [], enough, ANYWHERE).gain.pays


@pytest.mark.slow
def test_a_trained_condition_is_loaded_predicted_and_found_by_the_rule(tmp_path):
    learned = learn_condition("insult", labelled(tmp_path, 40, 60), [], engine("{phrase: 猪脑子}").evaluate, ANYWHERE)
    assert learned.artifact.role == Role.AGENT
    save_artifact(learned.artifact, tmp_path / "models")
    models = load_models(tmp_path / "models")
    said = call("A: 您好请讲", "C: 你真是个废物啊", "A: 你真是个废物啊听不懂人话")
    predictions = predict_call(models, said.transcript, said.signals)
    (condition,) = predictions.learned
    assert (condition.rule, condition.model) == ("insult", models.learned[0].digest)
    assert [turn.turn for turn in condition.turns] == [0, 2]
    (result,) = engine("{learned: insult, role: agent}").evaluate(replace(said, predictions=predictions))
    assert result.outcome is Outcome.HIT
    assert [piece.turn for piece in result.evidence] == [2]


def test_a_rule_without_its_trained_condition_cannot_judge(shipped):
    said = call("A: 你真是个废物啊")
    predictions = predict_call(shipped, said.transcript, said.signals)
    (result,) = engine("{learned: insult}").evaluate(replace(said, predictions=predictions))
    assert result.outcome is Outcome.NOT_EVALUABLE
    assert "earmark models train --task rule:insult" in result.explanation.en


@pytest.mark.parametrize(("at_least", "outcome"), [("", Outcome.CLEAR), (", at_least: 0.3", Outcome.HIT)])
def test_authors_may_choose_another_threshold(shipped, at_least, outcome):
    said = call("A: 嗯你说吧")
    condition = LearnedCondition("insult", 0.8, "d" * 64, (LearnedTurn(0, 0.5),))
    predictions = replace(predict_call(shipped, said.transcript, said.signals), learned=(condition,))
    (result,) = engine(f"{{learned: {{rule: insult{at_least}}}}}").evaluate(replace(said, predictions=predictions))
    assert result.outcome is outcome


def test_the_rule_alone_is_kept_where_no_threshold_is_better():
    cases = [JudgedCall(True, True, 0.9), JudgedCall(False, False, 0.95), JudgedCall(False, False, 0.1)]
    assert best_threshold(cases) == NEVER


def test_a_threshold_is_never_judged_on_the_calls_that_chose_it():
    """Noise: the best threshold in hindsight gains, those chosen on other calls do not."""
    cases = [JudgedCall(n % 7 == 0, n % 14 == 0, (n * 12 % 97) / 97) for n in range(140)]
    assert best_threshold(cases) < NEVER
    assert not measure_gain(cases).pays


def test_the_standard_packs_rules_learn_from_the_files_of_this_project():
    file = Path(__file__).parents[2] / "data" / "dialogues" / "rule_turns.jsonl"
    texts = read_texts([file])
    assert {rule for text in texts for rule in text.labels} == {
        "insult",
        "shirking",
        "overpromise",
        "forbidden-phrase",
        "churn-risk",
        "escalation-risk",
    }
    assert all(text.quotes for text in texts if any(text.labels.values()))
