"""``similar``: a turn says much what one of the example sentences says."""

from collections.abc import Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, NonNegative, Operator, Spec
from rules.operators.likeness import contained, pieces
from rules.operators.phrase import Phrase, spoken_form
from rules.operators.repeat import Similarity
from rules.operators.words import describe_words
from rules.region import Region
from rules.spots import Match
from rules.view import CallView


class SimilarSpec(Spec):
    """A turn that holds most of what one of the sentences says, in whatever order and beside whatever else."""

    shorthand = "to"

    to: tuple[Phrase, ...] = Field(min_length=1, description="Example sentences, six characters and more")
    similarity: Similarity = Field(default=0.7, description="Share of a sentence's two-character pieces in the turn")
    at_least_characters: NonNegative = Field(default=4, description="Shorter turns are not compared")


class SimilarFinder:
    """Compares each turn with the examples."""

    def __init__(self, spec: SimilarSpec) -> None:
        self._spec = spec
        self._examples = tuple((sentence, pieces(spoken_form(sentence))) for sentence in spec.to)

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return [
            (view.whole_turn(turn),)
            for turn in region.turns(view)
            if self._likeness(view, turn)[0] >= self._spec.similarity
        ]

    def _likeness(self, view: CallView, turn: int) -> tuple[float, str]:
        """How much of the likest example a turn holds, and which that is."""
        said = view.spoken_turns[turn]
        if len(said) < self._spec.at_least_characters:
            return 0.0, self._examples[0][0]
        held = pieces(said)
        return max((contained(example, held), sentence) for sentence, example in self._examples)

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        likest = max((self._likeness(view, turn) for turn in region.turns(view)), default=(0.0, self._examples[0][0]))
        return BilingualText(
            f"最像「{likest[1]}」的一句有 {likest[0]:.0%}（要 {self._spec.similarity:.0%}）",
            f"the likest turn holds {likest[0]:.0%} of “{likest[1]}” ({self._spec.similarity:.0%} needed)",
        )

    def sentence(self) -> BilingualText:
        shown = self._spec.to[0]
        return BilingualText(f"说类似「{shown}」的话", f"something like “{shown}”")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return None


SIMILAR = Operator("similar", SimilarSpec, SimilarFinder, family="words", reads_words=True)
