"""The whole circle: a rule hits, people say what is so, and the next evaluation knows it."""

import json

import pytest

from pipeline.domain.results import Outcome
from pipeline.evaluation.model_labels import read_texts
from pipeline.store.results import stored_call
from tests.e2e.commands import earmark
from tests.review.judgements import account
from tests.review.samples import recording_id

pytestmark = pytest.mark.slow
RULE = "forbidden-phrase"
RIGHT, WRONG, MISSED, ABSENT, UNSURE = (
    recording_id(name) for name in ("s02.wav", "s07.wav", "s10.opus", "s01.wav", "s06.wav")
)


@pytest.fixture
def say(client_as):
    """``say(call, {...})``: what the page sends for one thing said."""
    client = client_as("reviewer")
    sent = []

    def send(call, body):
        sent.append(body)
        answer = client.post(f"/calls/{call}/reviews", json={"key": f"circle-{len(sent):04}", **body})
        assert answer.status_code == 200, answer.text

    return send


def command(desk, folder, *arguments, ok=True):
    """Output of a command that works on the desk's database."""
    url = desk.database.url
    code, out, err = earmark(folder, *arguments, *(["--db", url] if arguments[0] == "export" else []))
    assert code == 0 or not ok, err
    return out if ok else err


def counts(desk, folder):
    """tp, fp, fn and tn of the rule on what was said so far."""
    command(desk, folder, "export", "labels", "--out", "reviewed.jsonl")
    out = command(desk, folder, "rules", "eval", "--labels", "reviewed.jsonl", "--rule", RULE, "--format", "json")
    found = json.loads(out)["rules"][RULE]
    return tuple(found[name] for name in ("tp", "fp", "fn", "tn"))


def hits(desk, call):
    return any(
        result.rule_id == RULE and result.outcome == Outcome.HIT for result in stored_call(desk.database, call).results
    )


def test_from_a_hit_to_the_next_evaluation(desk, say, tmp_path):
    assert [hits(desk, call) for call in (RIGHT, WRONG, MISSED, ABSENT)] == [True, True, False, False]
    say(RIGHT, {"kind": "verdict", "rule_id": RULE, "verdict": "confirmed"})
    say(WRONG, {"kind": "verdict", "rule_id": RULE, "verdict": "rejected", "reason": "asr_error"})
    say(MISSED, {"kind": "verdict", "rule_id": RULE, "verdict": "missed", "turn": 2, "char_start": 7, "char_end": 20})
    say(ABSENT, {"kind": "verdict", "rule_id": RULE, "verdict": "absent"})
    say(UNSURE, {"kind": "verdict", "rule_id": RULE, "verdict": "unsure"})
    # One hit is right and one wrong, one call has it and is not hit, one has it not and is not hit.
    assert counts(desk, tmp_path) == (1, 1, 1, 1)

    # The false hit came of what ASR had heard: with the turn corrected the rule is right to be silent.
    (place,) = (result.evidence[0] for result in stored_call(desk.database, WRONG).results if result.rule_id == RULE)
    say(WRONG, {"kind": "correction", "turn": place.turn, "text": "领导不在，我马上帮您找他。"})
    assert counts(desk, tmp_path) == (1, 0, 1, 2)

    # Whoever hears it otherwise says so: the newest word counts.
    say(ABSENT, {"kind": "verdict", "rule_id": RULE, "verdict": "missed", "turn": 0, "char_start": 0, "char_end": 2})
    assert counts(desk, tmp_path) == (1, 0, 2, 1)

    texts = {text.recording: text for text in read_texts([tmp_path / "reviewed.jsonl"])}
    assert texts["s10.opus"].quotes == {RULE: ("快递的事情您要去问快递公司",)}
    assert texts["s01.wav"].quotes == {RULE: ("您好",)}


def test_training_reads_the_file(desk, say, tmp_path):
    say(RIGHT, {"kind": "verdict", "rule_id": RULE, "verdict": "confirmed"})
    say(WRONG, {"kind": "verdict", "rule_id": RULE, "verdict": "rejected"})
    command(desk, tmp_path, "export", "labels", "--out", "reviewed.jsonl")
    # Of the confirmed call the quoted turns show the rule: four of them, which teach nothing yet.
    learning = ("models", "train", "--task", f"rule:{RULE}", "--labels", "reviewed.jsonl")
    assert "4 turns show it" in command(desk, tmp_path, *learning, ok=False)
    # What nobody judged is said to be missing, not guessed.
    judging = ("models", "eval", "--task", "dissatisfied", "--labels", "reviewed.jsonl")
    assert f"none of the 2 calls is labelled for it, found {RULE} (2)" in command(desk, tmp_path, *judging, ok=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--rule", "forbiden-phrase"], "did you mean forbidden-phrase?", id="no such rule"),
        pytest.param(["--reviewer", "nobody"], "nobody has the login 'nobody'", id="no such login"),
        pytest.param(["--out", "no/such/folder/x.jsonl"], "cannot be written", id="no such folder"),
    ],
)
def test_exports_that_cannot_be_made(desk, tmp_path, arguments, said):
    code, out, err = earmark(tmp_path, "export", "labels", "--db", desk.database.url, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert not list(tmp_path.glob(".*.part"))


def test_the_choices_of_the_command(desk, say, tmp_path):
    say(RIGHT, {"kind": "verdict", "rule_id": RULE, "verdict": "confirmed"})
    code, out, err = earmark(tmp_path, "export", "labels", "--db", desk.database.url, "--pseudonyms", "--out", "-")
    assert code == 0 and "1 calls, 1 labels: 1 true, 0 false" in err
    assert json.loads(out)["labelled_by"] == f"reviewer-{account(desk, 'lin').id}"
    late = ["--since", "2099-01-01"]
    assert earmark(tmp_path, "export", "labels", "--db", desk.database.url, *late)[1] == ""
