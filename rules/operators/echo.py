"""``echo``: a party repeats what the other has just said, as when reading back an address."""

from collections.abc import Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Count, Operator, Spec
from rules.operators.words import describe_words
from rules.region import Region
from rules.spots import Match
from rules.view import CallView


class EchoSpec(Spec):
    """A turn that shares two-character pieces with the turn of the find that a where or unless is about."""

    shorthand = "at_least_pieces"

    at_least_pieces: Count = Field(description="Different two-character pieces in common; four digits have three")


class EchoFinder:
    """Compares turns with the turns of ``this``."""

    def __init__(self, spec: EchoSpec) -> None:
        self._spec = spec

    def _shared(self, view: CallView, region: Region) -> list[tuple[int, int]]:
        """Each turn of the region with the number of pieces it repeats."""
        said = {spot.turn for spot in region.this or () if spot.turn >= 0}
        pieces = {piece for turn in said for piece in _pieces(view, turn)}
        return [(turn, len(pieces & _pieces(view, turn))) for turn in region.turns(view) if turn not in said]

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        wanted = self._spec.at_least_pieces
        return [(view.whole_turn(turn),) for turn, shared in self._shared(view, region) if shared >= wanted]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        most = max((shared for _, shared in self._shared(view, region)), default=0)
        wanted = self._spec.at_least_pieces
        return BilingualText(f"最多重复 {most} 处（要 {wanted} 处）", f"{most} pieces repeated ({wanted} needed)")

    def sentence(self) -> BilingualText:
        return BilingualText("复述该处的内容", "repeating what was said there")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return None


def _pieces(view: CallView, turn: int) -> set[str]:
    """The two-character pieces of a turn; 幺 and 一 are one digit."""
    text = view.spoken_turns[turn].replace("幺", "一")
    return {text[i : i + 2] for i in range(len(text) - 1)}


ECHO = Operator("echo", EchoSpec, EchoFinder, family="words", reads_words=True, needs_this=True)
