"""What is refused, where, and what the message says to do."""

import pytest

from pipeline.domain.errors import RulePackError
from rules.loader import load_packs, load_sources
from tests.rules.builder import rule_yaml

BAD = [
    ("when:\n  phrse: 喂", "p/r.yaml:8:3: unknown key 'phrse'; did you mean 'phrase'?"),
    ("when:\n  phrase: 喂\n  role: agnt", "p/r.yaml:9:9: 'agnt' is not known; did you mean 'agent'?"),
    ("when:\n  phrase: 12315", "p/r.yaml:8:11: must be text; put 12315 in quotation marks"),
    ("when:\n  phrase: '，'", "p/r.yaml:8:11: the phrase '，' is empty: it has nothing that can be said"),
    ("when:\n  phrase: {any: []}", "p/r.yaml:8:11: any is empty: name at least one phrase"),
    ("when:\n  regex: '(喂'", "p/r.yaml:8:10: the expression '(喂' does not compile: missing )"),
    ("when:\n  regex: '(?<=a+)喂'", "a look-behind must have one length; use except instead"),
    ("when:\n  phrase: 喂\n  window: {first_turns: 2, last_s: 3}", "p/r.yaml:9:11: a window takes exactly one of"),
    ("when:\n  phrase: 喂\n  window: {first_turns: 0}", "p/r.yaml:9:25: input should be greater than or equal to 1"),
    ("when:\n  phrase: 喂\n  regex: 喂", "a condition has exactly one operator or combinator; given: phrase, regex"),
    ("when: {}", "a condition has exactly one operator or combinator; given: none"),
    (
        "when: greetin\nconditions:\n  greeting: {phrase: 喂}",
        "no condition is named 'greetin'; did you mean 'greeting'?",
    ),
    ("when: a\nconditions:\n  a: {not: b}\n  b: {not: a}", "the condition refers to itself: a → b → a"),
    ("when: {phrase: 喂}\nconditions:\n  a: {phrase: 喂}", "the condition 'a' is never used"),
    ("when: {phrase: 喂, after: this}", "'this' is only known in before, after or around, inside where or unless"),
    ("when: {silence: 3, role: agent}", "silence belongs to no party: remove role"),
    ("when: {hangup: {}}", "hangup needs role: agent or customer"),
    ("when: {silence: true}", "input should be a valid number"),
    ("when: {not: {phrase: 喂}, role: agent}", "not takes no scope of its own"),
    ("when: {phrase: 喂}\nid: other", "p/r.yaml:8:1: the key 'id' is given twice; keep one of them"),
    ("when: &x {phrase: 喂}\nconditions: {a: *x}", "anchors and aliases are not used here"),
    ("when: {sequence: [{not: {phrase: 喂}}, {phrase: 喂}]}", "a step of a sequence must be found somewhere"),
    ("when: [", "not valid YAML"),
    ("when: {overlap: {at_least_s: 1, more_words: 2}}", "unknown key 'more_words'; known: at_least_s, back_channels"),
]


@pytest.mark.parametrize(("body", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_refused(body: str, message: str) -> None:
    with pytest.raises(RulePackError) as caught:
        load_sources([("p/r.yaml", rule_yaml(body))])
    assert message in str(caught.value)


def test_every_problem_of_every_file_at_once() -> None:
    files = [
        ("p/a.yaml", rule_yaml("when: {phrse: 喂}").replace("minor", "tiny")),
        ("p/b.yaml", rule_yaml("when: nothing")),
        ("p/c.yaml", ""),
        ("p/d.yaml", rule_yaml("when: {phrase: 喂}", rule_id="same")),
        ("p/e.yaml", rule_yaml("when: {phrase: 喂}", rule_id="same")),
    ]
    with pytest.raises(RulePackError) as caught:
        load_sources(files)
    places = [problem.split(": ", 1)[0].split(":")[0] for problem in caught.value.problems]
    assert places == ["p/a.yaml", "p/a.yaml", "p/b.yaml", "p/c.yaml", "p/e.yaml"]


@pytest.mark.parametrize("depth", [300, 3000])
def test_conditions_without_end_are_a_problem_not_a_crash(depth: int) -> None:
    with pytest.raises(RulePackError, match=r"r\.yaml"):
        load_sources([("p/r.yaml", rule_yaml("when: " + "{not: " * depth + "{phrase: 喂}" + "}" * depth))])


def test_a_site_may_have_its_own_version_of_a_rule() -> None:
    standard = ("standard/a.yaml", rule_yaml("when: {phrase: 喂}", rule_id="same"))
    site = ("site/a.yaml", rule_yaml("when: {phrase: 喂喂}", rule_id="same"))
    pack = load_sources([standard, site])
    assert [rule.source for rule in pack.rules] == ["site/a.yaml"]
    assert pack.digest == load_sources([site]).digest != load_sources([standard]).digest


def test_a_key_that_is_missing_and_one_too_many(tmp_path) -> None:
    (tmp_path / "r.yaml").write_text("id: Not_Kebab\nwhen: {phrase: 喂}\ncolour: red\n", encoding="utf-8")
    with pytest.raises(RulePackError) as caught:
        load_packs([tmp_path, tmp_path / "gone"])
    text = str(caught.value)
    assert "the key 'title' is missing" in text
    assert "'Not_Kebab' is not in kebab case" in text
    assert "unknown key 'colour'" in text
    assert "gone: no such folder" in text


def test_digest_depends_on_content_only() -> None:
    body = "when: {phrase: 喂}"
    one = load_sources([("p/a.yaml", rule_yaml(body))])
    commented = load_sources([("q/b.yaml", "# a remark\n" + rule_yaml(body))])
    other = load_sources([("p/a.yaml", rule_yaml("when: {phrase: 嗨}"))])
    assert one.digest == commented.digest != other.digest
