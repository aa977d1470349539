"""Numbers that the rules left, judged by weights that were learned from annotated calls.

The weights are a plain file beside the code that ``python -m benchmarks.privacy_train`` makes. Nothing that the rules
found is taken back; nobody's numbers stay nobody's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_candidates import Candidate, Seen, candidates, digits_in, features, seen_of, word_before
from pipeline.privacy.find_cues import Heard
from pipeline.privacy.find_numbers import numbers_announced
from pipeline.privacy.find_said import NAMES, Found, Said
from pipeline.privacy.find_shapes import is_public

WEIGHTS = Path(__file__).with_name("find_learned.tsv")
"""A feature and its weight in hundredths a line; ``threshold`` and ``bias`` stand first."""
_NO_DIGIT = re.compile(r"\D")
_TURNS_BACK = 2
_BESIDE = 2
"""Characters between the rest of a number and what was found of it."""


Learned = tuple[Mapping[str, int], int]
"""The weights by feature, and the sum above which a candidate is found."""


@cache
def shipped() -> Learned:
    """What the shipped file says."""
    pairs = [line.rsplit("\t", 1) for line in WEIGHTS.read_text(encoding="utf-8").split("\n") if line]
    learned = {name: int(weight) for name, weight in pairs}
    return learned, learned.pop("threshold") - learned.pop("bias")


def find_learned(
    said: Said,
    taken: bytes,
    found: Sequence[Found],
    heard: Sequence[Heard],
    is_own: Callable[[str], bool],
    learned: Learned | None = None,
) -> list[Found]:
    """The candidates of a call that the weights speak for.

    Args:
        taken: for each character whether ``found`` covers it.
        heard: the words that announce something.
        is_own: whether digits are a number of the company's own.
        learned: other weights than the shipped ones.
    """
    cues = numbers_announced(said.text, heard)
    left = candidates(said.text, taken, cues)
    if not left:
        return []
    weights, least = learned or shipped()
    seen = seen_of(said, taken, found, left, cues)
    chosen: list[Found] = []
    for candidate in left:
        value = digits_in(said.text[candidate.start : candidate.end])
        digits = _NO_DIGIT.sub("", value)
        if is_public(digits) or is_own(digits):
            continue
        if sum([weights.get(name, 0) for name in features(seen, candidate)]) > least:
            chosen.append(_named(seen, candidate, value))
    return chosen


def _named(seen: Seen, candidate: Candidate, value: str) -> Found:
    """The candidate as what it was announced as; the rest of a number as that number."""
    start, end, form = candidate
    turn = seen.said.turn_at(start)
    if form == "date":
        return Found(start, end, PersonalKind.BIRTH_DATE, value)
    for datum in seen.numbers.get(turn, ()) if form == "rest" else ():
        if 0 <= start - datum.end <= _BESIDE or 0 <= datum.start - end <= _BESIDE:
            return Found(start, end, datum.kind, datum.value)
    word = word_before(seen, start)
    kind = word.cue.kind if word is not None and turn - seen.said.turn_at(word.start) <= _TURNS_BACK else None
    if kind is None or kind in NAMES or kind is PersonalKind.BIRTH_DATE:
        kind = PersonalKind.NUMBER
    return Found(start, end, kind, value)
