"""What the second reviewer sees of an appeal: the evidence and both sides' words, and nobody's name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.appeals import Appeal
from pipeline.domain.calls import Turn
from pipeline.domain.reviews import Place, Review, Verdict, standing_of
from pipeline.review.rule_view import BEFORE_S, Line, Part, marked_line
from pipeline.store.reviews import without_names
from pipeline.store.rule_cases import RuleCase

AROUND = 3
"""Turns shown before and after each piece of evidence."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn of the excerpt."""

    start_s: float
    line: Line

    @property
    def play_s(self) -> float:
        """Where to begin listening."""
        return max(0.0, self.start_s - BEFORE_S)


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal with what it is about."""

    appeal: Appeal
    found: RuleCase
    verdict: Review | None
    """The appealed one, without a name; ``None`` where it is gone from the call's entries."""
    withdrawn: bool
    """Whether it does not stand any more."""
    excerpt: tuple[Spoken | None, ...]
    """Turns around the evidence; ``None`` where turns are left out."""
    start_s: float | None

    @property
    def play_s(self) -> float:
        """Where to begin listening."""
        return max(0.0, (self.start_s or 0.0) - BEFORE_S)


def appeal_view(appeal: Appeal, found: RuleCase) -> AppealView:
    """The view of one appeal."""
    entries = without_names(found.entries)
    verdict = next((entry for entry in entries if entry.id == appeal.review_id), None)
    stands = standing_of(entries).verdicts.get(appeal.rule_id)
    truth = stands.said.verdict.truth if stands is not None and stands.said.verdict is not None else None
    places = _places(found, verdict)
    starts = [place.start_s for place in places if place.start_s is not None]
    return AppealView(
        appeal=appeal,
        found=replace(found, entries=entries),
        verdict=verdict,
        withdrawn=truth is not True,
        excerpt=tuple(_excerpt(found, places)),
        start_s=min(starts, default=None),
    )


def _places(found: RuleCase, verdict: Review | None) -> list[Place]:
    if verdict is not None and verdict.said.verdict == Verdict.MISSED:
        return [verdict.said.place]
    return [
        Place(piece.turn, piece.char_start, piece.char_end, piece.start_s, piece.end_s, piece.role, piece.quote)
        for piece in found.evidence
    ]


def _excerpt(found: RuleCase, places: Sequence[Place]) -> Iterable[Spoken | None]:
    turns = found.turns
    wanted: set[int] = set()
    for place in places:
        at = place.turn if place.turn is not None else _turn_at(turns, place.start_s)
        if at is not None:
            wanted.update(range(max(0, at - AROUND), min(len(turns), at + AROUND + 1)))
    marks = {place.turn: place for place in places if place.turn is not None}
    last: int | None = None
    for index in sorted(wanted):
        if last is not None and index > last + 1:
            yield None
        last = index
        turn = turns[index]
        line = marked_line(turn, found.evidence, marks[index]) if index in marks else _plain(turn)
        yield Spoken(turn.start_s, line)


def _plain(turn: Turn) -> Line:
    return Line(turn.role, (Part(turn.text),))


def _turn_at(turns: Sequence[Turn], start_s: float | None) -> int | None:
    if start_s is None or not turns:
        return None
    return next((turn.index for turn in turns if turn.end_s > start_s), turns[-1].index)
