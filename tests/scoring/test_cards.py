"""Cards that must be refused, each with its line; then those that come with the program."""

import re

import pytest

from pipeline.domain.results import ErrorClass
from pipeline.domain.scores import CRITICAL_CLASSES, Answer, Scale
from pipeline.scoring.cards import CardError, load_card, load_cards, load_default_card, unknown_rules
from rules.loader import load_packs, standard_pack_dir

GOOD = """\
id: sales
version: 2
title: {zh: "销售", en: "Sales"}
pass_mark: 0.9
total_points: 30
categories:
  - id: process
    title: {zh: "流程", en: "Process"}
    items:
      - id: survey
        title: {zh: "邀请评价", en: "Survey invited"}
        guidance: {zh: "邀请了", en: "invited"}
        skill: {zh: "流程", en: "process"}
        points: [10, 0]
        rules: [survey-missing]
        clear_means: yes
      - id: rapport
        title: {zh: "亲和", en: "Rapport"}
        guidance: {zh: "友善", en: "friendly"}
        skill: {zh: "亲和", en: "rapport"}
        points: [20, 10, 0]
"""


def written(folder, content=GOOD, name="sales.yaml"):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def problems(folder, content):
    with pytest.raises(CardError) as caught:
        load_card(written(folder, content))
    return [problem.removeprefix(f"{folder.name}/sales.yaml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("version: 2", "version: 0", r"2:10: .*greater than or equal to 1, not '0'", id="version 0"),
        pytest.param("version: 2\n", "", r"1:1: the key 'version' is missing", id="no version"),
        pytest.param("version: 2", "version: 2\nversion: 3", r"3:1: the key 'version' is given twice", id="key twice"),
        pytest.param("0.9", "85", r"4:12: .*less than or equal to 1, not '85'", id="pass mark in per cent"),
        pytest.param("0.9", "-0.1", r"4:12: .*greater than or equal to 0", id="pass mark below 0"),
        pytest.param("0.9", ".nan", r"4:12: ", id="pass mark no number"),
        pytest.param("version: 2", "vesion: 2\nversion: 2", r"2:1: unknown key 'vesion'", id="misspelt key"),
        pytest.param("id: rapport", "id: survey", r"17:13: the item 'survey' is on the card twice", id="item twice"),
        pytest.param("id: rapport", "id: Rap port", r"17:13: 'Rap port' is not in kebab case", id="no kebab case"),
        pytest.param('zh: "亲和", en: "Rapport"', 'zh: "亲和"', r"18:16: the key 'en' is missing", id="one language"),
        pytest.param('zh: "友善"', 'zh: " "', r"19:24: string should have at least 1", id="blank text"),
        pytest.param("[20, 10, 0]", "[10, 20, 0]", r"21:17: points are .*, not \[10, 20, 0\]", id="points ascend"),
        pytest.param("[20, 10, 0]", "[20, 20, 0]", r"21:17: points are ", id="two grades alike"),
        pytest.param("[20, 10, 0]", "[20, 10, 5]", r"21:17: points are ", id="points do not end at 0"),
        pytest.param("[20, 10, 0]", "[20]", r"21:17: points are ", id="one grade"),
        pytest.param("[20, 10, 0]", "[30, 20, 10, 0]", r"21:17: points are ", id="four grades"),
        pytest.param("[20, 10, 0]", "[0]", r"21:17: points are ", id="no points"),
        pytest.param("[20, 10, 0]", "[20, ten, 0]", r"21:22: .*valid integer.*, not 'ten'", id="points in words"),
        pytest.param("[survey-missing]", '[""]', r"15:17: '' is not in kebab case", id="rule without a name"),
        pytest.param("[survey-missing]", "[a, a]", r"15:20: the rule 'a' already fills 'survey'", id="rule twice"),
        pytest.param("clear_means: yes", "clear_means: no", r"16:22: 'no' is not known; known are", id="clear is no"),
        pytest.param("clear_means: yes", "clear_means: excellent", r"16:22: .* mean 'yes' or 'open'", id="other scale"),
        pytest.param("        rules: [survey-missing]\n", "", r"15:22: .* without rules", id="clear without rules"),
        pytest.param("rules:", "error_class: alert\n        rules:", r"15:22: 'alert' is not known", id="alert class"),
        pytest.param("total_points: 30", "total_points: 31", r"5:15: .* worth 30 points, not 31", id="wrong total"),
        pytest.param("[survey-missing]", "&a [survey-missing]\n        x: *a", r"15:16: anchors", id="alias"),
    ],
)
def test_refused_with_its_place(tmp_path, old, new, expected):
    assert GOOD.count(old) >= 1
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(re.match(expected, problem) for problem in found), found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "1:1: the file is empty"),
        ("a: [", "1:5: not valid YAML"),
        ("- a", "1:1: must be keys with values"),
        ("[" * 600, "1:1: not valid YAML"),
        ("? [a]\n: b", "1:3: a key must be a plain word"),
        (GOOD.split("categories")[0] + "categories: []", "6:13: tuple should have at least 1 item"),
        (GOOD.split("items")[0] + "items: {}", "9:12: input should be a valid tuple"),
    ],
)
def test_no_card_at_all(tmp_path, content, expected):
    assert any(problem.startswith(expected) for problem in problems(tmp_path, content))


def test_every_problem_is_said_at_once(tmp_path):
    content = GOOD.replace("0.9", "9").replace("id: rapport", "id: survey").replace("[20, 10, 0]", "[20, 10, 1]")
    content = content.replace("clear_means: yes", "clear_means: excellent").replace("guidance:", "guide:", 1)
    lines = [int(problem.split(":")[0]) for problem in problems(tmp_path, content)]
    assert lines == [4, 10, 12, 16, 17, 21]  # pass mark, guidance missing, guide unknown, clear, id, points


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"id: \xff")
    with pytest.raises(CardError, match=r"latin\.yaml:1:1: not UTF-8 text \(byte 4\)"):
        load_card(tmp_path / "latin.yaml")
    with pytest.raises(CardError, match=r"none\.yaml:1:1: cannot be read"):
        load_card(tmp_path / "none.yaml")


def test_problems_of_all_files_of_a_folder(tmp_path):
    written(tmp_path, GOOD.replace("0.9", "9"), "a.yaml")
    written(tmp_path, GOOD, "b.yaml")
    written(tmp_path, GOOD, "c.yaml")
    with pytest.raises(CardError) as caught:
        load_cards(tmp_path)
    first, second = caught.value.problems
    assert "a.yaml:4:12" in first
    assert second.endswith(f"'sales' version 2 is also in {tmp_path.name}/b.yaml")


def test_an_empty_folder_holds_no_card(tmp_path):
    with pytest.raises(CardError, match=r"no \*\.yaml file"):
        load_cards(tmp_path)


def test_a_folder_may_hold_versions_of_a_card(tmp_path):
    written(tmp_path, GOOD.replace("version: 2", "version: 10"), "a.yaml")
    written(tmp_path, GOOD, "b.yaml")
    assert [(card.id, card.version) for card in load_cards(tmp_path)] == [("sales", 2), ("sales", 10)]


def test_what_a_card_says(tmp_path):
    card = load_card(written(tmp_path))
    survey, rapport = card.items
    assert (card.pass_mark, card.max_points) == (0.9, 30)
    assert (survey.scale, survey.answers) == (Scale.YES_NO, (Answer.YES, Answer.NO, Answer.N_A))
    assert (survey.rules, survey.clear_means, survey.not_applicable_means) == (("survey-missing",), Answer.YES, None)
    assert (rapport.scale, rapport.lowest) == (Scale.GRADED, Answer.NEEDS_IMPROVEMENT)
    assert [rapport.points_for(answer) for answer in rapport.answers] == [20, 10, 0, None]
    with pytest.raises(ValueError, match="'survey' cannot be answered 'fair'; its answers are yes, no, n_a"):
        survey.points_for(Answer.FAIR)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ('zh: "亲和"', 'zh: "亲切"', True),
        ("[20, 10, 0]", "[20, 5, 0]", False),
        ("pass_mark: 0.9", "pass_mark: 0.8", False),
        ("clear_means: yes", "clear_means: open", False),
        ("[survey-missing]", "[other]", False),
        ("rules:", "error_class: business-critical\n        rules:", False),
    ],
)
def test_the_digest_is_of_what_decides_a_score(tmp_path, old, new, same):
    before = load_card(written(tmp_path)).digest
    assert (load_card(written(tmp_path, GOOD.replace(old, new))).digest == before) is same


def test_unknown_rules_are_named(tmp_path):
    card = load_card(written(tmp_path))
    assert unknown_rules(card, ["survey-missing", "insult"]) == ()
    assert unknown_rules(card, ["insult"]) == ("survey-missing",)


DEFAULT_POINTS = {
    # domain.md, "The scorecard": 10 + 20 | 5 + 10 + 20 | 20 + 15 | 30 + 30 | 5 + 5 + 10 + 10 + 5 + 30 + 30 = 255
    "listening": {"attention": (10, 0), "rapport": (20, 10, 0)},
    "ownership": {"verbal-assurance": (5, 0), "options": (10, 0), "complete-ending": (20, 10, 0)},
    "style": {"adapts-style": (20, 10, 0), "empathy": (15, 0)},
    "solution": {"accurate": (30, 0), "complete": (30, 0)},
    "process": {
        "opening-closing": (5, 0),
        "escalation-transfer": (5, 0),
        "survey": (10, 0),
        "facts-verified": (10, 0),
        "categorised": (5, 0),
        "identity": (30, 0),
        "conduct": (30, 0),
    },
}


def test_the_default_card_is_the_standard():
    card = load_default_card()
    points = {category.id: {item.id: item.points for item in category.items} for category in card.categories}
    assert points == DEFAULT_POINTS
    assert (len(card.items), card.max_points, card.pass_mark) == (16, 255, 0.85)


def test_the_default_card_names_rules_that_exist_and_run():
    card = load_default_card()
    known = {rule.id: rule for rule in load_packs([standard_pack_dir()]).rules}
    assert unknown_rules(card, known) == ()
    assert {known[rule].status.value for item in card.items for rule in item.rules} == {"active"}


def test_every_critical_rule_of_the_standard_fills_an_item():
    bound = {rule for item in load_default_card().items for rule in item.rules}
    critical = {rule.id for rule in load_packs([standard_pack_dir()]).rules if rule.error_class in CRITICAL_CLASSES}
    assert critical - bound == set()


def test_the_default_card_lets_clear_rules_settle_only_what_they_heard():
    settled = {item.id for item in load_default_card().items if item.clear_means is not None}
    assert settled == {"opening-closing", "survey"}


def test_classes_of_the_default_card():
    classes = {item.id: item.error_class for item in load_default_card().items if item.error_class}
    assert classes == {
        "accurate": ErrorClass.CUSTOMER_CRITICAL,
        "complete": ErrorClass.CUSTOMER_CRITICAL,
        "facts-verified": ErrorClass.BUSINESS_CRITICAL,
        "categorised": ErrorClass.BUSINESS_CRITICAL,
        "identity": ErrorClass.COMPLIANCE_CRITICAL,
        "conduct": ErrorClass.CUSTOMER_CRITICAL,
    }


def test_version_1_of_the_default_card_does_not_change():
    # Scores are stored by version. A card that scores otherwise is another version.
    card = load_default_card()
    assert (card.version, card.digest[:16]) == (1, "bb944a4706b16f08")
