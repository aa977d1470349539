"""What operators that read measurements have in common: limits, and how to tell how far a value is from them."""

from collections.abc import Iterable, Sequence

from pydantic import model_validator

from pipeline.domain.calls import Role, Span
from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Number, Spec
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView


class LimitsSpec(Spec):
    """A value that is above one limit, or below another; one of them or both."""

    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _some_limit(self) -> "LimitsSpec":
        if self.above is None and self.below is None:
            raise ValueError("give above, below, or both")
        return self

    def holds(self, value: float) -> bool:
        """Whether the value is out of the accepted range: over ``above`` or under ``below``."""
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)

    def text(self, zh_unit: str, en_unit: str) -> BilingualText:
        """``高于 300 字/分或低于 180 字/分``."""
        zh, en = [], []
        if self.above is not None:
            zh.append(f"高于 {self.above:g} {zh_unit}")
            en.append(f"above {self.above:g} {en_unit}")
        if self.below is not None:
            zh.append(f"低于 {self.below:g} {zh_unit}")
            en.append(f"below {self.below:g} {en_unit}")
        return BilingualText("或".join(zh), " or ".join(en))


class MeasuredFinder:
    """A finder that needs no words, so that the engine cannot tell beforehand whether it finds anything."""

    def clause(self) -> Clause | None:
        return None


def whole_call_spot(view: CallView, role: Role) -> Spot:
    """The spot of a measurement of the whole call."""
    return Spot(-1, 0, 0, role, False, Span(0.0, view.call.transcript.duration_s))


def admitted(view: CallView, region: Region, spots: Iterable[Spot]) -> Sequence[Match]:
    """One match for each spot that lies in the region."""
    return [(spot,) for spot in spots if region.admits(view, spot)]


def nearest(zh_what: str, en_what: str, value: float | None, zh_unit: str, en_unit: str) -> BilingualText:
    """The near-miss text: the most extreme value there was."""
    if value is None:
        return BilingualText(f"没有{zh_what}", f"no {en_what}")
    return BilingualText(f"{zh_what}最多 {value:.1f} {zh_unit}", f"{en_what}: {value:.1f} {en_unit} at most")
