"""``repeat``: a party says much the same thing again and again."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Count, NonNegative, Operator, Spec
from rules.operators.likeness import dice, pieces
from rules.operators.phrase import Phrase, spoken_form
from rules.operators.words import describe_words
from rules.region import Region
from rules.spots import Match
from rules.view import CallView

Times = Annotated[int, Field(strict=True, ge=2)]
Similarity = Annotated[float, Field(strict=True, gt=0, le=1)]


class RepeatSpec(Spec):
    """The same thing said several times: found in the turn that says it for the last of them."""

    shorthand = "times"

    times: Times = 3
    similarity: Similarity = Field(
        default=0.6, description="Share of two-character pieces that two turns have in common"
    )
    look_back_turns: Count = Field(default=3, description="Earlier turns of the same party that are compared")
    at_least_characters: NonNegative = Field(default=5, description="Shorter turns are not compared")
    except_: tuple[Phrase, ...] = Field(default=(), alias="except", description="Turns with these words do not count")


class RepeatFinder:
    """Compares each turn with the same party's turns before it."""

    def __init__(self, spec: RepeatSpec) -> None:
        self._spec = spec
        self._except = tuple(map(spoken_form, spec.except_))

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return [
            tuple(view.whole_turn(index) for index in alike)
            for alike in self._alike(view, region)
            if len(alike) >= self._spec.times
        ]

    def _alike(self, view: CallView, region: Region) -> list[list[int]]:
        """For each turn the turns that say the same, itself last."""
        spec = self._spec
        earlier: dict[str, list[tuple[int, frozenset[str]]]] = {}
        found: list[list[int]] = []
        for index in region.turns(view):
            text = view.spoken_turns[index]
            if len(text) < spec.at_least_characters or any(phrase in text for phrase in self._except):
                continue
            said = pieces(text)
            before = earlier.setdefault(view.turns[index].role, [])
            alike = [turn for turn, other in before[-spec.look_back_turns :] if dice(said, other) >= spec.similarity]
            found.append([*alike, index])
            before.append((index, said))
        return found

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        most = max((len(alike) for alike in self._alike(view, region)), default=0)
        return BilingualText(
            f"相近的话最多说了 {most} 次（要 {self._spec.times} 次）",
            f"said {most} times at most ({self._spec.times} needed)",
        )

    def sentence(self) -> BilingualText:
        return BilingualText(f"把相近的话说 {self._spec.times} 次", f"much the same thing {self._spec.times} times")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return None


REPEAT = Operator("repeat", RepeatSpec, RepeatFinder, family="words", reads_words=True)
