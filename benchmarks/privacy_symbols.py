"""Annotated calls as the network is taught by them: what is known of each character, and variants of each call.

The data are data/dialogues/personal*.jsonl but the judging sets that nobody has read.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rjieba

from benchmarks.privacy_measures import AnnotatedCall, annotated, read_annotated, without_marks
from benchmarks.privacy_variants import varied
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.privacy.find import found_by_rules
from pipeline.privacy.find_cues import Heard
from pipeline.privacy.find_said import Found, Said, said
from pipeline.privacy.find_surnames import COMMON, NOT_GIVEN, SURNAMES
from pipeline.privacy.tagger import POSITIONS

DIALOGUES = Path(__file__).parents[1] / "data" / "dialogues"
SEEN = ("personal", "personal_dev", "personal_dev2", "personal_judge", "personal_judge2", "personal_judge3")
"""What the rules were repaired on: they are better on these than on any other call."""
UNSEEN = ("personal_dev3", "personal_ordinary", "personal_contrast", "personal_broad")
"""Calls crowded with personal data, ordinary ones, and some with data beside what only looks like them; a recording's
name begins with its author's."""
OWN = ("train", "chats", "heldout")
"""Whose annotations stand in personal_own.jsonl."""
FIELDS = ("character", "word", "tag", "cue", "role", "rule", "flag", "case")
VARIANTS = 4


class Example(NamedTuple):
    """A call as the network reads it."""

    call: AnnotatedCall
    said: Said
    found: Sequence[Found]
    heard: Sequence[Heard]
    symbols: Mapping[str, Sequence[str]]
    """For each field a symbol a character."""
    kinds: np.ndarray
    """For each character 0, or one more than the place of its kind in `PersonalKind`."""


class TaughtCall(NamedTuple):
    """A call with its variants: as it is, without punctuation, then altered ones."""

    author: str
    call: AnnotatedCall
    rules_unseen: bool
    """Whether the rules were written without this call."""
    variants: Sequence[Example]


def read_all() -> Iterator[tuple[str, AnnotatedCall]]:
    """Authors, and calls."""
    for file in SEEN:
        for call in read_annotated(DIALOGUES / f"{file}.jsonl"):
            yield "seen", call
    for file in UNSEEN:
        for call in read_annotated(DIALOGUES / f"{file}.jsonl"):
            yield call.recording[:2], call
    marks = (DIALOGUES / "personal_own.jsonl").read_text(encoding="utf-8").splitlines()
    personal = {entry["recording"]: entry["personal"] for entry in map(json.loads, marks)}
    for file in OWN:
        for line in (DIALOGUES / f"{file}.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            yield "own", annotated(entry, personal[entry["recording"]], file)


def taught(author: str, call: AnnotatedCall) -> TaughtCall:
    """``call`` and its variants, the same in every run."""
    luck = random.Random(call.recording)
    made = [call, without_marks(call), *(varied(call, luck) for _ in range(VARIANTS))]
    return TaughtCall(author, call, author != "seen", [example(each) for each in made])


def digest() -> str:
    """A number for all that is taught: it changes with the annotations and with what the rules find in them."""
    hashed = hashlib.sha256()
    for _, call in read_all():
        made = example(call)
        hashed.update(made.kinds.tobytes())
        for field in FIELDS:
            hashed.update("\t".join(made.symbols[field]).encode())
    return hashed.hexdigest()


def example(call: AnnotatedCall) -> Example:
    """``call`` as the network reads it."""
    heard_as = said(call.transcript)
    found, heard = found_by_rules(heard_as, ())
    text = heard_as.text
    tagged = rjieba.tag(text)
    cue, rule = [""] * len(text), [""] * len(text)
    for word in heard:
        cue[word.start : word.end] = [word.cue.name] * (word.end - word.start)
    for datum in found:
        rule[datum.start : datum.end] = [datum.kind.name] * (datum.end - datum.start)
        rule[datum.start] = f"{datum.kind.name}B"
    original = "\n".join(turn.text for turn in heard_as.turns)
    symbols = {
        "character": list(text),
        "word": list(chain.from_iterable([word] * len(word) for word, _ in tagged)),
        "tag": list(chain.from_iterable(_positions(tag, len(word)) for word, tag in tagged)),
        "cue": cue,
        "role": [heard_as.role_at(at).value for at in range(len(text))],
        "rule": rule,
        "flag": [flag(character) for character in text],
        "case": [_case(original[at]) for at in heard_as.normal.starts[: len(text)]],
    }
    return Example(call, heard_as, found, heard, symbols, _kinds(heard_as, call.personal))


def _positions(tag: str, length: int) -> list[str]:
    alone, first, within, last = (f"{tag}{position}" for position in POSITIONS)
    return [alone] if length == 1 else [first, *[within] * (length - 2), last]


def flag(character: str) -> str:
    """Whether ``character`` is a surname, a common one, or in no given name."""
    if character in COMMON:
        return "common"
    return "surname" if character in SURNAMES else "no name" if character in NOT_GIVEN else ""


def _case(character: str) -> str:
    return "upper" if "A" <= character <= "Z" else "lower" if "a" <= character <= "z" else ""


def covered(call: Said, spans: Sequence[PersonalSpan]) -> bytes:
    """For each character of ``call`` whether one of ``spans``, which are those of its turns, covers it."""
    marks = bytearray(sum(len(turn.text) + 1 for turn in call.turns))
    for span in spans:
        begin = call.begins[span.turn]
        marks[begin + span.char_start : begin + span.char_end] = b"\1" * (span.char_end - span.char_start)
    return bytes(marks[call.normal.starts[at]] for at in range(len(call.text)))


def _kinds(call: Said, spans: Sequence[PersonalSpan]) -> np.ndarray:
    kinds = np.zeros(len(call.text), np.int32)
    for place, kind in enumerate(PersonalKind, 1):
        if mine := [span for span in spans if span.kind is kind]:
            kinds[np.frombuffer(covered(call, mine), np.uint8) > 0] = place
    return kinds
