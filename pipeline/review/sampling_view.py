"""What the pages of sampling show: draws with their progress, the picks of one, the calculator."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from pipeline.domain.sampling import Draw, Plan
from pipeline.sampling.in_words import KINDS, amount, origin
from pipeline.sampling.shortage import percent
from pipeline.sampling.size import HALF_WIDTHS, Reach, over_weeks, sample_size
from pipeline.store.sampling_store import StoredDraw, StoredPick

SAMPLING_WORDS = {
    "KINDS": {kind.value: (words.zh, words.en) for kind, words in KINDS.items()},
    "percent": percent,
    "one_moment": timedelta.resolution,
}
"""What every template of sampling is given."""


@dataclass(frozen=True, slots=True)
class DrawRow:
    """A draw in the list."""

    draw: StoredDraw
    picked: int
    """Calls that are still there."""
    done: int
    """Those that a reviewer is through with."""

    @property
    def share(self) -> float:
        """Done of picked, 0–1; 1 where nothing was picked: nothing is left to do."""
        return self.done / self.picked if self.picked else 1.0


def draw_rows(draws: Iterable[StoredDraw], progress: Mapping[int, tuple[int, int]]) -> list[DrawRow]:
    """The draws with how far each is."""
    return [DrawRow(draw, *progress.get(draw.id, (0, 0))) for draw in draws]


@dataclass(frozen=True, slots=True)
class PartRow:
    """What became of a part, of a draw that is stored or only tried."""

    name: str
    kind: str
    eligible: int
    wanted: int
    drawn: int
    chance: str
    """Of one call, lowest to highest; empty where none was drawn."""

    @property
    def short(self) -> bool:
        """Less was drawn than asked for."""
        return self.drawn < self.wanted


def tried_parts(drawn: Draw) -> list[PartRow]:
    """The parts of a draw that was only tried."""
    return [
        PartRow(
            one.part.name,
            one.part.kind.value,
            one.eligible,
            one.wanted,
            one.drawn,
            _chances(one.drawn, one.lowest_chance, one.highest_chance),
        )
        for one in drawn.parts
    ]


def stored_parts(draw: StoredDraw) -> list[PartRow]:
    """The parts of a draw."""
    return [
        PartRow(
            str(one["name"]),
            str(one["kind"]),
            one["eligible"],
            one["wanted"],
            one["drawn"],
            _chances(one["drawn"], one["lowest_chance"], one["highest_chance"]),
        )
        for one in draw.parts
    ]


def _chances(drawn: int, low: float, high: float) -> str:
    if not drawn:
        return ""
    return percent(low) if high - low < 5e-4 else f"{percent(low)} – {percent(high)}"


def plan_rows(plan: Plan) -> list[dict[str, object]]:
    """The plan's parts in words, in the order in which they get hours."""
    return [
        {"name": part.name, "kind": part.kind.value, "amount": amount(part), "origin": origin(part)}
        for part in plan.parts
    ]


@dataclass(frozen=True, slots=True)
class PickedCall:
    """A call with every part that chose it."""

    picks: tuple[StoredPick, ...]

    @property
    def call(self) -> StoredPick:
        """What is the same for all of them."""
        return self.picks[0]


def picked_calls(picks: Sequence[StoredPick], *, state: str = "") -> list[PickedCall]:
    """The calls of a draw. ``state``: only those that are ``done``, or ``open``."""
    calls = [PickedCall(tuple(group)) for _, group in groupby(picks, key=lambda pick: pick.id)]
    return [one for one in calls if not state or one.call.done == (state == "done")]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks the calculator; shares are 0–1."""

    half_width: float | None = None
    confidence: float = 0.95
    rate: float = 0.5
    calls: int | None = None
    """In the period; in a week where ``weekly`` is asked for."""
    weekly: int | None = None
    agents: int | None = None

    @property
    def sizes(self) -> dict[float, int]:
        """Calls to hear for each ±, the wanted one or a table of usual ones."""
        wanted = [self.half_width] if self.half_width is not None else HALF_WIDTHS
        return {one: sample_size(one, confidence=self.confidence, rate=self.rate, calls=self.calls) for one in wanted}

    @property
    def reaches(self) -> dict[int, Reach]:
        """What so many calls a week can tell after some weeks; nothing where no number is given."""
        if self.weekly is None:
            return {}
        return over_weeks(self.weekly, confidence=self.confidence, rate=self.rate, calls=self.calls, agents=self.agents)
