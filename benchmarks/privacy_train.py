"""Trains the weights by which numbers that the rules left are judged: ``python -m benchmarks.privacy_train``.

Examples: all runs of digits and letters and all dates in data/dialogues/personal*.jsonl, with and without punctuation;
those that the rules found are judged as though they had been left, since of the others there are few. The weights go to
pipeline/privacy/find_learned.tsv. ``--evaluate`` writes nothing: it prints what is found with and without the weights,
cross-validated by dialogue, and each of the five batches by weights that were trained without it.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.privacy_measures import AnnotatedCall, read_annotated, without_marks
from pipeline.domain.personal import PersonalSpan
from pipeline.privacy.find import found_by_rules
from pipeline.privacy.find_candidates import Candidate, candidates, features, seen_of
from pipeline.privacy.find_cues import Heard
from pipeline.privacy.find_learned import WEIGHTS
from pipeline.privacy.find_numbers import numbers_announced
from pipeline.privacy.find_said import Found, Said, said

DIALOGUES = Path(__file__).parents[1] / "data" / "dialogues"
FILES = ("personal", "personal_dev", "personal_dev2", "personal_judge", "personal_judge2", "personal_judge3")
THRESHOLD = 150
"""In hundredths; of 50, 100 … 250 the least that in cross-validation keeps precision at 0.95, or within 0.01 where it
was below."""
_REGULARISATION = 1.0
_LEFT_WEIGHT = 3.0
"""An example that the rules did leave counts as so many."""
_FEWEST = 3
"""Features that fewer examples have are dropped."""
_HALF = 0.5


class Example(NamedTuple):
    """A candidate of a call."""

    candidate: Candidate
    names: Sequence[str]
    personal: bool
    left: bool
    """Whether the rules left it."""


class Call(NamedTuple):
    """An annotated call and what the rules find in it."""

    annotated: AnnotatedCall
    said: Said
    found: Sequence[Found]
    taken: bytes
    cues: Sequence[Heard]


def read_calls(files: Sequence[str] = FILES) -> list[Call]:
    """The annotated calls of ``files``, each with its punctuation and without."""
    calls: list[Call] = []
    for file in files:
        for call in read_annotated(DIALOGUES / f"{file}.jsonl"):
            for annotated in (call, without_marks(call)):
                heard_as = said(annotated.transcript)
                found, taken, heard = found_by_rules(heard_as, ())
                calls.append(Call(annotated, heard_as, found, bytes(taken), numbers_announced(heard_as.text, heard)))
    return calls


def covered(call: Said, spans: Sequence[PersonalSpan]) -> bytes:
    """For each character of ``call`` whether one of ``spans``, which are those of its turns, covers it."""
    marks = bytearray(sum(len(turn.text) + 1 for turn in call.turns))
    for span in spans:
        begin = call.begins[span.turn]
        marks[begin + span.char_start : begin + span.char_end] = b"\1" * (span.char_end - span.char_start)
    return bytes(marks[call.normal.starts[at]] for at in range(len(call.text)))


def examples(call: Call) -> list[Example]:
    """The candidates of ``call``: what the rules left, then what they found, as though it had been left."""
    text, gold = call.said.text, covered(call.said, call.annotated.personal)
    left = candidates(text, call.taken, call.cues)
    seen = seen_of(call.said, call.taken, call.found, left, call.cues)
    made = [Example(each, features(seen, each), _is_personal(text, gold, each), True) for each in left]
    for each in candidates(text, bytes(len(text)), call.cues):
        if each not in left:
            taken = call.taken[: each.start] + bytes(each.end - each.start) + call.taken[each.end :]
            others = [datum for datum in call.found if datum.end <= each.start or each.end <= datum.start]
            seen = seen_of(call.said, taken, others, [*left, each], call.cues)
            made.append(Example(each, features(seen, each), _is_personal(text, gold, each), False))
    return made


def _is_personal(text: str, gold: bytes, candidate: Candidate) -> bool:
    places = [at for at in range(candidate.start, candidate.end) if text[at].isalnum()]
    return bool(places) and sum(gold[at] for at in places) >= _HALF * len(places)


def train(made: Sequence[Example]) -> Mapping[str, int]:
    """The weights that ``made`` teach, in hundredths, by feature, and the ``bias``."""
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    counts = Counter(name for example in made for name in set(example.names))
    columns = {name: place for place, name in enumerate(sorted(name for name in counts if counts[name] >= _FEWEST))}
    rows = [[columns[name] for name in example.names if name in columns] for example in made]
    begins = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    places = np.fromiter((place for row in rows for place in row), np.int32, int(begins[-1]))
    table = csr_matrix((np.ones(len(places)), places, begins), shape=(len(rows), len(columns)))
    table.sum_duplicates()
    model = LogisticRegression(C=_REGULARISATION, solver="liblinear", random_state=0, max_iter=300)
    model.fit(
        table,
        [example.personal for example in made],
        sample_weight=[_LEFT_WEIGHT if example.left else 1.0 for example in made],
    )
    rounded = {name: round(100 * float(model.coef_[0, place])) for name, place in columns.items()}
    weights = {name: weight for name, weight in rounded.items() if abs(weight) > 1}
    return {"bias": round(100 * float(model.intercept_[0]))} | weights


def written(weights: Mapping[str, int]) -> str:
    """The file of ``weights``."""
    return "".join(f"{name}\t{weight}\n" for name, weight in ({"threshold": THRESHOLD} | dict(weights)).items())


def main() -> None:
    """Writes the weights, or prints how good they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluate", action="store_true", help="print the figures; write nothing")
    parser.add_argument("--first", action="store_true", help="the same for the finders that had not seen the batches")
    options = parser.parse_args()
    calls = read_calls()
    made = [examples(call) for call in calls]
    if options.evaluate or options.first:
        from benchmarks.privacy_learned import evaluate, evaluate_first

        print(*(evaluate_first if options.first else evaluate)(calls, made), sep="\n")
        return
    text = written(train([example for some in made for example in some]))
    WEIGHTS.write_text(text, encoding="utf-8")
    print(f"{text.count(chr(10))} weights, {len(text.encode())} bytes")


if __name__ == "__main__":
    sys.exit(main())
