"""Where in a call a condition found something."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.domain.calls import Role, Span


class Spot(NamedTuple):
    """A stretch of a call: characters of one turn, a stretch of time, or both."""

    turn: int
    """Index of the turn; -1 for what is in no turn (a silence, a measurement of the whole call)."""
    char_start: int
    char_end: int
    """Characters of the original text, ``[char_start, char_end)``; both 0 where there is no turn."""
    role: Role
    by_sound: bool = False
    span: Span | None = None
    """Seconds, where they do not follow from the characters."""


Match = tuple[Spot, ...]
"""One find of a condition: one spot, or the steps of a sequence."""


def in_order(matches: Sequence[Match]) -> list[Match]:
    """The matches in the order of the call, without those that lie inside another of the same turn."""
    if len(matches) < 2:
        return list(matches)
    kept: list[Match] = []
    for match in sorted(matches, key=_position):
        if kept and len(match) == 1 and _inside(match[0], kept[-1][-1]):
            continue
        kept.append(match)
    return kept


def _position(match: Match) -> tuple[float, int, int, int]:
    first = match[0]
    return (first.span.start_s if first.span else 0.0, first.turn, first.char_start, -first.char_end)


def _inside(spot: Spot, other: Spot) -> bool:
    if spot.turn < 0 or spot.turn != other.turn:
        return False
    return other.char_start <= spot.char_start and spot.char_end <= other.char_end
