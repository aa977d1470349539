"""A call as the models read it: normalised turns, their n-grams, and who spoke them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from models.ngrams import BUCKETS, Counts, Grams, count_grams, grams_of
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


@dataclass(frozen=True, slots=True)
class ZoneCounts:
    """The n-grams of one kind in one part of a call, counted by document."""

    counts: Counts
    """Buckets from 0, whatever the kind; a thing counted is a row of ``CallText.by_turn``."""
    rows: "NDArray[np.int64]"
    """The rows of ``CallText.by_turn`` that were counted."""


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
        """The n-grams counted turn by turn; a document is a position in ``turns``."""
        return count_grams(self.grams.turn, self.grams.bucket)

    def zone(self, part: Part, kind: Kind) -> ZoneCounts:
        """The n-grams of a part of the call as one document, or of each turn as its own for ``Part.TURN``."""
        if (part, kind) not in self._zones:
            self._zones[part, kind] = self._count_zone(part, kind)
        return self._zones[part, kind]

    @cached_property
    def _zones(self) -> dict[tuple[Part, Kind], ZoneCounts]:
        return {}

    def _count_zone(self, part: Part, kind: Kind) -> ZoneCounts:
        import numpy as np

        counts = self.by_turn
        chosen = counts.bucket >= BUCKETS if kind == Kind.WORDS else counts.bucket < BUCKETS
        if part == Part.TURN:
            rows = np.flatnonzero(chosen)
            each = np.arange(len(rows))
            of_turn = Counts(counts.document[rows], counts.bucket[rows] % BUCKETS, counts.count[rows], each)
            return ZoneCounts(of_turn, rows)
        spoken = {
            Part.CUSTOMER: self.spoken_by_customer,
            Part.CLOSING: self.closing,
            Part.AGENT: self.spoken_by_agent,
        }[part]
        rows = np.flatnonzero(chosen & spoken[counts.document]) if len(spoken) else np.zeros(0, dtype=np.int64)
        distinct, rank = self._distinct
        total = np.bincount(rank[rows], weights=counts.count[rows], minlength=len(distinct)).astype(np.float64)
        used = np.flatnonzero(total)
        place = np.zeros(len(distinct), dtype=np.int64)
        place[used] = np.arange(len(used))
        document = np.zeros(len(used), dtype=np.int64)
        return ZoneCounts(Counts(document, distinct[used] % BUCKETS, total[used], place[rank[rows]]), rows)

    @cached_property
    def _distinct(self) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """The buckets of the whole call, each once, and for each row of ``by_turn`` the place of its bucket there."""
        import numpy as np

        distinct, rank = np.unique(self.by_turn.bucket, return_inverse=True)
        return distinct, rank

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

    def distinct_among(self, chosen: "NDArray[np.bool_]") -> int:
        """How many different n-grams and words the chosen turns hold."""
        import numpy as np

        return int(np.count_nonzero(np.bincount(self._distinct[1][chosen[self.by_turn.document]])))

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
