"""The engine looks only at rules whose needles are said; the result must be that of judging every rule."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.calls import CallMetadata, Direction
from pipeline.domain.results import Call, Outcome
from pipeline.text.normalise import normalise
from pipeline.text.spoken import without_punctuation
from rules.engine import Engine
from rules.loader import load_sources
from tests.rules.builder import call, rule_yaml

LETTERS = "不知道您好等投诉码马"
TEXT = st.text(alphabet=LETTERS + "，。 一二3VＶ", min_size=1, max_size=9).filter(lambda t: t.strip())
PHRASES = st.text(alphabet=LETTERS, min_size=1, max_size=3)
ROLES = st.sampled_from(["agent", "customer"])
LIST = st.lists(PHRASES, min_size=1, max_size=3, unique=True)
PATTERNS = st.builds(
    lambda a, gap, b, tail: f"{a}{gap}{b}{tail}",
    PHRASES,
    st.sampled_from(["", ".{0,2}", "[不好]?", "(?:知|道)", "(?!好)", "\\d*", "一?", "(?:您|投诉)?.?"]),
    PHRASES,
    st.sampled_from(["", "$", "|不", "|(?:好|等)等", "+"]),
)
WINDOWS = st.one_of(
    st.builds(lambda e, n: {f"{e}_turns": n}, st.sampled_from(["first", "last"]), st.integers(1, 3)),
    st.builds(lambda e, n: {f"{e}_s": n}, st.sampled_from(["first", "last"]), st.floats(0.5, 9)),
    st.builds(lambda e, n: {f"{e}_percent": n}, st.sampled_from(["first", "last"]), st.integers(1, 100)),
)
OPERATORS = st.one_of(
    st.builds(lambda p: {"phrase": {"any": p}}, LIST),
    st.builds(lambda p: {"phrase": {"all": p}}, LIST),
    st.builds(lambda p: {"phrase": {"none": p}}, LIST),
    st.builds(lambda p: {"phrase": {"at_least": 1, "of": p}}, LIST),
    st.builds(lambda p, e: {"phrase": {"any": p, "except": e}}, LIST, LIST),
    st.builds(
        lambda p: {"phrase": {"any": p, "by_sound": True}},
        st.lists(st.text(alphabet=LETTERS, min_size=2, max_size=4), min_size=1, max_size=2),
    ),
    st.builds(lambda p: {"regex": p}, PATTERNS),
    st.builds(lambda p, e: {"regex": {"pattern": p, "except": e}}, PATTERNS, PATTERNS),
    st.builds(
        lambda w, t, n, o, no: {"near": {"words": w, "to": t, "within_characters": n, "ordered": o, "negative": no}},
        LIST,
        LIST,
        st.integers(0, 4),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(lambda s: {"silence": s}, st.floats(0.5, 3)),
    st.just({"repeat": {"times": 2, "at_least_characters": 2}}),
    st.just({"entity": {"kinds": ["money", "date"]}}),
)


def _scoped(operator: dict, role: str | None, window: dict | None) -> dict:
    scope = {"role": role} if role and "silence" not in operator else {}
    return {**operator, **scope, **({"window": window} if window else {})}


LEAVES = st.builds(_scoped, OPERATORS, st.none() | ROLES, st.none() | WINDOWS)


def _anchored(leaf: dict, direction: str, other: dict, limit: dict) -> dict:
    return {**leaf, direction: {"condition": other, **limit}}


LIMITS = st.sampled_from([{}, {"within_turns": 1}, {"within_s": 3}, {"within_characters": 4}, {"which": "first"}])
POSITIVE = LEAVES.filter(lambda leaf: "none" not in leaf.get("phrase", {}))


def _combined(inner: st.SearchStrategy[dict]) -> st.SearchStrategy[dict]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda parts: {"all": parts}, some),
        st.builds(lambda parts: {"any": parts}, some),
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda parts: {"at_least": {"count": len(parts) // 2 + 1, "of": parts}}, some),
        st.builds(lambda parts: {"sequence": {"steps": parts}}, st.lists(POSITIVE, min_size=2, max_size=3)),
        st.builds(_anchored, POSITIVE, st.sampled_from(["before", "after", "around"]), POSITIVE, LIMITS),
        st.builds(
            lambda leaf, key, inner: {**leaf, key: {**inner, "around": {"condition": "this", "within_turns": 1}}},
            POSITIVE,
            st.sampled_from(["where", "unless"]),
            POSITIVE,
        ),
    )


CONDITIONS = st.recursive(LEAVES, _combined, max_leaves=5)
LINES = st.builds(lambda role, text: f"{role}: {text}", st.sampled_from("AACCU"), TEXT)
METADATA = st.sampled_from([CallMetadata(), CallMetadata(direction=Direction.INBOUND)])
CALLS = st.builds(lambda lines, m: call(*lines, metadata=m), st.lists(LINES, max_size=6), METADATA)
APPLIES = st.sampled_from(["", "applies_to: {direction: inbound}\n"])


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(CONDITIONS, APPLIES), min_size=1, max_size=5), CALLS)
def test_same_results_as_judging_every_rule(conditions: list[tuple[dict, str]], of: Call) -> None:
    files = [
        (
            f"p/{number}.yaml",
            rule_yaml(f"when: {json.dumps(condition, ensure_ascii=False)}", rule_id=f"r{number}", extra=extra),
        )
        for number, (condition, extra) in enumerate(conditions)
    ]
    engine = Engine(load_sources(files))
    results = engine.evaluate(of)
    assert results == tuple(engine.explain(of, rule.id).result for rule in engine.rules)
    for result in results:
        assert result.outcome is not Outcome.ERROR
        assert bool(result.evidence) == (result.outcome is Outcome.HIT)
        for piece in result.evidence:
            if piece.turn is not None:
                text = of.transcript.turns[piece.turn].text
                assert text[piece.char_start : piece.char_end] == piece.quote


def naively(condition: dict, of: Call) -> bool:
    """What a condition of words, groups and roles means, in the plainest way."""
    for name, combine in (("all", all), ("any", any)):
        if name in condition:
            return combine(naively(part, of) for part in condition[name])
    if "not" in condition:
        return not naively(condition["not"], of)
    turns = [normalise(t.text).text for t in of.transcript.turns if condition.get("role") in (None, t.role)]
    if "regex" in condition:
        return any(re.search(condition["regex"], text) for text in turns)
    return any(phrase in without_punctuation(text) for phrase in condition["phrase"]["any"] for text in turns)


PLAIN = st.recursive(
    st.builds(
        lambda operator, role: {**operator, "role": role},
        st.one_of(
            st.builds(lambda p: {"phrase": {"any": p}}, LIST),
            st.builds(lambda a, b: {"regex": f"{a}.{{0,2}}{b}|{b}(?:{a}|不)"}, PHRASES, PHRASES),
        ),
        ROLES,
    ),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)
KNOWN_LINES = st.builds(lambda role, text: f"{role}: {text}", st.sampled_from("AC"), TEXT)


@settings(max_examples=250, deadline=None)
@given(PLAIN, st.lists(KNOWN_LINES, min_size=1, max_size=6))
def test_same_truth_as_a_naive_evaluator(condition: dict, lines: list[str]) -> None:
    of = call(*lines)
    pack = load_sources([("p/r.yaml", rule_yaml(f"when: {json.dumps(condition, ensure_ascii=False)}"))])
    (result,) = Engine(pack).evaluate(of)
    assert (result.outcome is Outcome.HIT) == naively(condition, of)
