"""``escalation``: the classifier says that the call is, or may become, a complaint."""

from collections.abc import Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Operator, RoleUse, Spec, Undecided
from rules.operators.sentiment import Probability, predictions_of
from rules.operators.words import describe_words
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView


class EscalationSpec(Spec):
    """A call at risk of escalation, shown by the words that moved the classifier most."""

    shorthand = "at_least"

    at_least: Probability | None = Field(default=None, description="Probability; else the model's own threshold")


class EscalationFinder:
    """Reads the prediction for the call."""

    def __init__(self, spec: EscalationSpec) -> None:
        self._at_least = spec.at_least

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        probability, threshold = self._probability(view)
        if probability < threshold:
            return []
        words = [word for word in predictions_of(view).escalation.words if word.weight > 0][:3]
        turns = sorted({word.turn for word in words}) or [len(view.turns) - 1]
        spots: list[Spot] = [view.whole_turn(turn) for turn in turns]
        return [(spot,) for spot in spots if region.admits(view, spot)]

    def _probability(self, view: CallView) -> tuple[float, float]:
        """Probability and threshold. Raises: Undecided where the classifier abstains."""
        said = predictions_of(view).escalation
        if said.probability is None:
            raise Undecided(BilingualText("话太少，分类器不作判断", "too little was said for the classifier"))
        return said.probability, said.threshold if self._at_least is None else self._at_least

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        probability, threshold = self._probability(view)
        return BilingualText(
            f"升级的可能 {probability:.0%}（要 {threshold:.0%}）",
            f"probability of escalation {probability:.0%} ({threshold:.0%} needed)",
        )

    def sentence(self) -> BilingualText:
        return BilingualText("分类器认为会升级投诉", "the classifier expects an escalation")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return None


ESCALATION = Operator(
    "escalation", EscalationSpec, EscalationFinder, family="models", reads_words=False, role=RoleUse.NONE
)
