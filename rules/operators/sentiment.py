"""``sentiment``: a turn of the customer in which the classifier hears displeasure or pleasure."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from pipeline.domain.predictions import Predictions
from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Operator, Spec, Undecided
from rules.operators.sound import nearest
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import clock, shorten

Probability = Annotated[float, Field(strict=True, gt=0, lt=1)]
_WORDS = {"negative": BilingualText("不满", "displeased"), "positive": BilingualText("满意", "pleased")}


def predictions_of(view: CallView) -> Predictions:
    """What the classifiers say of a call. Raises: Undecided where none were run."""
    if view.call.predictions is None:
        raise Undecided(BilingualText("这通电话没有经过分类器", "no classifier was run on this call"))
    return view.call.predictions


class SentimentSpec(Spec):
    """Turns of the customer that the classifier calls negative or positive."""

    shorthand = "is"

    is_: Literal["negative", "positive"] = Field(alias="is")
    at_least: Probability | None = Field(default=None, description="Probability; else the model's own threshold")


class SentimentFinder:
    """Reads the sentiment of each turn."""

    def __init__(self, spec: SentimentSpec) -> None:
        self._wanted = spec.is_
        self._at_least = spec.at_least

    def _turns(self, view: CallView, region: Region) -> Iterator[tuple[float, bool, Spot]]:
        """Probability of each judged turn in the region, and whether that is enough."""
        for turn in predictions_of(view).sentiments:
            probability = turn.negative if self._wanted == "negative" else turn.positive
            spot = view.whole_turn(turn.turn)
            if probability is not None and region.admits(view, spot):
                enough = turn.sentiment == self._wanted if self._at_least is None else probability >= self._at_least
                yield probability, enough, spot

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return [(spot,) for _, enough, spot in self._turns(view, region) if enough]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        most = max((100 * probability for probability, _, _ in self._turns(view, region)), default=None)
        word = _WORDS[self._wanted]
        return nearest(f"{word.zh}的可能", f"probability of {word.en}", most, "%", "%")

    def sentence(self) -> BilingualText:
        word = _WORDS[self._wanted]
        return BilingualText(f"情绪{word.zh}", f"a {word.en} turn")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        spot, word = match[0], _WORDS[self._wanted]
        said = shorten(view.quote(spot))
        when = clock(view.span_of(spot).start_s)
        return BilingualText(f"{when} 客户{word.zh}「{said}」", f"{when} the customer is {word.en}: “{said}”")

    def clause(self) -> Clause | None:
        return None


SENTIMENT = Operator("sentiment", SentimentSpec, SentimentFinder, family="models", reads_words=False)
