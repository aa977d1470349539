"""What the learned weights add to the rules, on calls that they were not trained on (benchmarks/privacy_train.py)."""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.privacy_measures import NUMBERS, Tally, measure
from benchmarks.privacy_train import FILES, THRESHOLD, Call, Example, covered, train
from pipeline.domain.calls import Transcript
from pipeline.domain.intervals import rate, rate_interval
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.privacy.find_learned import find_learned
from pipeline.privacy.find_said import Found

FIRST = {"x1": "f1110bd", "x2": "b1afe84", "x3": "35c8fec", "x4": "2d4884c", "x5": "8bb76b5"}
"""The commit of the finder as it was when a batch was first scored."""
THRESHOLDS = (50, 100, 150, 200, 250)
_FOLDS = 5
_DUMP = """
import json, sys
from pathlib import Path
from benchmarks.privacy_measures import read_annotated, without_marks
from pipeline.privacy.find import find_personal
found = [
    [[s.turn, s.char_start, s.char_end, s.kind.name, s.value] for s in find_personal(each.transcript)]
    for file in sys.argv[1:] for call in read_annotated(Path(file)) for each in (call, without_marks(call))
]
json.dump(found, sys.stdout)
"""


@dataclass(slots=True)
class Row:
    """What is found of some calls: numbers, and all kinds."""

    numbers: Tally = field(default_factory=Tally)
    all: Tally = field(default_factory=Tally)

    def line(self) -> str:
        """The row's cells."""
        return f"{_rate(self.numbers.covered, self.numbers.spans)} | {_rate(self.all.right, self.all.found)} |"


def evaluate(calls: Sequence[Call], made: Sequence[Sequence[Example]]) -> Iterator[str]:
    """Lines: cross-validation by dialogue, then batch by batch, with the rules as they are."""
    yield "| set | threshold | numbers | precision, all kinds |\n| --- | --- | --- | --- |"
    rows: dict[tuple[str, bool, int | None], Row] = {}
    for fold in range(_FOLDS):
        held = [at for at, call in enumerate(calls) if _fold(call) == fold]
        weights = _trained(made, set(held))
        for at in held:
            key = calls[at].annotated.recording[0], bool(at % 2)
            for threshold in (None, *THRESHOLDS):
                _add(rows.setdefault((*key, threshold), Row()), calls[at], weights, threshold)
    for (letter, plain, threshold), row in sorted(rows.items(), key=lambda item: (item[0][:2], item[0][2] or 0)):
        marks = ", without punctuation" if plain else ""
        yield f"| {letter}{marks} | {'rules alone' if threshold is None else threshold} | {row.line()}"
    yield from _batches(calls, made, dict.fromkeys(FIRST, calls))


def evaluate_first(calls: Sequence[Call], made: Sequence[Sequence[Example]]) -> Iterator[str]:
    """Lines: batch by batch, with the finder that had not seen the batch, read from the repository's history."""
    yield from _batches(calls, made, {name: _found_by(calls, commit) for name, commit in FIRST.items()})


def _batches(
    calls: Sequence[Call], made: Sequence[Sequence[Example]], finders: Mapping[str, Sequence[Call]]
) -> Iterator[str]:
    yield "| batch | numbers, rules | precision | numbers, with weights | precision |\n| --- | --- | --- | --- | --- |"
    false: list[str] = []
    for plain in (0, 1):
        total = Row(), Row()
        for name in FIRST:
            held = [at for at, call in enumerate(calls) if call.annotated.recording.startswith(name)]
            weights = _trained(made, set(held))
            rows = Row(), Row()
            for at in held[plain::2]:
                for both in (rows, total):
                    _add(both[0], finders[name][at], weights, None)
                    _add(both[1], finders[name][at], weights, THRESHOLD, false if both is rows and not plain else None)
            yield f"| {name}{', without punctuation' * plain} | {rows[0].line()} {rows[1].line()}"
        yield f"| **all**{', without punctuation' * plain} | {total[0].line()} {total[1].line()}"
    yield "\nwrongly added:"
    yield from false


def _fold(call: Call) -> int:
    return zlib.crc32(call.annotated.recording.encode()) % _FOLDS


def _trained(made: Sequence[Sequence[Example]], held: set[int]) -> Mapping[str, int]:
    return train([example for at, some in enumerate(made) if at not in held for example in some])


def _add(
    row: Row, call: Call, weights: Mapping[str, int], threshold: int | None, false: list[str] | None = None
) -> None:
    found = list(call.found)
    if threshold is not None:
        learned = weights, threshold - weights["bias"]
        found += find_learned(call.said, call.taken, found, call.cues, lambda _: False, learned)

    def finder(_: Transcript) -> list[PersonalSpan]:
        return [call.said.span(datum) for datum in found]

    measured = measure([call.annotated], finder)
    row.numbers.add(measured.together(NUMBERS))
    row.all.add(measured.together(PersonalKind))
    if false is not None:
        old = set(measure([call.annotated], lambda _: finder(_)[: len(call.found)]).false_finds)
        false += [line for line in measured.false_finds if line not in old]


def _found_by(calls: Sequence[Call], commit: str) -> list[Call]:
    """``calls`` with what the finder of ``commit`` finds in them."""
    repository = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["git", "-C", str(repository), "archive", commit, "pipeline", "benchmarks"], check=True, capture_output=True
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        files = [str(repository / "data" / "dialogues" / f"{file}.jsonl") for file in FILES]
        printed = subprocess.run(
            [sys.executable, "-c", _DUMP, *files],
            check=True,
            capture_output=True,
            cwd=folder,
            env={"PYTHONPATH": folder},
        )
    return [_with(call, spans) for call, spans in zip(calls, json.loads(printed.stdout), strict=True)]


def _with(call: Call, spans: Sequence[tuple[int, int, int, str, str]]) -> Call:
    found: list[Found] = []
    for turn, start, end, kind, value in spans:
        span = PersonalSpan(turn, start, end, PersonalKind[kind], value)
        marks = covered(call.said, [span])
        if (first := marks.find(1)) >= 0:
            found.append(Found(first, marks.rfind(1) + 1, span.kind, value))
    taken = covered(call.said, [call.said.span(datum) for datum in found])
    return call._replace(found=found, taken=taken)


def _rate(part: int, whole: int) -> str:
    value, bounds = rate(part, whole), rate_interval(part, whole)
    if value is None or bounds is None:
        return "n/a"
    return f"{value:.3f} [{bounds.low:.3f}–{bounds.high:.3f}] ({part} of {whole})"
