"""A call as conditions see it: normalised once, everything else worked out when it is first asked for."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from pipeline.domain.calls import Role, Span, Turn
from pipeline.domain.results import Call
from pipeline.text.normalise import NormalisedText, normalise
from pipeline.text.numbers import digit_form
from pipeline.text.sound import is_loose, loose_sound, tonal_sound
from pipeline.text.spoken import spoken_positions, without_punctuation
from rules.spots import Spot

if TYPE_CHECKING:
    from rules.nodes import Verdict

Places = Mapping[str, Sequence[tuple[int, int]]]
"""Where words are in ``CallView.spoken``, ``[start, end)``; words that are nowhere are left out."""


class CallView:
    """One call, read by many conditions. Not shared between threads."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.turns: tuple[Turn, ...] = call.transcript.turns
        self._raw = [turn.text for turn in self.turns]
        joined = "\n".join(self._raw)
        if joined.count("\n") >= len(self._raw):
            # A line break is the border between turns; one inside a turn would move it.
            self._raw = [text.replace("\n", " ") for text in self._raw]
            joined = "\n".join(self._raw)
        self.normal = normalise(joined)
        self.spoken = without_punctuation(self.normal.text)
        """All turns as spoken, one a line."""
        self._known: list[tuple[frozenset[str], Places]] = []
        self._known_sounds: list[tuple[frozenset[str], Places]] = []
        self.verdicts: dict[int, Verdict] = {}
        """Verdicts of named conditions, so that each is worked out once a call."""
        self._positions: dict[int, list[int]] = {}
        self._digit_turns: dict[int, NormalisedText | None] = {}

    @cached_property
    def roles(self) -> frozenset[Role]:
        """Who speaks in this call."""
        return frozenset(turn.role for turn in self.turns)

    @cached_property
    def normal_turns(self) -> list[str]:
        """The normalised text of each turn, punctuation included."""
        return self.normal.text.split("\n") if self.turns else []

    @cached_property
    def spoken_turns(self) -> list[str]:
        """The normalised text of each turn without punctuation."""
        return self.spoken.split("\n") if self.turns else []

    @cached_property
    def spoken_starts(self) -> list[int]:
        """Where each turn starts in ``spoken``."""
        return _line_starts(self.spoken_turns)

    @cached_property
    def _normal_starts(self) -> list[int]:
        return _line_starts(self.normal_turns)

    @cached_property
    def _raw_starts(self) -> list[int]:
        return _line_starts(self._raw)

    def know_words(self, looked_for: frozenset[str], places: Places) -> None:
        """Tells the view where words are that were all looked for in one pass."""
        self._known.append((looked_for, places))

    def know_sounds(self, looked_for: frozenset[str], places: Places) -> None:
        """Tells the view where sounds are that were all looked for in one pass."""
        self._known_sounds.append((looked_for, places))

    def role_at(self, start: int) -> Role:
        """Who says ``spoken[start]``."""
        return self.turns[bisect_right(self.spoken_starts, start) - 1].role

    def turns_of(self, role: Role | None) -> Sequence[int]:
        """Indexes of the turns of ``role``, or of all turns."""
        return range(len(self.turns)) if role is None else self._turns_by_role.get(role, ())

    @cached_property
    def _turns_by_role(self) -> dict[Role, list[int]]:
        by_role: dict[Role, list[int]] = {}
        for turn in self.turns:
            by_role.setdefault(turn.role, []).append(turn.index)
        return by_role

    def spots_of(self, phrase: str) -> Iterator[Spot]:
        """Every place where ``phrase``, in spoken form, is said, in any role."""
        return (self.spot_of_spoken(start, end) for start, end in self._places(phrase, self.spoken, self._known))

    def spots_of_sound(self, sound: str) -> Iterator[Spot]:
        """Every place that sounds like ``sound`` (from ``pipeline.text.sound``), in any role."""
        heard = self.loose_sound if is_loose(sound) else self.tonal_sound
        return (
            self.spot_of_spoken(start, end, by_sound=True)
            for start, end in self._places(sound, heard, self._known_sounds)
        )

    @cached_property
    def loose_sound(self) -> str:
        """``spoken`` as syllables, confusable ones taken as one."""
        return loose_sound(self.spoken)

    @cached_property
    def tonal_sound(self) -> str:
        """``spoken`` as syllables with their tones."""
        return tonal_sound(self.spoken)

    def turns_saying(self, words: frozenset[str]) -> set[int]:
        """Turns in which any of ``words``, in spoken form, is said."""
        for looked_for, places in self._known:
            if words <= looked_for:
                # Far fewer words are said in a call than an expression may need.
                starts = [start for word in places if word in words for start, _ in places[word]]
                break
        else:
            starts = [start for word in words for start, _ in self._places(word, self.spoken, self._known)]
        return {bisect_right(self.spoken_starts, start) - 1 for start in starts}

    def digit_turn(self, turn: int) -> NormalisedText | None:
        """``normal_turns[turn]`` with spoken numbers as digits; ``None`` where it has none."""
        if turn not in self._digit_turns:
            self._digit_turns[turn] = digit_form(self.normal_turns[turn])
        return self._digit_turns[turn]

    @staticmethod
    def _places(phrase: str, text: str, known: Sequence[tuple[frozenset[str], Places]]) -> Sequence[tuple[int, int]]:
        for looked_for, places in known:
            if phrase in looked_for:
                return places.get(phrase, ())
        found: list[tuple[int, int]] = []
        start = text.find(phrase)
        while start >= 0:
            found.append((start, start + len(phrase)))
            start = text.find(phrase, start + 1)
        return found

    def spot_of_spoken(self, start: int, end: int, *, by_sound: bool = False) -> Spot:
        """The spot of ``spoken[start:end]``, which lies in one turn."""
        index = bisect_right(self.spoken_starts, start) - 1
        offset = self.spoken_starts[index]
        normal = self.normal_turns[index]
        if len(normal) == len(self.spoken_turns[index]):
            return self.spot(index, start - offset, end - offset, by_sound=by_sound)
        positions = self._positions.get(index)
        if positions is None:
            positions = self._positions[index] = spoken_positions(normal)
        return self.spot(index, positions[start - offset], positions[end - offset - 1] + 1, by_sound=by_sound)

    def spot(self, turn: int, start: int, end: int, *, by_sound: bool = False) -> Spot:
        """The spot of ``normal_turns[turn][start:end]``, in characters of the original."""
        if not self.normal.unchanged_length:
            offset, raw = self._normal_starts[turn], self._raw_starts[turn]
            start, end = self.normal.original_span(start + offset, end + offset)
            start, end = start - raw, end - raw
        return Spot(turn, start, end, self.turns[turn].role, by_sound)

    def whole_turn(self, turn: int, *, span: Span | None = None) -> Spot:
        """The spot of all of a turn's text."""
        found = self.turns[turn]
        return Spot(turn, 0, len(found.text), found.role, False, span)

    def span_of(self, spot: Spot) -> Span:
        """When a spot was spoken, or when it happened."""
        if spot.span is not None:
            return spot.span
        return self.turns[spot.turn].span_of(spot.char_start, spot.char_end)

    def quote(self, spot: Spot) -> str:
        """The words of a spot, as transcribed; empty where there are none."""
        return self.turns[spot.turn].text[spot.char_start : spot.char_end] if spot.turn >= 0 else ""


def _line_starts(lines: Sequence[str]) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in lines)][: len(lines)]
