"""What ASR wrote beside what was said: character by character, within each party.

Only letters, digits and Chinese characters are compared, in normal form; punctuation is not spoken. 幺 and 1 are the
same word in two ways of writing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.text.normalise import normalise

FAR_S = 5.0
"""Characters further apart in time are never the same: word times are off by some tenths of a second."""
NEAR_S = 1.0
"""How far around a turn the reference is looked through to tell who speaks it."""
_MARGIN = 0.25
"""Share of a turn's characters by which another party must fit better before ASR's role counts as wrong: both parties
say 您 and 的."""


_DIGITS = str.maketrans("零〇幺一二三四五六七八九", "001123456789")


class Character(NamedTuple):
    """One spoken character of a transcript."""

    turn: int
    start: int
    """First character of its turn's text that it comes from."""
    end: int
    text: str
    """In normal form."""
    at_s: float

    @property
    def word(self) -> str:
        """What is compared: digits are the same in either way of writing."""
        return self.text.translate(_DIGITS)


class Pair(NamedTuple):
    """A character that was said and what ASR wrote for it; ``None`` for nothing."""

    said: Character | None
    written: Character | None


@dataclass(frozen=True)
class Alignment:
    """A transcript by ASR laid beside the reference."""

    written: Transcript
    reference: Transcript
    roles: tuple[Role, ...]
    """For each turn of ASR who really speaks it."""
    pairs: tuple[Pair, ...]
    """Party by party, each in the order of the call."""

    @cached_property
    def written_for(self) -> dict[tuple[int, int], Character]:
        """What was written for the character of the reference at (turn, start)."""
        return {
            (pair.said.turn, pair.said.start): pair.written
            for pair in self.pairs
            if pair.said is not None and pair.written is not None
        }

    @cached_property
    def said_for(self) -> dict[tuple[int, int], Character]:
        """What was said where ASR wrote the character at (turn, start)."""
        return {
            (pair.written.turn, pair.written.start): pair.said
            for pair in self.pairs
            if pair.said is not None and pair.written is not None
        }


def spoken_characters(turn: Turn) -> list[Character]:
    """The characters of a turn that are spoken."""
    normal = normalise(turn.text.replace("\n", " "))
    found = []
    for index, text in enumerate(normal.text):
        if text.isalnum():
            start, end = normal.original_span(index, index + 1)
            found.append(Character(turn.index, start, end, text, turn.span_of(start, end).start_s))
    return found


def align(written: Transcript, reference: Transcript) -> Alignment:
    """``written``, by ASR, beside ``reference``: for each party the fewest substitutions, deletions, insertions."""
    said = [spoken_characters(turn) for turn in reference.turns]
    heard = [spoken_characters(turn) for turn in written.turns]
    roles = tuple(
        _true_role(turn, characters, reference, said) for turn, characters in zip(written.turns, heard, strict=True)
    )
    pairs: list[Pair] = []
    for role in sorted({turn.role for turn in reference.turns} | set(roles)):
        of_reference = [one for turn in reference.turns if turn.role is role for one in said[turn.index]]
        of_asr = [one for turn in written.turns if roles[turn.index] is role for one in heard[turn.index]]
        pairs += _align(of_reference, of_asr)
    return Alignment(written, reference, roles, tuple(pairs))


def _true_role(
    turn: Turn, characters: Sequence[Character], reference: Transcript, said: Sequence[Sequence[Character]]
) -> Role:
    """The party that says most of a turn's characters around its time; ASR's where none does clearly."""
    wanted = Counter(one.word for one in characters)
    fits: dict[Role, tuple[int, float]] = {}
    for role in sorted({other.role for other in reference.turns}):
        own = [other for other in reference.turns if other.role is role]
        around = Counter(
            one.word
            for other in own
            for one in said[other.index]
            if turn.start_s - NEAR_S <= one.at_s <= turn.end_s + NEAR_S
        )
        fits[role] = (wanted & around).total(), sum(other.span.overlap_s(turn.span) for other in own)
    best = max(fits, key=lambda role: fits[role], default=turn.role)
    if turn.role not in fits:
        return best if fits and fits[best] > (0, 0.0) else turn.role
    clearly = fits[best][0] - fits[turn.role][0] > _MARGIN * len(characters)
    return best if clearly else turn.role


def _align(said: Sequence[Character], written: Sequence[Character]) -> list[Pair]:
    """The cheapest way from ``said`` to ``written``; of equal ones that with substitutions, then deletions, latest."""
    import numpy as np

    rows, columns = len(said), len(written)
    cost = np.zeros((rows + 1, columns + 1), np.int32)
    cost[0] = steps = np.arange(columns + 1)
    words = np.array([one.word for one in written])
    times = np.array([one.at_s for one in written])
    for row, one in enumerate(said, 1):
        # Whoever is too far away in time can only be deleted and inserted, never taken for the other.
        swap = np.where(np.abs(times - one.at_s) > FAR_S, 3, words != one.word) if columns else np.zeros(0, np.int32)
        best = cost[row - 1] + 1
        best[1:] = np.minimum(best[1:], cost[row - 1, :-1] + swap)
        cost[row] = np.minimum.accumulate(best - steps) + steps
    pairs: list[Pair] = []
    row, column = rows, columns
    while row or column:
        here = cost[row, column]
        if row and column:
            far = abs(said[row - 1].at_s - written[column - 1].at_s) > FAR_S
            swap_cost = 3 if far else said[row - 1].word != written[column - 1].word
            if here == cost[row - 1, column - 1] + swap_cost and not far:
                row, column = row - 1, column - 1
                pairs.append(Pair(said[row], written[column]))
                continue
        if row and here == cost[row - 1, column] + 1:
            row -= 1
            pairs.append(Pair(said[row], None))
        else:
            column -= 1
            pairs.append(Pair(None, written[column]))
    return pairs[::-1]
