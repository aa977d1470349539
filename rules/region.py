"""Which part of a call a condition looks at."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from pipeline.domain.calls import Role, Span
from rules.spots import Match, Spot
from rules.view import CallView

_TOLERANCE_S = 1e-6
"""Times are sums of floats; two events that touch must not miss each other by rounding."""

Position = tuple[float, float]
"""Turn and character."""
START: Position = (-inf, -inf)
END: Position = (inf, inf)


class Range(NamedTuple):
    """A part of a call. A find must begin and end within these bounds, all inclusive."""

    start_from: Position = START
    """Earliest character at which a find may begin."""
    start_to: Position = END
    end_from: Position = START
    """Earliest character at which a find may end."""
    end_to: Position = END
    from_s: float = -inf
    to_s: float = inf
    timed: bool = False
    """Whether seconds bind finds in words too; else only what is in no turn (a silence)."""

    def admits(self, view: CallView, spot: Spot) -> bool:
        """Whether the spot lies in this range."""
        if spot.turn >= 0:
            start, end = (spot.turn, spot.char_start), (spot.turn, spot.char_end)
            if not (self.start_from <= start <= self.start_to and self.end_from <= end <= self.end_to):
                return False
            if not self.timed:
                return True
        span = view.span_of(spot)
        return span.start_s >= self.from_s - _TOLERANCE_S and (
            (span.start_s < self.to_s) if spot.turn >= 0 else (span.end_s <= self.to_s + _TOLERANCE_S)
        )


@dataclass(frozen=True, slots=True)
class Region:
    """Whose words, and where in the call. Without ranges: everywhere."""

    role: Role | None = None
    window: Range | None = None
    """From the start or the end of the call."""
    anchored: tuple[Range, ...] | None = None
    """Relative to finds of another condition; empty where that found nothing."""
    this: Match | None = None
    """The find that a surrounding ``where`` or ``unless`` is about."""

    @property
    def is_nowhere(self) -> bool:
        """Whether there is no place to look, because the condition it is relative to found nothing."""
        return self.anchored == ()

    @property
    def is_everywhere(self) -> bool:
        """Whether only the role binds."""
        return self.window is None and self.anchored is None

    def admits(self, view: CallView, spot: Spot) -> bool:
        """Whether a find belongs to this region."""
        if self.role is not None and spot.role is not self.role:
            return False
        if self.window is not None and not self.window.admits(view, spot):
            return False
        return self.anchored is None or any(part.admits(view, spot) for part in self.anchored)

    def turns(self, view: CallView) -> Iterator[int]:
        """Turns that may hold a find, in order."""
        indexes = view.turns_of(self.role)
        if self.is_everywhere:
            yield from indexes
            return
        for index in indexes:
            if self._touches(view, index):
                yield index

    def _touches(self, view: CallView, turn: int) -> bool:
        return (self.window is None or _touches(self.window, view, turn)) and (
            self.anchored is None or any(_touches(part, view, turn) for part in self.anchored)
        )

    def span(self, view: CallView) -> Span:
        """The stretch of time that the region covers, within the call."""
        start_s, end_s = 0.0, view.call.transcript.duration_s
        if self.window is not None:
            start_s, end_s = max(start_s, self.window.from_s), min(end_s, self.window.to_s)
        if self.anchored:
            start_s = max(start_s, min(part.from_s for part in self.anchored))
            end_s = min(end_s, max(part.to_s for part in self.anchored))
        return Span(start_s, max(start_s, end_s))


def _touches(part: Range, view: CallView, turn: int) -> bool:
    if not (part.start_from <= (turn, inf) and (turn, 0) <= part.start_to):
        return False
    if not (part.end_from <= (turn, inf) and (turn, 0) <= part.end_to):
        return False
    found = view.turns[turn]
    return not part.timed or (found.end_s >= part.from_s and found.start_s <= part.to_s)


EVERYWHERE = Region()
