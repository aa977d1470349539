"""How ASR confuses characters at a site: estimated from what it wrote beside what was said.

For each character the chance to be replaced, lost, or followed by an invented one. A character seen seldom borrows
from those that sound like it, and these from all: each level counts as `PRIOR` more observations of the one above.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from pipeline.evaluation.alignment import Alignment, Pair
from pipeline.text.normalise import normalise
from pipeline.text.sound import loose_sound

PRIOR = 10.0
"""Observations that the wider class is worth. Source: D. MacKay and L. Peto, Natural Language Engineering 1 (1995)
289–308, a hierarchical Dirichlet prior with a fixed strength."""


class Error(StrEnum):
    """What may happen to a character."""

    SUBSTITUTED = "substituted"
    DELETED = "deleted"
    INSERTED = "inserted"
    """Another one is invented after it."""


@dataclass(slots=True)
class _Level:
    """Counts by character, by sound, or over all."""

    seen: Counter[str] = field(default_factory=Counter)
    errors: dict[Error, Counter[str]] = field(default_factory=lambda: {error: Counter() for error in Error})
    outputs: dict[Error, dict[str, Counter[str]]] = field(default_factory=lambda: {error: {} for error in Error})

    def add(self, key: str, error: Error | None, output: str = "") -> None:
        if error is None:
            self.seen[key] += 1
            return
        self.errors[error][key] += 1
        if output:
            self.outputs[error].setdefault(key, Counter())[output] += 1


class ConfusionModel:
    """The confusions of one site's ASR."""

    def __init__(self, alignments: Iterable[Alignment]) -> None:
        self._levels = (_Level(), _Level(), _Level())
        for alignment in alignments:
            self._learn(alignment.pairs)

    def _learn(self, pairs: Sequence[Pair]) -> None:
        last = ""
        for said, written in pairs:
            if said is not None:
                last = said.text
                self._add(last, None)
                if written is None:
                    self._add(last, Error.DELETED)
                elif written.text != said.text:
                    self._add(last, Error.SUBSTITUTED, written.text)
            elif written is not None and last:
                self._add(last, Error.INSERTED, written.text)

    def _add(self, character: str, error: Error | None, output: str = "") -> None:
        for level, key in zip(self._levels, _keys(character), strict=True):
            level.add(key, error, output)

    @property
    def characters(self) -> int:
        """Characters of the reference that it was estimated from."""
        return self._levels[2].seen.total()

    def rate(self, character: str, error: Error) -> float:
        """The chance of an error at a character, 0–1; 0.0 where nothing was learnt."""
        rate = 0.0
        for level, key in reversed(list(zip(self._levels, _keys(character), strict=True))):
            prior = 0.0 if level is self._levels[2] else PRIOR
            seen = level.seen[key] + prior
            rate = (level.errors[error][key] + prior * rate) / seen if seen else 0.0
        return min(1.0, rate)

    def _output(self, character: str, error: Error, random: Random) -> str:
        """What is written instead: as seen of the character, else of its sound, else of any."""
        for level, key in zip(self._levels, _keys(character), strict=True):
            seen = level.outputs[error].get(key, Counter())
            wider = PRIOR if level is not self._levels[2] else 0.0
            if seen and random.random() * (seen.total() + wider) < seen.total():
                others = sorted((text, count) for text, count in seen.items() if text != character)
                if others:
                    return random.choices([text for text, _ in others], [count for _, count in others])[0]
        return ""

    def perturb(self, text: str, random: Random) -> str:
        """``text`` as ASR might have written it; punctuation stays."""
        pieces: list[str] = []
        for original in text:
            character = normalise(original).text
            if not original.isalnum() or len(character) != 1:
                pieces.append(original)
                continue
            fate, added = random.random(), random.random()
            lost = self.rate(character, Error.DELETED)
            if fate >= lost:
                is_swapped = fate < lost + self.rate(character, Error.SUBSTITUTED)
                pieces.append((self._output(character, Error.SUBSTITUTED, random) if is_swapped else "") or original)
            if added < self.rate(character, Error.INSERTED):
                pieces.append(self._output(character, Error.INSERTED, random))
        return "".join(pieces)


def _keys(character: str) -> tuple[str, str, str]:
    """The character, its sound (tone ignored, confusable sounds as one), and all characters."""
    return character, loose_sound(character), ""
