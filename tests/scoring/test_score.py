"""Points, classes and verdicts, with the arithmetic shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.results import ErrorClass
from pipeline.domain.scores import Answer
from pipeline.scoring.cards import load_default_card
from pipeline.scoring.score import score
from tests.scoring.builders import EXCELLENT, FAIR, N_A, NO, POOR, YES, by_person, by_rules, card, item

CUSTOMER, BUSINESS, COMPLIANCE = (
    ErrorClass.CUSTOMER_CRITICAL,
    ErrorClass.BUSINESS_CRITICAL,
    ErrorClass.COMPLIANCE_CRITICAL,
)
SMALL = card(item("a", (10, 0)), item("b", (20, 10, 0)), item("c", (30, 0), error_class=COMPLIANCE))
DEFAULT = load_default_card()


@pytest.mark.parametrize(
    ("automatic", "human", "message"),
    [
        (by_rules(z=YES), {}, "not on the card 'small' version 1: z"),
        ({}, by_person(z=YES, y=NO), "not on the card 'small' version 1: y, z"),
        ({}, by_person(a=FAIR), "'a' cannot be answered 'fair'"),
        (by_rules(b=NO), {}, "'b' cannot be answered 'no'"),
    ],
)
def test_refused(automatic, human, message):
    with pytest.raises(ValueError, match=message):
        score(SMALL, automatic, human)


@pytest.mark.parametrize(
    ("automatic", "human", "got", "possible", "share", "passed"),
    [
        pytest.param({}, {}, 0, 0, None, None, id="nothing answered"),
        pytest.param({}, by_person(a=N_A, b=N_A, c=N_A), 0, 0, None, None, id="all N/A"),
        pytest.param(by_rules(a=None), {}, 0, 0, None, None, id="rules left it open"),
        pytest.param({}, by_person(a=NO), 0, 10, 0.0, False, id="0 of 10 is 0, not undefined"),
        pytest.param({}, by_person(b=FAIR), 10, 20, 0.5, False, id="10 of 20"),
        pytest.param({}, by_person(b=POOR, c=YES), 30, 50, 0.6, False, id="0 + 30 of 20 + 30"),
        pytest.param({}, by_person(a=YES, b=FAIR, c=YES), 50, 60, 5 / 6, False, id="50 of 60 is 83.3 %"),
        pytest.param({}, by_person(a=YES, b=EXCELLENT, c=YES), 60, 60, 1.0, True, id="60 of 60"),
        pytest.param({}, by_person(a=YES, b=EXCELLENT, c=N_A), 30, 30, 1.0, True, id="N/A leaves 10 + 20"),
        pytest.param(by_rules(a=NO, b=EXCELLENT), {}, 20, 30, 2 / 3, False, id="by rules alone"),
        pytest.param(by_rules(a=NO), by_person(a=YES), 10, 10, 1.0, True, id="overruled"),
        pytest.param(by_rules(a=NO), by_person(a=N_A), 0, 0, None, None, id="overruled by N/A"),
        pytest.param(by_rules(a=NO), by_person(a=None), 0, 10, 0.0, False, id="a person who says nothing"),
    ],
)
def test_points(automatic, human, got, possible, share, passed):
    result = score(SMALL, automatic, human)
    assert (result.got, result.possible, result.share, result.passed) == (got, possible, share, passed)


@pytest.mark.parametrize(("mark", "passed"), [(0.85, True), (0.8500001, False), (0.0, True), (1.0, False)])
def test_the_pass_mark_itself_passes(mark, passed):
    sheet = card(item("a", (17, 0)), item("b", (3, 0)), pass_mark=mark)
    assert score(sheet, {}, by_person(a=YES, b=NO)).passed is passed  # 17 of 20 is 0.85


@pytest.mark.parametrize(
    ("human", "confirmed", "failed", "passed"),
    [
        pytest.param(by_person(a=YES, c=YES), {}, set(), True, id="none"),
        pytest.param(by_person(a=YES, c=NO), {}, {COMPLIANCE}, False, id="no on an item with a class"),
        pytest.param(by_person(a=YES, c=N_A), {}, set(), True, id="N/A is no error"),
        pytest.param(by_person(a=YES, c=YES), {"insult": CUSTOMER}, {CUSTOMER}, False, id="full points, one insult"),
        pytest.param(by_person(a=YES), {"x": ErrorClass.NON_CRITICAL, "y": ErrorClass.ALERT}, set(), True, id="minor"),
        pytest.param(
            by_person(c=NO), {"x": BUSINESS, "y": COMPLIANCE}, {BUSINESS, COMPLIANCE}, False, id="each class once"
        ),
        pytest.param({}, {"insult": CUSTOMER}, {CUSTOMER}, None, id="nothing answered yet"),
    ],
)
def test_one_critical_error_fails_its_class_whatever_the_points(human, confirmed, failed, passed):
    result = score(SMALL, {}, human, confirmed=confirmed)
    assert (result.failed_classes, result.passed) == (failed, passed)


def test_the_lowest_of_three_grades_fails_the_class_and_the_middle_one_does_not():
    sheet = card(item("g", (20, 10, 0), error_class=CUSTOMER))
    assert score(sheet, {}, by_person(g=FAIR)).failed_classes == frozenset()
    assert score(sheet, {}, by_person(g=POOR)).failed_classes == {CUSTOMER}


def test_overruling_an_automatic_error_lifts_it_and_a_confirmed_hit_does_not_go_away():
    human = by_person(c=YES)
    assert score(SMALL, by_rules(c=NO), {}).failed_classes == {COMPLIANCE}
    assert score(SMALL, by_rules(c=NO), human).failed_classes == frozenset()
    assert score(SMALL, by_rules(c=NO), human, confirmed={"r": COMPLIANCE}).failed_classes == {COMPLIANCE}


def test_counts():
    # a: rules no, person yes; b: rules and person agree; c: rules left it open.
    result = score(SMALL, by_rules(a=NO, b=FAIR, c=None), by_person(a=YES, b=FAIR))
    assert (result.automatic, result.overruled, result.open) == (2, 1, 1)


def test_the_call_of_the_drawing():
    """The scorecard of mock/call-scorecard.png: 0 + 5 + 10 + 5 + 0 + 5 + 30 of 10 + 5 + 20 + 5 + 10 + 5 + 30."""
    automatic = by_rules(
        attention=NO, **{"complete-ending": EXCELLENT, "opening-closing": YES}, survey=NO, identity=YES
    ) | by_rules(**{"facts-verified": None})
    human = by_person(**{"verbal-assurance": YES, "complete-ending": FAIR}, categorised=YES)
    result = score(DEFAULT, automatic, human, confirmed={"shirking": CUSTOMER})
    assert (result.got, result.possible, round(result.share, 3)) == (55, 85, 0.647)
    assert {part.category.id: (part.got, part.possible) for part in result.categories} == {
        "listening": (0, 10),
        "ownership": (15, 25),
        "style": (0, 0),
        "solution": (0, 0),
        "process": (40, 50),
    }
    assert [part.share for part in result.categories][2:4] == [None, None]
    assert (result.automatic, result.overruled, result.open) == (5, 1, 9)
    assert (result.failed_classes, result.passed) == ({CUSTOMER}, False)


def answered(answer_of):
    return st.fixed_dictionaries({}, optional={entry.id: answer_of(entry) for entry in DEFAULT.items})


ANSWERS = answered(lambda entry: st.sampled_from(entry.answers))
GRADES = answered(lambda entry: st.sampled_from(entry.scale.grades))


@given(ANSWERS)
def test_255_points_is_the_most(human):
    result = score(DEFAULT, {}, by_person(**human))
    assert 0 <= result.got <= result.possible <= 255
    best = score(DEFAULT, {}, by_person(**{entry.id: entry.answers[0] for entry in DEFAULT.items}))
    assert (best.got, best.possible, best.share) == (255, 255, 1.0)


@given(ANSWERS, st.sampled_from(DEFAULT.items))
def test_not_applicable_is_as_if_the_item_were_not_there(human, entry):
    without = score(DEFAULT, {}, by_person(**{name: value for name, value in human.items() if name != entry.id}))
    result = score(DEFAULT, {}, by_person(**{**human, entry.id: N_A}))
    assert (result.got, result.possible, result.share) == (without.got, without.possible, without.share)
    assert (result.passed, result.failed_classes) == (without.passed, without.failed_classes)
    others = [(part.item.id, part.got, part.possible) for part in result.items if part.item is not entry]
    assert others == [(part.item.id, part.got, part.possible) for part in without.items if part.item is not entry]


@given(GRADES, st.sampled_from(DEFAULT.items))
def test_taking_an_item_out_never_helps_one_with_full_points(grades, entry):
    full = score(DEFAULT, {}, by_person(**{**grades, entry.id: entry.answers[0]}))
    out = score(DEFAULT, {}, by_person(**{**grades, entry.id: N_A}))
    assert out.share is None or out.share <= full.share


@given(ANSWERS, ANSWERS)
def test_overruling_keeps_both_values(rules, person):
    result = score(DEFAULT, by_rules(**rules), by_person(**person))
    for part in result.items:
        ruled, human = rules.get(part.item.id), person.get(part.item.id)
        assert (part.automatic and part.automatic.value) is ruled
        assert (part.human and part.human.value) is human
        assert part.value is (human or ruled)
        assert part.overruled is (ruled is not None and human is not None and human is not ruled)


@given(ANSWERS)
def test_categories_add_up_to_the_whole(human):
    result = score(DEFAULT, {}, by_person(**human))
    assert sum(part.got for part in result.categories) == result.got
    assert sum(part.possible for part in result.categories) == result.possible
    assert result.open == 16 - len(human)


def test_every_answer_is_on_some_scale():
    assert {answer for entry in DEFAULT.items for answer in entry.answers} == set(Answer)
