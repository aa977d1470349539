"""What lint says of rules that are valid but hardly meant so, and where it says it."""

import json
from random import Random

import pytest

from pipeline.domain.results import Outcome
from rules.engine import Engine
from rules.lint import CallLengths, Kind, Neighbours, lint, placed
from rules.lint.claims import implies
from tests.rules.builder import call, pack, rule_yaml

EXAMPLES = (
    "examples:\n  hits: [{turns: ['坐席: 喂'], quote: 喂}]\n  clear: [{turns: ['坐席: 好']}]\n"  # nothing missing
)


def findings(*bodies, lengths=None, **heads):
    files = [
        (f"p/r{number}.yaml", rule_yaml(body, rule_id=f"r{number}", extra=EXAMPLES + heads.get("extra", "")))
        for number, body in enumerate(bodies)
    ]
    return lint(files, lengths=lengths)


# The head and the examples take nine lines: `when` is in line 10.
ONE = {
    "nested repeats": ("when:\n  regex: '(?:投诉+)+你'", Kind.EXPLOSIVE_REGEX, "11:10", "a+ for (a+)+"),
    "several open repeats": ("when:\n  regex: '我.*要.*投.*诉'", Kind.EXPLOSIVE_REGEX, "11:10", ".{0,10}"),
    "traditional phrase": ("when:\n  phrase: ['沒辦法']", Kind.NOT_NORMALISED, "11:12", "没办法"),
    "full-width phrase": ("when:\n  phrase: {any: ['ＶＩＰ客户']}", Kind.NOT_NORMALISED, "11:18", "vip客户"),
    "traditional regex": ("when:\n  regex: '客戶.{0,3}不满'", Kind.NOT_NORMALISED, "11:10", "户"),
    "full-width operator": ("when:\n  regex: '投诉（？：你|我）'", Kind.NOT_NORMALISED, "11:10", "plain character"),
    "blank in regex": ("when:\n  regex: '请 稍等'", Kind.BLANK_IN_CHINESE, "11:10", "remove the blank"),
    "digits only as digits": ("when:\n  phrase: ['12315']", Kind.ONE_DIGIT_FORM, "11:12", "幺二三幺五"),
    "digits only as spoken": ("when:\n  phrase: ['百分之百']", Kind.ONE_DIGIT_FORM, "11:12", "100%"),
    "spoken digits in regex": ("when:\n  regex: '打(?:一二三一五|消协)'", Kind.ONE_DIGIT_FORM, "11:10", "12315"),
    "word boundary": (r"when: {regex: '\b投诉\b'}", Kind.WORD_BOUNDARY, "10:15", "(?<![a-z])"),
    "phrase within phrase": ("when:\n  phrase: [投诉, 我要投诉]", Kind.DEAD_BRANCH, "11:16", "contains '投诉'"),
    "same phrase twice": ("when:\n  phrase: ['没办法', '没，办法']", Kind.DEAD_BRANCH, "11:19", "given twice"),
    "all of phrase within": (
        "when:\n  phrase: {all: [我要投诉, 投诉]}",
        Kind.DEAD_BRANCH,
        "11:24",
        "asks nothing more",
    ),
    "exception in phrase": (
        "when:\n  phrase: {any: [不投诉], except: [投诉]}",
        Kind.DEAD_BRANCH,
        "11:18",
        "never counts",
    ),
    "useless exception": ("when:\n  phrase: {any: [投诉], except: [谢谢]}", Kind.DEAD_BRANCH, "11:32", "does nothing"),
    "regex alternative": ("when:\n  regex: '投诉|(?:a|b)|我要投诉'", Kind.DEAD_BRANCH, "11:10", "contains '投诉'"),
    "regex list": ("when:\n  regex: [投诉, '投诉']", Kind.DEAD_BRANCH, "11:15", "given twice"),
    "any covered": (
        "when:\n  any:\n    - {phrase: 投诉}\n    - {phrase: 我要投诉, role: customer}",
        Kind.DEAD_BRANCH,
        "13:7",
        "adds no hits",
    ),
    "all covered": (
        "when:\n  all:\n    - {silence: 3}\n    - {silence: 10}",
        Kind.DEAD_BRANCH,
        "12:7",
        "asks nothing more",
    ),
    "all contradictory": (
        "when: {all: [said, {not: said}]}\nconditions: {said: {phrase: 喂}}",
        Kind.DEAD_BRANCH,
        "10:20",
        "can never hold together",
    ),
    "all of two values": (
        "when: {all: [{metadata: {field: team, is: 甲}}, {metadata: {field: team, is: 乙}}]}",
        Kind.DEAD_BRANCH,
        "10:48",
        "can never hold together",
    ),
    "window in turns": ("when: {phrase: 喂, window: {first_turns: 65}}", Kind.LONG_WINDOW, "10:41", "is no limit"),
    "window in per cent": ("when: {phrase: 喂, window: {last_percent: 100}}", Kind.LONG_WINDOW, "10:42", "is no limit"),
    "distance": (
        "when: {phrase: 喂, after: {condition: {phrase: 好}, within_s: 500}}",
        Kind.LONG_WINDOW,
        "10:61",
        "420",
    ),
}


@pytest.mark.parametrize(("body", "kind", "where", "says"), ONE.values(), ids=ONE)
def test_found_once_and_where(body, kind, where, says):
    (finding,) = findings(body)
    assert finding.kind is kind
    assert str(finding.place) == f"p/r0.yaml:{where}"
    assert says in finding.what.en + finding.remedy.en
    assert finding.what.zh
    assert finding.remedy.zh


NOTHING = {
    "bounded repeats": "when: {regex: '我.{0,6}投诉.{0,6}你'}",
    "punctuation of phrases": "when: {phrase: '没，办法！'}",
    "full-width marks that mean themselves": "when: {regex: '[？。]喂，'}",
    "upper case": "when: {phrase: VIP客户}",
    "both forms of digits": "when: {phrase: ['12315', 一二三一五]}",
    "regex with digits reads both": "when: {regex: '百分之百|100%'}",
    "ordinary 一": "when: {phrase: [等一下, 一样]}",
    "a group repeats what comes before": "when: {regex: '(?:投诉|投诉你)们'}",
    "the longer alternative first gives the longer quote": "when: {regex: '我要投诉|投诉'}",
    "only the longer one by sound": "when: {phrase: {any: [投诉, {text: 我要投诉, by_sound: true}]}}",
    "longer exception": "when: {phrase: {any: [信用], except: [信用卡, 信用卡中心]}}",
    "another party": "when:\n  any:\n    - {phrase: 投诉, role: agent}\n    - {phrase: 投诉, role: customer}",
    "another filter": "when:\n  any:\n    - {phrase: 投诉, unless: {phrase: 不}}\n    - {phrase: 投诉你}",
    "short window": "when: {phrase: 喂, window: {first_turns: 2}}",
}


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
def test_nothing_to_say(body):
    assert findings(body) == ()


def test_rules_with_the_same_condition_and_within_another():
    wide = "when: {phrase: [投诉, 举报]}"
    same = "when: condition\nconditions: {condition: {phrase: [投诉, 举报], means: {zh: 投诉, en: complaint}}}"
    narrow = "when: {phrase: 我要投诉, role: customer}"
    found = [(f.rule, f.kind, f.what.en) for f in findings(wide, same, narrow)]
    assert found == [
        ("r1", Kind.DUPLICATE_RULE, "the same condition as rule r0 (p/r0.yaml)"),
        ("r2", Kind.SUBSUMED_RULE, "wherever it hits, rule r0 (p/r0.yaml) hits as well"),
        ("r2", Kind.SUBSUMED_RULE, "wherever it hits, rule r1 (p/r1.yaml) hits as well"),
    ]


def test_rules_about_other_calls_are_not_compared():
    body = "when: {phrase: 投诉}"
    files = [
        ("p/a.yaml", rule_yaml(body, rule_id="a", extra=EXAMPLES + "applies_to: {team: 甲}\n")),
        ("p/b.yaml", rule_yaml(body, rule_id="b", extra=EXAMPLES + "applies_to: {team: 乙}\n")),
    ]
    assert lint(files) == ()


def test_missing_examples():
    (no_hits, no_clear) = lint([("p/r.yaml", rule_yaml("when: {phrase: 喂}"))])
    assert (no_hits.kind, no_clear.kind) == (Kind.MISSING_EXAMPLES, Kind.MISSING_EXAMPLES)
    assert {no_hits.what.en, no_clear.what.en} == {"no example that must hit", "no near miss that must stay clear"}


def test_lengths_of_the_site_s_own_calls():
    body = "when: {phrase: 喂, window: {first_turns: 8}}"
    assert findings(body) == ()
    (finding,) = findings(body, lengths=CallLengths(turns=15, turns_of_a_party=8, duration_s=60.0))
    assert finding.kind is Kind.LONG_WINDOW


def test_a_broken_file_does_not_hide_the_others():
    files = [("p/a.yaml", "id: ["), ("p/b.yaml", rule_yaml("when: {regex: '(?:a+)+'}", extra=EXAMPLES))]
    assert [finding.place.file for finding in lint(files)] == ["p/b.yaml"]


def test_a_problem_without_a_place():
    assert placed("p: no such folder; name a folder").place.file == "p"
    assert placed("p/a:b.yaml:2:3: must be text: put it so").message == "must be text: put it so"


def random_condition(random, depth=2):
    phrase = "".join(random.choices("投诉退款", k=random.randint(1, 3)))
    kind = random.choice(["phrase", "regex", "silence"] + ["all", "any", "not"] * (depth > 0))
    if kind in ("all", "any"):
        return {kind: [random_condition(random, depth - 1) for _ in range(random.randint(1, 2))]}
    if kind == "not":
        return {"not": random_condition(random, depth - 1)}
    if kind == "silence":
        return {"silence": random.randint(1, 3)}
    condition = {kind: phrase if kind == "regex" else {"any": [phrase]}}
    return {**condition, **random.choice([{}, {"role": "agent"}])}


@pytest.fixture(scope="module")
def random_rules():
    random = Random(0)
    bodies = [f"when: {json.dumps(random_condition(random), ensure_ascii=False)}" for _ in range(150)]
    return pack(*bodies)


def test_what_follows_by_lint_follows_on_calls(random_rules):
    random = Random(1)
    neighbours = Neighbours(random_rules.rules)
    claims = {rule.id: neighbours.stated(rule).claim for rule in random_rules.rules}
    engine = Engine(random_rules)
    checked = 0
    for _ in range(20):
        lines = [
            f"{random.choice('AC')}: {''.join(random.choices('投诉退款', k=random.randint(1, 4)))}" for _ in range(3)
        ]
        of = call(*lines, gaps=[random.randint(0, 4) for _ in range(3)])
        hits = {result.rule_id for result in engine.evaluate(of) if result.outcome is Outcome.HIT}
        for one in hits:
            for other in claims.keys() - hits:
                checked += 1
                assert not implies(claims[one], claims[other]), (lines, one, other)
    assert checked > 3_000


def test_no_rule_that_follows_from_another_is_passed_over(random_rules):
    rules = random_rules.rules
    neighbours = Neighbours(rules)
    claims = {rule.id: neighbours.stated(rule).claim for rule in rules}
    follows = near = 0
    for rule in rules:
        found = {other.rule.id for other in neighbours.of(rule)}
        near += len(found)
        for other in rules:
            if other.id != rule.id and implies(claims[rule.id], claims[other.id]):
                follows += 1
                assert other.id in found, (rule.when, other.when)
    assert 100 < follows < near < len(rules) ** 2
