"""A call as one text in normal form, with the way back to its turns."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.text.normalise import NormalisedText, normalise

NAMES = frozenset({PersonalKind.NAME, PersonalKind.ADDRESS})
"""What is no number."""
_PAUSE = re.compile(r"(?<=[一-鿿]) (?=[一-鿿A-Za-z0-9])|(?<=[A-Za-z0-9]) (?=[一-鿿])")
_SPACED_OUT = 3
"""A text in which every third character is a blank has them between all characters: they say nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """All turns of a call, a line each, in normal form. Positions are those of ``text``."""

    text: str
    turns: Sequence[Turn]
    normal: NormalisedText
    begins: Sequence[int]
    """Where each turn begins in the joined original."""

    def turn_at(self, at: int) -> int:
        """The place in ``turns`` of the turn that position ``at`` is in."""
        return bisect_right(self.begins, self.normal.starts[at]) - 1

    def role_at(self, at: int) -> Role:
        """Who speaks at position ``at``."""
        return self.turns[self.turn_at(at)].role

    def original(self, start: int, end: int) -> str:
        """``text[start:end]`` as it was written; nothing where that is behind the end."""
        if start >= len(self.text):
            return ""
        place = self.turn_at(start)
        first, last = self._within(place, start, end)
        return self.turns[place].text[first:last]

    def span(self, found: "Found") -> PersonalSpan:
        """``found`` as a span of its turn."""
        place = self.turn_at(found.start)
        first, last = self._within(place, found.start, found.end)
        return PersonalSpan(self.turns[place].index, first, last, found.kind, found.value)

    def _within(self, place: int, start: int, end: int) -> tuple[int, int]:
        begin = self.begins[place]
        first, last = self.normal.original_span(start, end)
        return first - begin, min(last - begin, len(self.turns[place].text))


@dataclass(frozen=True, slots=True)
class Found:
    """A datum at ``[start, end)`` of a ``Said.text``, within one turn."""

    start: int
    end: int
    kind: PersonalKind
    value: str


def said(transcript: Transcript) -> Said:
    """The text of ``transcript``."""
    begins: list[int] = []
    begin = 0
    for turn in transcript.turns:
        begins.append(begin)
        begin += len(turn.text) + 1
    normal = normalise(_pauses_kept("\n".join(turn.text for turn in transcript.turns)))
    return Said(normal.text, transcript.turns, normal, begins)


def _pauses_kept(text: str) -> str:
    """``text`` with a comma for a blank beside Chinese, which recognition writes for a pause and normal form drops.

    >>> _pauses_kept("我叫黄世杰 世界的世 138 0012 3456")
    '我叫黄世杰,世界的世,138 0012 3456'
    """
    blanks = text.count(" ")
    if not blanks or blanks * _SPACED_OUT > len(text):
        return text
    return _PAUSE.sub(",", text)
