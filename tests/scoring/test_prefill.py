"""What rules may say on a card, and what they leave to a person."""

import pytest

from pipeline.domain.results import BilingualText, Outcome
from pipeline.scoring.cards import load_default_card
from pipeline.scoring.prefill import prefill
from tests.scoring.builders import EXCELLENT, N_A, NO, POOR, YES, card, item, result

HIT, CLEAR, ELSEWHERE, UNSURE, BROKEN = Outcome
BOTH = {"a", "b"}


def said(results, evaluated=BOTH, **fields):
    fields = {"clear_means": YES, **fields}
    return prefill(card(item("x", rules=("a", "b"), **fields)), results, evaluated=evaluated)["x"]


@pytest.mark.parametrize(
    ("results", "evaluated", "expected"),
    [
        pytest.param([], set(), None, id="no rule ran"),
        pytest.param([], {"a"}, None, id="one rule did not run"),
        pytest.param([result("a", UNSURE)], BOTH, None, id="one cannot judge, the other is clear"),
        pytest.param([result("a", BROKEN)], BOTH, None, id="one is broken"),
        pytest.param([result("a", ELSEWHERE)], BOTH, None, id="one does not apply"),
        pytest.param([result("a", ELSEWHERE), result("b", ELSEWHERE)], BOTH, None, id="none applies"),
        pytest.param([result("a", HIT, 1.0)], {"b"}, None, id="the hit is of a rule whose word does not count"),
        pytest.param([], BOTH, YES, id="both clear"),
        pytest.param([result("a", CLEAR)], BOTH, YES, id="clear said aloud"),
        pytest.param([result("a", HIT, 1.0)], BOTH, NO, id="one hit"),
        pytest.param([result("a", HIT, 1.0), result("b", UNSURE)], BOTH, NO, id="a hit settles it"),
        pytest.param([result("a", HIT, 1.0)], {"a"}, NO, id="a hit settles it without the other"),
    ],
)
def test_outcomes(results, evaluated, expected):
    answer = said(results, evaluated)
    assert (answer.value, answer.automatic) == (expected, True)
    assert answer.explanation is not None


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([result("a", ELSEWHERE), result("b", UNSURE)], None),
        ([result("a", ELSEWHERE)], YES),
        ([result("a", ELSEWHERE), result("b", ELSEWHERE)], N_A),
        ([result("a", ELSEWHERE), result("b", HIT, 1.0)], NO),
    ],
)
def test_a_card_may_take_out_what_does_not_apply(results, expected):
    assert said(results, not_applicable_means=N_A).value is expected


@pytest.mark.parametrize(("means", "points"), [(None, (10, 0)), (YES, (10, 0)), (EXCELLENT, (20, 10, 0))])
def test_clear_means_what_the_card_says(means, points):
    sheet = card(item("x", points, rules=("a",), clear_means=means))
    assert prefill(sheet, [], evaluated={"a"})["x"].value is means


def test_a_hit_gives_the_lowest_grade():
    sheet = card(item("x", (20, 10, 0), rules=("a",)))
    assert prefill(sheet, [result("a", HIT, 1.0)], evaluated={"a"})["x"].value is POOR


def test_evidence_is_that_of_all_hits_in_order_and_once():
    answer = said([result("a", HIT, 30.5, 2.0), result("b", HIT, 2.0, 7.25)])
    assert answer.evidence == (2.0, 7.25, 30.5)
    assert answer.explanation == BilingualText("a的说明；b的说明", "why a; why b")


def test_reasons_are_said_once():
    answer = said([result("a", UNSURE, why="听不清"), result("b", UNSURE, why="听不清")])
    assert answer.explanation.zh == "听不清"


def test_what_is_open_says_why():
    answer = said([result("b", UNSURE)], {"b"})
    assert answer.explanation == BilingualText("规则 a 没有运行；b的说明", "the rule a did not run; why b")
    assert answer.evidence == ()


def test_items_without_rules_are_not_answered():
    assert prefill(card(item("x")), [result("a", HIT, 1.0)], evaluated={"a"}) == {}


DEFAULT = load_default_card()
RULES = {rule for entry in DEFAULT.items for rule in entry.rules}


def test_a_clean_call_has_only_two_items_answered():
    answers = prefill(DEFAULT, [], evaluated=RULES)
    assert {name: answer.value for name, answer in answers.items() if answer.value} == {
        "opening-closing": YES,
        "survey": YES,
    }
    assert len(answers) == 10
    assert all(answer.explanation for answer in answers.values())


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_hit_of_any_bound_rule_costs_its_item(rule):
    answers = prefill(DEFAULT, [result(rule, HIT, 4.5)], evaluated=RULES)
    (hit,) = [name for name, answer in answers.items() if answer.evidence]
    owner = next(entry for entry in DEFAULT.items if rule in entry.rules)
    assert (hit, answers[hit].value, answers[hit].evidence) == (owner.id, owner.lowest, (4.5,))


def test_a_recording_that_does_not_tell_the_roles_answers_nothing():
    results = [result(rule, ELSEWHERE) for rule in RULES]
    assert {answer.value for answer in prefill(DEFAULT, results, evaluated=RULES).values()} == {None}
