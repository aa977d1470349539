"""The written dialogues are complete, consistent and their own."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "data" / "dialogues"
LABELLED = ROOT.parent / "shared" / "data" / "labelled_calls.jsonl"
RULES = [
    "opening-missing",
    "closing-missing",
    "forbidden-phrase",
    "insult",
    "apology-missing",
    "identity-check-missing",
    "privacy-disclosure",
    "sensitive-request",
    "overpromise",
    "shirking",
    "interruption",
    "long-silence",
    "escalation-risk",
    "escalation-not-handled",
    "churn-risk",
    "survey-missing",
    "resolution-not-confirmed",
    "repeat-contact",
    "hold-without-notice",
    "info-not-confirmed",
]
SAID_BY_CUSTOMER = {
    "escalation-risk",
    "escalation-not-handled",
    "churn-risk",
    "repeat-contact",
    "info-not-confirmed",
}
CALL_LABELS = ("dissatisfied", "escalation")
NO_QUOTE = {  # what is heard as an absence or a silence
    "opening-missing",
    "closing-missing",
    "apology-missing",
    "long-silence",
    "survey-missing",
    "resolution-not-confirmed",
    "hold-without-notice",
}
SPOKEN = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]")
BACK_CHANNEL = re.compile(r"[嗯哦啊好的，。]{1,8}")
SHARED_RUN = 12

Dialogue = dict[str, Any]


def read(name: str) -> list[Dialogue]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def spoken(text: str) -> str:
    return "".join(SPOKEN.findall(text))


def runs(dialogues: list[Dialogue]) -> dict[str, str]:
    """Every run of twelve characters as spoken, with the last call it stands in."""
    found: dict[str, str] = {}
    for dialogue in dialogues:
        for turn in dialogue["turns"]:
            said = spoken(turn["text"])
            for start in range(len(said) - SHARED_RUN + 1):
                found[said[start : start + SHARED_RUN]] = dialogue["recording"]
    return found


HELDOUT, TRAIN = read("heldout"), read("train")
EVERY = [pytest.param(dialogue, id=dialogue["recording"]) for dialogue in HELDOUT + TRAIN]


@pytest.mark.parametrize(
    ("dialogues", "prefix", "count", "turns"),
    [(HELDOUT, "h", 80, range(8, 25)), (TRAIN, "w", 160, range(4, 15))],
    ids=["heldout", "train"],
)
def test_ids_count_on_and_calls_have_the_length_they_should(dialogues, prefix, count, turns):
    assert [d["recording"] for d in dialogues] == [f"{prefix}{n:03}" for n in range(1, count + 1)]
    assert {d["recording"]: len(d["turns"]) for d in dialogues if len(d["turns"]) not in turns} == {}


@pytest.mark.parametrize("dialogue", EVERY)
def test_labels_are_complete_and_positives_have_evidence(dialogue):
    labels, evidence, difficulty = dialogue["labels"], dialogue["evidence"], dialogue["difficulty"]
    assert list(labels) == [*RULES, *CALL_LABELS]
    assert all(isinstance(value, bool) for value in labels.values())
    assert set(evidence) == {rule for rule in RULES if labels[rule]}
    for rule, quote in evidence.items():
        speaker = "customer" if rule in SAID_BY_CUSTOMER else "agent"
        texts = [turn["text"] for turn in dialogue["turns"] if turn["role"] == speaker]
        assert any(quote in text for text in texts), f"{rule}: {quote}"
        assert quote or rule in NO_QUOTE, f"{rule} needs a quote"
    assert all(labels[rule] for rule in difficulty["hard_positive"])
    assert not any(labels[rule] for rule in difficulty["hard_negative"])
    assert labels["escalation"] >= labels["escalation-risk"] >= labels["escalation-not-handled"]
    assert dialogue["labelled_by"] == "author"
    assert set(dialogue["metadata"]) == {"agent", "team", "queue", "industry", "direction"}
    assert dialogue["metadata"]["direction"] in ("inbound", "outbound")


@pytest.mark.parametrize("dialogue", EVERY)
def test_times_are_ordered_and_speech_is_as_fast_as_people_speak(dialogue):
    turns = dialogue["turns"]
    starts = [turn["start_s"] for turn in turns]
    assert starts == sorted(starts)
    assert turns[0]["start_s"] > 0
    assert max(turn["end_s"] for turn in turns) < dialogue["duration_s"]
    for turn in turns:
        length = len(spoken(turn["text"]))
        assert turn["start_s"] < turn["end_s"]
        if length >= 8:
            assert 3.9 <= length / (turn["end_s"] - turn["start_s"]) <= 5.6, turn["text"]
        assert turn.get("sentiment") in (("negative", "neutral", "positive") if turn["role"] == "customer" else (None,))


@pytest.mark.parametrize("dialogue", EVERY)
def test_labels_of_time_agree_with_the_times(dialogue):
    turns, labels = dialogue["turns"], dialogue["labels"]
    came_in = [
        later["text"]
        for index, turn in enumerate(turns)
        for later in turns[index + 1 :]
        if turn["role"] == "customer"
        and later["role"] == "agent"
        and turn["end_s"] - later["start_s"] >= 1.0
        and not BACK_CHANNEL.fullmatch(later["text"])
    ]
    assert bool(came_in) == labels["interruption"], came_in
    gaps = [max(t["end_s"] for t in turns[:i]) for i in range(1, len(turns))]
    silent = [turns[i + 1]["text"] for i, end in enumerate(gaps) if turns[i + 1]["start_s"] - end > 10.0]
    assert silent or not labels["long-silence"]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_hard_and_easy_cases_to_be_judged_on(rule):
    positives = [d for d in HELDOUT if d["labels"][rule]]
    look_alikes = [d for d in HELDOUT if rule in d["difficulty"]["hard_negative"]]
    assert 8 <= len(positives) <= 40
    assert len(look_alikes) >= 3


def test_half_of_the_positives_avoid_the_obvious_words():
    hard = sum(len(d["difficulty"]["hard_positive"]) for d in HELDOUT)
    assert hard / sum(len(d["evidence"]) for d in HELDOUT) >= 0.5


@pytest.mark.parametrize(
    ("label", "least", "most"), [("dissatisfied", 0.35, 0.40), ("escalation", 0.20, 0.25)], ids=CALL_LABELS
)
def test_training_calls_are_as_often_unhappy_as_intended(label, least, most):
    assert least <= sum(d["labels"][label] for d in TRAIN) / len(TRAIN) <= most


def test_training_calls_come_from_many_industries():
    industries = Counter(d["metadata"]["industry"] for d in TRAIN)
    assert len(industries) >= 20
    assert industries.most_common(1)[0][1] <= len(TRAIN) / 10


def test_no_two_calls_share_a_sentence():
    seen: dict[str, str] = {}
    for dialogue in HELDOUT + TRAIN:
        mine = runs([dialogue])
        assert {run: seen[run] for run in mine if run in seen} == {}
        seen |= mine


def test_no_sentence_is_taken_from_the_labelled_calls():
    if not LABELLED.exists():
        pytest.skip("the labelled calls of ../shared/data are not on this machine")
    labelled = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    assert runs(labelled).keys() & runs(HELDOUT + TRAIN).keys() == set()


def test_a_shared_run_would_be_seen():
    turn = {"text": "天地玄黄，宇宙洪荒，日月盈昃辰"}
    assert runs([{"recording": "x", "turns": [turn]}]) == {
        "天地玄黄宇宙洪荒日月盈昃": "x",
        "地玄黄宇宙洪荒日月盈昃辰": "x",
    }


@pytest.mark.parametrize("rule", RULES)
def test_readme_counts_what_the_files_hold(rule):
    held_out, train = (
        [
            sum(d["labels"][rule] for d in dialogues),
            sum(rule in d["difficulty"]["hard_positive"] for d in dialogues),
            sum(rule in d["difficulty"]["hard_negative"] for d in dialogues),
        ]
        for dialogues in (HELDOUT, TRAIN)
    )
    row = " | ".join(str(count) for count in held_out + train)
    assert f"| {rule} | {row} |" in (FOLDER / "README.md").read_text(encoding="utf-8")
