"""A call as the models read it: normalised turns, their n-grams, and who spoke them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from models.ngrams import ALL_BUCKETS, BUCKETS, Counts, Grams, count_grams, grams_of
from models.recipe import Kind, Part
from pipeline.domain.calls import Role, Transcript
from pipeline.domain.signals import Signals
from pipeline.text.normalise import NormalisedText, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSING_CHARACTERS = 12
"""The customer's closing words reach back so far that a goodbye alone does not stand for them."""
LONGEST_TURN = 2_000
"""Characters of a turn that are read; nobody says more without a pause, but chats hold whole letters."""


PARTS = (Part.CUSTOMER, Part.CLOSING, Part.AGENT)
"""The parts that a call is read in; those of a part are a zone for each kind."""
ALL_COLUMNS = len(PARTS) * ALL_BUCKETS
"""See ``first_column``."""


def first_column(part: Part, kind: Kind) -> int:
    """The column of a zone's first bucket: where parts of a call, or turns, are counted side by side."""
    number = 0 if part == Part.TURN else PARTS.index(part)
    return number * ALL_BUCKETS + (BUCKETS if kind == Kind.WORDS else 0)


@dataclass(frozen=True, slots=True)
class Counted:
    """The n-grams of documents, counted by zone."""

    column: "NDArray[np.int64]"
    """See ``first_column``."""
    unit: "NDArray[np.int64]"
    """Number of the document · ``zones`` + number of the zone."""
    zones: int
    """Zones of a document: two kinds, of three parts or of one turn."""
    count: "NDArray[np.number]"
    row: "NDArray[np.int64]"
    """The rows of ``CallText.by_turn`` that were counted."""
    entry: "NDArray[np.int64]"
    """For each of those rows, the place of its count here."""


@dataclass(frozen=True)
class CallText:
    """The turns that models read: those with words, in order."""

    turns: tuple[int, ...]
    """Index of each in the transcript."""
    roles: tuple[Role, ...]
    originals: tuple[str, ...]
    """As they stand in the transcript."""
    joined: NormalisedText
    """All of them in normal form, one a line."""
    signals: Signals

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Each turn in normal form."""
        return tuple(self.joined.text.split("\n")) if self.turns else ()

    @cached_property
    def grams(self) -> Grams:
        """Every n-gram and word of every turn."""
        return grams_of(self.joined.text)

    @cached_property
    def word_spans(self) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
        """Start and end of each word in the joined text, and the position of its turn."""
        grams = self.grams
        words = grams.bucket >= BUCKETS
        start = grams.start[words]
        return start, start + grams.length[words], grams.turn[words]

    def original_span(self, position: int, start: int, end: int) -> tuple[int, int]:
        """Where characters of the joined text stand in their turn as it was written."""
        first, last = self.joined.original_span(start, end)
        return first - self._begins[position], last - self._begins[position]

    @cached_property
    def _begins(self) -> tuple[int, ...]:
        lengths = [len(text) + 1 for text in self.originals]
        return tuple(accumulate(lengths[:-1], initial=0))

    @cached_property
    def by_turn(self) -> Counts:
        """The n-grams counted turn by turn; a turn is a position in ``turns``."""
        return count_grams(self.grams.turn, self.grams.bucket)

    @cached_property
    def turn_by_turn(self) -> Counted:
        """The n-grams of each turn as a document."""
        import numpy as np

        return self._turns(np.arange(len(self.by_turn.bucket)))

    @cached_property
    def customer_turn_by_turn(self) -> Counted:
        """The n-grams of each customer turn as a document; the agent's turns are documents without any."""
        return self._turns(self._rows_of_parts[PARTS.index(Part.CUSTOMER)])

    def _turns(self, rows: "NDArray[np.int64]") -> Counted:
        """``rows`` of ``by_turn``, each turn a document."""
        import numpy as np

        bucket = self.by_turn.bucket[rows]
        unit = 2 * self.by_turn.turn[rows] + (bucket >= BUCKETS)
        return Counted(bucket, unit, 2, self.by_turn.count[rows], rows, np.arange(len(rows)))

    @cached_property
    def _rows_of_parts(self) -> "tuple[NDArray[np.int64], ...]":
        """The rows of ``by_turn`` that each of ``PARTS`` holds."""
        spoken = (self.spoken_by_customer, self.closing, self.spoken_by_agent)
        return tuple(chosen[self.by_turn.turn].nonzero()[0] for chosen in spoken)

    @cached_property
    def by_part(self) -> Counted:
        """The n-grams of each of ``PARTS``, the call being one document; those of a part stand together."""
        import numpy as np

        counts, rows = self.by_turn, self._rows_of_parts
        different = len(counts.distinct)
        row = np.concatenate(rows)
        cell = np.concatenate([counts.rank[of_part] + part * different for part, of_part in enumerate(rows)])
        total = np.bincount(cell, weights=counts.count[row], minlength=len(PARTS) * different)
        used = (total > 0).nonzero()[0]
        place = np.empty(len(total), dtype=np.int64)
        place[used] = np.arange(len(used))
        ends = np.searchsorted(used, different * np.arange(1, len(PARTS) + 1))
        part = np.repeat(np.arange(len(PARTS)), np.diff(ends, prepend=0))
        bucket = counts.distinct[used - part * different]
        unit = 2 * part + (bucket >= BUCKETS)
        return Counted(part * ALL_BUCKETS + bucket, unit, 2 * len(PARTS), total[used], row, place[cell])

    def repetition(self, part: Part) -> float:
        """Share of a part's n-grams and words that it holds in an earlier turn as well; 0 where it holds none."""
        import numpy as np

        number = PARTS.index(part)
        counted = len(self._rows_of_parts[number])
        distinct = int(np.count_nonzero(self.by_part.unit >> 1 == number))
        return 1.0 - distinct / counted if counted else 0.0

    @cached_property
    def scripts(self) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """For each turn the number of its Chinese characters, and that of its letters and digits of other scripts."""
        import numpy as np

        points = self.grams.points
        turn = np.cumsum(points == ord("\n"))
        chinese = ((points >= 0x3400) & (points <= 0x9FFF)) | (points >= 0x20000)
        latin = ((points >= ord("0")) & (points <= ord("9"))) | ((points >= ord("a")) & (points <= ord("z")))
        turns = len(self.turns)
        return np.bincount(turn[chinese], minlength=turns), np.bincount(turn[latin], minlength=turns)

    @cached_property
    def spoken_by_customer(self) -> "NDArray[np.bool_]":
        """Which turns are the customer's; every turn where no role is known, as in mono recordings."""
        return self._spoken_by(Role.CUSTOMER)

    @cached_property
    def spoken_by_agent(self) -> "NDArray[np.bool_]":
        """Which turns are the agent's."""
        return self._spoken_by(Role.AGENT)

    @cached_property
    def closing(self) -> "NDArray[np.bool_]":
        """The customer's last turns, at least twelve characters where there are so many; never the first turn."""
        import numpy as np

        positions = np.flatnonzero(self.spoken_by_customer)
        chosen = np.zeros(len(self.turns), dtype=bool)
        said = 0
        for position in positions[:0:-1]:
            chosen[position] = True
            said += len(self.lines[position])
            if said >= CLOSING_CHARACTERS:
                break
        return chosen

    def said_in(self, chosen: "NDArray[np.bool_]") -> str:
        """The chosen turns in normal form, one a line."""
        return "\n".join(self.lines[position] for position in chosen.nonzero()[0])

    def _spoken_by(self, role: Role) -> "NDArray[np.bool_]":
        import numpy as np

        return np.array([found == role for found in self.roles], dtype=bool)


def read_call(transcript: Transcript, signals: Signals) -> CallText:
    """The call as models read it. Where no role is known, every turn counts as the customer's."""
    kept = [turn for turn in transcript.turns if turn.text and not turn.text.isspace()]
    unknown = all(turn.role == Role.UNKNOWN for turn in kept)
    roles = tuple(Role.CUSTOMER if unknown else turn.role for turn in kept)
    return _read([(turn.index, turn.text) for turn in kept], roles, signals)


def read_turns(texts: Sequence[str]) -> CallText:
    """Single customer turns as models read them, one a turn; those without words are left out."""
    kept = [(index, text) for index, text in enumerate(texts) if text and not text.isspace()]
    return _read(kept, (Role.CUSTOMER,) * len(kept), Signals())


def _read(kept: Sequence[tuple[int, str]], roles: tuple[Role, ...], signals: Signals) -> CallText:
    originals = tuple(text[:LONGEST_TURN].replace("\n", " ") for _, text in kept)
    return CallText(tuple(index for index, _ in kept), roles, originals, normalise("\n".join(originals)), signals)
