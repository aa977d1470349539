"""Operators that read likeness and classifiers: ``similar``, ``sentiment``, ``escalation``."""

from dataclasses import replace

import pytest

from models.predict import predict_by_default
from pipeline.domain.predictions import MovingWord, Prediction, Predictions, Sentiment, TurnSentiment
from pipeline.domain.results import Outcome
from rules.engine import Engine
from rules.loader import load_sources
from tests.rules.builder import call, judge, rule_yaml

HIT, CLEAR, NOT_EVALUABLE = Outcome.HIT, Outcome.CLEAR, Outcome.NOT_EVALUABLE
SAID = call("A: 您好，请讲。", "C: 东西又坏了，你们怎么回事。", "A: 我这边给您登记一下。", "C: 行吧，谢谢。")


def predicted(escalation: float | None = 0.7):
    sentiments = (
        TurnSentiment(1, Sentiment.NEGATIVE, negative=0.8, positive=0.1),
        TurnSentiment(3, Sentiment.NEUTRAL, negative=0.3, positive=0.4),
    )
    words = (MovingWord(1, 7, 11, "怎么回事", 1.2), MovingWord(3, 3, 5, "谢谢", -0.9))
    moved = Prediction("escalation", escalation, threshold=0.6, model="m" * 64, words=words)
    unhappy = Prediction("dissatisfied", 0.5, threshold=0.6, model="m" * 64)
    return replace(SAID, predictions=Predictions(unhappy, moved, sentiments, "s" * 64, 0.5))


@pytest.mark.parametrize(
    ("body", "quotes"),
    [
        pytest.param("{similar: [我给您登记一下]}", ["我这边给您登记一下。"], id="with other words between"),
        pytest.param("{similar: [一下给您登记]}", ["我这边给您登记一下。"], id="in another order"),
        pytest.param("{similar: [我帮您查询物流]}", [], id="something else"),
        pytest.param("{similar: {to: [我给您登记一下], similarity: 0.95}}", [], id="not alike enough"),
        pytest.param("{similar: [我给您登记一下], role: customer}", [], id="the other party"),
        pytest.param("{similar: {to: [请讲], at_least_characters: 9}}", [], id="turn too short"),
        pytest.param("{sentiment: negative}", ["东西又坏了，你们怎么回事。"], id="negative by the model's threshold"),
        pytest.param(
            "{sentiment: {is: negative, at_least: 0.2}}", [SAID.transcript.turns[1].text, "行吧，谢谢。"], id="lower"
        ),
        pytest.param("{sentiment: {is: negative, at_least: 0.9}}", [], id="higher"),
        pytest.param("{sentiment: positive}", [], id="positive"),
        pytest.param("{sentiment: negative, window: {last_turns: 1}}", [], id="outside the window"),
        pytest.param(
            "{escalation: {}}", ["东西又坏了，你们怎么回事。"], id="escalation by the words that speak for it"
        ),
        pytest.param("{escalation: 0.75}", [], id="escalation, higher"),
    ],
)
def test_finds(body, quotes):
    result = judge(f"when: {body}", predicted())
    assert [piece.quote for piece in result.evidence] == quotes
    assert result.outcome is (HIT if quotes else CLEAR)


@pytest.mark.parametrize("body", ["{sentiment: negative}", "{escalation: {}}", "{not: {sentiment: negative}}"])
def test_without_classifiers_nothing_can_be_judged(body):
    result = judge(f"when: {body}", SAID)
    assert result.outcome is NOT_EVALUABLE
    assert "没有经过分类器" in result.explanation.zh


def test_a_classifier_that_abstains_cannot_be_judged():
    assert judge("when: {escalation: {}}", predicted(None)).outcome is NOT_EVALUABLE


def test_the_engine_runs_classifiers_only_where_a_rule_asks_for_them():
    asked = []

    def predict(one):
        asked.append(one)
        return predicted().predictions

    def outcome(body, one):
        pack = load_sources([("p/r.yaml", rule_yaml(f"when: {body}"))])
        return Engine(pack, predict=predict).evaluate(one)[0].outcome

    assert outcome("{phrase: 怎么回事}", SAID) is HIT
    assert outcome("{sentiment: negative}", predicted()) is HIT
    assert asked == []
    assert outcome("{not: {any: [{phrase: 没有}, {sentiment: negative}]}}", SAID) is CLEAR
    assert asked == [SAID]


@pytest.mark.slow
def test_the_shipped_classifiers_hear_displeasure():
    angry = call("A: 您好。", "C: 你们这是什么破服务，等了三天没人管，太让人生气了，我要投诉你们！", "A: 好的。")
    pack = load_sources([("p/r.yaml", rule_yaml("when: {sentiment: negative}"))])
    (result,) = Engine(pack, predict=predict_by_default).evaluate(angry)
    assert result.outcome is HIT


def test_words_are_enough_where_either_would_do():
    result = judge("when: {any: [{phrase: 怎么回事}, {sentiment: negative}]}", SAID)
    assert result.outcome is HIT
