"""How well personal data is found: annotated dialogues, and what of them a finder covers."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.intervals import rate, rate_interval
from pipeline.domain.personal import PersonalKind, PersonalSpan

NAMES_AND_ADDRESSES = (PersonalKind.NAME, PersonalKind.ADDRESS)
NUMBERS = tuple(kind for kind in PersonalKind if kind not in NAMES_AND_ADDRESSES)
_MARKS = re.compile(r"[\s,，.。、:：;；!！?？…·'\"“”‘’—~\-]")
_IN_TEXT = re.compile("(⟦[^⟦⟧]*⟧)")
_MARK = re.compile(f"⟦({'|'.join(kind.name.lower() for kind in PersonalKind)}):([^⟦⟧]+)⟧")
_BRACKET = re.compile("[⟦⟧]")
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class AnnotatedCall:
    """A dialogue and the personal data that a person found in it."""

    recording: str
    transcript: Transcript
    personal: tuple[PersonalSpan, ...]


def read_annotated(file: Path) -> list[AnnotatedCall]:
    """The calls of an annotated file (data/dialogues/personal*.jsonl), in either form (data/dialogues/README.md).

    Raises:
        ValueError: a quote does not stand where the annotation says, or a mark is not one.
    """
    entries = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [
        _marked(entry, file.name) if "marked" in entry else annotated(entry, entry["personal"], file.name)
        for entry in entries
    ]


def _marked(entry: Mapping[str, Any], source: str) -> AnnotatedCall:
    """The call of an entry whose annotations stand in its text."""
    turns: list[Mapping[str, str]] = []
    personal: list[Mapping[str, Any]] = []
    for index, line in enumerate(entry["marked"]):
        role, _, rest = line.partition(": ")
        text = ""
        for part in _IN_TEXT.split(rest):
            mark = _MARK.fullmatch(part)
            if mark is None and _BRACKET.search(part):
                raise ValueError(f"{source}, {entry['recording']}, turn {index}: {part} is no ⟦kind:quote⟧")
            if mark is not None:
                place = {"turn": index, "start": len(text), "end": len(text) + len(mark[2])}
                personal.append(place | {"kind": mark[1], "quote": mark[2]})
            text += part if mark is None else mark[2]
        turns.append({"role": role, "text": text})
    return annotated({"recording": entry["recording"], "turns": turns}, personal, source)


def annotated(entry: Mapping[str, Any], personal: Iterable[Mapping[str, Any]], source: str) -> AnnotatedCall:
    """The call of an entry of a file, with the annotations ``personal``. Raises: ValueError, as `read_annotated`."""
    turns = tuple(
        Turn(index, Role(turn["role"]), float(index), float(index + 1), turn["text"])
        for index, turn in enumerate(entry["turns"])
    )
    spans: list[PersonalSpan] = []
    for mark in personal:
        quote = turns[mark["turn"]].text[mark["start"] : mark["end"]]
        if quote != mark["quote"]:
            raise ValueError(f"{source}, {entry['recording']}, turn {mark['turn']}: {quote} is not the quote")
        spans.append(PersonalSpan(mark["turn"], mark["start"], mark["end"], PersonalKind[mark["kind"].upper()], quote))
    return AnnotatedCall(entry["recording"], Transcript(turns, float(len(turns))), tuple(spans))


def without_marks(call: AnnotatedCall) -> AnnotatedCall:
    """``call`` without its punctuation, which speech recognition writes or leaves out as it likes."""
    kept = [
        [
            at
            for at, letter in enumerate(turn.text)
            if letter == " " or not _MARKS.match(letter) or _joins(turn.text, at)
        ]
        for turn in call.transcript.turns
    ]
    turns = tuple(
        replace(turn, text="".join(turn.text[at] for at in places))
        for turn, places in zip(call.transcript.turns, kept, strict=True)
    )
    spans = tuple(
        replace(
            span,
            char_start=sum(at < span.char_start for at in kept[span.turn]),
            char_end=sum(at < span.char_end for at in kept[span.turn]),
        )
        for span in call.personal
    )
    return AnnotatedCall(call.recording, replace(call.transcript, turns=turns), spans)


def _joins(text: str, at: int) -> bool:
    """Whether the mark at ``at`` stands within a word of letters and digits, as in qq.com."""
    around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return len(around) == 2 and around.isascii() and around.isalnum()


@dataclass(slots=True)
class Tally:
    """Counts for one kind, or for several together."""

    spans: int = 0
    covered: int = 0
    """Annotated spans of which every character but punctuation is masked."""
    same_kind: int = 0
    """Those of them that are called what they are."""
    characters: int = 0
    leaked: int = 0
    found: int = 0
    right: int = 0
    """Found spans at least half of which is annotated, as whatever kind."""

    def add(self, other: "Tally") -> None:
        """Adds the counts of ``other``."""
        for name in ("spans", "covered", "same_kind", "characters", "leaked", "found", "right"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Measured:
    """Tallies by kind, and every miss and false find in words."""

    tallies: dict[PersonalKind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in PersonalKind})
    misses: list[str] = field(default_factory=list)
    false_finds: list[str] = field(default_factory=list)
    wrong_kinds: list[str] = field(default_factory=list)

    def together(self, kinds: Iterable[PersonalKind]) -> Tally:
        """The sum over ``kinds``."""
        total = Tally()
        for kind in kinds:
            total.add(self.tallies[kind])
        return total


Finder = Callable[[Transcript], Sequence[PersonalSpan]]


def measure(calls: Sequence[AnnotatedCall], finder: Finder) -> Measured:
    """What ``finder`` covers of the annotations of ``calls``, and what else it takes for personal data."""
    measured = Measured()
    for call in calls:
        found = finder(call.transcript)
        masked = _characters(found)
        annotated = _characters(call.personal)
        for span in call.personal:
            _count_annotated(measured, call, span, masked)
        for span in found:
            _count_found(measured, call, span, annotated)
    return measured


def _characters(spans: Iterable[PersonalSpan]) -> Mapping[tuple[int, int], PersonalKind]:
    return {(span.turn, at): span.kind for span in spans for at in range(span.char_start, span.char_end)}


def _substance(call: AnnotatedCall, span: PersonalSpan) -> list[tuple[int, int]]:
    text = call.transcript.turns[span.turn].text
    return [(span.turn, at) for at in range(span.char_start, span.char_end) if not _MARKS.match(text[at])]


def _count_annotated(
    measured: Measured, call: AnnotatedCall, span: PersonalSpan, masked: Mapping[tuple[int, int], PersonalKind]
) -> None:
    tally = measured.tallies[span.kind]
    places = _substance(call, span)
    open_places = [place for place in places if place not in masked]
    tally.spans += 1
    tally.characters += len(places)
    tally.leaked += len(open_places)
    turn = call.transcript.turns[span.turn].text
    if open_places:
        measured.misses.append(f"{call.recording} {span.turn} {span.kind.name} {span.value} in {turn}")
        return
    tally.covered += 1
    kinds = {masked[place] for place in places}
    if kinds == {span.kind}:
        tally.same_kind += 1
    else:
        called = ", ".join(sorted(kind.name for kind in kinds))
        measured.wrong_kinds.append(f"{call.recording} {span.turn} {span.kind.name} {span.value} called {called}")


def _count_found(
    measured: Measured, call: AnnotatedCall, span: PersonalSpan, annotated: Mapping[tuple[int, int], PersonalKind]
) -> None:
    tally = measured.tallies[span.kind]
    places = _substance(call, span)
    tally.found += 1
    if places and sum(place in annotated for place in places) >= _HALF * len(places):
        tally.right += 1
    else:
        text = call.transcript.turns[span.turn].text
        quote = text[span.char_start : span.char_end]
        measured.false_finds.append(f"{call.recording} {span.turn} {span.kind.name} {quote} in {text}")


def table(measured: Measured) -> list[str]:
    """Lines of a Markdown table: a line per kind, then numbers, names and addresses, and all together."""
    lines = [
        "| kind | spans | recall, whole span | right kind | characters leaked | found | precision |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows = [(kind.en, measured.tallies[kind]) for kind in PersonalKind]
    rows += [
        ("**numbers**", measured.together(NUMBERS)),
        ("**names and addresses**", measured.together(NAMES_AND_ADDRESSES)),
        ("**all**", measured.together(PersonalKind)),
    ]
    for name, tally in rows:
        if tally.spans or tally.found:
            lines.append(
                f"| {name} | {tally.spans} | {rates(tally.covered, tally.spans)} | {tally.same_kind} | "
                f"{tally.leaked} of {tally.characters} | {tally.found} | {rates(tally.right, tally.found)} |"
            )
    return lines


def rates(part: int, whole: int) -> str:
    """A rate with its interval."""
    value, bounds = rate(part, whole), rate_interval(part, whole)
    if value is None or bounds is None:
        return "n/a"
    return f"{value:.3f} [{bounds.low:.3f}–{bounds.high:.3f}]"
