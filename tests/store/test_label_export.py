"""What reviewers said becomes labels, and nothing else does."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.domain.calls import CallMetadata, Role
from pipeline.domain.errors import ConfigError
from pipeline.domain.results import Evidence, Outcome
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.store import label_export
from pipeline.store.label_export import WantedLabels, labelled_calls
from pipeline.store.ledger import claim
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from tests.store.builders import found, processed, recording, result, run
from tests.store.judgements import NOON, person, say, stored

CONFIRMED, REJECTED, UNSURE, MISSED, ABSENT = (
    Verdict.CONFIRMED,
    Verdict.REJECTED,
    Verdict.UNSURE,
    Verdict.MISSED,
    Verdict.ABSENT,
)
PIECE = Place(1, 1, 4, 3.0, 4.0, Role.AGENT, "神经病")
HELLO = Place(0, 0, 1, 0.5, 1.5, Role.CUSTOMER, "喂")


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    return empty_store


@pytest.fixture
def ming(store):
    return person(store, "ming")


def lines(store, **wanted):
    return [json.loads(call.line) for call in labelled_calls(store, WantedLabels(**wanted)) if call.line]


def only(store, **wanted):
    (line,) = lines(store, **wanted)
    return line


def test_nothing_judged_is_nothing(store):
    stored(store, 1, result("insult"))
    assert lines(store) == []


def test_unknown_reviewer(store):
    with pytest.raises(ConfigError, match="nobody has the login 'nobody'"):
        labelled_calls(store, WantedLabels(reviewer="nobody"))


@pytest.mark.parametrize(
    ("entries", "labels", "evidence"),
    [
        pytest.param([{"verdict": UNSURE}], None, None, id="unsure gives none"),
        pytest.param([{"kind": ReviewKind.COMMENT, "text": "好"}], None, None, id="a comment is no verdict"),
        pytest.param([{"verdict": REJECTED}], False, None, id="rejected: no evidence"),
        pytest.param([{"verdict": ABSENT}], False, None, id="absent"),
        pytest.param([{"verdict": CONFIRMED}], True, ["神经病"], id="confirmed"),
        pytest.param([{"verdict": MISSED, "place": HELLO}], True, ["喂"], id="missed: its own place, not the hit"),
        pytest.param([{"verdict": MISSED, "place": replace(HELLO, quote="啊")}], True, None, id="quote not in turn"),
        pytest.param([{"verdict": MISSED, "place": replace(HELLO, turn=9)}], True, None, id="no such turn"),
        pytest.param([{"verdict": MISSED}], True, None, id="missed, nobody said where"),
        pytest.param(
            [{"verdict": CONFIRMED}, {"verdict": MISSED, "place": HELLO}],
            True,
            ["神经病", "喂"],
            id="confirmed, and missed elsewhere",
        ),
        pytest.param(
            [{"verdict": REJECTED}, {"verdict": MISSED, "place": HELLO}], True, ["喂"], id="false here, missed there"
        ),
        pytest.param(
            [{"verdict": MISSED, "place": HELLO}, {"verdict": ABSENT}, {"verdict": MISSED, "place": PIECE}],
            True,
            ["神经病"],
            id="absent takes back the missed place before it",
        ),
        pytest.param(
            [{"verdict": CONFIRMED}, {"verdict": REJECTED, "place": PIECE}], True, None, id="the piece rejected alone"
        ),
        pytest.param(
            [{"verdict": REJECTED, "place": PIECE}], None, None, id="a piece is not the call: no label by itself"
        ),
        pytest.param([{"verdict": REJECTED}, {"verdict": CONFIRMED}], True, ["神经病"], id="the newest counts"),
        pytest.param([{"verdict": CONFIRMED}, {"undo": 0}], None, None, id="undone"),
        pytest.param(
            [{"verdict": REJECTED}, {"verdict": CONFIRMED}, {"undo": 1}], False, None, id="undone: the one before"
        ),
        pytest.param([{"verdict": CONFIRMED}, {"undo": 0}, {"undo": 1}], True, ["神经病"], id="undoing undone"),
    ],
)
def test_labels_and_evidence(store, ming, entries, labels, evidence):
    call = stored(store, 1, result("insult"))
    added = []
    for entry in entries:
        if "undo" in entry:
            entry = {"kind": ReviewKind.UNDO, "undoes": added[entry["undo"]], "rule": None}
        added.append(say(store, call, ming, **entry).id)
    found = lines(store)
    assert [line["labels"] for line in found] == ([] if labels is None else [{"insult": labels}])
    assert [line["evidence"] for line in found] == (
        [] if labels is None else [{"insult": evidence} if evidence else {}]
    )


@pytest.mark.parametrize(
    ("correction", "turn", "quotes"),
    [
        pytest.param({"text": "你什么意思"}, ("agent", "你什么意思"), ["什么意思"], id="another wording"),
        pytest.param({"text": "你"}, ("agent", "你"), None, id="it was not said"),
        pytest.param({"text": ""}, ("agent", ""), None, id="nothing was said"),
        pytest.param({"text": "喂你神经病啊"}, ("agent", "喂你神经病啊"), ["神经病"], id="more around it"),
        pytest.param(
            {"place": Place(turn=1, role=Role.CUSTOMER)}, ("customer", "你神经病"), ["神经病"], id="the role alone"
        ),
    ],
)
def test_corrections_are_applied(store, ming, correction, turn, quotes):
    call = stored(store, 1, result("insult"))
    say(store, call, ming, CONFIRMED)
    say(store, call, ming, kind=ReviewKind.CORRECTION, rule=None, **{"place": Place(turn=1), **correction})
    line = only(store)
    assert (line["turns"][1]["role"], line["turns"][1]["text"]) == turn
    assert line["evidence"].get("insult") == quotes


def test_a_correction_of_an_earlier_transcript_is_left_out(store, ming):
    call = stored(store, 1, result("insult"))
    say(store, call, ming, REJECTED)
    say(store, call, ming, kind=ReviewKind.CORRECTION, rule=None, text="别的", place=Place(turn=1))
    start_run(store, run("run2"))
    register(store, [found(recording(1))], redo=True)
    (lease,) = claim(store, "o", limit=1, ttl_s=60, now_s=0.0)
    assert save_call(store, lease, processed(result("insult")), run("run2"))
    assert only(store)["turns"][1]["text"] == "你神经病"


def test_evidence_in_no_turn_has_no_quote(store, ming):
    stretch = Evidence(0.0, 30.0, Role.UNKNOWN, "喂？你神经病")
    call = stored(store, 1, replace(result("closing-missing", Outcome.HIT), evidence=(stretch,)))
    say(store, call, ming, CONFIRMED, rule="closing-missing")
    assert only(store)["evidence"] == {}


def test_the_whole_line(store, ming):
    facts = CallMetadata(agent="A1", team="售后", started_at=NOON, survey_score=2.0, extra={"product": "宽带"})
    call = stored(store, 1, result("insult"), metadata=facts, name='“雨”/"s" 01.wav')
    say(store, call, ming, CONFIRMED)
    assert only(store) == {
        "recording": '“雨”/"s" 01.wav',
        "duration_s": 30.0,
        "metadata": {
            "agent": "A1",
            "team": "售后",
            "started_at": "2026-11-12T12:00:00+00:00",
            "survey_score": 2.0,
            "product": "宽带",
        },
        "turns": [
            {"role": "customer", "start_s": 0.5, "end_s": 2.5, "text": "喂？"},
            {"role": "agent", "start_s": 3.0, "end_s": 3.9, "text": "你神经病"},
        ],
        "labels": {"insult": True},
        "evidence": {"insult": ["神经病"]},
        "labelled_by": "ming",
    }


def test_two_files_of_one_name_stay_apart(store, ming):
    for number, digit in ((1, "a"), (2, "b")):
        say(store, stored(store, number, result("insult"), id=digit * 64, name="rec.wav"), ming, CONFIRMED)
    say(store, stored(store, 3, result("insult"), id="c" * 64), ming, CONFIRMED)
    assert [line["recording"] for line in lines(store)] == ["rec.wav#aaaaaaaaaaaa", "rec.wav#bbbbbbbbbbbb", "c3.wav"]


def test_what_is_wanted(store, ming):
    lan = person(store, "lan")
    first, second = (stored(store, number, result("insult"), result("closing-missing")) for number in (1, 2))
    say(store, first, ming, CONFIRMED)
    say(store, first, lan, REJECTED, rule="closing-missing", now=NOON + timedelta(days=2))
    say(store, second, ming, UNSURE)
    assert only(store)["labels"] == {"closing-missing": False, "insult": True}
    assert only(store)["labelled_by"] == "ming, lan"
    assert only(store, reviewer="lan")["labels"] == {"closing-missing": False}
    assert only(store, rules=["insult"])["labels"] == {"insult": True}
    assert only(store, since=NOON + timedelta(days=1))["labels"] == {"closing-missing": False}
    pseudonyms = only(store, pseudonyms=True)["labelled_by"]
    assert pseudonyms == f"reviewer-{ming.id}, reviewer-{lan.id}"
    assert [(call.unsure, call.line is None) for call in labelled_calls(store, WantedLabels())] == [
        (0, False),
        (1, True),
    ]


def test_a_verdict_that_somebody_else_replaced_is_not_the_reviewers(store, ming):
    lan = person(store, "lan")
    call = stored(store, 1, result("insult"))
    say(store, call, ming, CONFIRMED)
    say(store, call, lan, REJECTED)
    assert lines(store, reviewer="ming") == []


def test_pages_join(store, ming, monkeypatch):
    monkeypatch.setattr(label_export, "PAGE", 2)
    for number in range(1, 6):
        say(store, stored(store, number, result("insult")), ming, CONFIRMED)
    assert [line["recording"] for line in lines(store)] == [f"c{number}.wav" for number in range(1, 6)]
