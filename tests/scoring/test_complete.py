"""Complete cards come to what `score` says of them."""

import random

import pytest

from pipeline.domain.results import BilingualText, ErrorClass, Outcome, RuleHeading, RuleResult, RuleStatus, Severity
from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import Answer, CardFacts, ItemAnswer, Scored
from pipeline.scoring.cards import load_default_card
from pipeline.scoring.complete import complete_all
from pipeline.scoring.prefill import prefill
from pipeline.scoring.score import score

CARD = load_default_card()
RULES = sorted({rule for item in CARD.items for rule in item.rules})
NOTHING = BilingualText("", "")
HEADINGS = {
    rule: RuleHeading(rule, NOTHING, Severity.MINOR, list(ErrorClass)[n % len(ErrorClass)], RuleStatus.ACTIVE)
    for n, rule in enumerate(RULES)
}


def by_score(facts):
    """The long way."""
    said = dict(facts.verdicts)
    outcomes = {rule: Outcome(one) for rule, one in facts.outcomes if said.get(rule) is not Verdict.REJECTED}
    outcomes |= {rule: Outcome.HIT for rule, verdict in said.items() if verdict.truth}
    results = [RuleResult(rule, outcome, NOTHING) for rule, outcome in sorted(outcomes.items())]
    items = {item.id: item for item in CARD.items}
    human = {
        item: ItemAnswer(Answer(value), automatic=False)
        for item, value in facts.answers
        if item in items and value in items[item].answers
    }
    confirmed = {rule: HEADINGS[rule].error_class for rule, verdict in said.items() if verdict.truth}
    total = score(CARD, prefill(CARD, results, evaluated=facts.active), human, confirmed=confirmed)
    return None if total.open or total.share is None else Scored(total.passed, total.share)


def made(dice, *, whole):
    answers = [
        (item.id, dice.choice([*item.answers, "strange"][: None if dice.random() < 0.05 else -1]))
        for item in CARD.items
        if whole or dice.random() < 0.9
    ]
    outcomes = [
        (rule, dice.choice(["hit", "not_evaluable", "not_applicable"])) for rule in RULES if dice.random() < 0.2
    ]
    verdicts = [
        (rule, dice.choice([Verdict.CONFIRMED, Verdict.REJECTED, Verdict.UNSURE, Verdict.MISSED]))
        for rule in RULES
        if dice.random() < 0.1
    ]
    return CardFacts(
        tuple(outcomes), (*answers, ("gone", "yes")), tuple(verdicts), frozenset(RULES[: dice.randrange(20)])
    )


@pytest.mark.parametrize("whole", [True, False])
def test_as_score_says(whole):
    dice = random.Random(3)
    facts = {str(n): made(dice, whole=whole) for n in range(200)}
    expected = {one: scored for one, given in facts.items() if (scored := by_score(given)) is not None}
    assert complete_all(CARD, facts, HEADINGS) == expected
    assert len(expected) > 2


def test_all_items_not_applicable_come_to_nothing():
    facts = CardFacts((), tuple((item.id, "n_a") for item in CARD.items), (), frozenset())
    assert complete_all(CARD, {"a": facts}, HEADINGS) == {}
