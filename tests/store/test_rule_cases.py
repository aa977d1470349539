"""Counts of rules by what people said, and the calls behind them."""

from datetime import timedelta

import pytest

from pipeline.domain.calls import CallMetadata
from pipeline.domain.results import Findings, Outcome
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.store.results import save_findings, start_run
from pipeline.store.reviews import rule_verdicts
from pipeline.store.rule_cases import RuleTally, kept_examples, kinds_of, rule_cases, rule_tallies, unjudged_hits
from tests.store.builders import result, run
from tests.store.judgements import NOON, person, say, stored

CONFIRMED, REJECTED, UNSURE, MISSED, ABSENT = (
    Verdict.CONFIRMED,
    Verdict.REJECTED,
    Verdict.UNSURE,
    Verdict.MISSED,
    Verdict.ABSENT,
)
HIT, CLEAR, DOUBT = Outcome.HIT, Outcome.CLEAR, Outcome.NOT_EVALUABLE
PIECE = Place(turn=1, char_start=1, char_end=4, quote="神经病")


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    return empty_store


@pytest.fixture
def ming(store):
    return person(store, "ming")


def test_nothing_stored(store):
    assert rule_tallies(store) == {}
    assert unjudged_hits(store, "insult", [], limit=9) == (0, [])
    assert rule_cases(store, "insult", []) == []
    assert kept_examples(store, "insult") == []


@pytest.mark.parametrize(
    ("outcome", "entries", "tally"),
    [
        pytest.param(HIT, [], RuleTally(1), id="nobody judged"),
        pytest.param(HIT, [(UNSURE, None)], RuleTally(1, unsure=1), id="unsure is in no rate"),
        pytest.param(HIT, [(REJECTED, PIECE)], RuleTally(1), id="one piece is not the call"),
        pytest.param(HIT, [(CONFIRMED, None)], RuleTally(1, true_hits=1), id="right"),
        pytest.param(HIT, [(REJECTED, None)], RuleTally(1, false_hits=1), id="wrong"),
        pytest.param(HIT, [(REJECTED, None), (CONFIRMED, None)], RuleTally(1, true_hits=1), id="the newest word"),
        pytest.param(HIT, [(CONFIRMED, None), "undo"], RuleTally(1), id="undone"),
        pytest.param(HIT, [(REJECTED, None), (CONFIRMED, None), "undo"], RuleTally(1, false_hits=1), id="undone once"),
        pytest.param(HIT, [(CONFIRMED, None), "undo", "undo"], RuleTally(1, true_hits=1), id="the undoing undone"),
        pytest.param(
            HIT, [(CONFIRMED, None), (MISSED, PIECE)], RuleTally(1, true_hits=1, missed=1), id="hit, and missed a place"
        ),
        pytest.param(CLEAR, [(MISSED, PIECE)], RuleTally(missed=1), id="missed"),
        pytest.param(CLEAR, [(ABSENT, None)], RuleTally(absent=1), id="rightly clear"),
        pytest.param(DOUBT, [(CONFIRMED, None)], RuleTally(doubtful=1), id="the rule had no word: no precision"),
        pytest.param(DOUBT, [(REJECTED, None)], RuleTally(doubtful=1), id="nor from a rejection"),
    ],
)
def test_a_call_counts_once(store, ming, outcome, entries, tally):
    call = stored(store, 1, *([] if outcome == CLEAR else [result("insult", outcome)]))
    last = None
    for entry in entries:
        if entry == "undo":
            last = say(store, call, ming, kind=ReviewKind.UNDO, undoes=last.id, rule=None)
        else:
            last = say(store, call, ming, entry[0], place=entry[1] or Place())
    assert rule_tallies(store).get("insult", RuleTally()) == tally
    # The same from the verdicts one by one: the counting in SQL is only faster.
    named = [
        name for one in rule_verdicts(store, "insult").values() for name in kinds_of(one.said.verdict, one.outcome)
    ]
    assert RuleTally(tally.hits, **{name: named.count(name) for name in named}) == tally


def test_a_hit_that_is_gone_was_judged_all_the_same(store, ming):
    call = stored(store, 1, result("insult"))
    say(store, call, ming, REJECTED)
    save_findings(store, {call: Findings((result("insult", CLEAR),))}, run())
    assert rule_tallies(store)["insult"] == RuleTally(0, false_hits=1)
    (case,) = rule_cases(store, "insult", [call])
    assert (case.outcome, case.evidence, case.explanation) == (CLEAR, (), None)


def test_unjudged_hits_newest_first(store, ming):
    calls = [
        stored(store, number, result("insult"), metadata=CallMetadata(started_at=NOON + timedelta(hours=number)))
        for number in range(1, 5)
    ]
    say(store, calls[0], ming, CONFIRMED)
    taken_back = say(store, calls[1], ming, CONFIRMED)
    say(store, calls[1], ming, kind=ReviewKind.UNDO, undoes=taken_back.id, rule=None)
    judged = rule_verdicts(store, "insult")
    assert unjudged_hits(store, "insult", judged, limit=9) == (3, [calls[3], calls[2], calls[1]])
    assert unjudged_hits(store, "insult", judged, limit=1, offset=1) == (3, [calls[2]])


def test_cases_in_the_order_asked_for(store, ming):
    first, second = stored(store, 1, result("insult")), stored(store, 2, result("insult", HIT, 3.0, 7.0))
    say(store, second, ming, REJECTED)
    cases = rule_cases(store, "insult", [second, "0" * 64, first])
    assert [(case.recording.name, len(case.evidence), len(case.entries)) for case in cases] == [
        ("c2.wav", 2, 1),
        ("c1.wav", 1, 0),
    ]
    assert [turn.text for turn in cases[0].turns] == ["喂？", "你神经病"]


def test_examples_that_are_kept(store, ming):
    call = stored(store, 1, result("insult"))
    kept = say(store, call, ming, kind=ReviewKind.EXAMPLE, value="bad", place=PIECE)
    other = say(store, call, ming, kind=ReviewKind.EXAMPLE, value="good", place=PIECE)
    say(store, call, ming, kind=ReviewKind.EXAMPLE, value="good", place=PIECE, rule="closing-missing")
    say(store, call, ming, kind=ReviewKind.UNDO, undoes=other.id, rule=None)
    assert [example.id for example in kept_examples(store, "insult")] == [kept.id]
