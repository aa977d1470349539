"""The dialogues with annotated personal data: readable in both forms, consistent, and counted as they are."""

import json
import random
import re
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.privacy_measures import read_annotated
from benchmarks.privacy_variants import _figures, varied

FOLDER = Path(__file__).parents[1] / "data" / "dialogues"
FILES = sorted(file.name for file in FOLDER.glob("personal*.jsonl") if file.name != "personal_own.jsonl")
FIRST = [name for name in FILES if "second" not in name]
FOURS = ("four four", "double four")
TURNS = [{"role": "agent", "text": "我姓张"}, {"role": "customer", "text": "13800001234。"}]
SPANS = [
    {"turn": 0, "start": 2, "end": 3, "kind": "name", "quote": "张"},
    {"turn": 1, "start": 0, "end": 11, "kind": "mobile", "quote": "13800001234"},
]


@pytest.fixture
def file_of(tmp_path):
    """``file_of(entry)``: a file that has this entry alone."""

    def file(entry):
        (tmp_path / "calls.jsonl").write_text(json.dumps(entry, ensure_ascii=False) + "\n", encoding="utf-8")
        return tmp_path / "calls.jsonl"

    return file


def test_both_forms_say_the_same(file_of):
    apart = read_annotated(file_of({"recording": "x1", "turns": TURNS, "personal": SPANS}))
    lines = ["agent: 我姓⟦name:张⟧", "customer: ⟦mobile:13800001234⟧。"]
    assert read_annotated(file_of({"recording": "x1", "marked": lines})) == apart


@pytest.mark.parametrize(
    "line",
    [
        "agent: 我姓⟦name:张",
        "agent: ⟦name:张三先生",
        "agent: ⟦name:张⟧⟦name:李四",
        "agent: 我姓张⟧",
        "agent: 我姓⟦张⟧",
        "agent: 我姓⟦nam:张⟧",
        "agent: 我姓⟦name:⟧",
        "agent: ⟦⟦name:张⟧⟧",
    ],
)
def test_what_is_no_mark_is_told_with_its_place(file_of, line):
    with pytest.raises(ValueError, match=r"calls.jsonl, x1, turn 0: .* is no ⟦kind:quote⟧"):
        read_annotated(file_of({"recording": "x1", "marked": [line]}))


@pytest.mark.parametrize("name", FILES)
def test_spans_are_apart_and_begin_and_end_with_what_is_said(name):
    for call in read_annotated(FOLDER / name):
        for index in range(len(call.transcript.turns)):
            places = sorted((span.char_start, span.char_end) for span in call.personal if span.turn == index)
            assert all(start < end for start, end in places), (call.recording, index)
            assert all(end <= start for (_, end), (start, _) in pairwise(places)), call.recording
        assert not [span.value for span in call.personal if span.value != span.value.strip()], call.recording


def test_ids_are_used_once():
    ids = [call.recording for name in FIRST for call in read_annotated(FOLDER / name)]
    assert len(ids) == len(set(ids))


def test_the_readme_counts_what_they_hold():
    counted = {}
    for row in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in row.split("|")]
        names = re.findall(r"`(personal\w*\.jsonl)`", cells[1]) if len(cells) > 4 else []
        counts = [re.findall(r"\d+", cell.partition(" (")[0]) for cell in cells[2:5]]
        for place, name in enumerate(name for name in names if name in FIRST):
            counted[name] = tuple(int(each[place]) for each in counts)
    for name in FIRST:
        calls = [call.transcript for call in read_annotated(FOLDER / name)]
        held = len(calls), sum(len(call.turns) for call in calls), sum(call.character_count for call in calls)
        assert counted.get(name) == held, name


@pytest.mark.parametrize("name", ["personal_dev.jsonl", "personal_dev2.jsonl", "personal.jsonl"])
def test_variants_keep_who_speaks_and_what_is_annotated(name):
    luck = random.Random(7)
    for call in read_annotated(FOLDER / name):
        other = varied(call, luck)
        assert [turn.role for turn in other.transcript.turns] == [turn.role for turn in call.transcript.turns]
        assert [span.kind for span in other.personal] == [span.kind for span in call.personal]
        for span in other.personal:
            assert other.transcript.turns[span.turn].text[span.char_start : span.char_end]


@pytest.mark.parametrize(
    ("text", "english", "forms"),
    [
        ("号码138 0000，共3台", False, {"号码一三八 零零零零，共3台", "号码幺三八 零零零零，共3台"}),
        ("我付了一二三四万，工号一零三一", False, {"我付了一二三四万，工号1031"}),
        ("四川省第一人民医院三里屯", False, {"四川省第一人民医院三里屯"}),
        ("kexin1988艾特163", False, {"kexin1988艾特一六三", "kexin1988艾特幺六三"}),
        (
            "call 4401 or AB12CD, it cost 1,200",
            True,
            {f"call {four} {nought} one or AB12CD, it cost 1,200" for four in FOURS for nought in ("oh", "zero")},
        ),
        ("order one two three for one thing", True, {"order 1 2 3 for one thing", "order 123 for one thing"}),
    ],
    ids=["figures", "amount", "words", "account", "english figures", "english words"],
)
def test_rows_of_digits_are_written_otherwise_and_nothing_else(text, english, forms):
    written = {_figures(random.Random(seed), english=english)(text, None) for seed in range(40)} - {text}
    assert written == forms - {text}
