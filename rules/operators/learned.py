"""``learned``: a turn that a condition learnt from a rule's confirmed and rejected turns takes for one of its kind."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from pipeline.domain.predictions import LearnedCondition
from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Operator, Spec, Undecided
from rules.operators.sentiment import Probability, predictions_of
from rules.operators.sound import nearest
from rules.operators.words import describe_words
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView

RuleId = Annotated[str, Field(strict=True, min_length=1, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class LearnedSpec(Spec):
    """Turns like those that people confirmed for a rule; trained by ``earmark models train --task rule:ID``."""

    shorthand = "rule"

    rule: RuleId = Field(description="Id of the rule whose confirmed and rejected turns it was learnt from")
    at_least: Probability | None = Field(default=None, description="Probability; else the model's own threshold")


class LearnedFinder:
    """Reads what the site's learned condition says of each turn."""

    def __init__(self, spec: LearnedSpec) -> None:
        self._rule = spec.rule
        self._at_least = spec.at_least

    def _condition(self, view: CallView) -> LearnedCondition:
        """What the condition says of a call. Raises: Undecided where the site has not trained it."""
        for one in predictions_of(view).learned:
            if one.rule == self._rule:
                return one
        raise Undecided(
            BilingualText(
                f"没有为规则 {self._rule} 训练的条件（earmark models train --task rule:{self._rule}）",
                f"no condition is trained for {self._rule} (earmark models train --task rule:{self._rule})",
            )
        )

    def _turns(self, view: CallView, region: Region) -> Iterator[tuple[float, bool, Spot]]:
        """Probability of each judged turn in the region, and whether that is enough."""
        condition = self._condition(view)
        threshold = condition.threshold if self._at_least is None else self._at_least
        for turn in condition.turns:
            spot = view.whole_turn(turn.turn)
            if region.admits(view, spot):
                yield turn.probability, turn.probability >= threshold, spot

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return [(spot,) for _, enough, spot in self._turns(view, region) if enough]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        most = max((100 * probability for probability, _, _ in self._turns(view, region)), default=None)
        return nearest(f"像 {self._rule} 的可能", f"probability of {self._rule}", most, "%", "%")

    def sentence(self) -> BilingualText:
        return BilingualText(f"像已确认的 {self._rule}", f"a turn like those confirmed for {self._rule}")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return None


LEARNED = Operator("learned", LearnedSpec, LearnedFinder, family="models", reads_words=False)
